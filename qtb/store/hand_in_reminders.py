"""Reminders of what recommending units have yet to hand in: a letter to each unit, until its own end of the row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from qtb.domain import reminders
from qtb.domain.decide import Case
from qtb.domain.timeline import canonical
from qtb.domain.workflow import Key
from qtb.store import outbox
from qtb.store.accounts import Unit
from qtb.store.hand_ins import HandIn
from qtb.store.history import History
from qtb.store.outbox import Outbox
from qtb.store.reminders import Step
from qtb.store.submissions import Submission


def is_due(session: Session, step: Step, now: datetime) -> bool:
    """Tell whether a letter of this step is missing."""
    return bool(_missing(session, step, now))


def post(session: Session, step: Step, *, now: datetime, limit: int) -> int:
    """Put the letters of this step that are missing into the queue, and return how many."""
    found = list(_missing(session, step, now).items())[:limit]
    if not found:
        return 0
    rows = [_row(step, key, unit_id, edge, now) for key, (unit_id, edge) in sorted(found)]
    written = outbox.once(outbox.making(session).values(rows)).returning(Outbox.id)
    return len(session.execute(written).all())


def lacking(session: Session, step: Step, row: Outbox, now: datetime) -> Sequence[Key]:
    """Return the forms that a letter is about as things stand now: none, and it is moot."""
    edge = step.times.ends_at(step.rule.at.row, _as_case(row.unit_id or 0))
    if canonical(edge) != row.about["edge"] or not reminders.is_awaited(step.rule, step.times, now):
        return []
    handed = select(HandIn.form).where(
        HandIn.cycle_id == step.cycle_id, HandIn.unit_id == row.unit_id, HandIn.handed_at.is_not(None)
    )
    done = set(session.scalars(handed))
    return [form for form in step.rule.hand_ins if form not in done]


def _missing(session: Session, step: Step, now: datetime) -> dict[str, tuple[int, datetime]]:
    """Return the units that a letter is due to and not queued for, with the end that it is about, by its key."""
    rule, times = step.rule, step.times
    falling = reminders.falling(rule, step.days, times, now)
    if not falling or not reminders.is_awaited(rule, times, now):
        return {}
    ends = {unit_id: times.ends_at(rule.at.row, _as_case(unit_id)) for unit_id in session.scalars(_behind(step))}
    due = {_key(step, unit_id, edge): (unit_id, edge) for unit_id, edge in ends.items() if edge in falling}
    queued = set(session.scalars(select(Outbox.key).where(Outbox.key.in_(due), outbox.QUEUED)))
    return {key: one for key, one in due.items() if key not in queued}


def _behind(step: Step) -> Select[int]:
    """Select the units with teams that entered the year and that have not handed in all of the forms."""
    first = step.definition.workflow.path[1]  # after the start: a draft that lapsed was never a team of the year
    n_in = select(func.count()).where(
        HandIn.unit_id == Unit.id, HandIn.cycle_id == step.cycle_id, HandIn.form.in_(step.rule.hand_ins),
        HandIn.handed_at.is_not(None),
    )  # fmt: skip
    ours = Submission.recommender_id == Unit.id, Submission.cycle_id == step.cycle_id
    # An EXISTS of its own: as a join, SQLite walks all of history for each unit that has no team.
    came = exists().where(
        History.subject == "submission", History.subject_id == Submission.id, History.to_state == first
    )
    has_teams = exists().where(*ours, came)
    return select(Unit.id).where(Unit.is_active, has_teams, n_in.scalar_subquery() < len(step.rule.hand_ins))


def _row(step: Step, key: str, unit_id: int, edge: datetime, now: datetime) -> Mapping[str, Any]:
    return {
        "key": key, "batch_id": "", "unit_id": unit_id, "cycle_id": step.cycle_id, "effect": "mail",
        "letter": step.rule.letter, "to_role": step.rule.to, "status": "waiting", "created_at": now, "next_at": now,
        "n_tries": 0, "recipients": "", "error": "",
        "about": {"reminder": step.key, "days": step.days, "edge": canonical(edge)},
    }  # fmt: skip


def _key(step: Step, unit_id: int, edge: datetime) -> str:
    return f"{step.key}.{step.days}:{step.cycle_id}:u{unit_id}:{canonical(edge)}"


def _as_case(unit_id: int) -> Case:
    """Return what an extension reaches a unit as."""
    return Case(0, "", unit_id, unit_id, 0, {})
