"""What a letter said stays readable when what it was about is over; and whom nobody stands behind is greeted so."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from qtb.effects import mail
from qtb.services import definitions, letters, outbox
from qtb.services.outbox import Delivered, Post
from qtb.store.accounts import Account
from qtb.store.outbox import Outbox
from qtb.store.unit import unit
from tests.services.test_outbox import Box
from tests.services.test_outbox import box as box
from tests.world import World

KEPT = Post(None, "qtb@example.org", "https://qtb.example.org")


def reminded(world: World) -> Outbox:
    """Have a draft reminded of the end of registering; return the letter."""
    world.enter(team="一班")
    world.go("2024-05-29")
    world.remind()
    return only(world)


def only(world: World) -> Outbox:
    world.session.rollback()
    return world.session.scalars(select(Outbox).filter_by(letter="register_soon")).one()


def test_a_kept_reminder_is_read_as_it_was_when_its_step_is_over(world: World) -> None:
    row = reminded(world)
    assert letters.said_of(world.session, row) is None
    would = letters.letter_of(world.session, row, post=KEPT, now=world.now)
    assert outbox.deliver(world.session, post=KEPT, now=world.now) == Delivered(n_kept=1)
    world.go("2024-06-02")
    row = only(world)
    assert letters.is_moot(world.session, row, world.now)
    said = letters.said_of(world.session, row)
    assert said is not None
    assert (said.subject, said.body, said.recipients) == (would.subject, would.body, ["alice@example.org"])
    assert "2024年5月31日 24:00" in said.body


def test_a_sent_letter_is_read_as_it_was_sent(world: World, box: Box) -> None:
    reminded(world)
    assert outbox.deliver(world.session, post=box.post, now=world.now) == Delivered(n_sent=1)
    ((_, message),) = box.received
    said = letters.said_of(world.session, only(world))
    assert said is not None
    assert said.subject == message["Subject"]
    assert said.body.splitlines() == message.get_content().splitlines()
    assert said.recipients == []


def test_what_nobody_got_is_not_said_and_again_writes_anew(world: World, box: Box) -> None:
    reminded(world)
    box.refused = {"alice@example.org"}
    outbox.deliver(world.session, post=box.post, now=world.now)
    assert "said" not in only(world).about
    world.later(minutes=2)
    outbox.deliver(world.session, post=KEPT, now=world.now)
    before = only(world).about["said"]
    outbox_id = only(world).id
    world.session.rollback()
    with unit(world.session):
        outbox.again(world.session, outbox_id, now=world.now)
        world.cycle.title = "改名的年度"
    assert letters.said_of(world.session, only(world)) is None
    outbox.deliver(world.session, post=KEPT, now=world.now)
    assert only(world).about["said"] != before
    assert "改名的年度" in only(world).about["said"]["body"]


def test_a_letter_that_cannot_be_written_is_kept_with_the_reason(world: World, monkeypatch) -> None:
    reminded(world)
    monkeypatch.setattr(letters.mail, "render", lambda *_: 1 / 0)
    assert outbox.deliver(world.session, post=KEPT, now=world.now) == Delivered(n_kept=1)
    row = only(world)
    assert (row.status, row.error.partition(":")[0], "said" in row.about) == ("kept", "ZeroDivisionError", False)


def test_a_letter_to_nobody_greets_without_a_name(world: World) -> None:
    row = reminded(world)
    with unit(world.session):
        world.session.execute(update(Account).where(Account.name == "alice").values(is_active=False))
    outbox.deliver(world.session, post=KEPT, now=world.now)
    row = only(world)
    zh, en = row.about["said"]["body"].split(mail.RULE)
    assert (row.error, zh.splitlines()[0], en.splitlines()[0]) == ("nobody", "您好！", "Hello,")


@pytest.mark.parametrize("name", sorted(definitions.letters()))
def test_every_letter_greets_with_a_name_where_there_is_one(name: str) -> None:
    for person, greetings in (("某", ("某：", "Dear 某,")), ("", ("您好！", "Hello,"))):
        values = {**dict.fromkeys(mail.PLACEHOLDERS, "甲"), "person": person}
        _, body = mail.render(name, {"zh": values, "en": values})
        assert tuple(part.splitlines()[0] for part in body.split(mail.RULE)) == greetings
        assert "您好！" in body
