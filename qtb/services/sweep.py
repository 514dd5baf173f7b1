"""What the clock owes: every edge that has passed and still has submissions in a state it should have ended.

It opens and shuts nothing; the door compares the clock at every request. So an outage heals itself, twice is
harmless, and any number of schedulers is safe.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from qtb.domain.definition import Definition
from qtb.domain.errors import Refusal
from qtb.domain.roles import CLOCK
from qtb.domain.timeline import Timeline
from qtb.services.advance import advance
from qtb.store import cycles, facts
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit

SLICE = 5_000
MAX_PASSES = 20  # a definition whose clock moves run in a circle must not hold the sweep for ever


@dataclass(frozen=True, slots=True)
class Swept:
    """One clock move in one cycle: how many moved, or why the slice failed."""

    cycle: str
    transition: str
    due_at: datetime
    n_moved: int
    failure: str = ""


def sweep(session: Session, *, now: datetime, limit: int = SLICE) -> list[Swept]:
    """Make all moves whose edge has passed, in the order of their edges, each slice in a unit of its own.

    A slice that fails is reported and does not stop the others. A move can make another one owed whose edge passed
    before its own, so a pass that moved something is followed by one more.
    """
    done: list[Swept] = []
    for _ in range(MAX_PASSES):
        swept = list(_pass(session, now=now, limit=limit))
        done += swept
        if not any(one.n_moved for one in swept) or any(one.failure for one in swept):
            break
    session.rollback()
    return done


def _pass(session: Session, *, now: datetime, limit: int) -> Iterator[Swept]:
    for cycle_id, transition, due_at in owed(session, now=now):
        cycle = session.get_one(Cycle, cycle_id)
        key = cycle.key
        n_moved, failure = _drain(session, cycle_id, transition, now=now, limit=limit)
        if n_moved or failure:
            yield Swept(key, transition, due_at, n_moved, failure)


def owed(session: Session, *, now: datetime) -> list[tuple[int, str, datetime]]:
    """Return (cycle id, transition, earliest instant) of every clock move whose edge has come, earliest first."""
    found = []
    for cycle in cycles.all_cycles(session):
        times = cycles.timeline_of(session, cycle.id)
        for key, due_at in _first_edges(cycle.definition, times):
            if due_at <= now:
                found.append((due_at, cycle.id, key))
    session.rollback()
    return [(cycle_id, key, due_at) for due_at, cycle_id, key in sorted(found)]


def timelines(session: Session) -> list[tuple[Cycle, Timeline]]:
    """Return every cycle with its timeline."""
    return [(cycle, cycles.timeline_of(session, cycle.id)) for cycle in cycles.all_cycles(session)]


def overdue(session: Session, *, now: datetime, years: Sequence[tuple[Cycle, Timeline]] | None = None) -> int:
    """Return how many submissions wait for a clock move whose edge has passed."""
    owed: list[ColumnElement[bool]] = [false()]
    for cycle, times in timelines(session) if years is None else years:
        for key in cycle.definition.workflow.clocked():
            clauses = _clauses(cycle.definition, key, times, now)
            owed += [and_(Submission.cycle_id == cycle.id, *clauses)] if clauses else []
    return session.scalar(select(func.count()).select_from(Submission).where(or_(*owed))) or 0


def undecided(session: Session, *, now: datetime, years: Sequence[tuple[Cycle, Timeline]] | None = None) -> int:
    """Return how many works wait for a decision although an instant at which it should have taken effect has passed."""
    waiting: list[ColumnElement[bool]] = [false()]
    for cycle, times in timelines(session) if years is None else years:
        workflow = cycle.definition.workflow
        for state in [key for key, state in workflow.states.items() if state.decided]:
            rules = [workflow.transitions[key] for key in workflow.clocked() if state in workflow.sources(key)]
            if any(rule.at and rule.at.row in times.rows and times.fixed_at(rule.at) <= now for rule in rules):
                waiting.append((Submission.cycle_id == cycle.id) & (Submission.state == state))
    lacking = or_(*waiting) & (Submission.award_level == "")
    return session.scalar(select(func.count()).select_from(Submission).where(lacking)) or 0


def next_edge(session: Session, *, now: datetime) -> datetime | None:
    """Return the next instant at which anything falls due in any cycle."""
    later = []
    for cycle in cycles.all_cycles(session):
        times, workflow = cycles.timeline_of(session, cycle.id), cycle.definition.workflow
        edges = [edge for key in workflow.clocked() if (edge := workflow.transitions[key].at)]
        later += [at for at in times.edges(edge for edge in edges if edge.row in times.rows) if at > now]
    return min(later, default=None)


def _drain(session: Session, cycle_id: int, transition: str, *, now: datetime, limit: int) -> tuple[int, str]:
    n_moved = 0
    try:
        while True:
            with unit(session):
                cycle = session.get_one(Cycle, cycle_id)
                n_slice = advance(session, transition, cycle=cycle, now=now, actor=CLOCK, limit=limit).n_moved
            n_moved += n_slice
            if n_slice < limit:
                return n_moved, ""
    except (Refusal, DBAPIError) as error:
        return n_moved, f"{type(error).__name__}: {error}"[:300]


def _first_edges(definition: Definition, times: Timeline) -> Iterator[tuple[str, datetime]]:
    for key in definition.workflow.clocked():
        edge = definition.workflow.transitions[key].at
        if edge is not None and edge.row in times.rows:
            yield key, times.fixed_at(edge)


def _clauses(definition: Definition, key: str, times: Timeline, now: datetime) -> list[ColumnElement[bool]]:
    edge = definition.workflow.transitions[key].at
    if edge is None or edge.row not in times.rows or times.fixed_at(edge) > now:
        return []
    return list(facts.qualifies(definition, key, times=times, actor=CLOCK, now=now))
