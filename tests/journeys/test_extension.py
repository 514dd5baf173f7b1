"""Extensions: one submission, one unit, or all may end later; the door, the sweep and the refusal agree on whom."""

from datetime import timedelta

import pytest

from qtb.domain.timeline import canonical
from qtb.i18n import in_words
from qtb.services import hand_ins
from qtb.store import cycles
from tests.world import World, at

TICK = timedelta(microseconds=1)
PRINTED, LATER = at("2024-06-01"), at("2024-06-11")


@pytest.fixture
def teams(world: World) -> dict[str, int]:
    """Two registered teams of one unit and one of another, declarations filled."""
    found = {}
    for team, who in (("总装一班", "alice"), ("总装二班", "alice"), ("保洁一班", "bob")):
        found[team] = world.enter(who, team)
        world.move(found[team], "register", who)
        world.declare(found[team], who)
    return found


REACHES = [
    ("one submission", {"总装一班"}),
    ("one unit", {"总装一班", "总装二班"}),
    ("all", {"总装一班", "总装二班", "保洁一班"}),
]


def extend(world: World, reach: str, teams: dict[str, int]) -> None:
    """Give the extension that the test is about."""
    if reach == "one submission":
        world.extend("declare", "2024-06-11", submission_id=teams["总装一班"])
    else:
        world.extend("declare", "2024-06-11", unit_name="浦江电机厂" if reach == "one unit" else "")


def whose(team: str) -> str:
    """Return who acts for a team."""
    return "bob" if team == "保洁一班" else "alice"


@pytest.mark.parametrize(("reach", "extended"), REACHES)
def test_the_door_and_the_sweep_agree_on_whom_an_extension_reaches(
    world: World, teams: dict[str, int], reach: str, extended: set[str]
) -> None:
    extend(world, reach, teams)
    world.now = PRINTED
    for team in teams.keys() - extended:
        assert [one.key for one in world.refused(teams[team], "submit", whose(team))] == ["closed"]
    world.sweep()
    for team, submission_id in teams.items():
        assert world.state(submission_id) == ("registered" if team in extended else "lapsed")
    world.now = LATER - TICK
    world.sweep()
    for team in extended:
        world.move(teams[team], "submit", whose(team))
        assert world.state(teams[team]) == "submitted"
    world.sound()


@pytest.mark.parametrize(("reach", "extended"), REACHES)
def test_the_extended_lapse_later_with_their_own_due_time(
    world: World, teams: dict[str, int], reach: str, extended: set[str]
) -> None:
    extend(world, reach, teams)
    world.now = LATER - TICK
    world.sweep()
    assert {team for team in teams if world.state(teams[team]) == "registered"} == extended
    world.now = LATER
    world.sweep()
    for team, submission_id in teams.items():
        last = world.trail(submission_id)[-1]
        assert last.transition == "lapse_undeclared"
        assert last.due == canonical(LATER if team in extended else PRINTED)


def test_the_extended_may_still_edit_after_the_printed_end(world: World, teams: dict[str, int]) -> None:
    extend(world, "one submission", teams)
    world.now = PRINTED + timedelta(days=1)
    world.declare(teams["总装一班"], title="顺延期内修改")
    with pytest.raises(Exception, match="closed"):
        world.declare(teams["总装二班"], title="已经截止")


def test_a_unit_with_an_extension_may_still_enter_a_team(world: World) -> None:
    world.extend("register", "2024-06-11", unit_name="江南物业")
    world.now = PRINTED
    assert world.state(world.enter("bob", "保洁二班")) == "draft"
    with pytest.raises(Exception, match="closed"):
        world.enter("alice", "总装三班")


def test_the_refusal_cites_row_number_title_and_instant(world: World, teams: dict[str, int]) -> None:
    extend(world, "one submission", teams)
    world.now = LATER
    reason = world.refused(teams["总装一班"], "submit", "alice")[0]
    assert reason.args == {"seq": 4, "row": "成果申报", "at": LATER, "now": LATER}
    reason = world.refused(teams["保洁一班"], "submit", "bob")[0]
    assert reason.args == {"seq": 4, "row": "成果申报", "at": PRINTED, "now": LATER}


def test_the_refusal_reads_as_a_sentence_in_both_languages(world: World, teams: dict[str, int]) -> None:
    world.now = PRINTED
    reason = world.refused(teams["保洁一班"], "submit", "bob")[0]
    for lang, instant in (("zh", "2024年5月31日 24:00"), ("en", "31 May 2024, 24:00")):
        sentence = in_words(reason, lang)
        for word in ("4", "成果申报", instant):
            assert word in sentence


def test_the_latest_of_several_extensions_counts(world: World, teams: dict[str, int]) -> None:
    team = teams["总装一班"]
    world.extend("declare", "2024-06-20", submission_id=team)
    world.extend("declare", "2024-06-05", unit_name="浦江电机厂")
    world.extend("declare", "2024-06-10")
    world.go("2024-06-10 00:00")
    assert [world.state(one) for one in teams.values()] == ["registered", "lapsed", "lapsed"]
    world.go("2024-06-19 23:59")
    world.move(team, "submit", "alice")


def test_an_extension_is_recorded_with_its_reason_and_end(world: World, teams: dict[str, int]) -> None:
    extend(world, "one submission", teams)
    entry = world.history("submission", teams["总装一班"])[-1]
    assert entry.kind == "extension"
    assert entry.about()["note"] == "系统维护，顺延"
    assert entry.about()["changes"] == {"row": "declare", "until": canonical(LATER)}
    extend(world, "one unit", teams)
    entry = world.history("cycle", world.cycle.id)[-1]
    assert entry.about()["changes"]["unit"] == world.units["浦江电机厂"].id
    world.sound()


def test_an_extension_of_one_row_moves_no_other(world: World, teams: dict[str, int]) -> None:
    world.extend("recommend", "2024-08-01")
    world.go("2024-06-01 00:00")
    assert {world.state(one) for one in teams.values()} == {"lapsed"}


def test_a_recommending_units_extension_reaches_the_works_before_it_and_what_it_hands_in(world: World) -> None:
    other = str(world.units["机电行业协会"].id)
    ours, theirs = world.enter(team="甲班"), world.enter(team="乙班", recommender=other)
    for case in (ours, theirs):
        world.move(case, "register", "alice")
        world.declare(case, title=f"成果{case}")
        world.vouch(case)
    world.now = at("2024-05-30")
    for case in (ours, theirs):
        world.move(case, "submit", "alice")
    world.override(ours, "returned")
    world.override(theirs, "returned")
    world.extend("recommend", "2024-07-06", unit_name="浦东区质协")
    world.now = at("2024-07-01")
    world.sweep()
    assert [world.state(case) for case in (ours, theirs)] == ["returned", "lapsed"]
    world.override(ours, "submitted")
    times = cycles.timeline_of(world.session, world.cycle.id)
    units = [world.units[name].id for name in ("浦东区质协", "机电行业协会")]
    found = [hand_ins.refusal(world.cycle, "summary", one, times=times, kept=None, now=world.now) for one in units]
    assert [one.key if one else "" for one in found] == ["", "closed"]
    world.now = at("2024-07-06") - TICK
    world.move(ours, "recommend", "rita")
    world.sound()
