"""Later ends that were given: they move with the rows of a shifted year; one alone is taken back, or made shorter."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from qtb.domain.errors import Conflict, Invalid, Missing
from qtb.domain.plan_model import Change, End
from qtb.domain.roles import Actor
from qtb.domain.row_order import Whom
from qtb.domain.timeline import NO_END, Extension, Timeline, canonical, passed
from qtb.services.notes import short
from qtb.store import audit, plans
from qtb.store import cycles as store
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission


@dataclass(frozen=True, slots=True)
class Shift:
    """By how much the later ends of some rows move, those that are still to come."""

    by: timedelta = timedelta(0)
    row_keys: Collection[str] = ()

    def ends(self, times: Timeline, now: datetime) -> Mapping[Extension, Extension]:
        """Return the extensions that move, each with what becomes of it."""
        return {
            one: replace(one, until=one.until + self.by)
            for one in times.extensions
            if one.row_key in self.row_keys and one.until > now
        }

    def told(self, session: Session, cycle_id: int, now: datetime) -> tuple[End, ...]:
        """Return the later ends that move, with whose they are."""
        found = plans.granted(session, cycle_id, *self._clauses(now)) if self.row_keys else ()
        return tuple(
            End(one.row_key, number or unit or "", one.until, one.until + self.by) for one, number, unit, _ in found
        )

    def move(self, session: Session, cycle: Cycle, *, actor: Actor, now: datetime, reason: str) -> None:
        """Move the later ends, each with an entry: of its case, or of the year where it is a unit's or everybody's."""
        store.exclude(session, cycle.id)  # a sweep that has read the old dates must not act on them after this
        found = plans.granted(session, cycle.id, *self._clauses(now)) if self.row_keys else ()
        for one in [one for one, *_ in reversed(found)]:
            before, one.until = one.until, one.until + self.by
            subject = session.get_one(Submission, one.submission_id) if one.submission_id else cycle
            reach = {"unit": one.unit_id} if one.unit_id else {}
            changes = {"row": one.row_key, "until": [canonical(before), canonical(one.until)], **reach}
            audit.record(
                session, subject, "extension_moved", actor=actor, now=now, role="organiser",
                note=short(reason)[:500], changes=changes,
            )  # fmt: skip

    def _clauses(self, now: datetime) -> tuple[ColumnElement[bool], ...]:
        return (store.Extension.row_key.in_(self.row_keys), store.Extension.until > now)


@dataclass(frozen=True, slots=True)
class Taken:
    """A later end that is taken back: at all, or for an earlier one that is still ahead."""

    given: Extension
    until: datetime | None = None

    @property
    def change(self) -> Change:
        """Return what becomes of it."""
        after = replace(self.given, until=self.until or NO_END)
        return Change(ends={self.given: after}, own_row=self.given.row_key)

    def refuse(self, times: Timeline, now: datetime) -> None:
        """Raise what stands against it: it does not hold, its time is over, or the end asked for gives nothing."""
        if self.given not in times.extensions or self.given.row_key not in times.rows:
            raise Missing("extension")
        row, until = times.rows[self.given.row_key], self.until
        if passed(self.given.until + row.grace, now):
            raise Conflict("extension_over", at=self.given.until)
        if until is None:
            return
        if until <= now:
            raise Invalid("extension_past", at=until)
        if until <= row.closes_at:
            raise Invalid("extension_early", seq=row.seq, at=row.closes_at)
        if until >= self.given.until:
            raise Invalid("extension_longer", at=self.given.until)

    def write(self, session: Session, cycle: Cycle, whom: Whom, *, actor: Actor, now: datetime, reason: str) -> str:
        """Let it end as asked for, with an entry of its case, or of the year; return the batch of the entry."""
        store.exclude(session, cycle.id)  # a sweep that has read the old dates must not act on them after this
        one, after = self.given, self.change.ends[self.given]
        for row in _same(session, cycle.id, one):
            row.until = after.until
        ends_at = store.timeline_of(session, cycle.id).ends_at(one.row_key, whom)
        subject = session.get_one(Submission, one.submission_id) if one.submission_id else cycle
        reach = {"unit": one.unit_id} if one.unit_id else {}
        until = [canonical(one.until), canonical(self.until or ends_at)]
        audit.record(
            session, subject, "extension_moved" if self.until else "extension_taken_back", actor=actor, now=now,
            role="organiser", note=short(reason)[:500], changes={"row": one.row_key, "until": until, **reach},
        )  # fmt: skip
        return plans.last_batch(session, subject)


def held(session: Session, cycle_id: int, extension_id: int) -> store.Extension:
    """Return an extension of a year that was not taken back. Raises Missing."""
    one = session.get(store.Extension, extension_id)
    if one is None or one.cycle_id != cycle_id or not one.is_held:
        raise Missing("extension")
    return one


def latest(
    session: Session, cycle_id: int, row_key: str, submission_id: int | None, unit_id: int | None
) -> store.Extension:
    """Return the extension of a row that lasts longest among those of one reach. Raises Missing."""
    mine: list[store.Extension] = [
        one for one, *_ in plans.granted(session, cycle_id, store.Extension.row_key == row_key)
        if (one.submission_id, one.unit_id) == (submission_id, unit_id) and one.is_held
    ]  # fmt: skip
    if not mine:
        raise Missing("extension")
    return max(mine, key=lambda one: one.until)


def as_value(one: store.Extension) -> Extension:
    """Return a stored extension as a value."""
    return Extension(one.row_key, one.until, one.submission_id, one.unit_id)


def _same(session: Session, cycle_id: int, given: Extension) -> list[store.Extension]:
    """Return the extensions that say the same: days that were given back twice may end at one instant."""
    found = plans.granted(session, cycle_id, store.Extension.row_key == given.row_key)
    return [one for one, *_ in found if as_value(one) == given]
