"""Plans of who judges what: panels, reckoned, edited, read of a file; applied whole and as shown, or not at all."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from qtb.domain.errors import Conflict, Denied, Invalid, Refusal
from qtb.services import assignment_plans, check, panels
from qtb.store import panels as stored
from qtb.store.accounts import Account
from qtb.store.assignments import AssignmentPlan
from qtb.store.cycles import Cycle
from qtb.store.panels import Panel, PanelMember
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.judging import applied, asked, belongs, declare, facts, looked, panel, panel_of, recuse, sheets, works
from tests.world import World

SERVICE = "MARKET_SERVICE"


def refused(deed: Any, *args: Any, **given: Any) -> str:
    """Do what must be refused; return the key."""
    with pytest.raises(Refusal) as error:
        deed(*args, **given)
    return error.value.key


def edited(world: World, plan_id: int, *, seen: int = 0, who: str = "olga", **given: Any) -> None:
    """Put a pair into a plan, or take one out."""
    with unit(world.session) as work:
        assignment_plans.edit(work, work.get_one(AssignmentPlan, plan_id), seen=seen, actor=world.actor(who), **given)


def of_file(world: World, *lines: tuple[str, str]) -> int:
    """Keep a file of (number, e-mail); return the plan's id."""
    rows = [{"row": n, "number": number, "email": email} for n, (number, email) in enumerate(lines, 2)]
    with unit(world.session) as work:
        cycle, actor = work.get_one(Cycle, world.cycle.id), world.actor("olga")
        return assignment_plans.read(work, cycle, name="a.xlsx", lines=rows, actor=actor, now=world.now).id


def number(world: World, work: int) -> str:
    """Return a work's number."""
    return world.session.get_one(Submission, work).number


# --- panels ------------------------------------------------------------------------------------------


def test_a_panel_has_categories_members_and_one_leader(world: World) -> None:
    made = panel_of(world, panel(world, "eve", "ed", most=4))
    assert (made.title, made.categories) == ("制造业组", ["MANUFACTURING"])
    assert [(one.account.name, one.is_leader, one.most) for one in made.members] == [("eve", True, 4), ("ed", False, 4)]
    with unit(world.session) as work:
        cycle, person = work.get_one(Cycle, world.cycle.id), work.get_one(Account, world.people["ed"].id)
        mine = work.get_one(Panel, made.id)
        panels.put(work, mine, person, cycle=cycle, leads=True, most=None, actor=world.actor("olga"), now=world.now)
    assert [one.is_leader for one in panel_of(world, made.id).members] == [False, True]
    assert [one.kind for one in world.history("cycle", world.cycle.id)].count("panel") == 4
    world.sound()


def test_what_a_panel_cannot_be(world: World) -> None:
    panel(world, "eve")
    assert refused(panel, world, title="制造业组", keys=()) == "panel_title"
    assert refused(panel, world, title="另一组") == "panel_taken"
    assert refused(panel, world, title="另一组", keys=("NO_SUCH",)) == "panel_category"
    assert refused(panel, world, title=" ", keys=()) == "panel_named"
    assert refused(panel, world, "eve", title="另一组", keys=()) == "panel_member"
    assert refused(panel, world, "alice", title="另一组", keys=()) == "not_evaluator"
    assert refused(panel, world, "ed", title="另一组", keys=(), most=-1) == "panel_most"
    world.session.rollback()
    assert [one.title for one in stored.of_cycle(world.session, world.cycle.id)] == ["制造业组"]


def test_a_panel_is_dissolved_and_its_members_are_free(world: World) -> None:
    made = panel(world, "eve", "ed")
    with unit(world.session) as work:
        cycle = work.get_one(Cycle, world.cycle.id)
        one = work.query(PanelMember).filter_by(account_id=world.people["ed"].id).one()
        panels.take_out(work, one, cycle=cycle, actor=world.actor("olga"), now=world.now)
    assert [one.account.name for one in panel_of(world, made).members] == ["eve"]
    with unit(world.session) as work:
        cycle = work.get_one(Cycle, world.cycle.id)
        panels.drop(work, cycle, work.get_one(Panel, made), actor=world.actor("olga"), now=world.now)
    panel(world, "eve", "ed")


# --- a plan that is reckoned -------------------------------------------------------------------------


