"""The conversation inside a case: who reads what, letters without spam, taking back, what stays in history."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from qtb.domain import evidence
from qtb.domain.errors import Conflict, Denied, Invalid, Missing
from qtb.services import conversation, letters
from qtb.services.letters import Post
from qtb.store import lists, messages
from qtb.store.messages import ALL, Message
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.journeys.test_rerouted import OTHER, go_to
from tests.world import World

POST = Post(None, "qtb@example.org", "https://qtb.example.org")


def write(world: World, case: int, who: str, body: str = "请补一张照片。", reader: str = ALL) -> int:
    """Write a message as a person; return its id."""
    with unit(world.session):
        row = world.session.get_one(Submission, case)
        return conversation.write(world.session, row, body, reader=reader, actor=world.actor(who), now=world.now).id


def seen_by(world: World, case: int, who: str) -> list[str]:
    """Return the texts that a person reads."""
    row = world.session.get_one(Submission, case)
    return [one.body for one in conversation.read(world.session, row, actor=world.actor(who))]


def told(world: World) -> list[str]:
    """Return to whom letters about messages wait."""
    rows = world.session.scalars(select(Outbox).where(Outbox.letter == "message").order_by(Outbox.id))
    return [one.account.name for one in rows if one.account]


def test_a_message_is_read_by_its_side_and_by_those_it_is_for(world: World) -> None:
    case = world.submitted()
    write(world, case, "rita", "给各方")
    write(world, case, "rita", "给主办方", "organiser")
    write(world, case, "olga", "给申报单位", "applicant")
    assert seen_by(world, case, "alice") == ["给各方", "给申报单位"]
    assert seen_by(world, case, "rita") == ["给各方", "给主办方"]
    assert seen_by(world, case, "olga") == ["给各方", "给主办方", "给申报单位"]


def test_a_later_recommender_does_not_read_what_was_for_an_earlier_one(world: World) -> None:
    case = world.submitted()
    write(world, case, "alice", "给原推荐单位", "recommender")
    go_to(world, case)
    row = world.session.get_one(Submission, case)
    assert conversation.sides(row, world.actor("rita")) == []
    assert seen_by(world, case, "ralf") == []
    assert seen_by(world, case, "alice") == ["给原推荐单位"]
    with pytest.raises(Missing):
        seen_by(world, case, "rita")
    assert row.recommender_id == world.units[OTHER].id


def test_evaluators_and_strangers_have_no_part(world: World) -> None:
    case = world.submitted()
    world.override(case, "recommended")
    world.assign(case, "eve")
    with pytest.raises(Missing):
        seen_by(world, case, "eve")
    with pytest.raises(Denied):
        write(world, case, "eve")


def test_letters_come_once_in_ten_minutes_and_person(world: World) -> None:
    case = world.submitted()
    for _ in range(3):
        write(world, case, "rita")
    assert sorted(told(world)) == ["alice", "olga"]
    world.later(minutes=11)
    write(world, case, "rita", reader="applicant")
    assert sorted(told(world)) == ["alice", "alice", "olga"]
    row = world.session.scalars(select(Outbox).where(Outbox.letter == "message")).first()
    assert row is not None
    letter = letters.letter_of(world.session, row, post=POST, now=world.now)
    assert "/conversation" in letter.body
    assert "请补一张照片" not in letter.body


def test_what_cannot_be_written(world: World) -> None:
    case = world.submitted()
    for body, reader in (("", ALL), ("\u200b", ALL), ("字" * 2_001, ALL), ("a\x00b", ALL), ("好", "applicant"),
                         ("好", "evaluator")):  # fmt: skip
        with pytest.raises(Invalid):
            write(world, case, "alice", body, reader)
    for _ in range(20):
        write(world, case, "alice")
    with pytest.raises(Conflict, match="talk_much"):
        write(world, case, "alice")


def test_taken_back_within_ten_minutes_it_leaves_a_trace(world: World) -> None:
    case = world.submitted()
    first, late = write(world, case, "alice", "写错了"), write(world, case, "alice")

    def withdraw(message_id: int, who: str) -> None:
        with unit(world.session):
            row = world.session.get_one(Submission, case)
            conversation.withdraw(world.session, row, message_id, actor=world.actor(who), now=world.now)

    with pytest.raises(Missing):
        withdraw(first, "rita")
    withdraw(first, "alice")
    with pytest.raises(Conflict, match="talk_gone"):
        withdraw(first, "alice")
    world.later(minutes=10)
    with pytest.raises(Conflict, match="talk_late"):
        withdraw(late, "alice")
    assert seen_by(world, case, "rita") == ["", "请补一张照片。"]
    assert world.session.get_one(Message, first).withdrawn_at is not None
    kinds = [(one.kind, one.about().get("sha256")) for one in world.history("account", world.people["alice"].id)]
    assert ("message", evidence.digest("写错了")) in kinds
    assert ("message_back", evidence.digest("写错了")) in kinds
    world.sound()


def test_an_open_page_is_not_made_stale_by_talk(world: World) -> None:
    case = world.submitted()
    version = world.session.get_one(Submission, case).version
    write(world, case, "rita")
    assert world.session.get_one(Submission, case).version == version


def test_what_was_read_in_one_case_says_nothing_about_another(world: World) -> None:
    mine, other = world.submitted(), world.submitted("二班")
    write(world, mine, "rita", "先写的")
    write(world, other, "rita", "后写的")
    seen = conversation_read(world, other, "alice")
    assert seen == {mine}


def conversation_read(world: World, case: int, who: str) -> set[int]:
    """Let a person read a case to its end; return the cases in which something is still unread."""
    actor = world.actor(who)
    with unit(world.session):
        row = world.session.get_one(Submission, case)
        last = conversation.read(world.session, row, actor=actor)[-1].id
        messages.mark_read(world.session, case, actor.user_id or 0, last)
    return set(world.session.scalars(select(Submission.id).where(lists.visible(actor), messages.unread(actor))))
