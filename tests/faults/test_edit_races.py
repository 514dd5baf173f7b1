"""Two people save one form at the same moment, or one types on two pages: nobody's change is lost."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.domain.errors import Refusal
from qtb.domain.roles import Actor
from qtb.services import answers, drafts
from qtb.services.answers import Clash, Filled
from qtb.services.drafts import Typed
from qtb.store.answers import Answer, AnswerVersion
from qtb.store.drafts import AnswerDraft
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.colleagues import colleague
from tests.faults.test_races import ROUNDS, Deed, ready, sort
from tests.threads import at_once
from tests.world import DECLARATION, World


def edit(world: World, case: int, who: Actor, **given: Any) -> Deed:
    """A save of the declaration by somebody who saw its first version."""
    now = world.now

    def deed(session: Session) -> str:
        with unit(session):
            row = session.get_one(Submission, case)
            filled = Filled("declaration", {**DECLARATION, **given}, 1)
            answers.save(session, row, filled=filled, actor=who, now=now)
        return who.name

    return deed


def values(world: World, case: int) -> tuple[dict[str, Any], list[int]]:
    """What stands on the declaration, and the numbers of its versions."""
    world.session.rollback()
    mine = (AnswerVersion.submission_id == case) & (AnswerVersion.form == "declaration")
    numbers = world.session.scalars(select(AnswerVersion.number).where(mine).order_by(AnswerVersion.number))
    return world.session.get_one(Answer, (case, "declaration")).values, list(numbers)


def test_two_who_change_different_fields_at_once_are_both_kept(world: World) -> None:
    alice, anna = world.actor("alice"), colleague(world)
    for case in ready(world, ROUNDS):
        done, refused = sort(
            at_once([edit(world, case, alice, title="甲稿"), edit(world, case, anna, objectives="零返工。")])
        )
        assert (sorted(done), refused) == (["alice", "anna"], [])
        found, numbers = values(world, case)
        assert (found["title"], found["objectives"], numbers) == ("甲稿", "零返工。", [1, 2, 3])
    world.sound()


def test_of_two_who_change_the_same_field_at_once_one_saves_and_the_other_is_asked(world: World) -> None:
    alice, anna = world.actor("alice"), colleague(world)
    for case in ready(world, ROUNDS):
        done, refused = sort(at_once([edit(world, case, who, title=f"{who.name}稿") for who in (alice, anna)]))
        (clash,) = refused
        assert isinstance(clash, Clash)
        loser = {"alice": "anna", "anna": "alice"}[done[0]]
        assert clash.merged.clashes == {"title": (f"{done[0]}稿", f"{loser}稿")}
        assert clash.merged.who == done[0]
        found, numbers = values(world, case)
        assert (found["title"], numbers) == (f"{done[0]}稿", [1, 2])
    world.sound()


def test_two_pages_of_one_person_that_keep_a_first_draft_at_once_do_not_overwrite_each_other(world: World) -> None:
    alice, now = world.actor("alice"), world.now
    for case in ready(world, ROUNDS):
        where = answers.place(world.session.get_one(Submission, case), "declaration")
        world.session.rollback()

        def keep(key: str, where: Any = where) -> Deed:
            def deed(session: Session) -> str:
                with unit(session):
                    drafts.keep(session, where, typed=Typed({"title": key}, 1, key), actor=alice, now=now)
                return key

            return deed

        done, refused = sort(at_once([keep("page-1"), keep("page-2"), keep("page-1"), keep("page-2")]))
        assert len(set(done)) == 1
        assert {one.key for one in refused if isinstance(one, Refusal)} == {"draft_elsewhere"}
        world.session.rollback()
        rows = world.session.scalars(select(AnswerDraft).where(AnswerDraft.submission_id == case)).all()
        assert [row.values for row in rows] == [{"title": done[0]}]


def test_a_draft_that_arrives_while_its_page_is_saved_is_never_left_over(world: World) -> None:
    alice, now = world.actor("alice"), world.now
    for case in ready(world, ROUNDS):
        where = answers.place(world.session.get_one(Submission, case), "declaration")
        world.session.rollback()

        def keep(session: Session, where: Any = where) -> str:
            with unit(session):
                drafts.keep(session, where, typed=Typed({"title": "半"}, 1, "page-1"), actor=alice, now=now)
            return "kept"

        def save(session: Session, case: int = case) -> str:
            with unit(session):
                filled = Filled("declaration", {**DECLARATION, "title": "全"}, 1, key="page-1")
                row = session.get_one(Submission, case)
                answers.save(session, row, filled=filled, actor=alice, now=now)
            return "saved"

        sort(at_once([keep, save, keep]))
        world.session.rollback()
        assert world.session.scalar(select(AnswerDraft.id).where(AnswerDraft.submission_id == case)) is None