def test_a_plan_is_shown_first_and_gives_all_when_applied(world: World) -> None:
    cases = works(world, 4)
    panel(world, "eve", "ed", "eli", "ewa")
    plan = asked(world, 3)
    shown = looked(world, plan)
    assert (len(shown.pairs), shown.wrong, shown.n_lacking) == (12, [], 0)
    assert {one.n for one in shown.loads} == {3}
    assert [facts(world, case) for case in cases] == [(0, 0)] * 4
    assert applied(world, plan) == 12
    assert [facts(world, case) for case in cases] == [(0, 3)] * 4
    assert refused(applied, world, plan) == "assignment_done"
    told = [one for one in world.history("cycle", world.cycle.id) if one.kind == "plan_applied"]
    assert [one.about()["changes"]["sheets"] for one in told] == [12]
    assert check.check(world.session, now=world.now).findings == []
    world.sound()


def test_each_category_is_for_its_panel_and_what_lacks_is_named(world: World) -> None:
    (mine,), (other,), (third,) = (works(world, 1, category=key) for key in ("MANUFACTURING", SERVICE, "CONSTRUCTION"))
    panel(world, "eve", "ed")
    service = panel(world, "eli", title="服务业组", keys=(SERVICE,))
    shown = looked(world, asked(world, 2))
    by_work = {line.work.id: line for line in shown.lines}
    assert {pair.judge.name for pair in by_work[mine].new if pair.judge} == {"eve", "ed"}
    lack = by_work[other].short
    assert lack is not None
    assert (lack.n, lack.why) == (1, "few")
    lack = by_work[third].short
    assert lack is not None
    assert (lack.n, lack.why) == (2, "no_panel")
    part = looked(world, asked(world, 1, panel_id=service))
    assert [line.work.id for line in part.lines] == [other]
    assert refused(asked, world, 1, panel_id=99) == "panel"


def test_no_conflict_is_ever_reckoned_and_limits_are_kept(world: World) -> None:
    cases = works(world, 3)
    panel(world, "eve", "ed", "eli", "ewa", most=2)
    belongs(world, "eve", "浦江电机厂", "applicant")
    declare(world, "ed", cases[0])
    declare(world, "eve", cases[0])
    shown = looked(world, asked(world, 3))
    given = {(pair.work.id, pair.judge.name) for pair in shown.pairs if pair.work and pair.judge}
    assert not {one for one in given if one[1] == "eve" or one == (cases[0], "ed")}
    assert Counter(name for _, name in given) == {"ed": 2, "eli": 2, "ewa": 2}
    assert {line.work.id: line.short.why for line in shown.lines if line.short}[cases[0]] == "few"
    named = {line.work.id: {who.name: [one.key for one in why] for who, why in line.barred} for line in shown.lines}
    assert named[cases[0]] == {"eve": ["conflict_own_unit", "conflict_declared"], "ed": ["conflict_declared"]}
    assert named[cases[1]] == {"eve": ["conflict_own_unit"]}
    assert shown.n_lacking == 3


def test_what_is_given_already_counts_and_is_not_given_twice(world: World) -> None:
    cases = works(world, 3)
    panel(world, "eve", "ed", "eli", "ewa")
    world.assign(cases[0], "eve", "ed")
    world.score(cases[0], "eve")
    assert len(looked(world, asked(world, 2)).pairs) == 4
    applied(world, asked(world, 2))
    assert [len(sheets(world, case)) for case in cases] == [2, 2, 2]
    assert looked(world, asked(world, 2)).pairs == ()


def test_after_a_recusal_another_is_found(world: World) -> None:
    (case,) = works(world, 1)
    panel(world, "eve", "ed", "eli")
    applied(world, asked(world, 2))
    out = next(one for one in ("eve", "ed", "eli") if world.people[one].id == sheets(world, case)[0][0])
    recuse(world, case, out)
    applied(world, asked(world, 2))
    assert facts(world, case) == (0, 2)
    assert Counter(back for _, back in sheets(world, case)) == {False: 2, True: 1}


# --- edited ------------------------------------------------------------------------------------------


def test_a_plan_is_edited_and_what_stands_against_it_is_shown(world: World) -> None:
    (case,) = works(world, 1)
    panel(world, "eve", "ed", "eli")
    plan = asked(world, 2)
    first = looked(world, plan).pairs[0]
    assert first.judge
    edited(world, plan, remove=(case, first.judge.id))
    assert refused(edited, world, plan, seen=0, remove=(case, first.judge.id)) == "stale"
    lack = looked(world, plan).lines[0].short
    assert lack is not None
    assert lack.n == 1
    belongs(world, "ewa", "浦江电机厂", "applicant")
    edited(world, plan, seen=1, add=(case, world.people["ewa"].id))
    assert [[one.key for one in pair.errors] for pair in looked(world, plan).wrong] == [["conflict_own_unit"]]
    assert refused(applied, world, plan) == "assignment_wrong"
    assert facts(world, case) == (0, 0)
    edited(world, plan, seen=2, remove=(case, world.people["ewa"].id))
    assert applied(world, plan) == 1


