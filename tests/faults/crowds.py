"""Many submissions at once, schedulers as processes, and what must be so after whatever befell them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import func, select

from qtb import clock
from qtb.services import advance
from qtb.store.audit import Entry, History
from qtb.store.ledger import Ledger
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.rules.sources import ROOT
from tests.world import World


def crowd(world: World, n: int) -> list[int]:
    """Let n teams stand at the start of the world's year; return their ids."""
    world.many(n)
    ids = select(Submission.id).where(Submission.cycle_id == world.cycle.id).order_by(Submission.id.desc()).limit(n)
    return sorted(world.session.scalars(ids))


def stand(world: World, ids: Sequence[int], state: str) -> None:
    """Put submissions into a state, all at the world's instant."""
    entry = Entry(
        "submission", "override", world.actor("olga"), world.now, to_state=state, role="organiser",
        details={"note": "更正"},
    )  # fmt: skip
    with unit(world.session):
        cycle = world.session.get_one(type(world.cycle), world.cycle.id)
        assert advance.put(world.session, entry, cycle=cycle, rows=select(Submission), ids=ids) == len(ids)


def set_clock(world: World, instant: datetime) -> None:
    """Let the clock of scheduler processes read an instant now."""
    with unit(world.session):
        clock.set_to(world.session, instant)


def n_moved(world: World, transition: str) -> int:
    """Return how many entries a move has in history."""
    world.session.rollback()
    return int(world.session.scalar(select(func.count()).where(History.transition == transition)) or 0)


def scheduler(url: str, home: object, *, limit: int = 5_000, zone: str = "UTC") -> subprocess.Popen[bytes]:
    """Start a scheduler process on the demo's clock."""
    given = {
        "QTB_DEMO": "1", "QTB_DEMO_DATABASE_URL": url, "QTB_HOME": str(home), "QTB_SECRET_KEY": "for tests only",
        "QTB_INSIDE_VENV": "1", "TZ": zone,
    }  # fmt: skip
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    command = [sys.executable, "-m", "tests.faults.scheduling", str(limit)]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **given}, **quiet)


def sweeping(url: str, now: datetime, *, limit: int, zone: str = "UTC") -> subprocess.Popen[bytes]:
    """Start one sweep as a process."""
    command = [sys.executable, "-m", "tests.faults.sweeping", url, now.isoformat(), str(limit)]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, "TZ": zone})


@contextmanager
def running(*processes: subprocess.Popen[bytes]) -> Iterator[None]:
    """End the processes when the block is left, however it is left."""
    try:
        yield
    finally:
        for one in processes:
            if one.poll() is None:
                one.kill()
            one.wait(timeout=30)


def wait_for(true: Callable[[], bool], seconds: float = 45) -> None:
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not become so"
        time.sleep(0.005)


def moved_once(world: World, transition: str, ids: Sequence[int]) -> None:
    """Assert that these and no others made a move of the clock, each once, with its letters and its ledger."""
    world.session.rollback()
    moved = world.session.scalars(select(History.subject_id).where(History.transition == transition)).all()
    assert sorted(moved) == sorted(ids)
    rule = world.cycle.definition.workflow.transitions[transition]
    mine = select(Outbox.submission_id, Outbox.letter, Outbox.to_role).join(
        History, (History.batch_id == Outbox.batch_id) & (History.subject_id == Outbox.submission_id)
    )
    letters = Counter(tuple(row) for row in world.session.execute(mine.where(History.transition == transition)))
    assert letters == Counter((one, effect.letter, effect.to) for one in ids for effect in rule.then)
    by_due = select(History.due, func.count()).where(History.transition == transition).group_by(History.due)
    entered = select(Ledger.due, func.sum(Ledger.n_moved)).where(Ledger.transition == transition, Ledger.n_moved > 0)
    assert _pairs(world, entered.group_by(Ledger.due)) == _pairs(world, by_due)


def _pairs(world: World, query: object) -> dict[str, int]:
    return {due: int(n) for due, n in world.session.execute(query)}  # type: ignore[call-overload]
