"""What the organiser must know before anybody complains: is the clock being watched, is anything left undone."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from qtb.domain.errors import Invalid
from qtb.domain.timeline import Timeline
from qtb.services import edges
from qtb.services.edges import Years
from qtb.store.cycles import Cycle
from qtb.store.ledger import Setback
from qtb.store.outbox import Heartbeat, Outbox
from qtb.store.submissions import Submission

QUIET = timedelta(minutes=3)  # three beats missed; also how long an edge may wait for its sweep
FORGOTTEN = timedelta(days=1)
MOST_BUILT = 64
MOST_COUNTED = 100  # overdue: beyond it a page only says that there are more, or counting would be most of its cost
_BUILT: dict[Hashable, Any] = {}


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is wrong: a scheduler that is down or fails, submissions past their edge (more than MOST_COUNTED: at least
    so many), letters given up, works whose decision is missing at its instant, cases set aside after an error."""

    is_down: bool
    beat_at: datetime | None
    failure: str
    n_overdue: int
    n_dead: int
    n_undecided: int
    n_aside: int


@dataclass(frozen=True, slots=True)
class Watched:
    """The last sign of life of a scheduler, and what is wrong, if anything is."""

    beat: Heartbeat | None
    alarm: Alarm | None


def alarm(session: Session, *, real_now: datetime, now: datetime) -> Alarm | None:
    """Return what is wrong, or None."""
    return watched(session, real_now=real_now, now=now).alarm


def watched(session: Session, *, real_now: datetime, now: datetime, years: Years | None = None) -> Watched:
    """Return how the clock is watched. `real_now` is the machine's time, `now` the programme's.

    `years` are all cycles with their timelines, where the caller has read them: this stands on every page of the
    organiser.
    """
    told = edges.timelines(session) if years is None else years
    beat, n_overdue, n_dead, n_undecided, n_aside = _asked(session, told, now)
    is_down = beat is None or real_now - beat.beat_at > QUIET
    failure = beat.failure if beat is not None else ""
    if not (is_down or failure or n_overdue or n_dead or n_undecided or n_aside):
        return Watched(beat, None)
    wrong = Alarm(is_down, beat.beat_at if beat else None, failure, n_overdue, n_dead, n_undecided, n_aside)
    return Watched(beat, wrong)


def _asked(session: Session, years: Years, now: datetime) -> Any:
    """Return the last heartbeat and how many are overdue, dead, undecided, set aside, in one statement.

    To build it costs ten times what it costs to ask, so it is kept, by all that it depends on; the instant is new.
    """
    shape = _shape(years, now - QUIET), _shape(years, now)
    if shape not in _BUILT:
        if len(_BUILT) >= MOST_BUILT:
            _BUILT.clear()
        _BUILT[shape] = _statement(years, now)
    return session.execute(_BUILT[shape], {"now": now - QUIET}).one()


def _shape(years: Years, now: datetime) -> tuple[Hashable, ...]:
    """Return what tells apart the clauses of overdue and undecided at two instants."""
    return tuple((cycle.id, cycle.definition_hash, tuple(_come(cycle, times, now))) for cycle, times in years)


def _come(cycle: Cycle, times: Timeline, now: datetime) -> Iterator[Hashable]:
    """Yield the clock's moves whose edge has come, each with all that makes its clause what it is."""
    workflow = cycle.definition.workflow
    for key in workflow.clocked():
        edge = workflow.transitions[key].at
        if edge is None or edge.row not in times.rows:
            continue
        with suppress(Invalid):  # working days that nobody knows yet: such a move has no clause
            fixed_at, grace = times.fixed_at(edge), times.rows[edge.row].grace
            shuts_at = times.rows[edge.row].shuts_at  # a silence counts only while its row is open
            later = tuple((one, one.until + grace <= now) for one in times.extensions if one.row_key == edge.row)
            cutoff = times.calendar.cutoff(now, edge.working_days) if edge.edge == "silent" else None
            if fixed_at <= now:
                yield key, fixed_at, shuts_at, grace, later, cutoff


def _statement(years: Years, now: datetime) -> Any:
    submissions = select(func.count()).select_from(Submission)
    counts = select(
        edges.n_overdue(years, now - QUIET, most=MOST_COUNTED).scalar_subquery().label("n_overdue"),
        select(func.count()).select_from(Outbox).where(Outbox.status == "dead").scalar_subquery().label("n_dead"),
        submissions.where(edges.undecided_where(years, now)).scalar_subquery().label("n_undecided"),
        select(func.count()).select_from(Setback).where(Setback.ended_at.is_(None)).scalar_subquery().label("n_aside"),
    ).subquery()
    latest = select(Heartbeat.node).order_by(Heartbeat.beat_at.desc()).limit(1)
    last = Heartbeat.node == latest.scalar_subquery()
    return select(Heartbeat, counts).select_from(counts).outerjoin(Heartbeat, last)


def beat(session: Session, *, node: str, real_now: datetime, now: datetime, n_moved: int, failure: str = "") -> None:
    """Leave a scheduler's sign of life and forget those of long ago; the caller is in a unit."""
    mine = Heartbeat(node=node, beat_at=real_now, swept_at=now, n_moved=n_moved, failure=failure[:500])
    session.merge(mine)
    session.execute(delete(Heartbeat).where(Heartbeat.beat_at < real_now - FORGOTTEN, Heartbeat.node != node))
