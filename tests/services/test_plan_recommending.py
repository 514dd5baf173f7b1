"""A change of dates for a recommending unit: the cases before it are reckoned by the end that is theirs."""

from __future__ import annotations

import pytest

from qtb.domain.plan_model import Plan
from qtb.services.plans import Asked
from qtb.store import plans as reads
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle, timeline_of
from qtb.store.submissions import Submission
from tests.services.test_plans import about, deferred, done, foreseen, letters, row
from tests.world import World, at

OURS = "浦东区质协"
LATER = at("2024-07-10")


@pytest.fixture
def team(world: World) -> int:
    """A team whose case the recommending unit has deferred."""
    return deferred(world)


def reminded(plan: Plan) -> list[tuple[str, int, int]]:
    """Return the reminders of cases that would move, as (reminder, days before, how many cases)."""
    return [(one.reminder, one.days, one.n) for one in plan.reminders if one.n]


def test_a_later_end_for_a_recommending_unit_says_what_one_for_its_case_says(world: World, team: int) -> None:
    case = world.session.get_one(Submission, team)
    unit = world.session.get_one(Unit, world.units[OURS].id)
    alone = foreseen(world, Asked(row_key="recommend", until=LATER, submission=case))
    plan = foreseen(world, Asked(row_key="recommend", until=LATER, unit=unit))
    assert about(plan, "moves") == about(alone, "moves") == [("deferred", "recommend", "lapse_unrecommended", 1)]
    assert plan.told == alone.told == (("applicant", 1), ("recommender", 1))
    assert reminded(plan) == reminded(alone) == [("recommend_soon", days, 1) for days in (14, 3, 1)]


def test_a_case_before_a_unit_with_a_later_end_does_not_fall_with_the_row(world: World, team: int) -> None:
    world.extend("recommend", "2024-07-10", unit_name=OURS)
    world.now = at("2024-06-30 09:00")
    plan = done(world, row("recommend", closes_at=at("2024-06-28")))
    assert (plan.effects, plan.told, plan.is_grave) == ((), (), False)
    assert letters(world) == []
    world.sweep()
    assert world.state(team) == "deferred"
    world.move(team, "recommend", "rita")


def test_a_later_end_for_another_recommending_unit_touches_nothing(world: World, team: int) -> None:
    other = world.session.get_one(Unit, world.units["机电行业协会"].id)
    plan = foreseen(world, Asked(row_key="recommend", until=LATER, unit=other))
    assert (plan.effects, plan.told, reminded(plan)) == ((), (), [])


def test_dates_of_units_do_not_make_a_cohort_of_each_case(world: World, team: int) -> None:
    world.now = at("2024-05-20 09:00")
    for n in range(4):
        world.placed("submitted", f"{n}班")
    world.placed("submitted", "邻班", recommender=str(world.units["机电行业协会"].id))
    world.extend("recommend", "2024-07-10", unit_name=OURS)
    cycle = world.session.get_one(Cycle, world.cycle.id)
    found = reads.cohorts(world.session, cycle, [timeline_of(world.session, cycle.id)])
    ours = world.units[OURS].id
    assert sorted((one.case.state, one.case.recommender_id == ours, len(one.members)) for one in found) == [
        ("deferred", True, 1), ("submitted", False, 1), ("submitted", True, 4),
    ]  # fmt: skip
