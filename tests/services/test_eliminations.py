"""Eliminating a work: proposed by its judge, confirmed by the organiser, without place and level, taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from qtb.domain.errors import Refusal
from qtb.i18n import word
from qtb.services import cycles as changing
from qtb.services import eliminations, proposals, results, undo
from qtb.services.judging import board
from qtb.store import cycles, judging
from qtb.store.cycles import Cycle
from qtb.store.eliminations import Elimination
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.eliminating import act, propose
from tests.services.test_sheets import own
from tests.threads import at_once
from tests.world import Planned, World
from tests.world import month as months


@pytest.fixture
def work(world: World) -> int:
    """Return a work with three finished sheets, in July."""
    case = world.placed("recommended")
    world.go("2024-07-10 10:00")
    world.judged(case)
    return case


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


@pytest.mark.parametrize(("month", "before"), [(8, "recommended"), (7, "evaluated")], ids=["within", "after"])
def test_eliminated_while_it_is_judged_it_waits_for_the_publication_without_a_letter(
    world: World, month: int, before: str
) -> None:
    """It has too few scores to be a result; others lapse by the clock, and are told so, maybe weeks before."""
    case, other = world.placed("recommended"), world.placed("recommended", team="二班")
    world.go("2024-07-10 10:00")
    with unit(world.session) as session:
        year, row = session.get_one(Cycle, world.cycle.id), Planned("evaluate", 6, "成果评价及推优", **months(7, month))
        changing.change_row(
            session, year, row, reason="提前", seen=year.version, actor=world.actor("olga"), now=world.now
        )
    for one in (case, other):
        world.assign(one, "eve")
    act(world, "confirm", propose(world, case))
    assert level(world, case) == "none"
    letters = world.letters(case)
    world.go("2024-08-20 09:59")
    assert world.state(case) == before
    assert world.letters(case) == letters
    world.go("2024-08-20 10:00")
    assert world.state(case) == "not_awarded"
    world.go("2024-09-02 10:00")
    assert world.state(other) == "lapsed"
    world.sound()


def test_an_eliminated_work_that_is_judged_anew_still_has_no_level_and_forgets_the_old_one(
    world: World, work: int
) -> None:
    world.move(work, "evaluate", "olga")
    world.propose(work, "BENCHMARK")
    first = propose(world, work)
    act(world, "confirm", first)
    with unit(world.session) as session:
        row = session.get_one(Submission, work)
        undo.undo(session, row, reason="评分有误", actor=world.actor("olga"), now=world.now)
    assert (world.state(work), level(world, work)) == ("recommended", "none")
    act(world, "take_back", first)
    assert level(world, work) == ""
    second = propose(world, work)
    act(world, "confirm", second)
    world.move(work, "evaluate", "olga")
    world.go("2024-08-20 10:00")
    assert world.state(work) == "not_awarded"


def test_what_was_decided_alone_is_so_again_when_an_elimination_is_taken_back(world: World, work: int) -> None:
    world.move(work, "evaluate", "olga")
    world.propose(work, "BENCHMARK", "领导小组意见")
    first = propose(world, work)
    act(world, "confirm", first)
    assert why(world.propose, work, "", "重排") == "eliminated"
    act(world, "take_back", first)
    (one,) = results.standing(world.session, world.session.get_one(Cycle, world.cycle.id)).works
    assert (one.row.award_level, one.row.own) == ("BENCHMARK", True)


def test_another_judge_is_not_told_that_a_work_is_eliminated(world: World, work: int) -> None:
    act(world, "confirm", propose(world, work))
    with pytest.raises(Refusal) as refused, unit(world.session) as session:
        eliminations.propose(session, own(world, work, "ed"), "雷同", actor=world.actor("ed"), now=world.now)
    assert refused.value.reasons[0].key == "elim_closed"
    for lang in ("zh", "en"):
        assert not [one for one in ("已被淘汰", "eliminated") if one in word(lang, "refusal.elim_closed")]


def test_nobody_waits_for_a_sheet_of_an_eliminated_work(world: World) -> None:
    case, other = world.placed("recommended"), world.placed("recommended", team="二班")
    world.go("2024-07-10 10:00")
    world.assign(case, "eve")
    world.assign(other, "ed")
    assert judging.with_open(world.session, world.cycle, [world.people["eve"].id, world.people["ed"].id])
    act(world, "confirm", propose(world, case))
    assert judging.open_works(world.session, world.cycle, world.people["eve"].id) == []
    assert [one.id for one in judging.open_works(world.session, world.cycle, world.people["ed"].id)] == [other]
    times = cycles.timeline_of(world.session, world.cycle.id)
    found = board(world.session, world.cycle, times, everybody="全部", now=world.now)
    assert (found.whole.n_given, found.whole.n_open) == (2, 1)
    assert [one.id for one in found.short] == [other]


def test_one_answer_is_for_every_judge_who_proposed_it(world: World, work: int) -> None:
    first = propose(world, work)
    with unit(world.session) as session:
        sheet = own(world, work, "ed")
        eliminations.propose(session, sheet, "数据不实", actor=world.actor("ed"), now=world.now)
    act(world, "confirm", first)
    rows = world.session.scalars(select(Elimination)).all()
    assert [(one.holds, one.answer) for one in rows] == [(True, "经核实")] * 2
    act(world, "take_back", rows[1].id)
    world.session.expire_all()
    assert not any(one.holds for one in rows)
    assert world.session.get_one(Submission, work).eliminated is False


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


def test_what_was_taken_back_from_all_does_not_return_with_it(world: World, work: int) -> None:
    world.move(work, "evaluate", "olga")
    with unit(world.session) as session:
        cycle = session.get_one(Cycle, world.cycle.id)
        found = proposals.plan(cycle, results.standing(session, cycle))
        proposals.propose_all(session, cycle, shown=found.digest, actor=world.actor("olga"), now=world.now)
    given, first = level(world, work), propose(world, work)
    act(world, "confirm", first)
    with unit(world.session) as session:
        cycle = session.get_one(Cycle, world.cycle.id)
        proposals.take_back(session, cycle, actor=world.actor("olga"), now=world.now)
    act(world, "take_back", first)
    assert (given, level(world, work)) == ("none", "")
    changes = [row.about()["changes"]["level"] for row in world.history("submission", work) if row.kind == "level"]
    assert changes == [["", "none"], ["none", ""]]


def test_a_refused_or_withdrawn_one_changes_nothing(world: World, work: int) -> None:
    first = propose(world, work)
    assert why(propose, world, work) == "elim_waits"
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
