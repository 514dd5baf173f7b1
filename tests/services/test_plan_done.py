"""What the clock has done stays done when its edge is moved on, and is said: by the edge of its own move alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import update

from qtb.services.plans import Asked
from qtb.store.accounts import Unit
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.services.test_plans import about, foreseen, row
from tests.world import World, at

Stays = list[tuple[str, str, str, int]]


@pytest.fixture
def autumn(world: World) -> World:
    """September: one work was awarded, one was not, and one's evaluation was closed at its row's end."""
    best, other = (world.placed("evaluated", team) for team in ("甲班", "乙班"))
    late = world.placed("recommended")
    world.propose(best, "EXCELLENT", "领导小组意见")
    world.propose(other, "none", "领导小组意见")
    world.go("2024-08-20 10:01")
    world.judged(late)
    with unit(world.session):  # somebody was asked for one more sheet
        world.session.execute(update(Submission).where(Submission.id == late).values(n_sheets_open=1))
    world.go("2024-09-02 10:00")
    last = [world.trail(one)[-1].transition for one in (best, other, late)]
    assert last == ["award", "not_award", "close_evaluation"]
    return world


OCTOBER = {"closes_at": at("2024-10-20"), "held_at": at("2024-10-10")}
MOVED: list[tuple[str, dict[str, datetime], Stays]] = [
    ("evaluate", {"closes_at": at("2024-09-20")}, [("evaluated", "evaluate", "", 1)]),
    ("evaluate", {"opens_at": at("2024-07-08")}, []),
    ("publish", OCTOBER, [("awarded", "publish", "", 1), ("not_awarded", "publish", "", 1)]),
    ("publish", {"closes_at": at("2024-10-20")}, []),
    ("publish", {"held_at": at("2024-08-10 10:00")}, []),
]


@pytest.mark.parametrize(("key", "dates", "stays"), MOVED)
def test_what_was_moved_at_an_edge_stays_where_that_edge_is_moved_on(
    autumn: World, key: str, dates: dict[str, Any], stays: Stays
) -> None:
    assert sorted(about(foreseen(autumn, row(key, **dates)), "stays")) == stays


def test_what_a_person_has_taken_back_or_put_elsewhere_is_nobodys_to_keep(autumn: World) -> None:
    autumn.override(1, "evaluated")
    assert about(foreseen(autumn, row("publish", **OCTOBER)), "stays") == [("not_awarded", "publish", "", 1)]


def test_a_silence_that_was_passed_on_stays_where_it_could_not_have_ended_yet(world: World) -> None:
    world.now = at("2024-04-08 09:00")
    world.submitted()
    world.go("2024-05-07 00:00")
    assert world.state(1) == "escalated"
    assert about(foreseen(world, row("recommend", opens_at=at("2024-04-03"))), "stays") == []
    later = foreseen(world, row("recommend", opens_at=at("2024-04-25")))
    assert about(later, "stays") == [("escalated", "recommend", "", 1)]


def test_a_later_end_says_what_stays_of_those_whom_it_reaches(world: World) -> None:
    teams = [world.placed("registered", f"第{n}班") for n in range(2)]
    world.extend("declare", "2024-06-05", submission_id=teams[0])
    world.go("2024-06-05 00:00")
    assert [world.state(team) for team in teams] == ["lapsed", "lapsed"]

    def stays(**asked: Any) -> Stays:
        return about(foreseen(world, Asked(row_key="declare", **asked)), "stays")

    assert stays(until=at("2024-06-11")) == [("lapsed", "declare", "", 2)]
    assert stays(until=at("2024-06-11"), unit=world.session.get_one(Unit, world.units["江南物业"].id)) == []
    assert about(foreseen(world, row("declare", closes_at=at("2024-06-03"))), "stays") == [("lapsed", "declare", "", 1)]
