"""The deadline: everything that stands in a state whose edge has passed is moved, beside three bare statements."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

from sqlalchemy import URL, ColumnElement, func, select
from sqlalchemy.orm import Session

from qtb.bench import cases, floors, worker
from qtb.bench.cases import Year
from qtb.bench.figures import Figure, beside, in_turns
from qtb.bench.ground import Ground, session_on
from qtb.services import sweep
from qtb.store.audit import History
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission

OPENS, CLOSES = datetime(2024, 2, 1, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC)
NOW = CLOSES + timedelta(minutes=1)
TARGET, LINEAR, GROWN_MB, TIMES = 1.6, 12.0, 20.0, 10


@dataclass(frozen=True, slots=True)
class Standing:
    """A database in which everything is due, to be copied."""

    ground: Ground
    url: URL
    year: Year
    n: int

    @contextmanager
    def copy(self, name: str) -> Iterator[URL]:
        """Yield a copy, dropped afterwards."""
        url = self.ground.copied(self.url, name)
        try:
            yield url
        finally:
            self.ground.dropped(url)


def speed(ground: Ground, *, rows: int, runs: int) -> Iterator[Figure]:
    """Measure one sweep beside its floor."""
    with _standing(ground, rows) as full:
        floor, ours = in_turns(runs, lambda run: _floor(full, run), lambda run: _ours(full, run))
    yield beside(
        "sweep", "sweep", database=ground.kind, rows=rows, floors=floor, ours=ours, target=TARGET,
        per_second=round(rows / median(ours)),
    )  # fmt: skip


def scale(ground: Ground, *, rows: int, runs: int) -> Iterator[Figure]:
    """Measure time and the client's memory with ten times as many rows; the floor is the fewer."""
    found = []
    for n in (rows, rows * TIMES):
        with _standing(ground, n) as full:
            found.append([_together(full, 1, run)[1][0] for run in range(runs)])
    few, many = found
    yield beside(
        "sweep", "linear", database=ground.kind, rows=rows * TIMES, target=LINEAR,
        floors=[one.seconds for one in few], ours=[one.seconds for one in many], few_rows=rows,
    )  # fmt: skip
    peaks = [median(one.peak_mb for one in swept) for swept in found]
    grown = peaks[1] - peaks[0]
    more = {"few_mb": peaks[0], "many_mb": peaks[1], "grown_mb": grown}
    yield Figure("sweep", "memory", ground.kind, rows * TIMES, runs, GROWN_MB, grown <= GROWN_MB, more=more)


def workers(ground: Ground, counts: Sequence[int], *, rows: int, runs: int) -> Iterator[Figure]:
    """Measure several schedulers sweeping one database at once; nothing may be lost or doubled."""
    alone: float | None = None
    with _standing(ground, rows) as full:
        for n in counts:
            found = [_together(full, n, run) for run in range(runs)]
            seconds = median(wall for wall, _, _ in found)
            alone = seconds if alone is None else alone
            wrong = {"lost": sum(one[2][0] for one in found), "doubled": sum(one[2][1] for one in found)}
            more = {"workers": n, "per_second": round(rows / seconds), "faster": alone / seconds, **wrong}
            ok = not any(wrong.values())
            yield Figure("sweep", f"workers-{n}", ground.kind, rows, runs, None, ok, alone, seconds, more=more)


@contextmanager
def _standing(ground: Ground, n: int) -> Iterator[Standing]:
    url = ground.made("full")
    try:
        with session_on(url) as session:
            year = cases.year(session, opens_at=OPENS, closes_at=CLOSES)
            cases.stand(session, year, n)
        yield Standing(ground, url, year, n)
    finally:
        ground.dropped(url)


def _floor(full: Standing, run: int) -> float:
    with full.copy(f"floor{run}") as url, floors.bare(url) as bare:
        began = time.perf_counter()
        n = floors.sweep(bare, full.year, NOW)
        seconds = time.perf_counter() - began
    _expect(n == full.n)
    return seconds


def _ours(full: Standing, run: int) -> float:
    with full.copy(f"ours{run}") as url, session_on(url) as session:
        session.connection()
        began = time.perf_counter()
        swept = sweep.sweep(session, now=NOW)
        seconds = time.perf_counter() - began
        _expect(not any(one.failure for one in swept))
        _expect(_wrong(session, full) == (0, 0))
    return seconds


def _together(full: Standing, n: int, run: int) -> tuple[float, list[worker.Swept], tuple[int, int]]:
    """Let n processes sweep a copy at once; return (seconds until the last ended, each one's, (lost, doubled))."""
    with full.copy(f"w{n}run{run}") as url:
        seconds, swept = worker.together(n, url=url, now=NOW)
        with session_on(url) as session:
            return seconds, swept, _wrong(session, full)


def _wrong(session: Session, full: Standing) -> tuple[int, int]:
    """Return how many cases, entries and letters are missing, and how many are there twice."""
    key = full.year.clock_move()
    letters = len(full.year.definition.workflow.transitions[key].then)
    moved = _count(session, History, History.transition == key)
    different = _count(session, History, History.transition == key, History.subject_id)
    standing = _count(session, Submission, Submission.state == full.year.start)
    posted = _count(session, Outbox, Outbox.id > 0)
    lost = standing + max(0, full.n - different) + max(0, letters * full.n - posted)
    return lost, moved - different + max(0, posted - letters * full.n)


def _count(session: Session, table: type, clause: ColumnElement[bool], different: object = None) -> int:
    counted = func.count() if different is None else func.count(different.distinct())  # type: ignore[attr-defined]
    return int(session.scalar(select(counted).select_from(table).where(clause)) or 0)


def _expect(what: bool) -> None:
    if not what:
        raise RuntimeError("a sweep did not move what it had to; its time says nothing")
