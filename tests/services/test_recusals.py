"""Standing back from a work: with a reason, kept, neither open nor final, and never given the same work again."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from qtb.domain.errors import Conflict, Denied, Invalid, NotNow, Refusal
from qtb.services import check, recusals, results
from qtb.store import accounts, evaluations, feeds, lists
from qtb.store.cycles import Cycle
from qtb.store.evaluations import Sheet
from qtb.store.outbox import Outbox
from qtb.store.unit import unit
from tests.judging import facts, recuse, sheets, works
from tests.services.test_evaluations import save, scores
from tests.world import World, at


@pytest.fixture
def work(world: World) -> int:
    """A work in July that three judges have."""
    (case,) = works(world, 1)
    world.assign(case, "eve", "ed", "eli")
    return case


def test_a_sheet_stood_back_from_is_neither_open_nor_final(world: World, work: int) -> None:
    assert facts(world, work) == (0, 3)
    recuse(world, work, "eve")
    assert facts(world, work) == (0, 2)
    entry = world.history("submission", work)[-1]
    assert (entry.kind, entry.role, entry.about()["note"]) == ("recused", "evaluator", "曾辅导该班组")
    assert world.letters(work)[-1] == ("recused", "organiser")
    assert check.check(world.session, now=world.now).findings == []
    world.sound()


def test_the_year_goes_on_when_the_others_have_finished(world: World, work: int) -> None:
    world.assign(work, "ewa")
    recuse(world, work, "eve")
    for who in ("ed", "eli", "ewa"):
        world.score(work, who)
    assert facts(world, work) == (3, 0)
    world.sweep()
    assert world.state(work) != "recommended"


def test_results_leave_the_sheet_out_and_wait_for_nobody(world: World, work: int) -> None:
    world.assign(work, "ewa")
    save(world, work, scores(world, "1"))
    recuse(world, work, "eve")
    for who in ("ed", "eli", "ewa"):
        world.score(work, who)
    found = results.standing(world.session, world.session.get_one(Cycle, world.cycle.id))
    (one,) = next(iter(found.works)).results.values()
    assert (one.n_valid, str(one.mean), [one.fate(score) for score in one.scores].count("recused")) == (3, "40.00", 1)
    assert {judge.name: (judge.n_final, judge.n_given) for judge in found.judges}["eve"] == (0, 0)


def test_a_recusal_by_mistake_is_lifted_by_the_organiser_and_both_stay_in_history(world: World, work: int) -> None:
    save(world, work, scores(world, "1"), finish=False)
    recuse(world, work, "eve")

    def lift(who: str = "olga", reason: str = "误点") -> None:
        with unit(world.session) as session:
            sheet = session.scalars(select(Sheet).where(Sheet.recusal_reason != "")).first()
            sheet = sheet or session.scalars(select(Sheet)).first()
            assert sheet is not None
            recusals.lift(session, sheet, reason, actor=world.actor(who), now=world.now)

    for who, reason, kind in (("eve", "误点", Denied), ("olga", "", Invalid)):
        with pytest.raises(kind):
            lift(who, reason)
    lift()
    assert facts(world, work) == (0, 3)
    assert [row.kind for row in world.history("submission", work)][-2:] == ["recused", "recusal_lifted"]
    assert world.history("submission", work)[-1].about()["changes"]["recusal"] == ["曾辅导该班组", ""]
    assert ("works_given", "evaluator") in {
        (row.letter, row.to_role) for row in world.session.scalars(select(Outbox)) if row.about.get("judge")
    }
    with pytest.raises(Conflict, match="sheet_not_recused"):
        lift()
    recuse(world, work, "eve")  # and once more
    assert [one for one, _ in world.letters(work)].count("recused") == 2
    lift()
    save(world, work, scores(world), finish=True)
    assert facts(world, work) == (1, 2)
    assert check.check(world.session, now=world.now).findings == []
    world.sound()


def test_whoever_is_a_judge_no_more_takes_nothing_up_again(world: World, work: int) -> None:
    recuse(world, work, "eve")
    with unit(world.session) as session:
        (held,) = accounts.memberships(session, world.people["eve"].id)
        held.ended_at = world.now
    sheet = world.session.scalars(select(Sheet).where(Sheet.recused_at.is_not(None))).one()
    with pytest.raises(Invalid, match="not_evaluator"), unit(world.session) as session:
        recusals.lift(session, sheet, "误点", actor=world.actor("olga"), now=world.now)
    assert facts(world, work) == (0, 2)


def test_a_recusal_from_a_whole_unit_is_lifted_only_where_nothing_else_stands_between(world: World, work: int) -> None:
    recuse(world, work, "eve", whole_unit=True)
    sheet = world.session.scalars(select(Sheet).where(Sheet.recused_at.is_not(None))).one()
    with pytest.raises(NotNow) as refused, unit(world.session) as session:
        recusals.lift(session, session.get_one(Sheet, sheet.id), "误点", actor=world.actor("olga"), now=world.now)
    assert refused.value.reasons[0].key.startswith("conflict_")
    assert facts(world, work) == (0, 2)


def test_who_stood_back_is_not_given_the_work_again(world: World, work: int) -> None:
    recuse(world, work, "eve")
    with pytest.raises(NotNow) as error:
        world.assign(work, "eve")
    assert [one.key for one in error.value.reasons] == ["conflict_recused"]
    world.assign(work, "ewa")
    assert facts(world, work) == (0, 3)


def test_who_stood_back_cannot_score(world: World, work: int) -> None:
    recuse(world, work, "eve")
    with pytest.raises(NotNow) as error:
        save(world, work, scores(world), finish=True)
    assert error.value.key == "sheet_recused"
    assert facts(world, work) == (0, 2)


@pytest.mark.parametrize(
    ("reason", "error", "key"),
    [("  ", Invalid, "conflict_reason"), ("长" * 501, Invalid, "field_too_long"), ("a\x00", Invalid, "field_control")],
)
def test_a_reason_is_asked_for(world: World, work: int, reason: str, error: type[Refusal], key: str) -> None:
    with pytest.raises(error) as found:
        recuse(world, work, "eve", reason)
    assert found.value.key == key
    assert facts(world, work) == (0, 3)


def test_only_before_the_sheet_is_finished_and_only_once(world: World, work: int) -> None:
    world.score(work, "eve")
    with pytest.raises(Conflict) as error:
        recuse(world, work, "eve")
    assert error.value.key == "sheet_final"
    recuse(world, work, "ed")
    with pytest.raises(Conflict) as error:
        recuse(world, work, "ed")
    assert error.value.key == "sheet_recused"
    assert facts(world, work) == (1, 1)


def test_a_work_that_is_judged_no_more_is_left_alone(world: World, work: int) -> None:
    world.override(work, "evaluated")
    with pytest.raises(Conflict) as error:
        recuse(world, work, "eve")
    assert error.value.key == "not_judged"


def test_nobody_stands_back_for_another(world: World, work: int) -> None:
    sheet, actor = evaluations.sheets(world.session, work)[0], world.actor("ed")
    with pytest.raises(Denied):
        recusals.recuse(world.session, sheet, "不便", actor=actor, now=world.now)
    assert facts(world, work) == (0, 3)


def test_of_the_whole_unit_means_its_other_works_too(world: World) -> None:
    first, second = works(world, 2)
    world.assign(first, "eve")
    recuse(world, first, "eve", whole_unit=True)
    with pytest.raises(NotNow) as error:
        world.assign(second, "eve")
    assert [one.key for one in error.value.reasons] == ["conflict_declared"]
    assert [one.kind for one in world.history("account", world.people["eve"].id)].count("conflict") == 1


def test_the_record_of_a_year_names_who_when_and_why(world: World, work: int) -> None:
    recuse(world, work, "eve")
    world.later(hours=1)
    recuse(world, work, "ed", "亲属在该班组")
    found = evaluations.recusals(world.session, world.cycle.id)
    told = [(one.evaluator.name, one.recusal_reason) for one in found]
    assert told == [("eve", "曾辅导该班组"), ("ed", "亲属在该班组")]
    assert [one.recused_at for one in found] == [at("2024-07-02 09:00"), at("2024-07-02 10:00")]
    assert sheets(world, work)[0] == (world.people["eve"].id, True)


def test_the_calendar_of_who_stood_back_asks_for_nothing(world: World, work: int) -> None:
    recuse(world, work, "eve")
    asked = [feeds.unscored(world.session, world.cycle, ["recommended"], world.actor(who)) for who in ("eve", "ed")]
    assert [[one.id for one in found] for found in asked] == [[], [work]]


def test_a_work_is_hidden_from_who_stood_back(world: World, work: int) -> None:
    recuse(world, work, "eve")
    assert lists.find(world.session, work, world.actor("eve")) is None
    assert lists.find(world.session, work, world.actor("ed")) is not None
