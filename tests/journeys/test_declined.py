"""Declining to recommend: a reason is owed, it ends the entry, and only inside the row."""

import pytest

from tests.world import World


@pytest.fixture
def team(world: World) -> int:
    """A declaration before its recommender, in April."""
    team = world.submitted()
    world.go("2024-04-02 10:00")
    return team


def test_a_declined_work_ends_with_the_recommenders_note(world: World, team: int) -> None:
    world.move(team, "decline", "rita", note="不符合推荐条件")
    last = world.trail(team)[-1]
    assert (last.transition, last.to_state, last.role, last.row_key) == (
        "decline", "declined", "recommender", "recommend",
    )  # fmt: skip
    assert last.about()["note"] == "不符合推荐条件"
    assert world.letters(team)[-1] == ("declined", "applicant")
    world.sound()


def test_declining_needs_a_note(world: World, team: int) -> None:
    assert [one.key for one in world.refused(team, "decline", "rita")] == ["note_required"]


def test_only_the_chosen_recommender_declines(world: World, team: int) -> None:
    for who in ("ralf", "alice", "olga"):
        assert [one.key for one in world.refused(team, "decline", who, note="不予推荐")] == ["role"]


def test_not_before_the_row_opens_and_not_after_it_ends(world: World) -> None:
    team = world.submitted()
    reason = world.refused(team, "decline", "rita", note="过早")[0]
    assert (reason.key, reason.args["seq"], reason.args["row"]) == ("not_open", 5, "成果推荐")
    world.now = world.now.replace(month=7, day=1)
    reason = world.refused(team, "decline", "rita", note="过晚")[0]
    assert (reason.key, reason.args["seq"], reason.args["now"]) == ("closed", 5, world.now)


def test_a_declined_work_stays_declined(world: World, team: int) -> None:
    world.move(team, "decline", "rita", note="不符合推荐条件")
    for transition, who in (("recommend", "rita"), ("resubmit", "alice"), ("withdraw", "alice")):
        assert "state" in [one.key for one in world.refused(team, transition, who)]
    for when in ("2024-07-01", "2024-09-01", "2025-01-01"):
        world.go(when)
        assert world.state(team) == "declined"
