"""Levels laid before the guiding bodies: no change meanwhile, no publication before all have consented."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from qtb.domain.errors import Refusal
from qtb.domain.roles import Actor
from qtb.services import accounts, consent_reminders, consents, edges, letters, undo
from qtb.services.letters import Post
from qtb.store.consents import Laying
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.adopting import adopted, as_definition
from tests.consenting import answer, bodies, lay, take_back, waive
from tests.eliminating import eliminate
from tests.world import World, at

INSTANT, AFTER = "2024-08-20 10:00", "2024-08-20 11:00"


@pytest.fixture
def other(world: World) -> int:
    """Return a recommended work; asked for before `work`, which lets the summer come."""
    return world.placed("recommended", team="二班")


@pytest.fixture
def work(world: World) -> int:
    """Return an evaluated work with a level, in August."""
    case = world.placed("evaluated")
    world.go("2024-08-10 10:00")
    world.propose(case, "BENCHMARK")
    return case


@pytest.fixture
def guiding(world: World, work: int) -> dict[str, Actor]:
    """Return the people of two bodies."""
    return bodies(world)


def why(act: Callable[..., Any], *given: Any, **more: Any) -> str:
    """Return why an act is refused."""
    with pytest.raises(Refusal) as refused:
        act(*given, **more)
    return refused.value.reasons[0].key


def kinds(world: World) -> list[str]:
    """Return what stands in the year's history about consent."""
    return [row.kind for row in world.history("cycle", world.cycle.id) if row.kind.startswith("consent")]


def test_without_a_list_nothing_waits(world: World, work: int, guiding: dict[str, Actor]) -> None:
    world.go(INSTANT)
    assert world.state(work) == "awarded"


def test_the_publication_waits_for_all_and_happens_at_the_next_sweep(
    world: World, work: int, guiding: dict[str, Actor]
) -> None:
    laying = lay(world)
    answer(world, laying, guiding["gina"])
    world.go(INSTANT)
    assert world.state(work) == "evaluated"
    assert edges.undecided(world.session, now=world.now) == 1
    assert ("awarded", "applicant") not in world.letters(work)
    world.go(AFTER)
    answer(world, laying, guiding["gus"])
    world.go("2024-08-20 11:01")
    assert world.state(work) == "awarded"
    assert kinds(world) == ["consent_laid", "consent_given", "consent_given"]
    world.sound()


def test_who_does_not_consent_says_why_and_may_consent_later(
    world: World, work: int, guiding: dict[str, Actor]
) -> None:
    laying = lay(world)
    answer(world, laying, guiding["gina"])
    assert why(answer, world, laying, guiding["gus"], False) == "reason_required"
    answer(world, laying, guiding["gus"], False, "第三名的材料需再核实")
    world.go(INSTANT)
    assert world.state(work) == "evaluated"
    answer(world, laying, guiding["gus"])
    world.go(AFTER)
    assert world.state(work) == "awarded"
    assert why(answer, world, laying, guiding["gus"], False, "反悔") == "consent_given"


def test_a_body_is_gone_on_without_for_a_reason(world: World, work: int, guiding: dict[str, Actor]) -> None:
    laying = lay(world)
    answer(world, laying, guiding["gina"])
    assert why(waive, world, laying, "市总工会", reason="") == "reason_required"
    assert why(waive, world, laying, "市质量办") == "consent_over"
    assert why(waive, world, laying, "市总工会", who="eve") == "only_organiser"
    waive(world, laying, "市总工会")
    world.go(INSTANT)
    assert world.state(work) == "awarded"


def test_no_level_changes_while_the_list_lies_there(world: World, work: int, guiding: dict[str, Actor]) -> None:
    laying = lay(world)
    assert why(world.propose, work, "EXCELLENT") == "consent_laid"
    assert why(world.override, work, "recommended") == "consent_laid"
    assert why(lay, world) == "consent_laid"
    take_back(world, laying)
    world.propose(work, "EXCELLENT")
    assert why(answer, world, laying, guiding["gina"]) == "consent_back"


def test_a_list_taken_back_holds_the_works_until_it_is_laid_anew(
    world: World, work: int, guiding: dict[str, Actor]
) -> None:
    first = lay(world)
    for one in guiding.values():
        answer(world, first, one)
    assert world.session.get_one(Submission, work).consent_held is False
    take_back(world, first)
    world.propose(work, "none")
    world.go(INSTANT)
    assert world.state(work) == "evaluated"
    second = lay(world)
    for one in guiding.values():
        answer(world, second, one)
    world.go(AFTER)
    assert world.state(work) == "not_awarded"


