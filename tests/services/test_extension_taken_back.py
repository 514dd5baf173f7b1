"""A later end that was given is taken back, or made earlier: foreseen, done in one act, told, and gone everywhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from qtb.domain.errors import Conflict, Denied, Invalid, Missing
from qtb.domain.timeline import canonical
from qtb.services import check, plans, shifts
from qtb.services.plans import Asked
from qtb.store import feeds
from qtb.store.cycles import Extension, timeline_of
from qtb.store.submissions import Submission
from tests.services.test_plans import about, apply, done, foreseen, letters, shift
from tests.world import World, at

WRONG, ROW_ENDS = at("2200-01-01"), at("2024-06-01")


@pytest.fixture
def team(world: World) -> int:
    """A registered team that was wrongly given until 2200."""
    found = world.placed("registered", "第一班")
    world.now = at("2024-05-20 10:00")
    world.extend("declare", "2200-01-01", submission_id=found)
    return found


def back(world: World, until: str = "") -> Asked:
    """Ask for the last extension to be taken back, or to end earlier."""
    one = world.session.scalars(select(Extension).order_by(Extension.id.desc())).first()
    assert one is not None
    return plans.taken_back(world.session, one, at(until) if until else None)


def ends_at(world: World, team: int) -> Any:
    """Return when declaring ends for a team."""
    world.session.rollback()
    times = timeline_of(world.session, world.cycle.id)
    return times.ends_at("declare", world.session.get_one(Submission, team))


def test_it_falls_back_to_the_end_of_the_row_and_whom_it_concerns_is_told(world: World, team: int) -> None:
    other = world.placed("registered", "第二班")
    plan = foreseen(world, back(world))
    assert about(plan, "moves") == [("registered", "declare", "lapse_undeclared", 1)]
    (moved,), (dated,) = plan.effects, plan.dates
    assert (moved.before, moved.after) == (dated.before, dated.after) == (WRONG, ROW_ENDS)
    n_before = len(world.history("submission", team))
    done(world, back(world), reason="误批", sure=True)
    assert (ends_at(world, team), ends_at(world, other)) == (ROW_ENDS, ROW_ENDS)
    (entry,) = world.history("submission", team)[n_before:]
    assert (entry.kind, entry.about()["note"]) == ("extension_taken_back", "误批")
    assert entry.about()["changes"] == {"row": "declare", "until": [canonical(WRONG), canonical(ROW_ENDS)]}
    (letter,) = letters(world)
    assert (letter.about["cases"], letter.about["rows"]["declare"]["to"]) == ([team], canonical(ROW_ENDS))
    world.go("2024-06-01 00:00")
    assert (world.state(team), world.trail(team)[-1].due) == ("lapsed", canonical(ROW_ENDS))
    assert check.check(world.session, now=world.now).findings == []
    world.sound()


def test_it_may_end_earlier_instead(world: World, team: int) -> None:
    done(world, back(world, "2024-06-11"), sure=True)
    assert ends_at(world, team) == at("2024-06-11")
    assert world.history("submission", team)[-1].kind == "extension_moved"
    world.go("2024-06-10 23:59")
    assert world.state(team) == "registered"
    world.go("2024-06-11 00:00")
    assert world.state(team) == "lapsed"


def test_what_would_end_at_once_is_said_and_asked_for(world: World, team: int) -> None:
    world.go("2024-06-05 10:00")
    assert world.state(team) == "registered"
    asked = back(world)
    plan = foreseen(world, asked)
    assert about(plan, "at_once") == [("registered", "declare", "lapse_undeclared", 1)]
    assert about(plan, "shuts") == [("registered", "declare", "", 1)]
    with pytest.raises(Invalid, match="plan_unsure"):
        apply(world, asked, plan)
    apply(world, asked, plan, sure=True)
    world.sweep()
    assert (world.state(team), world.trail(team)[-1].due) == ("lapsed", canonical(ROW_ENDS))


@pytest.mark.parametrize("unit_name", ["", "浦江电机厂"])
def test_that_of_a_unit_or_of_all_is_taken_back_from_all_of_them(world: World, unit_name: str) -> None:
    teams = [world.placed("registered", f"第{n}班") for n in (1, 2)]
    world.now = at("2024-05-20 10:00")
    world.extend("declare", "2024-06-20", unit_name=unit_name)
    world.extend("declare", "2024-06-30", submission_id=teams[1])
    last = world.session.scalars(select(Extension).order_by(Extension.id)).first()
    assert last is not None
    asked = plans.taken_back(world.session, last)
    plan = foreseen(world, asked)
    assert about(plan, "moves") == [("registered", "declare", "lapse_undeclared", 1)]  # the other has one of its own
    apply(world, asked, plan, sure=True)
    assert [ends_at(world, one) for one in teams] == [ROW_ENDS, at("2024-06-30")]
    entry = world.history("cycle", world.cycle.id)[-1]
    assert (entry.kind, "unit" in entry.about()["changes"]) == ("extension_taken_back", bool(unit_name))


def test_a_moved_or_shifted_row_does_not_bring_it_back(world: World, team: int) -> None:
    done(world, back(world), sure=True)
    done(world, shift(world, by=timedelta(days=7)), sure=True)
    assert ends_at(world, team) == at("2024-06-08")
    (one,) = world.session.scalars(select(Extension))
    assert not one.is_held
    with pytest.raises(Missing):
        shifts.held(world.session, world.cycle.id, one.id)
    with pytest.raises(Missing):
        shifts.latest(world.session, world.cycle.id, "declare", team, None)


def test_the_calendars_follow_with_another_revision(world: World, team: int) -> None:
    before = len(feeds.changes(world.session, world.cycle.id))
    assert len(feeds.extensions(world.session, world.cycle.id)) == 1
    done(world, back(world), sure=True)
    assert feeds.extensions(world.session, world.cycle.id) == []
    assert len(feeds.changes(world.session, world.cycle.id)) == before + 1


def test_another_one_may_be_given_after_it(world: World, team: int) -> None:
    done(world, back(world), sure=True)
    world.extend("declare", "2024-06-15", submission_id=team)
    assert ends_at(world, team) == at("2024-06-15")


@pytest.mark.parametrize(
    ("until", "key"),
    [("2024-05-20 09:00", "extension_past"), ("2024-05-31", "extension_early"), ("2200-02-01", "extension_longer")],
)
def test_an_end_that_is_none(world: World, team: int, until: str, key: str) -> None:
    with pytest.raises(Invalid) as error:
        foreseen(world, back(world, until))
    assert error.value.key == key


def test_what_is_over_what_was_taken_back_meanwhile_and_who_may_not(world: World, team: int) -> None:
    asked = back(world)
    plan = foreseen(world, asked)
    with pytest.raises(Denied):
        apply(world, asked, plan, actor=world.actor("alice"), sure=True)
    apply(world, asked, plan, sure=True)
    with pytest.raises(Missing):
        apply(world, asked, plan, sure=True)
    world.extend("declare", "2024-06-11", submission_id=team)
    late = back(world)
    world.now = at("2024-06-11")
    with pytest.raises(Conflict, match="extension_over"):
        foreseen(world, late)
