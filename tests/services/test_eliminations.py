"""Eliminating a work: proposed by its judge, confirmed by the organiser, without place and level, taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from qtb.domain.errors import Refusal
from qtb.services import eliminations, proposals, results
from qtb.store.cycles import Cycle
from qtb.store.eliminations import Elimination
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.services.test_sheets import own
from tests.threads import at_once
from tests.world import World


@pytest.fixture
def work(world: World) -> int:
    """Return a work with three finished sheets, in July."""
    case = world.placed("recommended")
    world.go("2024-07-10 10:00")
    world.judged(case)
    return case


def propose(world: World, work: int, reason: str = "内容与往年成果雷同", who: str = "eve") -> int:
    """Let a judge propose; return the proposal's id."""
    with unit(world.session) as session:
        sheet = own(world, work, "eve")
        return eliminations.propose(session, sheet, reason, actor=world.actor(who), now=world.now).id


def act(world: World, name: str, elimination: int, reason: str = "经核实", who: str = "olga") -> None:
    """Confirm, refuse or take back."""
    with unit(world.session) as session:
        row = session.get_one(Elimination, elimination)
        getattr(eliminations, name)(session, row, reason, actor=world.actor(who), now=world.now)


def why(done: Callable[..., Any], *given: Any, **more: Any) -> str:
    """Return why an act is refused."""
    with pytest.raises(Refusal) as refused:
        done(*given, **more)
    return refused.value.reasons[0].key


def level(world: World, work: int) -> str:
    """Return the level proposed for a work."""
    world.session.rollback()
    return world.session.get_one(Submission, work).award_level


def test_a_confirmed_one_has_no_place_and_no_level_and_is_published_as_none(world: World, work: int) -> None:
    world.move(work, "evaluate", "olga")
    world.propose(work, "BENCHMARK")
    first = propose(world, work)
    assert results.standing(world.session, world.cycle).works[0].place.rank == 1
    act(world, "confirm", first)
    found = results.standing(world.session, world.cycle)
    assert (found.works[0].place.rank, found.works[0].score, found.cuts[0].n_valid) == (None, None, 0)
    assert level(world, work) == "none"
    assert why(world.propose, work, "EXCELLENT") == "eliminated"
    assert world.state(work) == "evaluated"
    world.go("2024-08-20 10:00")
    assert world.state(work) == "not_awarded"
    kinds = [row.kind for row in world.history("submission", work)]
    assert kinds.index("elim_proposed") < kinds.index("eliminated")
    world.sound()


def test_taken_back_it_has_what_it_had(world: World, work: int) -> None:
    world.move(work, "evaluate", "olga")
    world.propose(work, "BENCHMARK")
    first = propose(world, work)
    act(world, "confirm", first)
    act(world, "take_back", first)
    assert level(world, work) == "BENCHMARK"
    assert results.standing(world.session, world.cycle).works[0].place.rank == 1
    assert why(act, world, "take_back", first) == "elim_over"


def test_a_work_that_had_no_level_has_none_again(world: World, work: int) -> None:
    world.move(work, "evaluate", "olga")
    first = propose(world, work)
    act(world, "confirm", first)
    assert level(world, work) == "none"
    act(world, "take_back", first)
    assert level(world, work) == ""


def test_while_it_is_judged_the_proposal_for_all_gives_none(world: World, work: int) -> None:
    act(world, "confirm", propose(world, work))
    assert level(world, work) == ""
    world.move(work, "evaluate", "olga")
    with unit(world.session) as session:
        cycle = session.get_one(Cycle, world.cycle.id)
        found = proposals.plan(cycle, results.standing(session, cycle))
        assert [(one.before, one.after) for one in found.changes] == [("", "none")]
        assert found.unresolved == ()
        proposals.propose_all(session, cycle, shown=found.digest, actor=world.actor("olga"), now=world.now)
    assert level(world, work) == "none"


def test_taking_all_levels_back_leaves_an_eliminated_work_alone(world: World, work: int) -> None:
    world.move(work, "evaluate", "olga")
    with unit(world.session) as session:
        cycle = session.get_one(Cycle, world.cycle.id)
        found = proposals.plan(cycle, results.standing(session, cycle))
        proposals.propose_all(session, cycle, shown=found.digest, actor=world.actor("olga"), now=world.now)
    act(world, "confirm", propose(world, work))
    with unit(world.session) as session:
        cycle = session.get_one(Cycle, world.cycle.id)
        proposals.take_back(session, cycle, actor=world.actor("olga"), now=world.now)
    assert level(world, work) == "none"


def test_a_refused_or_withdrawn_one_changes_nothing(world: World, work: int) -> None:
    first = propose(world, work)
    assert why(propose, world, work) == "elim_known"
    act(world, "refuse", first)
    second = propose(world, work)
    with unit(world.session) as session:
        row = session.get_one(Elimination, second)
        eliminations.withdraw(session, row, actor=world.actor("eve"), now=world.now)
    assert why(act, world, "confirm", second) == "elim_over"
    assert world.session.get_one(Submission, work).eliminated is False


@pytest.mark.parametrize("reason", ["", "长" * 2_001])
def test_each_step_needs_a_reason(world: World, work: int, reason: str) -> None:
    key = "field_too_long" if reason else "reason_required"
    assert why(propose, world, work, reason) == key
    first = propose(world, work)
    for name in ("confirm", "refuse"):
        assert why(act, world, name, first, reason) == key
    act(world, "confirm", first)
    assert why(act, world, "take_back", first, reason) == key


def test_only_its_judge_proposes_and_only_the_organiser_answers(world: World, work: int) -> None:
    assert why(propose, world, work, who="ed") == "not_yours"
    first = propose(world, work)
    for name in ("confirm", "refuse", "take_back"):
        assert why(act, world, name, first, who="eve") == "only_organiser"
    assert ("elimination_proposed", "organiser") in world.letters(work)


def test_after_the_publication_nothing_is_proposed(world: World, work: int) -> None:
    world.move(work, "evaluate", "olga")
    first = propose(world, work)
    world.propose(work, "BENCHMARK")
    world.go("2024-08-20 10:00")
    assert why(act, world, "confirm", first) == "not_judged"


def test_two_answers_at_once_have_one_winner(world: World, work: int) -> None:
    world.move(work, "evaluate", "olga")
    first, olga, now = propose(world, work), world.actor("olga"), world.now

    def answer(name: str) -> Callable[..., None]:
        def done(session: Any) -> None:
            with unit(session):
                getattr(eliminations, name)(session, session.get_one(Elimination, first), "理由", actor=olga, now=now)

        return done

    done = at_once([answer("confirm"), answer("refuse")])
    assert sorted(type(one).__name__ for one in done) == ["Conflict", "NoneType"]
    world.session.rollback()
    row = world.session.scalars(select(Elimination)).one()
    assert world.session.get_one(Submission, work).eliminated is row.confirmed
