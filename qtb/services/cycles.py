"""A year: opening it, correcting its rows, granting extensions, reading later versions of its notice."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qtb.domain import row_order, timeline
from qtb.domain.definition import Definition
from qtb.domain.errors import Conflict, Denied, Invalid, Missing, Reason
from qtb.domain.field_values import FieldError, clean
from qtb.domain.roles import UNIT_KINDS, Actor
from qtb.domain.row_order import Finding, whom
from qtb.domain.timeline import Row, Timeline
from qtb.store import audit, cycles
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle, Extension, TimelineRow
from qtb.store.submissions import Submission

# A year's key stands in addresses: letters, digits and hyphens.
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,39}", re.ASCII)
MAX_GRACE = 10_080  # minutes: a week


@dataclass(frozen=True, slots=True)
class Planned:
    """A row as the organiser confirmed it."""

    key: str
    seq: int
    title: str
    opens_at: datetime | None
    closes_at: datetime | None
    held_at: datetime | None = None
    text: str = ""
    party: str = ""
    url: str = ""
    grace_minutes: int = 0


def open_cycle(
    session: Session, *, definition: Definition, key: str, year: int, title: str, rows: Sequence[Planned],
    notice: Mapping[str, Any], actor: Actor, now: datetime,
) -> Cycle:  # fmt: skip
    """Make a cycle, pinned to the definition as it is now. Raises Invalid with what is missing in the rows."""
    only_organiser(actor)
    wrong = faults(definition, rows)
    if wrong:
        raise Invalid(wrong[0].key, **wrong[0].args)
    if not KEY.fullmatch(key) or not 1990 <= year <= 2200 or not title.strip() or len(title) > 200:
        raise Invalid("cycle_head")
    cycle = Cycle(
        key=key, year=year, title=title.strip(), definition_hash=definition.hash, definition_text=definition.text,
        notice=dict(notice), created_at=now, rows=[_row(row) for row in rows],
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(cycle)
    except IntegrityError:
        raise Conflict("cycle_exists", cycle=key) from None
    changes = {"definition": definition.hash, "rows": {row.key: _window(row) for row in rows}}
    audit.record(session, cycle, "created", actor=actor, now=now, role="organiser", changes=changes)
    return cycle


def faults(definition: Definition, rows: Sequence[Planned]) -> list[Reason]:
    """Return what stands against these rows: a gate without a window, a key twice, a deadly order."""
    found, keys = [], [row.key for row in rows]
    for key, kind in definition.timeline.rows.items():
        if kind.gate and key not in keys:
            found.append(Reason("row_missing", {"row": kind.title}))
    for row in rows:
        if row.key not in definition.timeline.rows and not row.key.startswith("note_"):
            found.append(Reason("row_unknown", {"seq": row.seq, "row": row.title}))
        if keys.count(row.key) > 1:
            found.append(Reason("row_twice", {"seq": row.seq, "row": row.title}))
        found += [Reason(code, {"seq": row.seq, "row": row.title}) for code in _row_faults(definition, row)]
    return found or [one.reason for one in _order(definition, rows) if one.is_error]


def doubts(definition: Definition, rows: Sequence[Planned]) -> list[Reason]:
    """Return what is odd about the order of these rows, and may be meant; rows with faults are not looked at."""
    return [] if faults(definition, rows) else [one.reason for one in _order(definition, rows)]


def change_row(
    session: Session, cycle: Cycle, planned: Planned, *, actor: Actor, now: datetime, reason: str, seen: int
) -> None:
    """Move one row's dates, as `change_rows` does."""
    change_rows(session, cycle, [planned], actor=actor, now=now, reason=reason, seen=seen)


def change_rows(
    session: Session, cycle: Cycle, planned: Sequence[Planned], *, actor: Actor, now: datetime, reason: str, seen: int
) -> None:
    """Move rows' dates, with a reason and one entry; what hangs on them follows from the next instant on."""
    only_organiser(actor)
    cycles.exclude(session, cycle.id)  # a sweep that has read the old dates must not act on them after this
    reason, changes = _checked(reason), {}
    for one, row in pairs(session, cycle, planned):
        before, after = _window(as_planned(row)), _window(one)
        if row.grace_minutes != one.grace_minutes:
            before["grace"], after["grace"] = row.grace_minutes, one.grace_minutes
        row.opens_at, row.closes_at, row.held_at = one.opens_at, one.closes_at, one.held_at
        row.grace_minutes = one.grace_minutes
        changes[one.key] = [before, after]
    audit.record(
        session, cycle, "row", actor=actor, now=now, role="organiser", seen=seen, note=reason, changes=changes
    )


def pairs(session: Session, cycle: Cycle, planned: Sequence[Planned]) -> list[tuple[Planned, TimelineRow]]:
    """Return the rows that are to be moved, with where to. Raises Missing, or Invalid for what no row can be."""
    mine = session.scalars(select(TimelineRow).where(TimelineRow.cycle_id == cycle.id))
    rows = {row.key: row for row in mine}
    for one in planned:
        if one.key not in rows:
            raise Missing("row")
        for code in _row_faults(cycle.definition, one):
            raise Invalid(code, seq=rows[one.key].seq, row=rows[one.key].title)
    return [(one, rows[one.key]) for one in planned]