def test_what_cannot_be_put_into_a_plan(world: World) -> None:
    (case,) = works(world, 1)
    plan = asked(world, 1)
    assert refused(edited, world, plan, add=(case, 10**6)) == "account"
    assert refused(edited, world, plan, add=(10**6, world.people["eve"].id)) == "submission"
    assert refused(applied, world, plan) == "assignment_nothing"
    with pytest.raises(Denied):
        edited(world, plan, who="eve", add=(case, world.people["eve"].id))
    with pytest.raises(Invalid):
        asked(world, 0)


@pytest.mark.parametrize("change", ["given", "recused", "declared", "limit", "state"])
def test_a_plan_is_refused_when_what_it_rests_on_has_changed(world: World, change: str) -> None:
    cases = works(world, 2)
    made = panel(world, "eve", "ed", "eli", most=9)
    world.assign(cases[0], "ewa")
    plan = asked(world, 2)
    pair = looked(world, plan).pairs[-1]
    mark = looked(world, plan).mark
    assert pair.judge
    assert pair.work
    if change == "given":
        world.assign(cases[1], pair.judge.name)
    elif change == "recused":
        recuse(world, cases[0], "ewa")
    elif change == "declared":
        declare(world, pair.judge.name, pair.work.id)
    elif change == "state":
        world.override(cases[1], "evaluated")
    else:
        with unit(world.session) as work:
            cycle, person = work.get_one(Cycle, world.cycle.id), work.get_one(Account, pair.judge.id)
            mine = work.get_one(Panel, made)
            panels.put(work, mine, person, cycle=cycle, leads=False, most=1, actor=world.actor("olga"), now=world.now)
    before = [facts(world, case) for case in cases]
    with pytest.raises(Conflict) as error:
        applied(world, plan, mark)
    assert error.value.key == "assignment_changed"
    assert [facts(world, case) for case in cases] == before


# --- of a file ---------------------------------------------------------------------------------------


def test_lines_of_a_file_are_judged_one_by_one_and_applied_whole(world: World) -> None:
    first, second = works(world, 2)
    belongs(world, "ed", "浦江电机厂", "applicant")
    one, two = number(world, first), number(world, second)
    wrong = of_file(
        world, (one, "EVE@example.org"), (one, "eve@example.org"), (two, "ed@example.org"),
        ("99999", "eve@example.org"), (two, "nobody@example.org"), (two, "alice@example.org"),
    )  # fmt: skip
    told = [(pair.row, [error.key for error in pair.errors]) for pair in looked(world, wrong).pairs]
    assert told == [
        (2, []), (3, ["assign_twice"]), (4, ["conflict_own_unit"]), (5, ["assign_no_work"]), (6, ["assign_no_judge"]),
        (7, ["not_evaluator"]),
    ]  # fmt: skip
    assert refused(applied, world, wrong) == "assignment_wrong"
    assert facts(world, first) == (0, 0)
    right = of_file(world, (one, "eve@example.org"), (one, "eli@example.org"), (two, "eve@example.org"))
    assert applied(world, right) == 3
    assert (facts(world, first), facts(world, second)) == ((0, 2), (0, 1))
    again = of_file(world, (one, "eve@example.org"))
    assert [error.key for error in looked(world, again).pairs[0].errors] == ["assign_had"]


def test_a_file_does_not_go_beyond_a_limit(world: World) -> None:
    first, second = works(world, 2)
    panel(world, "eve", most=1)
    plan = of_file(world, (number(world, first), "eve@example.org"), (number(world, second), "eve@example.org"))
    assert [[error.key for error in pair.errors] for pair in looked(world, plan).pairs] == [[], ["assign_most"]]


def test_nobody_but_the_organiser_plans(world: World) -> None:
    eve = world.actor("eve")
    with pytest.raises(Denied):
        assignment_plans.ask(world.session, world.cycle, n=1, panel_id=None, seed=0, actor=eve, now=world.now)
    assert assignment_plans.needed(world.cycle) == 3
