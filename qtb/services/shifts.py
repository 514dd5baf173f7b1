"""Later ends that were given, when the year is shifted: those still to come move with the rows that they belong to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from qtb.domain.plan_model import End
from qtb.domain.roles import Actor
from qtb.domain.timeline import Extension, Timeline, canonical
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
