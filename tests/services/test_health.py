"""The alarm's kept statement says what the questions asked anew say, whatever has changed in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from qtb.services import cycles as services
from qtb.services import edges, health
from qtb.services.edges import Years
from qtb.store import cycles
from qtb.store.cycles import Cycle
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


def test_a_silence_is_kept_with_the_end_of_its_row_where_nothing_else_hangs_on_it(world: World) -> None:
    world.now = at("2024-04-08 09:00")
    world.submitted()  # fifteen working days end on 29 April
    assert _n_silent(world) == 1
    with unit(world.session):
        next(row for row in world.cycle.rows if row.key == "recommend").closes_at = at("2024-04-20")
    assert _n_silent(world) == 0


def _n_silent(world: World) -> int:
    """Return how many are overdue in June by a definition in which only silences hang on the recommending row."""
    definition, now = world.cycle.definition, at("2024-06-03 09:00")
    moves = {key: rule for key, rule in definition.workflow.transitions.items()
             if rule.at is None or (rule.at.row, rule.at.edge) != ("recommend", "closes")}  # fmt: skip
    fewer = replace(definition, workflow=definition.workflow.model_copy(update={"transitions": moves}), hash="fewer")
    year = SimpleNamespace(id=world.cycle.id, definition=fewer, definition_hash=fewer.hash)
    years: Years = [(year, cycles.timeline_of(world.session, world.cycle.id))]  # type: ignore[list-item]
    found = health.watched(world.session, real_now=now, now=now, years=years).alarm
    world.session.rollback()
    assert found is not None
    return found.n_overdue


def test_a_guard_that_has_just_come_true_waits_for_the_sweep_and_is_no_alarm_yet(world: World) -> None:
    world.now = at("2024-05-20 09:00")
    work = world.submitted()
    world.move(work, "recommend", "rita")
    world.go("2024-07-20 10:00")
    world.judged(work)  # every sheet is in, three weeks after its edge
    assert _alarm(world, world.now).n_overdue == 0
    assert _alarm(world, world.now + health.QUIET - timedelta(seconds=1)).n_overdue == 0
    assert _alarm(world, world.now + health.QUIET).n_overdue == 1  # nobody has swept


def test_a_level_given_after_the_publication_waits_for_the_sweep(world: World) -> None:
    work = world.placed("evaluated")
    world.go("2024-08-25 10:00")
    world.propose(work, reason="补评")
    assert _alarm(world, world.now).n_overdue == 0
    assert _alarm(world, world.now + health.QUIET).n_overdue == 1


def test_a_year_that_has_just_been_changed_waits_for_the_sweep(world: World) -> None:
    world.enter()
    world.now = at("2024-05-20 09:00")
    with unit(world.session) as work:
        cycle, olga = work.get_one(Cycle, world.cycle.id), world.actor("olga")
        row = next(services.as_planned(one) for one in cycle.rows if one.key == "register")
        planned, seen = replace(row, closes_at=at("2024-05-19")), cycle.version
        services.change_row(work, cycle, planned, actor=olga, now=world.now, reason="更正日期", seen=seen)
    assert _alarm(world, world.now).n_overdue == 0
    assert _alarm(world, world.now + health.QUIET).n_overdue == 1
