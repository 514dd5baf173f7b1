"""A declaration goes back for correction and comes again: who may, what is asked for, what the history says."""

import pytest

from qtb.domain.errors import NotNow
from tests.world import DECLARATION, World


@pytest.fixture
def team(world: World) -> int:
    """A declaration before its recommender, in April."""
    team = world.submitted()
    world.go("2024-04-02 10:00")
    return team


def test_a_returned_declaration_is_corrected_and_submitted_again(world: World, team: int) -> None:
    world.move(team, "return", "rita", note="请补充“指标”\n第二行")
    assert world.state(team) == "returned"
    world.later(days=1)
    world.declare(team, title="降低返工率（修订）")
    world.move(team, "resubmit", "alice")
    world.move(team, "recommend", "rita")
    assert [(row.transition, row.from_state, row.to_state, row.role) for row in world.trail(team)[3:]] == [
        ("return", "submitted", "returned", "recommender"),
        ("resubmit", "returned", "submitted", "applicant"),
        ("recommend", "submitted", "recommended", "recommender"),
    ]
    assert world.trail(team)[3].about()["note"] == "请补充“指标”\n第二行"
    assert world.letters(team)[3:] == [
        ("returned", "applicant"), ("to_recommend", "recommender"), ("recommended", "applicant"),
    ]  # fmt: skip
    world.sound()


def test_returning_needs_a_note(world: World, team: int) -> None:
    for note in ("", "   ", "\n"):
        assert [one.key for one in world.refused(team, "return", "rita", note=note)] == ["note_required"]


def test_only_the_chosen_recommender_may_return(world: World, team: int) -> None:
    for who in ("ralf", "alice", "bob", "olga", "eve"):
        assert [one.key for one in world.refused(team, "return", who, note="退回")] == ["role"]


def test_a_submitted_declaration_cannot_be_edited_until_it_is_returned(world: World, team: int) -> None:
    with pytest.raises(NotNow) as refusal:
        world.declare(team, title="悄悄改了")
    assert [one.key for one in refusal.value.reasons] == ["edit_state"]
    world.move(team, "return", "rita", note="请改")
    world.declare(team, title="可以改了")
    with pytest.raises(NotNow) as refusal:
        world.fill(team, "declaration", DECLARATION, "bob")
    assert [one.key for one in refusal.value.reasons] == ["edit_role"]


def test_an_incomplete_correction_is_not_taken_again(world: World, team: int) -> None:
    world.move(team, "return", "rita", note="请改")
    world.declare(team, results="")
    assert [one.key for one in world.refused(team, "resubmit", "alice")] == ["fact_declaration_complete"]
    world.declare(team)
    world.move(team, "resubmit", "alice")
    assert world.state(team) == "submitted"


def test_it_may_go_back_and_forth_and_every_round_is_recorded(world: World, team: int) -> None:
    for _ in range(3):
        world.move(team, "return", "rita", note="再改")
        world.move(team, "resubmit", "alice")
    assert [row.transition for row in world.trail(team)[3:]] == ["return", "resubmit"] * 3
    world.sound()


def test_a_correction_is_taken_until_recommending_ends_and_not_after(world: World, team: int) -> None:
    world.move(team, "return", "rita", note="请改")
    world.go("2024-06-30 23:59")  # declaring has ended a month ago, recommending has not
    world.declare(team, title="最后一刻")
    world.later(seconds=60)
    reasons = world.refused(team, "resubmit", "alice")
    assert [(one.key, one.args["seq"]) for one in reasons] == [("closed", 5)]
    with pytest.raises(NotNow) as refusal:
        world.declare(team, title="太晚了")
    assert refusal.value.reasons[0].key == "closed"
