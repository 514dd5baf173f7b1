"""Drafts: kept as typed, whoever's they are, until the form is saved; nobody else's, and never by another page's."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from qtb.domain.errors import Conflict, Denied, Refusal
from qtb.domain.roles import CLOCK, Actor
from qtb.services import answers, drafts
from qtb.services.answers import Filled
from qtb.services.drafts import Typed
from qtb.store.drafts import AnswerDraft, Place
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.colleagues import colleague
from tests.world import REGISTRATION, World


def place(world: World, case: int, form: str = "registration") -> Place:
    """Where drafts of a submission's form are kept."""
    return answers.place(world.session.get_one(Submission, case), form)


def keep(world: World, where: Place, who: Actor, raw: dict[str, Any], **page: Any) -> bool:
    """Keep what stands on a page."""
    typed = Typed(raw, **{"seen": 1, "key": "page-1", **page})
    with unit(world.session):
        return drafts.keep(world.session, where, typed=typed, actor=who, now=world.now)


def kept(world: World, where: Place, who: Actor) -> dict[str, Any] | None:
    """What a person's draft holds."""
    world.session.rollback()
    found = drafts.mine(world.session, where, actor=who)
    return found.values if found else None


def test_a_draft_is_kept_as_typed_without_what_no_database_holds(world: World) -> None:
    where, alice = place(world, world.enter()), world.actor("alice")
    odd = {"team_size": " not a number\x1b ", "title": "a\x00b\ud800c", "members": [{"name": "甲\x00"}], "ok": True}
    assert keep(world, where, alice, odd)
    assert kept(world, where, alice) == {
        "team_size": " not a number\x1b ", "title": "abc", "members": [{"name": "甲"}], "ok": True,
    }  # fmt: skip


def test_a_draft_is_bounded(world: World) -> None:
    where, alice = place(world, world.enter()), world.actor("alice")
    with pytest.raises(Refusal) as error:
        keep(world, where, alice, {"title": "字" * (drafts.MOST + 1)})
    assert (error.value.status, error.value.key) == (413, "draft_too_long")
    assert kept(world, where, alice) is None


def test_a_draft_is_its_writers_alone(world: World) -> None:
    where, alice, anna = place(world, world.enter()), world.actor("alice"), colleague(world)
    keep(world, where, alice, {"team_name": "甲"})
    keep(world, where, anna, {"team_name": "乙"})
    assert (kept(world, where, alice), kept(world, where, anna)) == ({"team_name": "甲"}, {"team_name": "乙"})
    with pytest.raises(Denied):
        keep(world, where, CLOCK, {})


def test_only_who_fills_a_form_keeps_a_draft_of_it_whether_or_not_its_row_is_open(world: World) -> None:
    case = world.enter()
    world.move(case, "register", "alice")
    world.go("2024-06-02")  # the row has closed, and the clock has moved the case on
    row = world.session.get_one(Submission, case)
    drafts.refuse(row, "declaration", actor=world.actor("alice"))
    for who in ("bob", "rita", "olga"):
        with pytest.raises(Denied):
            drafts.refuse(row, "declaration", actor=world.actor(who))


def test_another_page_does_not_overwrite_a_draft_that_it_did_not_show(world: World) -> None:
    where, alice = place(world, world.enter()), world.actor("alice")
    keep(world, where, alice, {"team_name": "甲"}, key="page-1")
    with pytest.raises(Conflict) as error:
        keep(world, where, alice, {"team_name": "乙"}, key="page-2")
    assert error.value.key == "draft_elsewhere"
    assert kept(world, where, alice) == {"team_name": "甲"}
    keep(world, where, alice, {"team_name": "丙"}, key="page-3", takes="page-1")  # drawn with the first one's text
    assert kept(world, where, alice) == {"team_name": "丙"}


def test_a_draft_ends_when_the_form_is_saved_and_does_not_come_back(world: World) -> None:
    case = world.enter()
    where, alice = place(world, case), world.actor("alice")
    keep(world, where, alice, {"leader_name": "甲"})
    with unit(world.session):
        row = world.session.get_one(Submission, case)
        raw = {**REGISTRATION, "leader_name": "乙"}
        answers.save(
            world.session, row, filled=Filled("registration", raw, 1, key="page-1"), actor=alice, now=world.now
        )
    assert kept(world, where, alice) is None
    assert keep(world, where, alice, {"leader_name": "甲"}) is False  # sent before the save, come after it
    assert kept(world, where, alice) is None


def test_saving_on_one_page_leaves_the_draft_of_another(world: World) -> None:
    case = world.enter()
    where, alice = place(world, case), world.actor("alice")
    keep(world, where, alice, {"leader_name": "甲"}, key="page-1")
    with unit(world.session):
        row = world.session.get_one(Submission, case)
        filled = Filled("registration", {**REGISTRATION, "leader_name": "乙"}, 1, key="page-2")
        answers.save(world.session, row, filled=filled, actor=alice, now=world.now)
    assert kept(world, where, alice) == {"leader_name": "甲"}


def test_before_there_is_a_submission_a_draft_belongs_to_year_and_unit(world: World) -> None:
    alice, unit_id = world.actor("alice"), world.units["浦江电机厂"].id
    where = Place("registration", world.cycle.id, unit_id)
    for text in ("甲", "乙"):
        keep(world, where, alice, {"team_name": text}, key="page-1")
    assert kept(world, where, alice) == {"team_name": "乙"}
    other = Place("registration", world.another_cycle("2025"), unit_id)
    assert kept(world, other, alice) is None
    assert kept(world, place(world, world.enter()), alice) is None
    assert world.session.scalar(select(func.count()).select_from(AnswerDraft)) == 0  # entering a team ended it


def test_colleagues_are_seen_at_work_for_five_minutes_and_strangers_never(world: World) -> None:
    where, alice, anna = place(world, world.enter()), world.actor("alice"), colleague(world)
    keep(world, where, alice, {"team_name": "甲"})
    keep(world, where, world.actor("olga"), {"team_name": "乙"})
    asked = {"actor": anna, "now": world.now}
    assert [name for name, _ in drafts.at_work(world.session, where, **asked)] == ["alice"]
    assert drafts.at_work(world.session, where, actor=alice, now=world.now) == []
    world.later(minutes=5, seconds=1)
    assert drafts.at_work(world.session, where, actor=anna, now=world.now) == []
