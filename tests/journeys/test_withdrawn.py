"""Withdrawing: from every state in which it is allowed, by the unit itself, and never back."""

import pytest

from tests.world import World

ALLOWED = ("registered", "submitted", "escalated", "deferred", "returned", "recommended", "amending")
REFUSED = ("draft", "evaluated", "awarded", "shared", "withdrawn", "declined", "lapsed", "not_awarded", "revoked")


def test_every_state_is_covered_here(world: World) -> None:
    assert set(ALLOWED) | set(REFUSED) == set(world.cycle.definition.workflow.states)


@pytest.mark.parametrize("state", ALLOWED)
def test_the_unit_withdraws_and_the_recommender_hears_of_it(world: World, state: str) -> None:
    team = world.placed(state)
    n_letters = len(world.letters(team))
    world.move(team, "withdraw", "alice", note="班组重组")
    last = world.trail(team)[-1]
    assert (last.transition, last.from_state, last.to_state, last.via) == ("withdraw", state, "withdrawn", "web")
    assert (last.role, last.actor_id, last.at) == ("applicant", world.people["alice"].id, world.now)
    assert last.about() == {"note": "班组重组"}
    assert world.letters(team)[n_letters:] == [("withdrawn", "recommender")]
    world.sound()


def test_a_draft_is_discarded_and_nobody_hears_of_it(world: World) -> None:
    team = world.enter()
    world.move(team, "discard", "alice")
    assert world.state(team) == "withdrawn"
    assert world.letters(team) == []
    world.sound()


def test_other_states_cannot_be_withdrawn(world: World) -> None:
    team = world.placed(REFUSED[0])
    for state in REFUSED:
        if world.state(team) != state:
            world.override(team, state)
        assert [one.key for one in world.refused(team, "withdraw", "alice")] == ["state"]


def test_nobody_else_withdraws_for_the_unit(world: World) -> None:
    team = world.submitted()
    for who in ("bob", "rita", "ralf", "olga", "eve"):
        assert [one.key for one in world.refused(team, "withdraw", who)] == ["role"]


def test_a_withdrawn_entry_takes_no_further_step(world: World) -> None:
    team = world.placed("withdrawn")
    moves = world.cycle.definition.workflow.transitions
    world.now = world.now.replace(month=5)  # every row of people in this part of the year is open
    for transition, who in (("register", "alice"), ("submit", "alice"), ("resubmit", "alice"), ("recommend", "rita"),
                            ("return", "rita"), ("decline", "rita"), ("withdraw", "alice")):  # fmt: skip
        assert transition in moves
        assert "state" in [one.key for one in world.refused(team, transition, who, note="试")]
    world.go("2025-01-01")
    assert world.state(team) == "withdrawn"


def test_the_team_may_be_entered_anew_after_withdrawing(world: World) -> None:
    first = world.submitted("总装一班")
    world.move(first, "withdraw", "alice")
    second = world.submitted("总装一班")
    assert second != first
    assert world.state(second) == "submitted"