def extend(
    session: Session, cycle: Cycle, *, row_key: str, until: datetime, reason: str, actor: Actor, now: datetime,
    submission: Submission | None = None, unit: Unit | None = None,
) -> Extension:  # fmt: skip
    """Let a row end later for one submission, one unit, or all."""
    only_organiser(actor)
    cycles.exclude(session, cycle.id)  # a sweep that has read the old dates must not act on them after this
    if submission is not None:
        session.refresh(submission)  # nor may it be promised what a sweep has ended meanwhile
    refuse_extension(session, cycle, row_key=row_key, until=until, now=now, submission=submission, unit=unit)
    reason = _checked(reason)
    granted = Extension(
        cycle_id=cycle.id, row_key=row_key, until=until, reason=reason, granted_at=now,
        granted_by=actor.user_id, submission_id=submission.id if submission else None,
        unit_id=unit.id if unit else None,
    )  # fmt: skip
    session.add(granted)
    about = {"row": row_key, "until": timeline.canonical(until)}
    subject = submission or cycle
    reach = {"unit": unit.id} if unit else {}
    changes = {**about, **reach}
    audit.record(
        session, subject, "extension", actor=actor, now=now, role="organiser", note=granted.reason, changes=changes
    )
    return granted


def refuse_extension(
    session: Session, cycle: Cycle, *, row_key: str, until: datetime, now: datetime,
    submission: Submission | None = None, unit: Unit | None = None,
) -> None:  # fmt: skip
    """Raise what stands against an extension: no such row, an end that gives nothing, whom no row ends for."""
    times = cycles.timeline_of(session, cycle.id)
    kind = cycle.definition.timeline.rows.get(row_key)
    if row_key not in times.rows or kind is None or not kind.gate:
        raise Missing("row")
    if submission is not None and submission.cycle_id != cycle.id:
        raise Missing("submission")
    if submission is not None and submission.kind == "end":
        raise Conflict("extension_ended", number=submission.number)
    if unit is not None and unit.kind not in (UNIT_KINDS["applicant"], UNIT_KINDS["recommender"]):
        raise Invalid("extension_unit", unit=unit.name)
    if until <= now:
        raise Invalid("extension_past", at=until)
    if until <= times.rows[row_key].closes_at:
        raise Invalid("extension_early", seq=times.rows[row_key].seq, at=times.rows[row_key].closes_at)
    if until <= (given := times.ends_at(row_key, whom(submission, unit.id if unit else None))):
        raise Conflict("extension_given", seq=times.rows[row_key].seq, at=given)


def _checked(reason: str) -> str:
    try:
        reason = clean(reason, lines=True)
    except FieldError as error:
        raise Invalid(error.reason.key, **error.reason.args) from None
    if not reason:
        raise Invalid("reason_required")
    return reason[:500]


def only_organiser(actor: Actor) -> None:
    """Raise Denied for anybody but the organiser: the year is theirs."""
    if not actor.holds("organiser"):
        raise Denied("only_organiser")


def as_planned(row: TimelineRow) -> Planned:
    """Return a stored row's dates as a plan of them."""
    return Planned(
        row.key, row.seq, row.title, row.opens_at, row.closes_at, row.held_at, grace_minutes=row.grace_minutes
    )


def as_rows(planned: Sequence[Planned]) -> dict[str, Row]:
    """Return the dated ones of planned rows as values, by key."""
    return {
        one.key: Row(
            one.key, one.seq, one.title, one.opens_at, one.closes_at, one.held_at, one.party,
            timedelta(minutes=one.grace_minutes),
        )
        for one in planned
        if one.opens_at and one.closes_at
    }  # fmt: skip


def _order(definition: Definition, rows: Sequence[Planned]) -> list[Finding]:
    return row_order.findings(definition, Timeline(as_rows(rows), calendar=definition.calendar))


def _row_faults(definition: Definition, row: Planned) -> list[str]:
    kind = definition.timeline.rows.get(row.key)
    gate = kind is not None and kind.gate
    if not 0 <= row.grace_minutes <= MAX_GRACE:
        return ["row_grace"]
    if (row.opens_at is None) != (row.closes_at is None) or (gate and row.opens_at is None):
        return ["row_undated"]
    if row.opens_at is None or row.closes_at is None:
        return []
    if row.opens_at >= row.closes_at:
        return ["row_reversed"]
    if kind is not None and kind.held and (row.held_at is None or not row.opens_at <= row.held_at <= row.closes_at):
        return ["row_held"]
    return []


def _row(planned: Planned) -> TimelineRow:
    return TimelineRow(
        key=planned.key, seq=planned.seq, title=planned.title[:200], text=planned.text[:200], party=planned.party[:200],
        url=planned.url[:500], opens_at=planned.opens_at, closes_at=planned.closes_at, held_at=planned.held_at,
        grace_minutes=planned.grace_minutes,
    )  # fmt: skip


def _window(row: Planned) -> dict[str, Any]:
    return {"opens": _iso(row.opens_at), "closes": _iso(row.closes_at), "held": _iso(row.held_at)}


def _iso(instant: datetime | None) -> str | None:
    return timeline.canonical(instant) if instant else None
