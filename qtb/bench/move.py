"""One person's move through the door, beside the bare driver writing the same rows."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.bench import cases, floors
from qtb.bench.cases import Year
from qtb.bench.figures import Figure, in_turns
from qtb.bench.floors import Mover
from qtb.bench.ground import Ground, session_on
from qtb.domain.roles import Actor
from qtb.services.advance import advance
from qtb.store import cycles
from qtb.store.cycles import Pinned
from qtb.store.submissions import Submission
from qtb.store.unit import unit

OPENS, CLOSES = datetime(2024, 2, 1, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC)
NOW = OPENS + timedelta(days=3)
TARGET = 3.0
WARM = 30  # moves before the watch starts: statements get compiled and prepared


@dataclass(frozen=True, slots=True)
class Spent:
    """What a number of moves cost in one run."""

    cpu_us: float
    per_second: float


def speed(ground: Ground, *, rows: int, runs: int) -> Iterator[Figure]:
    """Measure `rows` moves each way, in turns of rows / runs."""
    each = max(1, rows // runs)
    url = ground.made("move")
    try:
        with session_on(url) as session, floors.bare(url) as bare:
            year = cases.year(session, opens_at=OPENS, closes_at=CLOSES)
            cases.stand(session, year, 2 * (each * runs + WARM))
            mover = Mover(bare, year, NOW)
            ids, pinned = _due(session), cycles.pinned(session, year.cycle_id)
            session.rollback()
            half = len(ids) // 2
            move = _mover(session, year, pinned)
            ours = _Turns(ids[:half], move, each)
            floor = _Turns(ids[half:], lambda one: _bare_move(mover, one), each)
            found = in_turns(runs, lambda _: floor.turn().cpu_us, lambda _: ours.turn().cpu_us)
    finally:
        ground.dropped(url)
    yield _figure(ground, rows, runs, found, floor, ours)


class Due(NamedTuple):
    """A case that waits for its move."""

    id: int
    head_hash: str
    unit_id: int


class _Turns:
    """Cases moved one by one in one way, some in each turn."""

    def __init__(self, due: Sequence[Due], move: Callable[[Due], object], each: int) -> None:
        self.left, self.move, self.each = iter(due), move, each
        self.spent: list[Spent] = []
        for _ in range(WARM):
            move(next(self.left))

    def turn(self) -> Spent:
        """Move the next ones."""
        began, cpu = time.perf_counter(), time.process_time()
        for _ in range(self.each):
            self.move(next(self.left))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - began
        self.spent.append(Spent(cpu / self.each * 1e6, self.each / wall))
        return self.spent[-1]

    def per_second(self) -> int:
        """Return the median of moves made in a second."""
        return round(median(one.per_second for one in self.spent))


def _figure(
    ground: Ground, rows: int, runs: int, found: tuple[list[float], list[float]], floor: _Turns, ours: _Turns
) -> Figure:
    least, cpu = (median(one) for one in found)
    ratio = cpu / least
    more = {
        "floor_cpu_us": least, "cpu_us": cpu, "floor_per_second": floor.per_second(), "per_second": ours.per_second()
    }  # fmt: skip
    return Figure(
        "move", "move", ground.kind, rows, runs, TARGET, ratio <= TARGET, least / 1e6, cpu / 1e6, ratio, more
    )


def _due(session: Session) -> list[Due]:
    found = session.execute(select(Submission.id, Submission.head_hash, Submission.unit_id).order_by(Submission.id))
    due = [Due(*row) for row in found]
    session.rollback()
    return due


def _mover(session: Session, year: Year, pinned: Pinned) -> Callable[[Due], None]:
    """Return what lets somebody of a case's unit make the first move; the year is in hand, as it is in a request."""
    key = next(year.moves())
    role = pinned.definition.workflow.transitions[key].by[0]

    def move(one: Due) -> None:
        actor = Actor(None, role, "web", {role: frozenset({one.unit_id})})
        with unit(session):
            advance(session, key, cycle=pinned, now=NOW, actor=actor, ids=[one.id])

    return move


def _bare_move(mover: Mover, one: Due) -> None:
    mover.move(one.id, seen=1, prev=one.head_hash, batch=uuid.uuid4().hex)
