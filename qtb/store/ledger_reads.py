"""Questions about the ledger: what was done at each edge, what stands aside, what the clock would move."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, literal, select, union_all
from sqlalchemy.orm import Session, contains_eager

from qtb.domain.errors import Invalid
from qtb.domain.roles import CLOCK
from qtb.domain.timeline import Timeline
from qtb.store import facts
from qtb.store.cycles import Cycle
from qtb.store.history import History
from qtb.store.ledger import Ledger, Setback
from qtb.store.submissions import Submission


@dataclass(frozen=True, slots=True)
class Done:
    """What is on record of one move at one edge, its slices summed; of no move, when the edge was noticed."""

    row_key: str
    edge: str
    due: str
    transition: str
    n_moved: int
    first_at: datetime | None
    last_at: datetime | None
    failure: str
    failed_at: datetime | None


def last_moved(session: Session, cycle_id: int, moves: Sequence[str]) -> datetime | None:
    """Return when the clock last made one of these moves in a year; None before it has."""
    mine = Ledger.cycle_id == cycle_id, Ledger.transition.in_(moves), Ledger.n_moved > 0
    return session.scalar(select(func.max(Ledger.at)).where(*mine))


def done(session: Session, cycle_id: int) -> list[Done]:
    """Return what is on record of a cycle's edges, in the order in which they were due."""
    key = (Ledger.row_key, Ledger.edge, Ledger.due, Ledger.transition)
    made, failed = Ledger.failure == "", Ledger.failure != ""
    lines = select(
        *key, func.sum(Ledger.n_moved), func.min(Ledger.at).filter(made), func.max(Ledger.at).filter(made),
        func.max(Ledger.failure), func.max(Ledger.at).filter(failed),
    )  # fmt: skip
    found = session.execute(lines.where(Ledger.cycle_id == cycle_id).group_by(*key).order_by(Ledger.due))
    return [Done(*row) for row in found]


def moved(transition: str, due: str) -> ColumnElement[bool]:
    """Return the clause of the submissions that a move has moved at an edge."""
    return exists().where(
        History.subject == "submission", History.subject_id == Submission.id, History.transition == transition,
        History.due == due,
    )  # fmt: skip


def aside(session: Session, cycle_id: int, *, limit: int) -> Sequence[Setback]:
    """Return what is set aside in a cycle, the oldest first."""
    mine = (Submission.cycle_id == cycle_id) & Setback.ended_at.is_(None)
    found = select(Setback).join(Setback.submission).options(contains_eager(Setback.submission)).where(mine)
    return session.scalars(found.order_by(Setback.failed_at, Setback.submission_id).limit(limit)).all()


def n_aside(session: Session, cycle_id: int) -> dict[tuple[str, str], int]:
    """Return how many cases of a cycle are set aside, by (move, due)."""
    key = (Setback.transition, Setback.due)
    mine = (Submission.cycle_id == cycle_id) & Setback.ended_at.is_(None)
    found = session.execute(select(*key, func.count()).join(Setback.submission).where(mine).group_by(*key))
    return {(transition, due): n for transition, due, n in found}


def error_of(session: Session, submission_id: int) -> str:
    """Return why a submission is set aside; empty when it is not."""
    mine = (Setback.submission_id == submission_id) & Setback.ended_at.is_(None)
    return session.scalar(select(Setback.error).where(mine).order_by(Setback.failed_at.desc()).limit(1)) or ""


def forecast(session: Session, cycle: Cycle, times: Timeline, *, now: datetime) -> dict[tuple[str, str], int]:
    """Return how many submissions the clock would move as all stands now, by (move, due); those overdue too.

    Each counts once, at the first edge that would take it: what one edge takes is not there for the next.
    """
    asked = list(_forecasts(cycle, times, now))
    if not asked:
        return {}
    every = union_all(*asked).subquery()
    # Edges that fall together are taken in the order of their keys, as the sweep does.
    turn = func.row_number().over(partition_by=every.c.id, order_by=(every.c.due, every.c.place))
    ranked = select(every.c.transition, every.c.due, turn.label("turn")).subquery()
    first = select(ranked.c.transition, ranked.c.due, func.count()).where(ranked.c.turn == 1)
    found = session.execute(first.group_by(ranked.c.transition, ranked.c.due))
    return {(transition, due): n for transition, due, n in found}


def _forecasts(cycle: Cycle, times: Timeline, now: datetime) -> Iterator[Select[Any]]:
    definition = cycle.definition
    for place, key in enumerate(sorted(definition.workflow.clocked())):
        edge = definition.workflow.transitions[key].at
        if edge is None or edge.row not in times.rows:
            continue
        try:  # the instant by which the edge has come for everybody who stands here now
            last = times.last_silence(edge, now) if edge.edge == "silent" else max(times.edges([edge]))
            mine = facts.qualifies(definition, key, times=times, actor=CLOCK, now=last)
            due = facts.due_text(edge, times, last)
        except Invalid:  # working days of a year without a calendar: nothing can be said
            continue
        column = literal(due) if isinstance(due, str) else due
        named: list[Any] = [literal(key).label("transition"), literal(place).label("place"), column.label("due")]
        yield select(Submission.id.label("id"), *named).where(Submission.cycle_id == cycle.id, *mine)
