"""Versions of forms: one for each save that changed something; saves that meet are merged or asked about."""

from __future__ import annotations

from typing import Any

import pytest

from qtb.domain.errors import Conflict, Missing, Refusal
from qtb.domain.roles import Actor
from qtb.services import answers, copies, drafts
from qtb.services.answers import Clash, Filled, Incorrect
from qtb.store import answers as store
from qtb.store.answers import Answer
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.colleagues import colleague
from tests.world import DECLARATION, REGISTRATION, World, at


@pytest.fixture
def case(world: World) -> int:
    """A registered team with its declaration in its first version."""
    found = world.enter()
    world.move(found, "register", "alice")
    world.declare(found)
    return found


def save(world: World, case: int, who: Actor, *, seen: int | None = 1, **given: Any) -> Any:
    """Save the declaration with some fields changed."""
    page = {name: given.pop(name) for name in ("key", "picks", "against", "since") if name in given}
    with unit(world.session):
        row = world.session.get_one(Submission, case)
        filled = Filled("declaration", {**DECLARATION, **given}, seen, **page)
        return answers.save(world.session, row, filled=filled, actor=who, now=world.now)


def values(world: World, case: int, form: str = "declaration") -> dict[str, Any]:
    """What stands on a form."""
    world.session.rollback()
    return world.session.get_one(Answer, (case, form)).values


def numbers(world: World, case: int) -> list[tuple[int, str | None]]:
    """Return (number, who) of the declaration's versions, latest first."""
    world.session.rollback()
    return [(row.number, who) for row, who in store.versions(world.session, case, "declaration").told()]


def test_each_save_that_changed_something_is_a_version(world: World, case: int) -> None:
    anna = colleague(world)
    save(world, case, anna)
    assert numbers(world, case) == [(1, "alice")]
    save(world, case, anna, title="第二稿")
    assert numbers(world, case) == [(2, "anna"), (1, "alice")]
    told = store.versions(world.session, case, "declaration").one(1)
    assert told is not None
    assert told[0].values["title"] == DECLARATION["title"]


def test_changes_of_different_fields_are_merged(world: World, case: int) -> None:
    save(world, case, world.actor("alice"), objectives="零返工。")
    save(world, case, colleague(world), title="第二稿")
    assert (values(world, case)["objectives"], values(world, case)["title"]) == ("零返工。", "第二稿")


def test_changes_of_the_same_field_are_asked_about_and_store_nothing(world: World, case: int) -> None:
    anna = colleague(world)
    save(world, case, world.actor("alice"), title="甲稿")
    before = world.position(case), values(world, case)
    with pytest.raises(Clash) as error:
        save(world, case, anna, title="乙稿", planning="分五步。")
    found = error.value.merged
    assert (found.clashes, found.who, found.version) == ({"title": ("甲稿", "乙稿")}, "alice", 2)
    assert (world.position(case), values(world, case)) == before
    save(world, case, anna, title="乙稿", planning="分五步。", picks={"title": "theirs"}, against=2)
    assert (values(world, case)["title"], values(world, case)["planning"]) == ("甲稿", "分五步。")


def test_a_choice_counts_only_for_the_version_it_was_made_against(world: World, case: int) -> None:
    alice, anna = world.actor("alice"), colleague(world)
    save(world, case, alice, title="甲稿")
    save(world, case, alice, seen=2, title="甲二稿")
    with pytest.raises(Clash):
        save(world, case, anna, title="乙稿", picks={"title": "mine"}, against=2)
    save(world, case, anna, title="乙稿", picks={"title": "mine"}, against=3)
    assert values(world, case)["title"] == "乙稿"


def test_a_version_that_never_was_overwrites_nothing(world: World, case: int) -> None:
    for seen in (-1, 0, 7):
        with pytest.raises(Clash):
            save(world, case, world.actor("alice"), seen=seen, title="乙稿")


