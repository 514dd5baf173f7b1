"""A scheduler killed in the middle of a sweep, again and again: nothing lost, nothing doubled, every chain sound."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

from sqlalchemy import func, select

from qtb.services import sweep
from qtb.store.audit import History
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from tests.rules.sources import ROOT
from tests.world import World, at

N_CASES, SLICE = 500, 5
NOW = at("2024-06-01 00:01")


def test_kill_nine_in_a_sweep_loses_and_doubles_nothing(world: World, database_url: str) -> None:
    world.many(N_CASES)
    rng, midway = random.Random(9), []
    for target in (1, 90, 180, 270, 360):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.sweeping", database_url, NOW.isoformat(), str(SLICE)], cwd=ROOT
        )
        _wait_until(world, target, process)
        time.sleep(rng.random() / 50)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=30)
        midway.append(_n_moved(world))
    assert any(0 < n < N_CASES for n in midway), midway
    assert all(n % SLICE == 0 for n in midway), "a slice was half done"

    assert [one.failure for one in sweep.sweep(world.session, now=NOW) if one.failure] == []
    assert sweep.sweep(world.session, now=NOW) == []
    world.session.rollback()
    moved = world.session.scalars(select(History.subject_id).where(History.transition == "lapse_unregistered")).all()
    assert (len(moved), Counter(moved).most_common(1)[0][1]) == (N_CASES, 1)
    letters = world.session.scalars(select(Outbox.submission_id)).all()
    assert sorted(letters) == sorted(moved)
    left = select(func.count()).select_from(Submission).where(Submission.state != "lapsed")
    assert world.session.scalar(left) == 0
    assert world.sound() >= 2 * N_CASES


def _wait_until(world: World, target: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while _n_moved(world) < target and process.poll() is None:
        assert time.monotonic() < until, "the sweep did not get anywhere"
        time.sleep(0.005)


def _n_moved(world: World) -> int:
    world.session.rollback()
    moved = select(func.count()).select_from(History).where(History.transition == "lapse_unregistered")
    return int(world.session.scalar(moved) or 0)
