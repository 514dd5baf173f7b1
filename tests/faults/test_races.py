"""Races: real threads on one database, let go at once. One effect for what was asked many times, one winner of two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qtb.domain.errors import Conflict, NotNow, Refusal
from qtb.domain.roles import Actor
from qtb.services import accounts, advance, answers, evaluations, submissions, sweep
from qtb.services import override as overriding
from qtb.services.answers import Filled
from qtb.store import audit
from qtb.store.accounts import Account, Membership
from qtb.store.audit import History
from qtb.store.cycles import Cycle
from qtb.store.evaluations import Award, Sheet
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.threads import at_once
from tests.world import DECLARATION, REGISTRATION, World, at

ROUNDS = 20
Deed = Callable[[Session], Any]


def move(world: World, case: int, transition: str, who: str, note: str = "") -> Deed:
    """A move through the door, in a unit of its own."""
    cycle_id, actor, now = world.cycle.id, world.actor(who), world.now

    def deed(session: Session) -> str:
        with unit(session):
            cycle = session.get_one(Cycle, cycle_id)
            advance.advance(session, transition, cycle=cycle, now=now, actor=actor, ids=[case], note=note)
        return transition

    return deed


def override(world: World, case: int, state: str) -> Deed:
    """An override, in a unit of its own."""
    cycle_id, actor, now = world.cycle.id, world.actor("olga"), world.now

    def deed(session: Session) -> str:
        with unit(session):
            overriding.override(
                session, state, cycle=session.get_one(Cycle, cycle_id), submission_id=case, actor=actor, now=now,
                reason="更正",
            )  # fmt: skip
        return "override"

    return deed


def with_submission(case: int, act: Callable[[Session, Submission], Any]) -> Deed:
    """Something done to a submission, in a unit of its own."""

    def deed(session: Session) -> Any:
        with unit(session):
            act(session, session.get_one(Submission, case))
        return "done"

    return deed


def sort(outcomes: list[Any]) -> tuple[list[str], list[Refusal]]:
    """Part what was done from what was refused; anything else that was raised is a fault."""
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, Refusal):
            raise outcome
    done = [outcome for outcome in outcomes if not isinstance(outcome, Refusal)]
    return done, [outcome for outcome in outcomes if isinstance(outcome, Refusal)]


def ready(world: World, n: int, state: str = "registered", team: str = "第{}班") -> list[int]:
    """Teams with both forms complete, each in a state."""
    return [world.placed(state, team.format(i)) for i in range(n)]


def test_sixteen_equal_submits_have_one_effect(world: World) -> None:
    for case in ready(world, ROUNDS):
        version = world.position(case)[1]
        done, refused = sort(at_once([move(world, case, "submit", "alice")] * 16))
        assert (len(done), len(refused)) == (1, 15)
        assert all(isinstance(one, Conflict) for one in refused)
        assert world.position(case)[:2] == ("submitted", version + 1)
        assert world.letters(case)[-2:] == [("submitted", "applicant"), ("to_recommend", "recommender")]
        assert Counter(world.letters(case)).most_common(1)[0][1] == 1
    world.sound()


def _one_winner(world: World, case: int, deeds: list[Deed], ends: dict[str, str]) -> str:
    n_moves = len(world.trail(case))
    done, refused = sort(at_once(deeds))
    assert len(done) == 1, (done, refused)
    assert all(isinstance(one, Conflict) for one in refused)
    assert world.state(case) == ends[done[0]]
    assert len(world.trail(case)) == n_moves + 1
    return str(done[0])


def test_withdrawing_and_returning_have_one_winner(world: World) -> None:
    world.now = at("2024-04-02")
    ends = {"withdraw": "withdrawn", "return": "returned"}
    cases = ready(world, ROUNDS, "submitted")
    for n, case in enumerate(cases):
        deeds = [move(world, case, "withdraw", "alice"), move(world, case, "decline", "rita", "不予推荐")]
        _one_winner(world, case, deeds[:: 1 - 2 * (n % 2)], {**ends, "decline": "declined"})
    world.sound()


def test_withdrawing_and_recommending_are_never_both_lost(world: World) -> None:
    world.now = at("2024-04-02")
    for n, case in enumerate(ready(world, ROUNDS, "submitted")):
        n_moves = len(world.trail(case))
        deeds = [move(world, case, "withdraw", "alice"), move(world, case, "recommend", "rita")]
        done, refused = sort(at_once(deeds[:: 1 - 2 * (n % 2)]))
        # A recommended work may still be withdrawn, so both may happen, in this order only.
        assert world.state(case) == "withdrawn" or (done, world.state(case)) == (["recommend"], "recommended")
        assert [row.transition for row in world.trail(case)[n_moves:]] in (["withdraw"], ["recommend", "withdraw"])
        assert len(done) + len(refused) == 2
        assert all(isinstance(one, NotNow) for one in refused)
    world.sound()


def test_an_override_and_a_recommendation_follow_each_other_or_one_is_refused(world: World) -> None:
    world.now = at("2024-04-02")
    for n, case in enumerate(ready(world, ROUNDS, "submitted")):
        n_moves = len(world.trail(case))
        deeds = [override(world, case, "declined"), move(world, case, "recommend", "rita")]
        done, refused = sort(at_once(deeds[:: 1 - 2 * (n % 2)]))
        assert world.state(case) == "declined"  # whoever was first, the organiser's word stands
        kinds = [row.kind for row in world.trail(case)[n_moves:]]
        assert kinds == (["override"] if refused else ["move", "override"])
        assert len(done) == len(kinds)
    world.sound()


def test_sixteen_equal_overrides_have_one_effect(world: World) -> None:
    for case in ready(world, 5):
        done, refused = sort(at_once([override(world, case, "awarded")] * 16))
        assert (len(done), {one.key for one in refused}) == (1, {"already_there"})
    world.sound()


def test_two_sweeps_at_once_move_each_case_once(world: World) -> None:
    n_cases = 200
    rows = [{"team": f"第{n}班"} for n in range(n_cases)]
    cases = [world.enter(**row) for row in rows]
    now = at("2024-06-01")
    outcomes = at_once([lambda session: sweep.sweep(session, now=now, limit=17)] * 3)
    sort(outcomes)
    assert [one.failure for outcome in outcomes for one in outcome if one.failure] == []
    sweep.sweep(world.session, now=now)
    world.session.rollback()
    lapsed = select(History.subject_id, func.count()).where(History.transition == "lapse_unregistered")
    assert sorted(world.session.execute(lapsed.group_by(History.subject_id))) == [(case, 1) for case in cases]
    letters = select(Outbox.submission_id, func.count()).group_by(Outbox.submission_id)
    assert sorted(world.session.execute(letters)) == [(case, 1) for case in cases]
    world.sound()


@pytest.mark.parametrize("with_version", [True, False])
def test_an_edit_never_follows_the_submit_that_overtook_it(world: World, with_version: bool) -> None:
    actor, now = world.actor("alice"), world.now
    for n, case in enumerate(ready(world, ROUNDS)):
        filled = Filled("declaration", {**DECLARATION, "title": f"改{n}"}, seen=1 if with_version else None)

        def edit(session: Session, row: Submission, filled: Filled = filled) -> None:
            answers.save(session, row, filled=filled, actor=actor, now=now)

        deeds = [with_submission(case, edit), move(world, case, "submit", "alice")]
        done, refused = sort(at_once(deeds[:: 1 - 2 * (n % 2)]))
        assert "submit" in done
        assert all(isinstance(one, Conflict) for one in refused)
        kinds = [(row.kind, row.transition) for row in world.history("submission", case)]
        assert kinds[-1] == ("move", "submit"), "edited after it was submitted"
        title = world.session.scalar(select(Submission.title).where(Submission.id == case))
        assert title == (DECLARATION["title"] if refused else f"改{n}")
    world.sound()


def test_two_edits_from_one_version_have_one_winner(world: World) -> None:
    actor, now = world.actor("alice"), world.now
    for case in ready(world, ROUNDS):

        def edit(n: int, case: int = case) -> Deed:
            filled = Filled("declaration", {**DECLARATION, "title": f"第{n}稿"}, seen=1)
            return with_submission(
                case, lambda session, row: answers.save(session, row, filled=filled, actor=actor, now=now)
            )

        done, refused = sort(at_once([edit(n) for n in range(4)]))
        assert (len(done), [one.key for one in refused]) == (1, ["form_clash"] * 3)
    world.sound()


def test_the_same_entry_sent_sixteen_times_at_once_is_one_entry(world: World) -> None:
    actor, now, cycle_id, unit_id = world.actor("alice"), world.now, world.cycle.id, world.units["浦江电机厂"].id
    recommender = str(world.units["浦东区质协"].id)
    for n in range(5):
        raw = {**REGISTRATION, "team_name": f"第{n}班", "recommender": recommender}

        def enter(session: Session, raw: dict[str, str] = raw, n: int = n) -> int:
            with unit(session):
                return submissions.enter(
                    session, cycle=session.get_one(Cycle, cycle_id), unit_id=unit_id, actor=actor, now=now,
                    filled=Filled("registration", raw), request_key=f"same-{n}",
                ).id  # fmt: skip

        done, refused = sort(at_once([enter] * 16))
        assert (len(set(done)), refused) == (1, [])
    world.session.rollback()
    numbers = world.session.scalars(select(Submission.number).order_by(Submission.number)).all()
    assert list(numbers) == [f"2024{n:04d}" for n in range(1, 6)]
    world.sound()


def test_one_team_entered_twice_at_once_stands_once(world: World) -> None:
    actor, now, cycle_id, unit_id = world.actor("alice"), world.now, world.cycle.id, world.units["浦江电机厂"].id
    raw = {**REGISTRATION, "team_name": "总装一班", "recommender": str(world.units["浦东区质协"].id)}

    def enter(n: int) -> Deed:
        def deed(session: Session) -> int:
            with unit(session):
                return submissions.enter(
                    session, cycle=session.get_one(Cycle, cycle_id), unit_id=unit_id, actor=actor, now=now,
                    filled=Filled("registration", raw), request_key=f"other-{n}",
                ).id  # fmt: skip

        return deed

    done, refused = sort(at_once([enter(n) for n in range(8)]))
    assert (len(done), {one.key for one in refused}) == (1, {"team_taken"})


def judging(world: World, n: int) -> list[int]:
    """Recommended works in July."""
    cases = ready(world, n, "recommended")
    world.now = at("2024-07-02")
    return cases


def test_a_sheet_finished_sixteen_times_at_once_counts_once(world: World) -> None:
    cases, actor, now = judging(world, 5), world.actor("eve"), world.now
    for case in cases:
        world.assign(case, "eve")
        sheet_id = world.session.scalar(select(Sheet.id).where(Sheet.submission_id == case))
        raw = dict.fromkeys(world.cycle.definition.rubric.sheets["MAT"].items, "5")

        def finish(session: Session, sheet_id: Any = sheet_id, raw: dict[str, str] = raw) -> str:
            with unit(session):
                sheet = session.get_one(Sheet, sheet_id)
                evaluations.score(session, sheet, raw, actor=actor, now=now, seen=0, finish=True)
            return "done"

        done, refused = sort(at_once([finish] * 16))
        assert (len(done), {one.key for one in refused}) == (1, {"sheet_final"})
        assert [row.kind for row in world.history("submission", case)].count("sheet") == 1
    world.sound()


def test_three_who_finish_at_once_are_all_counted(world: World) -> None:
    raw = dict.fromkeys(world.cycle.definition.rubric.sheets["MAT"].items, "5")
    for case in judging(world, ROUNDS):
        world.assign(case, "eve", "ed", "eli")

        def finish(who: str, case: int = case) -> Deed:
            actor, now = world.actor(who), world.now

            def deed(session: Session) -> str:
                with unit(session):
                    mine = select(Sheet).filter_by(submission_id=case, evaluator_id=actor.user_id)
                    sheet = session.scalars(mine).one()
                    evaluations.score(session, sheet, raw, actor=actor, now=now, seen=0, finish=True)
                return who

            return deed

        done, refused = sort(at_once([finish(who) for who in ("eve", "ed", "eli")]))
        assert (sorted(done), refused) == (["ed", "eli", "eve"], [])
        facts = select(Submission.n_sheets_final, Submission.n_sheets_open).where(Submission.id == case)
        world.session.rollback()
        assert world.session.execute(facts).one() == (3, 0)
    world.sound()


def test_a_work_given_twice_at_once_is_given_once(world: World) -> None:
    actor, person_id = world.actor("olga"), world.people["eve"].id
    for case in judging(world, 8):
        now = world.now

        def give(session: Session, row: Submission, now: Any = now) -> None:
            evaluations.assign(session, row, session.get_one(Account, person_id), actor=actor, now=now)

        done, refused = sort(at_once([with_submission(case, give)] * 8))
        assert (len(done), refused) == (8, [])
        assert [row.kind for row in world.history("submission", case)].count("assigned") == 1
    world.sound()


def test_levels_proposed_at_once_follow_each_other(world: World) -> None:
    actor, now = world.actor("olga"), world.now
    levels = [*world.cycle.definition.rubric.levels, "none"]
    for case in ready(world, 8, "evaluated"):

        def propose(level: str, case: int = case) -> Deed:
            how = {"reason": "会议意见", "actor": actor, "now": now}
            return with_submission(case, lambda session, mine: evaluations.propose(session, mine, level, **how))

        done, refused = sort(at_once([propose(level) for level in levels]))
        assert (len(done), refused) == (len(levels), [])
        entries = [row for row in world.history("submission", case) if row.kind == "level"]
        steps = [row.about()["changes"]["level"] for row in entries]
        assert [before for before, _ in steps] == ["", *[after for _, after in steps[:-1]]]
        kept = world.session.get_one(Submission, case)
        assert kept.award_level == world.session.get_one(Award, case).level == steps[-1][1]
    world.sound()


def test_a_level_is_not_changed_once_it_was_awarded(world: World) -> None:
    actor = world.actor("olga")
    for case in ready(world, ROUNDS, "evaluated"):
        world.now = at("2024-08-20 09:00")
        world.propose(case, "BENCHMARK")
        world.now = now = at("2024-08-20 10:00")

        def change(session: Session, row: Submission, now: Any = now) -> None:
            evaluations.propose(session, row, "none", reason="会议意见", actor=actor, now=now)

        sort(at_once([with_submission(case, change), lambda session, now=now: sweep.sweep(session, now=now)]))
        sweep.sweep(world.session, now=now)
        entries = world.history("submission", case)
        assert entries[-1].kind == "move", "the level was changed after the award"
        kept = world.session.get_one(Submission, case)
        assert (entries[-1].transition, kept.award_level) in [("award", "BENCHMARK"), ("not_award", "none")]
    world.sound()


def test_a_role_given_twice_at_once_is_held_once(world: World) -> None:
    root: Actor = world.actor("olga")
    person_id, now = world.people["ed"].id, world.now

    def give(session: Session) -> str:
        with unit(session):
            person = session.get_one(Account, person_id)
            office = next(row.unit for row in person.memberships)
            accounts.grant(session, person, office, "organiser", actor=root, now=now)
        return "done"

    done, refused = sort(at_once([give] * 8))
    assert (len(done), refused) == (8, [])
    held = select(func.count()).select_from(Membership).filter_by(account_id=person_id, role="organiser")
    world.session.rollback()
    assert world.session.scalar(held) == 1
    world.sound()


def test_histories_of_other_subjects_keep_up_under_many_writers(world: World) -> None:
    actor, now, cycle_id = world.actor("olga"), world.now, world.cycle.id

    def note(session: Session) -> str:
        for _ in range(5):
            with unit(session):
                audit.record(session, session.get_one(Cycle, cycle_id), "note", actor=actor, now=now)
        return "done"

    done, refused = sort(at_once([note] * 8))
    assert (len(done), refused) == (8, [])
    assert [row.kind for row in world.history("cycle", cycle_id)].count("note") == 40
    world.sound()
