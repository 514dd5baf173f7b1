"""Races of judging: two who apply, a plan and a recusal, a plan and a conflict: one order or the other, never half."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qtb.domain.errors import Refusal
from qtb.services import assignment_plans, check, conflicts, panels, recusals
from qtb.store.accounts import Account
from qtb.store.assignments import AssignmentPlan
from qtb.store.conflicts import Declared
from qtb.store.cycles import Cycle
from qtb.store.evaluations import Sheet
from qtb.store.panels import Panel, PanelMember
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.faults.test_races import Deed
from tests.judging import asked, facts, looked, panel, works
from tests.threads import at_once
from tests.world import World


def applies(world: World, plan_id: int, shown: str) -> Deed:
    actor, now = world.actor("olga"), world.now

    def deed(session: Session) -> int:
        with unit(session) as work:
            plan = work.get_one(AssignmentPlan, plan_id)
            return assignment_plans.apply(work, plan, shown=shown, actor=actor, now=now)

    return deed


def stands_back(world: World, work_id: int, who: str) -> Deed:
    actor, now = world.actor(who), world.now

    def deed(session: Session) -> str:
        with unit(session) as work:
            mine = select(Sheet).filter_by(submission_id=work_id, evaluator_id=actor.user_id)
            recusals.recuse(work, work.scalars(mine).one(), "亲属", actor=actor, now=now, whole_unit=True)
        return "stood back"

    return deed


def declares(world: World, work_id: int, who: str) -> Deed:
    actor, now, person = world.actor("olga"), world.now, world.people[who].id

    def deed(session: Session) -> str:
        with unit(session) as work:
            about = work.get_one(Submission, work_id)
            conflicts.declare(work, work.get_one(Account, person), about, reason="亲属", actor=actor, now=now)
        return "declared"

    return deed


def gives(world: World, pairs: set[tuple[int, int]]) -> Deed:
    actor, now, cycle_id = world.actor("olga"), world.now, world.cycle.id

    def deed(session: Session) -> int:
        with unit(session) as work:
            cycle = work.get_one(Cycle, cycle_id)
            return assignment_plans.give_by_hand(work, cycle, pairs, actor=actor, now=now)

    return deed


def sound(world: World) -> None:
    """Assert that chains, facts and sheets agree."""
    world.session.rollback()
    assert check.check(world.session, now=world.now).findings == []
    world.sound()


def n_sheets(world: World) -> int:
    """Return how many sheets there are."""
    world.session.rollback()
    return world.session.scalar(select(func.count(Sheet.id))) or 0


def test_one_plan_applied_by_many_is_applied_once(world: World) -> None:
    works(world, 3)
    panel(world, "eve", "ed", "eli")
    plan = asked(world, 2)
    mark = looked(world, plan).mark
    found = at_once([applies(world, plan, mark)] * 4)
    assert sorted(type(one).__name__ for one in found) == ["Conflict", "Conflict", "Conflict", "int"], found
    assert n_sheets(world) == 6
    sound(world)


def test_of_two_plans_applied_at_once_the_second_is_another_by_then(world: World) -> None:
    works(world, 2)
    panel(world, "eve", "ed", "eli")
    plans = [asked(world, 2, seed=seed) for seed in range(3)]
    marks = [looked(world, one).mark for one in plans]
    found = at_once([applies(world, one, mark) for one, mark in zip(plans, marks, strict=True)])
    assert sorted(type(one).__name__ for one in found) == ["Conflict", "Conflict", "int"], found
    assert {one.key for one in found if isinstance(one, Refusal)} == {"assignment_changed"}
    assert n_sheets(world) == 4
    sound(world)


def test_a_recusal_while_a_plan_is_applied(world: World) -> None:
    first, *others = works(world, 3)
    panel(world, "eve", "ed", "eli")
    world.assign(first, "eve")
    plan = asked(world, 2)
    mark = looked(world, plan).mark
    applied, stood = at_once([applies(world, plan, mark), stands_back(world, first, "eve")])
    assert stood == "stood back", stood
    if isinstance(applied, Refusal):  # the plan came second: it rested on the sheet that is no more
        assert applied.key == "assignment_changed"
        assert [facts(world, one) for one in others] == [(0, 0), (0, 0)]
    else:
        assert facts(world, first) == (0, 1)
        assert [facts(world, one) for one in others] == [(0, 2), (0, 2)]
    sound(world)


def test_a_conflict_declared_while_a_plan_is_applied(world: World) -> None:
    (case,) = works(world, 1)
    panel(world, "eve")
    plan = asked(world, 1)
    mark = looked(world, plan).mark
    applied, declared = at_once([applies(world, plan, mark), declares(world, case, "eve")])
    assert declared == "declared", declared
    assert n_sheets(world) == (0 if isinstance(applied, Refusal) else 1), applied
    assert world.session.scalar(select(func.count(Declared.id))) == 1
    sound(world)


def test_works_given_by_hand_crosswise_wait_for_each_other(world: World) -> None:
    cases = works(world, 2)
    eve, ed = world.people["eve"].id, world.people["ed"].id
    one, other = {(cases[0], eve), (cases[0], ed)}, {(cases[1], ed), (cases[1], eve)}
    both = {(case, judge) for case in cases for judge in (ed, eve)}
    found = at_once([gives(world, one), gives(world, other), gives(world, both)] * 2)
    assert sum(found) == 4, found  # each pair is new once, and nobody was turned away
    assert [facts(world, case) for case in cases] == [(0, 2), (0, 2)]
    sound(world)


def test_two_leaders_named_at_once_leave_one(world: World) -> None:
    made = panel(world, "eve", "ed", "eli")
    actor, now, cycle_id = world.actor("olga"), world.now, world.cycle.id

    def leads(who: str) -> Deed:
        person = world.people[who].id

        def deed(session: Session) -> str:
            with unit(session) as work:
                cycle, mine = work.get_one(Cycle, cycle_id), work.get_one(Panel, made)
                account = work.get_one(Account, person)
                panels.put(work, mine, account, cycle=cycle, leads=True, most=None, actor=actor, now=now)
            return who

        return deed

    found = at_once([leads("ed"), leads("eli")])
    assert sorted(map(str, found)) == ["ed", "eli"], found
    world.session.rollback()
    query = select(func.count(PanelMember.id)).where(PanelMember.panel_id == made, PanelMember.is_leader)
    assert world.session.scalar(query) == 1
    sound(world)