def test_the_list_is_kept_as_it_was_laid(world: World, work: int, guiding: dict[str, Actor]) -> None:
    row = world.session.get_one(Laying, lay(world))
    assert [(one["team"], one["level"], one["unit"]) for one in row.works] == [("总装一班", "BENCHMARK", "浦江电机厂")]
    entry = next(one for one in world.history("cycle", world.cycle.id) if one.kind == "consent_laid")
    assert entry.about()["digest"] == row.digest


def test_what_is_not_ready_is_not_laid(world: World) -> None:
    assert why(lay, world) == "consent_nothing"
    case, other = world.placed("evaluated"), world.placed("withdrawn", team="二班")
    world.go("2024-08-10 10:00")
    assert why(lay, world) == "consent_undecided"
    with pytest.raises(Refusal) as refused:
        lay(world)
    assert refused.value.reasons[0].args == {"n": 1, "numbers": ("20240001",)}
    world.propose(case, "BENCHMARK")
    assert why(lay, world) == "consent_nobody"
    bodies(world)
    world.override(other, "recommended")
    assert why(lay, world) == "consent_unfinished"
    world.override(other, "withdrawn")
    assert why(lay, world, who="eve") == "only_organiser"
    lay(world)


def test_an_eliminated_work_whose_scores_are_not_in_hinders_nothing_and_waits_as_the_others(
    world: World, other: int, work: int, guiding: dict[str, Actor]
) -> None:
    assert why(lay, world) == "consent_unfinished"
    world.assign(other, "eve")
    eliminate(world, other)
    laying = lay(world)
    assert [one["number"] for one in world.session.get_one(Laying, laying).works] == ["20240002"]
    answer(world, laying, guiding["gina"])
    world.go(INSTANT)
    assert world.state(other) == "recommended"
    assert edges.undecided(world.session, now=world.now) == 2
    answer(world, laying, guiding["gus"])
    world.go(AFTER)
    assert (world.state(other), world.state(work)) == ("not_awarded", "awarded")


def test_what_is_decided_again_after_a_list_was_taken_back_waits_too(
    world: World, other: int, work: int, guiding: dict[str, Actor]
) -> None:
    """It was undecided while the list was taken back: the mark of waiting has reached it all the same."""
    world.override(other, "withdrawn")
    take_back(world, lay(world))
    world.override(other, "recommended")
    world.judged(other)
    world.move(other, "evaluate", "olga")
    assert world.session.get_one(Submission, other).consent_held
    world.propose(other)
    world.go(INSTANT)
    assert (world.state(other), world.state(work)) == ("evaluated", "evaluated")


def test_a_list_of_which_all_is_published_holds_nothing_any_more(
    world: World, other: int, work: int, guiding: dict[str, Actor]
) -> None:
    world.override(other, "amending")  # it does not hinder the laying, and comes too late for it
    laying = lay(world)
    for one in guiding.values():
        answer(world, laying, one)
    world.override(other, "evaluated")
    assert why(world.propose, other) == "consent_laid"
    world.go(INSTANT)
    assert world.state(work) == "awarded"
    assert why(take_back, world, laying) == "consent_spent"
    world.propose(other, "EXCELLENT")
    second = lay(world)
    assert [one["number"] for one in world.session.get_one(Laying, second).works] == ["20240001"]
    for one in guiding.values():
        answer(world, second, one)
    world.go(AFTER)
    assert world.state(other) == "awarded"
    world.override(work, "revoked", reason="数据不实")


def test_an_undoing_before_the_decision_does_not_tell_that_a_list_lies_there(
    world: World, other: int, work: int, guiding: dict[str, Actor]
) -> None:
    """Its applicant would read of the list on her own page, and of a work that is not decided: so, that it is out."""
    world.assign(other, "eve")
    world.fill(other, "form_review", {"conclusion": "return", "opinion": "补盖章"}, "olga")
    world.move(other, "ask_amendment", "olga", note="补盖章")
    world.move(other, "amend", "alice")
    eliminate(world, other)
    lay(world)
    with unit(world.session) as session:
        row = session.get_one(Submission, other)
        undo.undo(session, row, reason="漏传一页", actor=world.actor("alice"), now=world.now)
    assert world.state(other) == "amending"
    assert world.session.get_one(Submission, other).award_level == "none"


