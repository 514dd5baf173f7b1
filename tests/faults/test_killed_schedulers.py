"""Real scheduler processes killed at random points: nothing lost, nothing doubled, another one takes over."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

from tests.faults.crowds import crowd, moved_once, n_moved, running, scheduler, set_clock, sweeping, wait_for
from tests.world import World, at

MOVE = "lapse_unregistered"
N_CASES, SLICE, ROUNDS = 500, 10, 10
MANY = 1_500
NOW = at("2024-06-01 00:01")


def test_ten_schedulers_killed_at_random_points_of_one_sweep(world: World, database_url: str, tmp_path: Path) -> None:
    ids = crowd(world, N_CASES)
    set_clock(world, NOW)
    rng, midway = random.Random(31), []
    for n in range(ROUNDS):
        # Half of them as the command that people start, half as bare sweeps, which reach the work sooner.
        killed = scheduler(database_url, tmp_path, limit=SLICE) if n % 2 else sweeping(database_url, NOW, limit=SLICE)
        with running(killed):
            target = n_moved(world, MOVE) + rng.randrange(1, N_CASES // ROUNDS)
            wait_for(lambda target=target, killed=killed: n_moved(world, MOVE) >= target or killed.poll() is not None)
            time.sleep(rng.random() / 100)
            killed.kill()
        midway.append(n_moved(world, MOVE))
    assert len({n for n in midway if 0 < n < N_CASES}) >= ROUNDS // 2, midway
    assert all(n % SLICE == 0 for n in midway), "a slice was half done"
    world.now = NOW
    assert [one.failure for one in world.sweep() if one.failure] == []
    assert world.sweep() == []
    moved_once(world, MOVE, ids)
    assert world.sound() >= 2 * N_CASES


def test_of_two_schedulers_one_is_killed_and_the_other_finishes(
    world: World, database_url: str, tmp_path: Path
) -> None:
    ids = crowd(world, MANY)
    set_clock(world, NOW)
    first = scheduler(database_url, tmp_path, limit=2)  # so small that the first is not done when the second comes
    time.sleep(1.4)
    second = scheduler(database_url, tmp_path, limit=2)
    with running(first, second):
        wait_for(lambda: n_moved(world, MOVE) >= MANY // 5)
        first.kill()
        assert n_moved(world, MOVE) < MANY, "nothing was left for the other"
        wait_for(lambda: n_moved(world, MOVE) == MANY)
        second.terminate()
        assert _ends(second) == 0
    world.now = NOW
    assert world.sweep() == []
    moved_once(world, MOVE, ids)
    assert world.sound() >= 2 * MANY


def _ends(process: subprocess.Popen[bytes]) -> int:
    return process.wait(timeout=45)
