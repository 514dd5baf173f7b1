"""Evaluation: who may be given a work, when it may be scored, what counts, and proposing a level."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from qtb.domain.errors import Conflict, Denied, Invalid, Missing, NotNow, Refusal
from qtb.services import accounts, evaluations
from qtb.services.evaluations import Unscored
from qtb.store.accounts import Account
from qtb.store.evaluations import Award, Sheet
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.world import World, at


@pytest.fixture
def work(world: World) -> int:
    """A recommended work in July."""
    case = world.placed("recommended")
    world.now = at("2024-07-02 10:00")
    return case


def facts(world: World, work: int) -> tuple[int, int]:
    """Return how many sheets are final and how many open, as guards see it."""
    world.session.rollback()
    query = select(Submission.n_sheets_final, Submission.n_sheets_open).where(Submission.id == work)
    final, still_open = world.session.execute(query).one()
    return int(final), int(still_open)


def scores(world: World, score: str = "5", **given: str) -> dict[str, str]:
    """Return a filled sheet."""
    definition = world.cycle.definition
    return {**dict.fromkeys(definition.rubric.sheets[definition.counted].items, score), **given}


def save(
    world: World, work: int, raw: dict[str, str], *, whose: str = "eve", who: str = "eve", seen: int | None = None,
    finish: bool = False,
) -> None:  # fmt: skip
    """Keep a sheet's scores."""
    with unit(world.session):
        mine = select(Sheet).filter_by(submission_id=work, evaluator_id=world.people[whose].id)
        sheet = world.session.scalars(mine).one()
        evaluations.score(
            world.session, sheet, raw, actor=world.actor(who), now=world.now, finish=finish,
            seen=sheet.version if seen is None else seen,
        )  # fmt: skip


def sheet(world: World, work: int) -> Sheet:
    """Return eve's sheet as it is stored."""
    world.session.rollback()
    return world.session.scalars(select(Sheet).filter_by(submission_id=work, evaluator_id=world.people["eve"].id)).one()


def refusal(deed: Any, *args: Any, **given: Any) -> Refusal:
    """Do what must be refused; return why."""
    with pytest.raises(Refusal) as error:
        deed(*args, **given)
    return error.value


# --- giving a work -----------------------------------------------------------------------------------


def test_a_work_is_given_to_evaluators_and_their_sheets_are_open(world: World, work: int) -> None:
    world.assign(work, "eve", "ed")
    assert facts(world, work) == (0, 2)
    world.assign(work, "eve")
    assert facts(world, work) == (0, 2)
    assert [row.kind for row in world.history("submission", work)].count("assigned") == 2
    world.sound()


def test_only_an_evaluator_is_given_a_work(world: World, work: int) -> None:
    for who in ("alice", "rita", "olga"):
        assert refusal(world.assign, work, who).key == "not_evaluator"
    assert facts(world, work) == (0, 0)


@pytest.mark.parametrize(
    ("unit_name", "role", "key"),
    [("浦江电机厂", "applicant", "conflict_own_unit"), ("浦东区质协", "recommender", "conflict_own_recommender")],
)
def test_nobody_judges_the_work_of_an_own_unit(
    world: World, work: int, unit_name: str, role: str, key: str
) -> None:
    with unit(world.session):
        eve = world.session.get_one(Account, world.people["eve"].id)
        accounts.grant(world.session, eve, world.units[unit_name], role, actor=world.actor("olga"), now=world.now)
    found = refusal(world.assign, work, "eve")
    assert (found.key, found.status) == (key, 409)


def test_an_evaluator_of_another_unit_has_no_conflict(world: World, work: int) -> None:
    with unit(world.session):
        eve = world.session.get_one(Account, world.people["eve"].id)
        accounts.grant(
            world.session, eve, world.units["江南物业"], "applicant", actor=world.actor("olga"), now=world.now
        )
    world.assign(work, "eve")
    assert facts(world, work) == (0, 1)


def test_a_work_is_given_only_where_it_is_judged(world: World, work: int) -> None:
    judged = {key for key, state in world.cycle.definition.workflow.states.items() if state.judged}
    for state in world.cycle.definition.workflow.states:
        if state not in judged:
            world.override(work, state)
            assert refusal(world.assign, work, "eve").key == "not_judged"
    assert judged == {"recommended", "evaluated"}


# --- scoring -----------------------------------------------------------------------------------------


def test_scores_are_kept_as_a_draft_and_count_only_when_finished(world: World, work: int) -> None:
    world.assign(work, "eve")
    save(world, work, {"M1_POSITION": "7.5", "comment": "初稿"})
    assert (sheet(world, work).scores, sheet(world, work).comment) == ({"M1_POSITION": "7.5"}, "初稿")
    assert (sheet(world, work).is_final, sheet(world, work).total) == (False, None)
    assert facts(world, work) == (0, 1)
    save(world, work, scores(world, "4.5"), finish=True)
    assert (sheet(world, work).is_final, str(sheet(world, work).total)) == (True, "36.00")
    assert sheet(world, work).finished_at == world.now
    assert facts(world, work) == (1, 0)
    world.sound()


def test_a_finished_sheet_stays_as_it_is(world: World, work: int) -> None:
    world.assign(work, "eve")
    save(world, work, scores(world), finish=True)
    for finish in (True, False):
        assert refusal(save, world, work, scores(world, "1"), finish=finish).key == "sheet_final"
    assert set(sheet(world, work).scores.values()) == {"5"}


