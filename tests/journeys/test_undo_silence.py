"""A silence over a step that was taken back: it goes on where it was counted from, as if the step had not been made."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from qtb.domain.roles import CLOCK
from qtb.services import check
from qtb.services.advance import advance
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.journeys.test_rerouted import go_to
from tests.journeys.test_suspended import resume, suspend
from tests.journeys.test_undo import take_back
from tests.world import World, at

BEGUN = at("2024-05-08 09:00")
ENDS_AT = at("2024-05-29")  # fifteen working days later, one of them a Saturday


def since(world: World, case: int) -> datetime:
    """Return since when a case stands where it stands."""
    world.session.expire_all()
    return world.session.get_one(Submission, case).state_since


@pytest.fixture
def case(world: World) -> int:
    """A work handed in on 8 May, that its unit has been silent about until 25 May."""
    world.now = BEGUN
    found = world.submitted()
    world.go("2024-05-25 10:00")
    return found


@pytest.mark.parametrize("step", ["decline", "return", "defer"])
def test_a_step_taken_back_wins_no_days(world: World, case: int, step: str) -> None:
    world.move(case, step, "rita", note="再议")
    world.later(hours=2)
    take_back(world, case, "rita")
    assert since(world, case) == BEGUN
    entry = world.trail(case)[-1]
    assert (entry.at, datetime.fromisoformat(entry.about()["since"])) == (world.now, BEGUN)
    world.now = ENDS_AT - timedelta(seconds=1)
    world.sweep()
    assert world.state(case) == "submitted"
    world.now = ENDS_AT
    world.sweep()
    assert world.state(case) == "escalated"
    assert check.check(world.session, now=world.now).findings == []
    world.sound()


def test_nor_does_the_second_and_what_ended_meanwhile_is_passed_on(world: World, case: int) -> None:
    for _ in range(2):
        world.move(case, "decline", "rita", note="再议")
        world.later(hours=2)
        take_back(world, case, "rita")
        assert since(world, case) == BEGUN
    world.now = at("2024-05-28 10:00")
    world.move(case, "decline", "rita", note="再议")
    world.later(days=2)
    world.sweep()
    assert world.state(case) == "declined"
    take_back(world, case, "rita")
    world.sweep()
    assert (world.state(case), world.trail(case)[-1].transition) == ("escalated", "pass_on")
    world.sound()


def test_its_own_days_to_take_a_step_back_count_from_that_step(world: World, case: int) -> None:
    world.move(case, "decline", "rita", note="再议")
    take_back(world, case, "rita")
    world.later(days=1)
    world.move(case, "defer", "rita", note="再议")
    world.later(days=2, hours=23)
    take_back(world, case, "rita")
    assert world.state(case) == "submitted"


def test_days_that_were_held_do_not_count_again(world: World) -> None:
    world.now = at("2024-04-08 09:00")
    case = world.submitted()
    world.go("2024-04-10 00:00")
    suspend(world, case)
    world.later(days=30)
    resume(world, case)
    held = since(world, case)
    assert held == at("2024-05-08 09:00")
    world.move(case, "decline", "rita", note="再议")
    take_back(world, case, "rita")
    assert since(world, case) == held
    world.sound()


def test_an_override_while_it_was_suspended_counts_the_days_after_it(world: World) -> None:
    world.now = at("2024-04-08 09:00")
    case = world.placed("registered")
    suspend(world, case)
    world.later(days=2)
    world.override(case, "submitted")
    world.later(days=7)
    resume(world, case)
    stood = since(world, case)
    world.vouch(case)
    world.later(days=1)
    world.move(case, "recommend", "rita")
    take_back(world, case, "olga")
    assert since(world, case) == stood


def test_another_unit_has_its_own_days_and_keeps_them(world: World, case: int) -> None:
    go_to(world, case)
    came = since(world, case)
    assert came == world.now
    world.later(days=1)
    world.move(case, "decline", "ralf", note="再议")
    take_back(world, case, "ralf")
    assert since(world, case) == came


def test_where_nothing_is_counted_it_stands_there_since_then(world: World) -> None:
    case = world.submitted()
    world.later(hours=2)
    take_back(world, case, "alice")
    assert (world.state(case), since(world, case)) == ("registered", world.now)


def test_the_clock_may_pass_on_the_one_and_not_its_neighbour(world: World, case: int) -> None:
    world.move(case, "decline", "rita", note="再议")
    other = world.submitted("总装二班")
    take_back(world, case, "rita")
    world.now = ENDS_AT
    with unit(world.session):
        year = world.session.get_one(Cycle, world.cycle.id)
        moved = advance(world.session, "pass_on", cycle=year, now=world.now, actor=CLOCK)
    assert moved.n_moved == 1
    assert (world.state(case), world.state(other)) == ("escalated", "submitted")
