"""The alarm's kept statement says what the questions asked anew say, whatever has changed in between."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from qtb.services import edges, health
from qtb.store.ledger import Setback
from qtb.store.unit import unit
from tests.world import World, at

INSTANTS = ("2024-05-20", "2024-06-01 00:02", "2024-06-01 00:04", "2024-06-12", "2024-07-02", "2024-08-21")


def test_the_kept_statement_agrees_with_the_questions_asked_anew(world: World) -> None:
    teams = [world.enter(team=f"第{n}班") for n in range(3)]
    world.placed("evaluated", team="待定的班")
    _agrees(world)
    world.extend("register", "2024-06-11", submission_id=teams[0])
    _agrees(world)
    world.extend("register", "2024-06-05")
    _agrees(world)
    with unit(world.session):
        row = next(row for row in world.cycle.rows if row.key == "register")
        row.closes_at, row.grace_minutes = at("2024-06-13"), 60
    _agrees(world)
    assert world.state(teams[0]) == world.cycle.definition.workflow.start


def _agrees(world: World) -> None:
    """Compare at each instant, some of them twice: built, and kept."""
    world.session.rollback()
    for when in (*INSTANTS, *INSTANTS):
        now = at(when)
        found = _alarm(world, now)
        assert found.n_overdue == edges.overdue(world.session, now=now - health.QUIET), when
        assert found.n_undecided == edges.undecided(world.session, now=now), when


def test_what_was_kept_is_asked_with_the_instant_of_now(world: World) -> None:
    team, now = world.enter(), at("2024-06-01 01:00")
    kinds = world.cycle.definition.workflow
    moves = [key for key in kinds.clocked() if kinds.start in kinds.sources(key)]
    with unit(world.session):
        for key in moves:
            again = at("2024-06-01 02:00")
            world.session.add(
                Setback(submission_id=team, transition=key, due="", failed_at=now, retry_at=again, error="")
            )
    counts = [_alarm(world, now + timedelta(minutes=minutes)).n_overdue for minutes in (0, 30, 61, 64, 30)]
    assert counts == [0, 0, 0, 1, 0]


def _alarm(world: World, now: datetime) -> health.Alarm:
    found = health.alarm(world.session, real_now=now, now=now)
    assert found is not None  # there is no scheduler
    return found


def test_beyond_so_many_overdue_it_is_only_said_that_there_are_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(4):
        world.enter(team=f"{n}班")
    now = at("2024-06-01 01:00")
    assert _alarm(world, now).n_overdue == 4
    monkeypatch.setattr(health, "MOST_COUNTED", 2)
    health._BUILT.clear()
    assert _alarm(world, now).n_overdue == 3
    health._BUILT.clear()