def test_a_sheet_is_not_finished_while_a_score_is_missing_or_wrong(world: World, work: int) -> None:
    world.assign(work, "eve")
    for raw, item, key in (
        ({**scores(world), "M3_BASIC": ""}, "M3_BASIC", "score_missing"),
        (scores(world, M8_FEATURE="5.5"), "M8_FEATURE", "score"),
        (scores(world, M8_FEATURE="x"), "M8_FEATURE", "score"),
    ):
        with pytest.raises(Unscored) as error:
            save(world, work, raw, finish=True)
        assert {name: reason.key for name, reason in error.value.errors.items()} == {item: key}
    assert (sheet(world, work).scores, facts(world, work)) == ({}, (0, 1))


def test_a_wrong_score_is_not_kept_in_a_draft_either(world: World, work: int) -> None:
    world.assign(work, "eve")
    save(world, work, {"M1_POSITION": "5"})
    with pytest.raises(Unscored):
        save(world, work, {"M1_POSITION": "11"})
    assert sheet(world, work).scores == {"M1_POSITION": "5"}


@pytest.mark.parametrize(("comment", "key"), [("x" * 2_001, "field_too_long"), ("a\x00b", "field_control")])
def test_a_comment_that_cannot_be_stored_is_refused(world: World, work: int, comment: str, key: str) -> None:
    world.assign(work, "eve")
    assert refusal(save, world, work, {"comment": comment}).key == key


def test_sheets_are_scored_while_the_row_is_open_only(world: World) -> None:
    work = world.placed("recommended")
    world.assign(work, "eve")
    for when, key in (("2024-06-30 23:59", "not_open"), ("2024-09-01 00:00", "closed")):
        world.now = at(when)
        with pytest.raises(NotNow) as error:
            save(world, work, scores(world), finish=True)
        assert (error.value.key, error.value.reasons[0].args["seq"]) == (key, 6)
    for when in ("2024-07-01 00:00", "2024-08-31 23:59"):
        world.now = at(when)
        save(world, work, scores(world))
    world.extend("evaluate", "2024-09-10", submission_id=work)
    world.now = at("2024-09-09 23:59")
    save(world, work, scores(world), finish=True)


def test_sheets_of_a_work_that_left_are_not_scored(world: World, work: int) -> None:
    world.assign(work, "eve")
    world.move(work, "withdraw", "alice")
    assert refusal(save, world, work, scores(world), finish=True).key == "not_judged"


def test_a_sheet_is_its_evaluators_own(world: World, work: int) -> None:
    world.assign(work, "eve", "ed")
    found = refusal(save, world, work, scores(world), who="ed")
    assert (type(found), found.key) == (Denied, "not_yours")
    mine = sheet(world, work)
    assert evaluations.sheet_of(world.session, mine.id, world.actor("eve")) is mine
    for who, sheet_id in (("ed", mine.id), ("olga", mine.id), ("eve", 987_654)):
        hidden = refusal(evaluations.sheet_of, world.session, sheet_id, world.actor(who))
        assert (type(hidden), hidden.key, hidden.args_) == (Missing, "sheet", {})


def test_a_stale_sheet_is_a_conflict(world: World, work: int) -> None:
    world.assign(work, "eve")
    save(world, work, scores(world, "1"), seen=0)
    found = refusal(save, world, work, scores(world, "2"), seen=0)
    assert (type(found), found.key) == (Conflict, "sheet_stale")
    assert set(sheet(world, work).scores.values()) == {"1"}


def test_three_final_sheets_close_the_evaluation_by_hand_or_by_the_clock(world: World, work: int) -> None:
    world.assign(work, "eve", "ed", "eli")
    for n, who in enumerate(("eve", "ed", "eli")):
        assert [one.key for one in world.refused(work, "evaluate", "olga")] == ["fact_n_sheets_final"]
        assert facts(world, work) == (n, 3 - n)
        world.score(work, who)
    world.move(work, "evaluate", "olga")
    assert world.state(work) == "evaluated"


# --- proposing ---------------------------------------------------------------------------------------


def test_a_level_is_proposed_recorded_and_may_be_changed(world: World) -> None:
    work = world.placed("evaluated")
    for level in ("EXCELLENT", "none", "BENCHMARK"):
        world.propose(work, level)
    row = world.session.get_one(Submission, work)
    award = world.session.get_one(Award, work)
    assert (row.award_level, award.level, award.proposed_by) == ("BENCHMARK", "BENCHMARK", world.people["olga"].id)
    entries = [entry for entry in world.history("submission", work) if entry.kind == "level"]
    assert [entry.about()["changes"]["level"] for entry in entries] == [
        ["", "EXCELLENT"], ["EXCELLENT", "none"], ["none", "BENCHMARK"],
    ]  # fmt: skip
    assert world.session.scalar(select(func.count()).select_from(Award)) == 1
    world.sound()


def test_a_level_that_the_rubric_does_not_have_is_refused(world: World) -> None:
    work = world.placed("evaluated")
    for level in ("", "GOLD", "benchmark", "x" * 5_000):
        assert (type(found := refusal(world.propose, work, level)), found.key) == (Invalid, "unknown_level")


def test_a_level_is_proposed_only_where_it_is_decided(world: World) -> None:
    work = world.placed("draft")
    for state, rule in world.cycle.definition.workflow.states.items():
        if rule.decided:
            continue
        if world.state(work) != state:
            world.override(work, state)
        assert refusal(world.propose, work).key == "not_decided"


def test_there_is_no_such_evaluator(world: World) -> None:
    assert evaluations.evaluator(world.session, world.people["eve"].id).name == "eve"
    assert refusal(evaluations.evaluator, world.session, 987_654).key == "account"
