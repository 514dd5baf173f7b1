"""A shifted year takes along the later ends that were given: shown, told, with an entry for each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from qtb.domain.errors import Conflict
from qtb.domain.plan_model import End
from qtb.domain.timeline import canonical
from qtb.services import suspension
from qtb.store import feeds
from qtb.store.cycles import Extension, timeline_of
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.services.test_plans import about, apply, deferred, done, foreseen, letters, shift
from tests.world import World, at

WEEK = timedelta(days=7)
OURS = "浦东区质协"


@pytest.fixture
def team(world: World) -> int:
    """A team whose case was deferred."""
    return deferred(world)


def ends(world: World) -> list[object]:
    """Return the later ends as they are kept, oldest first."""
    world.session.rollback()
    return list(world.session.scalars(select(Extension.until).order_by(Extension.id)))


def test_the_end_that_everybody_sees_moves_with_its_row(world: World, team: int) -> None:
    world.extend("recommend", "2024-07-15")
    world.now = at("2024-06-28 09:00")
    plan = done(world, shift(world, by=WEEK), sure=True)
    assert plan.ends == (End("recommend", "", at("2024-07-15"), at("2024-07-22")),)
    assert plan.moot == ()
    assert plan.told == (("applicant", 1), ("recommender", 1))
    times = timeline_of(world.session, world.cycle.id)
    assert (times.rows["recommend"].closes_at, times.ends_for_all("recommend")) == (at("2024-07-08"), at("2024-07-22"))
    dates = {"edge": "closes", "from": canonical(at("2024-07-15")), "to": canonical(at("2024-07-22"))}
    assert {one.about["rows"]["recommend"]["to"] for one in letters(world)} == {dates["to"]}
    row, moved = world.history("cycle", world.cycle.id)[-2:]
    assert (row.kind, moved.kind) == ("row", "extension_moved")
    assert moved.about()["note"] == "台风顺延"
    assert moved.about()["changes"] == {"row": "recommend", "until": [dates["from"], dates["to"]]}
    assert {one.batch_id for one in letters(world)} == {row.batch_id}
    world.sound()


def test_a_row_that_is_open_by_an_extension_alone_is_not_left_behind(world: World, team: int) -> None:
    world.extend("recommend", "2024-07-15")
    world.now = at("2024-07-05 09:00")
    asked = shift(world, by=WEEK)
    assert "recommend" not in [one.key for one in asked.rows]
    plan = done(world, asked, sure=True)
    assert about(plan, "moves") == [("deferred", "recommend", "lapse_unrecommended", 1)]
    assert dict(plan.told)["applicant"] == 1
    assert timeline_of(world.session, world.cycle.id).ends_for_all("recommend") == at("2024-07-22")
    world.go("2024-07-15")
    assert world.state(team) == "deferred"


def test_the_ends_of_units_and_cases_and_days_given_back_move_too(world: World, team: int) -> None:
    world.extend("recommend", "2024-07-10", unit_name=OURS)
    for act in (suspension.suspend, suspension.resume):
        with unit(world.session):
            case = world.session.get_one(Submission, team)
            act(world.session, case, actor=world.actor("olga"), now=world.now, reason="核实")
        world.later(days=2)
    before, number = ends(world), world.session.get_one(Submission, team).number
    plan = foreseen(world, shift(world, by=WEEK))
    assert {(one.row_key, one.whom) for one in plan.ends} >= {("recommend", OURS), ("recommend", number)}
    done(world, shift(world, by=WEEK), sure=True)
    assert ends(world) == [until + WEEK for until in before]  # type: ignore[operator]
    entries = [one.kind for one in world.history("submission", team)]
    assert entries.count("extension_moved") == len(before) - 1
    world.sound()


def test_what_has_ended_and_what_belongs_to_rows_before_stays(world: World, team: int) -> None:
    world.extend("recommend", "2024-07-10")
    assert shift(world, by=WEEK, from_row="evaluate").rows
    assert foreseen(world, shift(world, by=WEEK, from_row="evaluate")).ends == ()
    world.now = at("2024-07-10")
    assert foreseen(world, shift(world, by=WEEK)).ends == ()


def test_an_end_given_since_it_was_shown_shows_the_plan_anew(world: World, team: int) -> None:
    asked = shift(world, by=WEEK)
    plan = foreseen(world, asked)
    world.extend("recommend", "2024-07-10", submission_id=team)
    with pytest.raises(Conflict, match="plan_changed"):
        apply(world, asked, plan, sure=True)
    assert ends(world) == [at("2024-07-10")]


def test_an_earlier_year_takes_a_later_end_back_too(world: World, team: int) -> None:
    world.extend("recommend", "2024-07-10", submission_id=team)
    done(world, shift(world, by=-timedelta(days=2)), sure=True)
    assert ends(world) == [at("2024-07-08")]


def test_a_calendar_learns_of_an_end_that_moved(world: World, team: int) -> None:
    world.extend("recommend", "2024-07-10", submission_id=team)
    world.now = at("2024-07-05 09:00")
    before = feeds.changes(world.session, world.cycle.id)
    done(world, shift(world, by=WEEK), sure=True)
    after = [one for one in feeds.changes(world.session, world.cycle.id) if one not in before]
    (mine,) = [one for one in after if one.row_key == "recommend" and one.at == world.now]
    assert mine.extension is not None
    assert (mine.extension.submission_id, mine.extension.until) == (team, at("2024-07-17"))
