"""Entering a team and filling forms: drafts, errors that store nothing, versions, one team once, one request once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from qtb.domain.errors import Conflict, Denied, Missing, NotNow, Refusal
from qtb.services import answers, submissions
from qtb.services.answers import Clash, Filled, Incorrect
from qtb.store import answers as filled
from qtb.store.answers import Answer
from qtb.store.submissions import Counter, Submission
from qtb.store.unit import unit
from tests.world import REGISTRATION, World, at


def enter(
    world: World, raw: dict[str, Any], *, who: str = "alice", key: str = "k1", unit_name: str = "浦江电机厂"
) -> int:
    """Enter a team with what is given and nothing else."""
    with unit(world.session):
        return submissions.enter(
            world.session,
            cycle=world.cycle,
            unit_id=world.units[unit_name].id,
            actor=world.actor(who),
            now=world.now,
            filled=Filled("registration", raw),
            request_key=key,
        ).id


def save(world: World, case: int, raw: dict[str, Any], *, form: str = "registration", seen: int | None = None) -> Any:
    """Save a form."""
    with unit(world.session):
        row = world.session.get_one(Submission, case)
        filled = Filled(form, raw, seen)
        return answers.save(world.session, row, filled=filled, actor=world.actor("alice"), now=world.now)


def refusal(deed: Any, *args: Any, **given: Any) -> Refusal:
    """Do what must be refused; return why."""
    with pytest.raises(Refusal) as error:
        deed(*args, **given)
    return error.value


def counts(world: World) -> list[int | None]:
    """Return what entering a team leaves behind."""
    world.session.rollback()
    tables = (select(func.count()).select_from(table) for table in (Submission, Answer))
    return [*(world.session.scalar(query) for query in tables), world.session.scalar(select(func.max(Counter.value)))]


def test_an_empty_draft_can_be_kept(world: World) -> None:
    case = enter(world, {})
    row = world.session.get_one(Submission, case)
    assert (row.number, row.kind, row.registration_complete, row.team_key) == ("20240001", "start", False, None)
    assert [one.key for one in world.refused(case, "register", "alice")] == ["fact_registration_complete"]


def test_a_draft_may_be_incomplete_and_is_completed_later(world: World) -> None:
    case = enter(world, {"team_name": "总装一班", "leader_name": "测试组长"})
    checked = save(world, case, {"team_name": "总装一班", "leader_name": "另一组长"})
    assert "category" in checked.missing
    assert not checked.errors
    assert filled.answers(world.session, case)["registration"]["leader_name"] == "另一组长"
    whole = {**REGISTRATION, "team_name": "总装一班", "recommender": str(world.units["浦东区质协"].id)}
    assert save(world, case, whole).complete
    row = world.session.get_one(Submission, case)
    assert (row.registration_complete, row.team_name, row.category, row.recommender_id) == (
        True,
        "总装一班",
        "MANUFACTURING",
        world.units["浦东区质协"].id,
    )
    save(world, case, {**whole, "team_duty": ""})
    assert not world.session.get_one(Submission, case).registration_complete
    world.sound()


def test_each_edit_is_recorded_with_what_changed_and_nothing_else(world: World) -> None:
    case = world.enter()
    n_entries = len(world.history("submission", case))
    raw = {**filled.answers(world.session, case)["registration"], "leader_name": "新组长", "truth_commit": "on"}
    save(world, case, raw)
    last = world.history("submission", case)[-1]
    assert (last.kind, last.role, last.actor_id) == ("edit", "applicant", world.people["alice"].id)
    assert last.about()["changes"] == {"leader_name": ["测试组长", "新组长"]}
    save(world, case, raw)
    assert len(world.history("submission", case)) == n_entries + 1


def test_what_cannot_be_right_stores_nothing(world: World) -> None:
    before = counts(world)
    for wrong in (
        {"team_size": "2"},
        {"contact_email": "nowhere"},
        {"team_name": "班" * 51},
        {"leader_name": "a\x00b"},
        {"recommender": "987654"},
        {"category": "OTHER"},
        {"team_duty": "half \ud800"},
    ):
        with pytest.raises(Incorrect) as error:
            enter(world, {**REGISTRATION, "team_name": "总装一班", **wrong})
        assert list(error.value.checked.errors) == list(wrong)
        assert (error.value.status, error.value.key) == (422, "form_errors")
        assert counts(world) == before


def test_a_wrong_edit_leaves_what_was_stored(world: World) -> None:
    case = world.enter()
    before, position = filled.answers(world.session, case), world.position(case)
    assert refusal(save, world, case, {**REGISTRATION, "leader_name": "新组长", "team_size": "0"}).key == "form_errors"
    assert (filled.answers(world.session, case), world.position(case)) == (before, position)


def test_an_edit_from_a_stale_page_is_a_conflict_and_stores_nothing(world: World) -> None:
    case = world.enter()
    seen = world.session.get_one(Answer, (case, "registration")).version
    save(world, case, {**REGISTRATION, "leader_name": "第一稿"}, seen=seen)
    stored = filled.answers(world.session, case)
    found = refusal(save, world, case, {**REGISTRATION, "leader_name": "第二稿"}, seen=seen)
    assert (type(found), found.key, found.status) == (Clash, "form_clash", 409)
    assert filled.answers(world.session, case) == stored


def test_a_form_that_is_not_there_or_not_now_or_not_yours_is_refused(world: World) -> None:
    case = world.enter()
    assert type(refusal(save, world, case, {}, form="diary")) is Missing
    assert refusal(save, world, case, {}, form="declaration").key == "edit_state"
    for who in ("bob", "rita", "olga"):
        assert refusal(world.fill, case, "registration", REGISTRATION, who).key == "edit_role"
    world.now = at("2024-06-01")
    assert refusal(save, world, case, REGISTRATION).key == "closed"


def test_a_team_name_is_used_once_in_a_unit_and_year(world: World) -> None:
    world.enter(team="总装一班")
    before = counts(world)
    for name in ("总装一班", " 总装 一班", "总装\u200b一班", "总装一班（）"):
        found = refusal(world.enter, team=name)
        assert (type(found), found.key) == (Conflict, "team_taken")
        assert counts(world) == before
    other = world.enter(team="总装二班")
    assert refusal(save, world, other, {**REGISTRATION, "team_name": "总装一班"}).key == "team_taken"
    world.enter("bob", "总装一班")
    world.sound()


def test_a_team_name_is_free_again_after_the_entry_has_ended(world: World) -> None:
    for end in ("withdrawn", "declined", "lapsed"):
        world.override(world.enter(team="总装一班"), end)
    alive = world.enter(team="总装一班")
    assert world.state(alive) == "draft"
    assert refusal(world.enter, team="总装一班").key == "team_taken"


def test_the_same_request_twice_is_one_entry(world: World) -> None:
    first = enter(world, {"team_name": "总装一班"}, key="same")
    before = counts(world)
    assert enter(world, {"team_name": "总装一班"}, key="same") == first
    assert enter(world, {"team_name": "另一班"}, key="same") == first
    assert counts(world) == before
    assert enter(world, {"team_name": "总装二班"}, key="other") != first


def test_numbers_follow_each_other_and_a_refused_entry_takes_none(world: World) -> None:
    numbers = []
    for n in range(4):
        case = enter(world, {"team_name": f"第{n}班"}, key=f"k{n}")
        numbers.append(world.session.get_one(Submission, case).number)
        refusal(enter, world, {"team_name": f"第{n}班"}, key=f"again{n}")
        refusal(enter, world, {"team_size": "0"}, key=f"wrong{n}")
    assert numbers == ["20240001", "20240002", "20240003", "20240004"]


def test_a_team_is_entered_for_ones_own_unit_only(world: World) -> None:
    for who, unit_name in (
        ("alice", "江南物业"),
        ("rita", "浦江电机厂"),
        ("olga", "浦江电机厂"),
        ("rita", "浦东区质协"),
    ):
        found = refusal(enter, world, {"team_name": "总装一班"}, who=who, unit_name=unit_name)
        assert (type(found), found.key) == (Denied, "only_applicant")


def test_teams_are_entered_while_the_row_is_open_only(world: World) -> None:
    for when, key in (("2024-01-31 23:59", "not_open"), ("2024-06-01 00:00", "closed")):
        world.now = at(when)
        found = refusal(enter, world, {"team_name": "总装一班"})
        assert (type(found), found.key) == (NotNow, key)
    world.now = at("2024-05-31 23:59")
    enter(world, {"team_name": "总装一班"})


def test_fields_of_a_form_do_not_reach_what_the_door_keeps(world: World) -> None:
    case = enter(
        world, {"team_name": "总装一班", "state": "awarded", "kind": "end", "award_level": "BENCHMARK", "version": "99"}
    )
    row = world.session.get_one(Submission, case)
    assert (world.state(case), row.kind, row.award_level) == ("draft", "start", "")
    world.sound()


def test_a_kept_out_recommender_cannot_be_chosen(world: World) -> None:
    with unit(world.session):
        world.units["浦东区质协"].is_active = False
    with pytest.raises(Incorrect) as error:
        world.enter()
    assert list(error.value.checked.errors) == ["recommender"]
