"""The door judges the rules of eligibility right before a guarded move; the organiser may waive one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from qtb.domain import definition as definitions
from qtb.domain.errors import Conflict, Denied, Invalid, Missing
from qtb.i18n import in_words
from qtb.services import eligibility, teams
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.domain.sample import edited
from tests.faults.test_races import move, sort
from tests.threads import at_once
from tests.world import World


def waive(world: World, case: int, code: str, who: str = "olga", reason: str = "已整改，主办方同意") -> None:
    """Waive a rule as a person."""
    with unit(world.session):
        row = world.session.get_one(Submission, case)
        eligibility.waive(world.session, row, code, actor=world.actor(who), now=world.now, reason=reason)


def registered(world: World, team: str = "总装一班", **given: str) -> int:
    """Enter, register and declare a team; nothing is submitted yet."""
    case = world.enter(team=team)
    world.move(case, "register", "alice")
    world.declare(case, **given)
    return case


def adopt(world: World, old: str, new: str) -> None:
    """Let the year go by rules with one piece of text replaced."""
    found = edited(old, new, "eligibility.yaml")
    with unit(world.session):
        changed = {"definition_text": found.text, "definition_hash": found.hash}
        known = {column.key for column in Cycle.__table__.columns}
        world.session.execute(
            update(Cycle).where(Cycle.id == world.cycle.id).values({k: v for k, v in changed.items() if k in known})
        )
    world.session.expire_all()
    assert world.session.get_one(Cycle, world.cycle.id).definition is definitions.from_text(found.text)


def test_a_rule_that_blocks_refuses_the_move_and_is_named(world: World) -> None:
    case = registered(world, incidents_any="some", incidents="一起投诉。")
    reasons = world.refused(case, "submit", "alice")
    assert [one.key for one in reasons] == ["rule_blocks"]
    assert in_words(reasons[0], "zh").startswith("E5 ")
    assert in_words(reasons[0], "en").startswith("E5 ")


def test_every_blocking_rule_is_listed(world: World) -> None:
    case = world.enter(team_founded="2024-01")
    world.move(case, "register", "alice")
    world.declare(case, incidents_any="some", incidents="一起投诉。")
    assert [one.args["code"] for one in world.refused(case, "submit", "alice")] == ["E2", "E5"]


def test_a_waived_rule_lets_it_pass_and_stands_in_history(world: World) -> None:
    case = registered(world, incidents_any="some", incidents="一起投诉。")
    waive(world, case, "E5")
    world.move(case, "submit", "alice")
    (entry,) = [row for row in world.history("submission", case) if row.kind == "waived"]
    assert (entry.about()["rule"], entry.about()["note"], entry.role) == ("E5", "已整改，主办方同意", "organiser")
    world.sound()


def test_only_the_organiser_waives_once_a_blocking_rule_with_a_reason(world: World) -> None:
    case = registered(world)
    with pytest.raises(Denied):
        waive(world, case, "E5", who="alice")
    for code in ("E99", "E3", "E9"):
        with pytest.raises(Missing):
            waive(world, case, code)
    with pytest.raises(Invalid):
        waive(world, case, "E5", reason="  ")
    waive(world, case, "E5")
    with pytest.raises(Conflict):
        waive(world, case, "E5")


def test_a_recommender_that_was_closed_meanwhile_cannot_be_recommended_by(world: World) -> None:
    case = world.submitted()
    world.go("2024-05-20 10:00")
    with unit(world.session):
        world.units["浦东区质协"].is_active = False
    (reason,) = world.refused(case, "recommend", "rita")
    assert reason.args["code"] == "E7"


def test_another_entry_makes_a_rule_false(world: World) -> None:
    case = registered(world)
    world.enter(team="总装二班", recommender=str(world.units["机电行业协会"].id))
    second = world.session.scalars(select(Submission).where(Submission.team_name == "总装二班")).one()
    with unit(world.session):
        world.session.get_one(Submission, second.id).title = "降低总装线返工率"
    (reason,) = world.refused(case, "submit", "alice")
    assert reason.args["code"] == "E11"


def test_what_became_true_over_time_no_longer_blocks(world: World) -> None:
    case = world.enter(team_founded="2023-04")
    world.move(case, "register", "alice")
    world.declare(case)
    assert [one.args["code"] for one in world.refused(case, "submit", "alice")] == ["E2"]
    world.now += timedelta(days=31)
    world.move(case, "submit", "alice")
    assert world.state(case) != "registered"


LIMITED = (
    "severity: warn\n    at: [declaring]\n    test:\n      a_year: {per_unit: 5, per_team: 1}",
    "severity: block\n    at: [declaring]\n    test:\n      a_year: {per_unit: 1, per_team: 1}",
)


def test_two_teams_of_one_unit_at_once_take_the_last_place_once(world: World) -> None:
    adopt(world, *LIMITED)
    for n in range(6):
        cases = [registered(world, f"一班{n}"), registered(world, f"二班{n}")]
        done, refused = sort(at_once([move(world, case, "submit", "alice") for case in cases]))
        assert (len(done), len(refused)) == ((1, 1) if n == 0 else (0, 2))
        for one in refused:
            assert [reason.args["code"] for reason in one.reasons] == ["E10"]
        if n == 0:
            assert sorted(map(world.state, cases)) == ["registered", "submitted"]


def test_those_who_move_together_are_counted_together(world: World) -> None:
    adopt(world, *LIMITED)
    cases = [registered(world, "一班"), registered(world, "二班")]
    with unit(world.session):
        cycle = world.session.get_one(Cycle, world.cycle.id)
        eligibility.renew(world.session, cycle, "submit", cases, now=world.now)
    assert [world.session.get_one(Submission, case).n_blocks for case in cases] == [0, 1]


# --- declaring again after a level --------------------------------------------------------------------

COOLING = ("severity: warn\n    at: [declaring]\n    test:\n      cool_off:",
           "severity: block\n    at: [declaring]\n    test:\n      cool_off:")  # fmt: skip


def held_before(world: World, *, year: int = 2023, level: str = "BENCHMARK", state: str = "awarded") -> int:
    """Let the team hold a level of an earlier year of its own; return the earlier work."""
    case = world.placed(state)
    other = world.another_cycle(f"of-{year}")
    with unit(world.session) as work:
        work.execute(update(Cycle).where(Cycle.id == other).values(year=year))
        work.execute(update(Submission).where(Submission.id == case).values(cycle_id=other, award_level=level))
    world.session.expire_all()
    return case


def test_a_team_that_holds_the_top_level_waits_its_years_unless_the_content_is_new(world: World) -> None:
    adopt(world, *COOLING)
    held_before(world)
    case = registered(world)
    (reason,) = world.refused(case, "submit", "alice")
    assert reason.args["code"] == "E8"
    assert "2026 年起" in in_words(reason, "zh")
    assert "内容确有实质更新" in in_words(reason, "zh")
    world.declare(case, new_content="on", new_content_what="改为全流程自主检验。")
    world.move(case, "submit", "alice")
    assert world.state(case) == "submitted"


@pytest.mark.parametrize(
    "earlier", [{"year": 2021}, {"level": "EXCELLENT"}, {"state": "revoked"}, {"state": "withdrawn"},
                {"state": "evaluated"}],
)  # fmt: skip
def test_what_is_long_ago_lower_or_taken_away_bars_nobody(world: World, earlier: dict[str, str]) -> None:
    adopt(world, *COOLING)
    held_before(world, **earlier)  # type: ignore[arg-type]
    world.move(registered(world), "submit", "alice")


def test_a_renamed_team_is_barred_by_what_it_held_under_its_earlier_name(world: World) -> None:
    adopt(world, *COOLING)
    earlier = held_before(world)
    case = registered(world, "总装先锋班")
    with unit(world.session) as work:
        row = work.get_one(Submission, case)
        assert teams.cooling(work, row.cycle, [case]) == {}
        teams.link(work, row, earlier, reason="班组更名", actor=world.actor("olga"), now=world.now)
    assert [one.args["code"] for one in world.refused(case, "submit", "alice")] == ["E8"]
    row = world.session.get_one(Submission, case)
    assert teams.cooling(world.session, row.cycle, [case])[case][1].year == 2023