def test_two_changes_that_are_right_alone_and_wrong_together_are_refused_together(world: World) -> None:
    found = world.enter()
    raw = {**REGISTRATION, "recommender": str(world.units["浦东区质协"].id), "team_name": "总装一班"}
    alice = world.actor("alice")

    def register(**given: Any) -> None:
        with unit(world.session):
            row = world.session.get_one(Submission, found)
            filled = Filled("registration", {**raw, **given}, 1)
            answers.save(world.session, row, filled=filled, actor=alice, now=world.now)

    register(trained_people="12")
    with pytest.raises(Incorrect) as error:
        register(team_size="11", members=raw["members"][:11])
    assert error.value.merged is not None
    assert error.value.merged.version == 2
    assert set(error.value.checked.errors) == {"trained_people"}
    assert values(world, found, "registration")["team_size"] == 12


def test_other_forms_and_other_entries_make_nothing_stale(world: World, case: int) -> None:
    since = answers.mark(world.session.get_one(Submission, case))
    world.extend("declare", "2024-06-05", submission_id=case)
    save(world, case, world.actor("alice"), title="第二稿", since=since)
    assert values(world, case)["title"] == "第二稿"


def test_a_move_that_came_between_refuses_the_save(world: World, case: int) -> None:
    since = answers.mark(world.session.get_one(Submission, case))
    world.now = at("2024-04-02")
    world.move(case, "submit", "alice")
    world.move(case, "return", "rita", "请补充")
    with pytest.raises(Conflict) as error:
        save(world, case, world.actor("alice"), title="第二稿", since=since)
    assert error.value.key == "stale_by"
    assert values(world, case)["title"] == DECLARATION["title"]


def test_one_page_sent_twice_is_saved_once_and_goes_on_from_its_own_save(world: World, case: int) -> None:
    alice = world.actor("alice")
    for _ in range(2):
        save(world, case, alice, title="第二稿", key="page-1")
    assert numbers(world, case)[0] == (2, "alice")
    save(world, case, alice, title="第三稿", key="page-1")  # back in the browser, and on
    assert values(world, case)["title"] == "第三稿"


def test_a_form_of_the_same_unit_comes_in_as_a_draft(world: World, case: int) -> None:
    alice, other = world.actor("alice"), world.enter(team="总装二班")
    world.move(other, "register", "alice")
    row = world.session.get_one(Submission, other)
    where, spec = answers.place(row, "declaration"), row.cycle.definition.forms["declaration"]
    found = copies.sources(world.session, where, actor=alice)
    assert [(source.id, answer.form) for source, answer in found] == [(case, "declaration")]
    bring = {"spec": spec, "saved": {}, "version": 0, "actor": alice, "now": world.now}
    with unit(world.session):
        copied = copies.bring(world.session, where, source_id=case, **bring)
    draft = drafts.mine(world.session, where, actor=alice)
    assert draft is not None
    assert draft.values["objectives"] == DECLARATION["objectives"]
    assert "truth_commit" in copied.left_out
    assert world.session.get(Answer, (other, "declaration")) is None  # nothing was saved


def test_last_years_form_of_the_same_team_comes_before_a_later_one_of_another(world: World, case: int) -> None:
    alice = world.actor("alice")
    world.cycle = world.session.get_one(Cycle, world.another_cycle("2025"))
    again, latest = world.enter(), world.enter(team="总装三班")
    for team in (again, latest):
        world.move(team, "register", "alice")
    world.declare(latest)
    row = world.session.get_one(Submission, again)
    found = copies.sources(world.session, answers.place(row, "declaration"), actor=alice)
    assert [source.id for source, _ in found] == [case, latest]


def test_forms_of_other_units_or_other_teams_one_may_not_see_are_no_source(world: World, case: int) -> None:
    theirs = world.enter("bob", team="物业班")
    row = world.session.get_one(Submission, theirs)
    where, spec = answers.place(row, "registration"), row.cycle.definition.forms["registration"]
    bob = world.actor("bob")
    assert copies.sources(world.session, where, actor=bob) == []
    for source in (case, theirs, 987_654):
        with pytest.raises(Missing), unit(world.session):
            copies.bring(
                world.session, where, spec=spec, source_id=source, saved={}, version=0, actor=bob, now=world.now
            )
    with pytest.raises(Refusal):
        world.fill(case, "declaration", DECLARATION, "bob")
