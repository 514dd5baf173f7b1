"""Letters to judges: one for each act and judge, by number; the organiser's reminders once a day at most."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from qtb.domain.errors import Conflict, Denied, Invalid
from qtb.services import assignment_plans, judge_reminders, letters, outbox, recusals
from qtb.services.judge_reminders import Reminded
from qtb.services.letters import Post
from qtb.store.accounts import Account
from qtb.store.cycles import Cycle
from qtb.store.evaluations import Sheet
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.judging import applied, asked, facts, panel, recuse, works
from tests.world import World

POST = Post(None, "qtb@example.org", "https://qtb.example.org")


def queued(world: World, letter: str) -> dict[str, Outbox]:
    """Return the letters of a kind by the name of whom they are for."""
    world.session.rollback()
    found = world.session.scalars(select(Outbox).filter_by(letter=letter).order_by(Outbox.id)).all()
    return {one.account.name: one for one in found if one.account}


def body(world: World, row: Outbox) -> str:
    """Return a letter's words."""
    return letters.letter_of(world.session, row, post=POST, now=world.now).body


def remind(world: World, *names: str, who: str = "olga") -> Reminded:
    """Remind judges by name."""
    with unit(world.session) as work:
        judges = [world.people[name].id for name in names]
        cycle = work.get_one(Cycle, world.cycle.id)
        return judge_reminders.remind(work, cycle, judges, actor=world.actor(who), now=world.now)


def number(world: World, work: int) -> str:
    """Return a work's number."""
    return world.session.get_one(Submission, work).number


def test_a_plan_makes_one_letter_for_each_judge_with_all_his_numbers_and_the_date(world: World) -> None:
    cases = works(world, 3)
    panel(world, "eve", "ed")
    applied(world, asked(world, 2))
    told = queued(world, "works_given")
    assert set(told) == {"eve", "ed"}
    for row in told.values():
        said = body(world, row)
        assert all(number(world, case) in said for case in cases)
        assert "2024-08-31 24:00" in said or "2024年8月31日" in said, said
        assert "班组" not in said.replace("质量信得过班组", "")
        assert "浦江电机厂" not in said
        assert letters.letter_of(world.session, row, post=POST, now=world.now).recipients == [row.account.email]


def test_what_is_given_by_hand_is_told_once(world: World) -> None:
    (case,) = works(world, 1)
    for _ in range(2):
        with unit(world.session) as work:
            pairs = {(case, world.people["eve"].id)}
            cycle = work.get_one(Cycle, world.cycle.id)
            assignment_plans.give_by_hand(work, cycle, pairs, actor=world.actor("olga"), now=world.now)
        world.later(hours=1)
    assert len(world.session.scalars(select(Outbox).filter_by(letter="works_given")).all()) == 1


def test_whoever_is_named_leader_is_told_and_nobody_twice(world: World) -> None:
    panel(world, "eve", "ed")
    assert set(queued(world, "panel_leader")) == {"eve"}
    assert "制造业组" in body(world, queued(world, "panel_leader")["eve"])


def test_an_unfinished_work_is_taken_away_with_a_reason_and_told(world: World) -> None:
    (case,) = works(world, 1)
    world.assign(case, "eve", "ed")
    world.score(case, "ed")
    for who, name, reason, error in (
        ("eve", "eve", "x", Denied), ("olga", "eve", " ", Invalid), ("olga", "ed", "已完成", Conflict)
    ):  # fmt: skip
        with pytest.raises(error), unit(world.session) as work:
            recusals.take_away(work, sheet_of(work, case, world, name), reason, actor=world.actor(who), now=world.now)
    assert facts(world, case) == (1, 1)
    with unit(world.session) as work:
        one = sheet_of(work, case, world, "eve")
        recusals.take_away(work, one, "任务调整", actor=world.actor("olga"), now=world.now)
    assert facts(world, case) == (1, 0)
    said = body(world, queued(world, "work_taken")["eve"])
    assert number(world, case) in said
    assert "任务调整" in said
    (entry,) = [one for one in world.history("submission", case) if one.kind == "unassigned"]
    assert entry.about()["changes"] == {"evaluator": world.people["eve"].id, "sheet": "MAT"}
    world.sound()


def test_what_is_given_again_and_taken_again_is_told_again(world: World) -> None:
    (case,) = works(world, 1)
    for _ in range(2):
        with unit(world.session) as work:
            cycle, pairs = work.get_one(Cycle, world.cycle.id), {(case, world.people["eve"].id)}
            assignment_plans.give_by_hand(work, cycle, pairs, actor=world.actor("olga"), now=world.now)
        with unit(world.session) as work:
            one = sheet_of(work, case, world, "eve")
            recusals.take_away(work, one, "任务调整", actor=world.actor("olga"), now=world.now)
    for letter in ("works_given", "work_taken"):
        assert len(world.session.scalars(select(Outbox).filter_by(letter=letter)).all()) == 2


def sheet_of(work: object, case: int, world: World, name: str) -> Sheet:
    """Return a judge's sheet of a work."""
    mine = select(Sheet).filter_by(submission_id=case, evaluator_id=world.people[name].id)
    return world.session.scalars(mine).one()


def test_a_judge_is_reminded_once_a_day_and_it_stands_in_history(world: World) -> None:
    (case,) = works(world, 1)
    world.assign(case, "eve", "ed")
    assert remind(world, "eve").judges == (world.people["eve"].id,)
    first = world.now
    world.later(hours=2)
    with pytest.raises(Conflict) as error:
        remind(world, "eve")
    assert (error.value.key, error.value.args_["at"]) == ("judge_reminded", first)
    both = remind(world, "eve", "ed")
    assert (both.judges, both.had) == ((world.people["ed"].id,), {world.people["eve"].id: first})
    told = [one.about()["changes"]["judges"] for one in world.history("cycle", world.cycle.id)
            if one.kind == "judges_reminded"]  # fmt: skip
    assert sorted(told) == sorted([[world.people["eve"].id], [world.people["ed"].id]])
    world.later(days=1)
    assert len(remind(world, "eve", "ed").judges) == 2
    world.sound()


def test_nobody_is_reminded_of_nothing_and_only_by_the_organiser(world: World) -> None:
    (case,) = works(world, 1)
    world.assign(case, "eve", "ed")
    world.score(case, "eve")
    recuse(world, case, "ed")
    for name in ("eve", "ed", "eli"):
        with pytest.raises(Invalid):
            remind(world, name)
    with pytest.raises(Denied):
        remind(world, "eve", who="rita")
    assert queued(world, "judge_reminder") == {}


def test_a_reminder_that_is_moot_by_the_time_it_leaves_is_dropped(world: World) -> None:
    first, second = works(world, 2)
    world.assign(first, "eve", "ed")
    world.assign(second, "eve")
    remind(world, "eve", "ed")
    world.score(first, "ed")
    world.score(first, "eve")
    outbox.deliver(world.session, post=POST, now=world.now)
    found = queued(world, "judge_reminder")
    assert {name: row.status for name, row in found.items()} == {"eve": "kept", "ed": "dropped"}
    said = found["eve"].about["said"]["body"]
    assert number(world, second) in said
    assert number(world, first) not in said


def test_who_is_a_judge_no_more_is_not_written_to(world: World) -> None:
    (case,) = works(world, 1)
    world.assign(case, "eve")
    with unit(world.session) as work:
        work.get_one(Account, world.people["eve"].id).is_active = False
    with pytest.raises(Invalid):
        remind(world, "eve")