def test_a_programme_that_asks_nobody_any_more_is_not_adopted_past_a_list(
    world: World, work: int, guiding: dict[str, Actor]
) -> None:
    new = as_definition(lambda raw: raw.pop("consent"))
    laying = lay(world)
    assert why(adopted, world, new, {}) == "adopt_consent"
    take_back(world, laying)
    adopted(world, new, {})
    assert world.session.get_one(Submission, work).consent_held is False
    world.propose(work, "EXCELLENT")
    world.go(INSTANT)
    assert world.state(work) == "awarded"


def test_what_was_published_and_is_put_back_is_decided_anew(world: World, work: int) -> None:
    world.go(INSTANT)
    assert world.state(work) == "awarded"
    world.override(work, "evaluated")
    assert world.session.get_one(Submission, work).award_level == ""
    world.go(AFTER)
    assert world.state(work) == "evaluated"  # else the clock would publish it again as it was
    world.propose(work, "PROGRESS")
    world.go("2024-08-20 11:01")
    assert world.state(work) == "awarded"


def test_whoever_has_not_consented_is_reminded_once_a_day(world: World, work: int, guiding: dict[str, Actor]) -> None:
    laying = lay(world)

    def remind(body: str, who: str = "olga") -> int:
        with unit(world.session) as session:
            row, mine = session.get_one(Laying, laying), world.units[body].id
            return consent_reminders.remind(session, row, mine, actor=world.actor(who), now=world.now)

    assert why(remind, "市质量办") == "consent_reminded"  # the list itself was laid today
    world.go("2024-08-12 08:00")
    assert why(remind, "市质量办", "eve") == "only_organiser"
    assert remind("市质量办") == 1
    assert why(remind, "市质量办") == "consent_reminded"
    answer(world, laying, guiding["gus"])
    assert why(remind, "市总工会") == "consent_over"
    asked = select(Outbox.unit_id).where(Outbox.letter == "consent_asked")
    assert list(world.session.scalars(asked)).count(world.units["市质量办"].id) == 2
    assert consents.waits_from(world.session, world.cycle) == at(INSTANT)


def test_whoever_is_of_two_bodies_is_told_for_each(world: World, work: int, guiding: dict[str, Actor]) -> None:
    with unit(world.session) as session:
        gina, union = session.merge(world.people["gina"]), session.merge(world.units["市总工会"])
        accounts.grant(session, gina, union, "guiding", actor=world.actor("olga"), now=world.now)
    laying = lay(world)
    mine = select(Outbox.unit_id).where(Outbox.letter == "consent_asked", Outbox.account_id == world.people["gina"].id)
    assert len(set(world.session.scalars(mine))) == 2
    assert world.session.get_one(Laying, laying).n_lacking == 2


def test_one_year_whose_rules_ask_nobody_any_more_hides_no_other(
    world: World, work: int, guiding: dict[str, Actor]
) -> None:
    laying = lay(world)
    assert len(consents.before(world.session, guiding["gina"])) == 1
    for one in guiding.values():
        answer(world, laying, one)
    world.go(INSTANT)
    adopted(world, as_definition(lambda raw: raw.pop("consent")), {})
    assert consents.before(world.session, guiding["gina"]) == []


def test_nobody_answers_for_another_body(world: World, work: int, guiding: dict[str, Actor]) -> None:
    laying = lay(world)
    assert why(answer, world, laying, guiding["gina"], body=world.units["市总工会"].id) == "only_body"


def test_taking_the_evaluation_back_would_drop_a_laid_level(world: World, guiding: dict[str, Actor], work: int) -> None:
    world.override(work, "recommended")
    world.judged(work)
    world.move(work, "evaluate", "olga")
    world.propose(work)
    lay(world)

    def back() -> None:
        with unit(world.session) as session:
            row = session.get_one(Submission, work)
            undo.undo(session, row, reason="评分有误", actor=world.actor("olga"), now=world.now)

    assert why(back) == "consent_laid"


def test_the_bodies_people_are_told_one_by_one_and_the_organiser_of_the_answer(
    world: World, work: int, guiding: dict[str, Actor]
) -> None:
    laying = lay(world)
    answer(world, laying, guiding["gina"], False, "暂不同意")
    answer(world, laying, guiding["gina"])
    rows = world.session.scalars(select(Outbox).where(Outbox.letter.startswith("consent")).order_by(Outbox.id)).all()
    post = Post(None, "qtb@example.org", "https://qtb.example.org")
    said = [letters.letter_of(world.session, row, post=post, now=world.now) for row in rows]
    assert [list(one.recipients) for one in said[:2]] == [["gina@example.org"], ["gus@example.org"]]
    assert [one.recipients for one in said[2:]] == [["olga@example.org"]] * 2
    assert "市质量办" in said[0].body
    assert "标杆级" not in "".join(one.body for one in said)
