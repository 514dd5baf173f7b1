"""The organiser's override: from anywhere to anywhere, with a reason, always visible as what it was."""

import pytest
from sqlalchemy import select

from qtb.domain.errors import Conflict, Denied, Invalid, Missing
from qtb.services import override
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.world import World


def test_any_state_to_any_state(world: World) -> None:
    states = list(world.cycle.definition.workflow.states)
    team = world.placed(states[0])
    walked = set()
    for to_state in _tour(len(states)):
        before, after = world.state(team), states[to_state]
        if before != after:
            world.override(team, after)
            walked.add((before, after))
            assert world.state(team) == after
    assert len(walked) == len(states) * (len(states) - 1)
    row = world.session.get_one(Submission, team)
    assert row.kind == world.cycle.definition.workflow.states[row.state].kind
    assert world.sound() > len(walked)


def _tour(n: int) -> list[int]:
    """A walk through n places that uses every way between two of them (a closed Euler walk of the full graph)."""
    ways = {a: [b for b in range(n) if b != a] for a in range(n)}
    stack, walk = [0], []
    while stack:
        if ways[stack[-1]]:
            stack.append(ways[stack[-1]].pop())
        else:
            walk.append(stack.pop())
    return walk[::-1][1:]


def test_the_kind_and_the_date_of_the_state_follow(world: World) -> None:
    team = world.submitted()
    world.later(days=3)
    for state, kind in (("declined", "end"), ("returned", "side"), ("draft", "start"), ("awarded", "live")):
        world.override(team, state)
        row = world.session.get_one(Submission, team)
        assert (row.kind, row.state_since) == (kind, world.now)


def test_history_says_that_it_was_an_override_by_whom_and_why(world: World) -> None:
    team = world.submitted()
    n_letters = len(world.letters(team))
    world.override(team, "recommended", reason="推荐单位书面确认\n“见附件”")
    last = world.trail(team)[-1]
    assert (last.kind, last.transition, last.from_state, last.to_state) == ("override", "", "submitted", "recommended")
    assert (last.role, last.actor_id) == ("organiser", world.people["olga"].id)
    assert last.about()["note"] == "推荐单位书面确认\n“见附件”"
    assert len(world.letters(team)) == n_letters
    world.sound()


@pytest.mark.parametrize("reason", ["", "   ", "\n\t "])
def test_a_reason_is_needed(world: World, reason: str) -> None:
    team = world.submitted()
    before = world.position(team)
    with pytest.raises(Invalid) as refusal:
        world.override(team, "awarded", reason=reason)
    assert (refusal.value.key, world.position(team)) == ("reason_required", before)


def test_only_the_organiser_overrides(world: World) -> None:
    team = world.submitted()
    before = world.position(team)
    for who in ("alice", "bob", "rita", "eve"):
        with pytest.raises(Denied) as refusal:
            world.override(team, "awarded", who)
        assert (refusal.value.key, refusal.value.status) == ("only_organiser", 403)
    assert world.position(team) == before


def test_already_there_is_a_conflict_and_writes_nothing(world: World) -> None:
    team = world.submitted()
    before = world.position(team)
    with pytest.raises(Conflict) as refusal:
        world.override(team, "submitted")
    assert (refusal.value.key, refusal.value.status, world.position(team)) == ("already_there", 409, before)


def test_a_state_that_does_not_exist_is_refused(world: World) -> None:
    team = world.submitted()
    for state in ("won", "", "x" * 5_000, "live"):
        with pytest.raises(Invalid) as refusal:
            world.override(team, state)
        assert refusal.value.key == "unknown_state"


def test_a_submission_that_does_not_exist_is_missing(world: World) -> None:
    with pytest.raises(Missing):
        world.override(987_654, "submitted")


def test_a_submission_of_another_year_is_missing(world: World) -> None:
    team = world.submitted()
    other = world.another_cycle("2025")
    with pytest.raises(Missing), unit(world.session):
        override.override(
            world.session, "awarded", cycle=world.session.get_one(Cycle, other), submission_id=team,
            actor=world.actor("olga"), now=world.now, reason="更正",
        )  # fmt: skip
    assert world.state(team) == "submitted"


def test_bringing_back_an_entry_whose_team_was_entered_again_is_a_conflict(world: World) -> None:
    first = world.submitted("总装一班")
    world.move(first, "withdraw", "alice")
    second = world.submitted("总装一班")
    with pytest.raises(Conflict) as refusal:
        world.override(first, "submitted")
    assert refusal.value.key == "team_taken"
    assert (world.state(first), world.state(second)) == ("withdrawn", "submitted")
    world.sound()


def test_an_overridden_submission_goes_on_by_the_ordinary_rules(world: World) -> None:
    team = world.submitted()
    world.override(team, "registered")
    world.declare(team, title="更正后的名称")
    world.move(team, "submit", "alice")
    assert world.session.scalar(select(Submission.title).where(Submission.id == team)) == "更正后的名称"
    world.go("2024-04-02")
    world.move(team, "recommend", "rita")
    assert world.state(team) == "recommended"
