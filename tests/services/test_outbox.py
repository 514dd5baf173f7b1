"""Letters: one for each move and role, sent once, tried again, given up visibly, kept where there is no mail server."""

from __future__ import annotations

import email
import email.policy
import socket
import threading
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy import event, select, text

from qtb.domain.errors import Conflict, Missing
from qtb.effects import mail
from qtb.effects.mail import Server
from qtb.extensions import db
from qtb.services import letters, outbox
from qtb.services.outbox import BACK_OFF, LEASE, Delivered, Post
from qtb.store import outbox as store
from qtb.store.accounts import Account
from qtb.store.outbox import Outbox
from qtb.store.unit import unit
from tests.world import World


class Box:
    """A mail server's memory, and what it answers."""

    def __init__(self) -> None:
        self.received: list[tuple[list[str], EmailMessage]] = []
        self.refused: set[str] = set()
        self.answer = "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:
        if self.answer.startswith("250"):
            message = email.message_from_bytes(envelope.content, policy=email.policy.default)
            self.received.append((list(envelope.rcpt_tos), message))
        return self.answer


@pytest.fixture
def box() -> Iterator[Box]:
    """A mail server on a free port."""
    box = Box()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    box.post = Post(Server("127.0.0.1", port), "QTB <qtb@example.org>", "https://qtb.example.org")
    yield box
    controller.stop()


@pytest.fixture
def team(world: World) -> int:
    """A registered team: one letter to its applicant waits."""
    team = world.enter(team="总装一班")
    world.move(team, "register", "alice")
    return team


def deliver(world: World, post: Post) -> Delivered:
    return outbox.deliver(world.session, post=post, now=world.now)


def rows(world: World) -> list[Outbox]:
    world.session.rollback()
    return list(world.session.scalars(select(Outbox).order_by(Outbox.id)))


def test_a_letter_in_both_languages_with_a_chinese_subject(world: World, team: int, box: Box) -> None:
    assert deliver(world, box.post) == Delivered(n_sent=1)
    ((to, message),) = box.received
    assert to == ["alice@example.org"]
    assert message["Subject"] == "20240001 总装一班：报名已提交 / 20240001 总装一班: registered"
    assert message["Message-ID"] == f"<{rows(world)[0].key.replace(':', '.')}@example.org>"
    text = message.get_content()
    zh, en = text.split(mail.RULE.replace("\n", ""))
    assert "2024年5月31日 24:00（上海时间）" in zh
    assert "31 May 2024, 24:00 (Shanghai)" in en
    assert text.count(f"https://qtb.example.org/submissions/{team}") == 2
    (row,) = rows(world)
    assert (row.status, row.recipients, row.n_tries, row.sent_at) == ("sent", "alice@example.org", 1, world.now)


def test_one_mail_to_all_active_people_of_the_unit(world: World, team: int, box: Box) -> None:
    with unit(world.session):
        world._add_person("bob2", "浦江电机厂", "applicant", world.actor("olga"))
        world._add_person("gone", "浦江电机厂", "applicant", world.actor("olga"))
        world.session.get(Account, world.people["gone"].id).is_active = False
    world.declare(team)
    world.move(team, "submit", "alice")
    deliver(world, box.post)
    assert [to for to, _ in box.received] == [["alice@example.org", "bob2@example.org"]] * 2 + [["rita@example.org"]]


def test_nothing_is_sent_twice(world: World, team: int, box: Box) -> None:
    deliver(world, box.post)
    world.later(days=30)
    assert deliver(world, box.post) == Delivered()
    assert len(box.received) == 1


def test_a_run_ends_when_its_time_is_up_and_the_rest_waits(world: World, team: int, box: Box) -> None:
    assert outbox.deliver(world.session, post=box.post, now=world.now, seconds=0) == Delivered()
    assert [row.n_tries for row in rows(world)] == [0]
    assert outbox.counts(world.session) == {"waiting": 1}


def test_two_deliverers_at_once_send_once(app: Flask, world: World, box: Box) -> None:
    for n in range(8):
        world.move(world.enter(team=f"班组{n}"), "register", "alice")
    now = world.now
    world.session.rollback()

    def work() -> None:
        with app.app_context():
            outbox.deliver(db.session(), post=box.post, now=now)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(box.received) == 8
    assert {row.status for row in rows(world)} == {"sent"}


def test_a_server_that_is_away_is_tried_again_later_and_then_given_up(world: World, team: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = Post(Server("127.0.0.1", taken.getsockname()[1]), "qtb@example.org", "")
    for wait in BACK_OFF:
        assert deliver(world, nobody).n_failed == 1
        (row,) = rows(world)
        assert (row.status, row.next_at) == ("waiting", world.now + wait)
        assert deliver(world, nobody) == Delivered()
        world.now += wait
    assert deliver(world, nobody).n_failed == 1
    (row,) = rows(world)
    assert (row.status, row.n_tries) == ("dead", 6)
    assert "ConnectionRefusedError" in row.error


def test_while_the_server_is_away_one_letter_is_charged_a_try(world: World, team: int) -> None:
    world.move(world.enter(team="二班"), "register", "alice")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = Post(Server("127.0.0.1", taken.getsockname()[1]), "qtb@example.org", "")
    deliver(world, nobody)
    assert [row.n_tries for row in rows(world)] == [1, 0]


def test_a_server_that_says_no_is_remembered_with_its_words(world: World, team: int, box: Box) -> None:
    box.answer = "451 try later"
    assert deliver(world, box.post) == Delivered(n_failed=1)
    assert "451 try later" in rows(world)[0].error
    box.answer = "250 OK"
    world.later(minutes=1)
    assert deliver(world, box.post) == Delivered(n_sent=1)
    assert rows(world)[0].error == ""


def test_only_those_who_have_not_had_it_get_it_again(world: World, team: int, box: Box) -> None:
    with unit(world.session):
        world._add_person("bob2", "浦江电机厂", "applicant", world.actor("olga"))
    box.refused = {"bob2@example.org"}
    deliver(world, box.post)
    assert rows(world)[0].recipients == "alice@example.org"
    assert "bob2@example.org: 550" in rows(world)[0].error
    box.refused = set()
    world.later(minutes=1)
    deliver(world, box.post)
    assert [to for to, _ in box.received] == [["alice@example.org"], ["bob2@example.org"]]
    assert rows(world)[0].recipients == "alice@example.org, bob2@example.org"


def test_without_a_mail_server_letters_are_kept_and_can_be_sent_later(world: World, team: int, box: Box) -> None:
    assert deliver(world, Post(None, "qtb@example.org", "")) == Delivered(n_kept=1)
    (row,) = rows(world)
    assert row.status == "kept"
    letter = letters.letter_of(world.session, row, post=box.post, now=world.now)
    assert letter.recipients == ["alice@example.org"]
    with unit(world.session):
        outbox.again(world.session, row.id, now=world.now)
    assert deliver(world, box.post) == Delivered(n_sent=1)
    with pytest.raises(Conflict), unit(world.session):
        outbox.again(world.session, row.id, now=world.now)
    with pytest.raises(Missing), unit(world.session):
        outbox.again(world.session, 0, now=world.now)


def test_a_letter_that_has_not_left_can_be_dropped_for_good(world: World, team: int, box: Box) -> None:
    (row,) = rows(world)
    with unit(world.session):
        outbox.drop(world.session, row.id, now=world.now)
    assert deliver(world, box.post) == Delivered()
    for act in (outbox.drop, outbox.again):
        with pytest.raises(Conflict), unit(world.session):
            act(world.session, row.id, now=world.now)
        with pytest.raises(Missing), unit(world.session):
            act(world.session, 0, now=world.now)
    assert [row.status for row in rows(world)] == ["dropped"]


def test_a_letter_that_is_being_sent_is_not_dropped(
    world: World, team: int, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    (row,) = rows(world)
    row_id, send = row.id, mail.Line.send

    def while_sending(line: mail.Line, *args: object) -> dict[str, str]:
        with pytest.raises(Conflict), unit(world.session):
            outbox.drop(world.session, row_id, now=world.now)
        return send(line, *args)

    monkeypatch.setattr(mail.Line, "send", while_sending)
    assert deliver(world, box.post) == Delivered(n_sent=1)


def test_a_letter_that_waits_for_its_next_try_can_be_dropped(world: World, team: int, box: Box) -> None:
    box.answer = "451 try later"
    deliver(world, box.post)
    (row,) = rows(world)
    with unit(world.session):
        outbox.drop(world.session, row.id, now=world.now)
    box.answer = "250 OK"
    world.later(days=1)
    assert deliver(world, box.post) == Delivered()


def test_a_letter_to_nobody_is_kept_and_does_not_hold_up_the_rest(world: World, team: int, box: Box) -> None:
    with unit(world.session):
        world.session.get(Account, world.people["alice"].id).is_active = False
    other = world.enter(who="bob", team="物业一班")
    world.move(other, "register", "bob")
    assert deliver(world, box.post) == Delivered(n_sent=1, n_kept=1)
    assert [(row.status, row.error) for row in rows(world)] == [("kept", "nobody"), ("sent", "")]


def test_a_letter_that_cannot_be_written_does_not_hold_up_the_rest(
    world: World, team: int, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.declare(team)
    world.move(team, "submit", "alice")
    render = mail.render
    monkeypatch.setattr(mail, "render", lambda name, values: render(name * (1 + (name == "registered")), values))
    done = deliver(world, box.post)
    assert (done.n_sent, done.n_failed) == (2, 1)
    assert "registeredregistered" in rows(world)[0].error


def test_after_a_crash_between_sending_and_marking_it_comes_up_again(
    world: World, team: int, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_args: object, **_kw: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "_mark", crash)
        with pytest.raises(KeyboardInterrupt):
            deliver(world, box.post)
    assert deliver(world, box.post) == Delivered()  # the lease still runs
    world.now += LEASE
    assert deliver(world, box.post) == Delivered(n_sent=1)
    first, second = (message["Message-ID"] for _, message in box.received)
    assert first == second


def test_nothing_is_held_while_the_server_answers(
    app: Flask, world: World, team: int, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = mail.Line.send

    def while_sending(line: mail.Line, *args: object) -> dict[str, str]:
        assert not world.session.in_transaction()
        with app.app_context(), unit(db.session()):  # somebody else writes meanwhile
            db.session().get(Account, world.people["bob"].id).name = "乙"
        return sent(line, *args)

    monkeypatch.setattr(mail.Line, "send", while_sending)
    assert deliver(world, box.post).n_sent == 1


def test_a_note_cannot_add_a_header_or_a_recipient(world: World, team: int, box: Box) -> None:
    world.declare(team)
    world.move(team, "submit", "alice")
    world.go("2024-04-02 10:00")
    deliver(world, box.post)
    world.move(team, "return", "rita", note="请改\nBcc: evil@example.org\n\n{{ 7 * 7 }} {{ person.__class__ }}")
    deliver(world, box.post)
    to, message = box.received[-1]
    assert to == ["alice@example.org"]
    assert message["Bcc"] is None
    assert "    Bcc: evil@example.org" in message.get_content()
    assert "{{ 7 * 7 }}" in message.get_content()


def test_the_level_stands_only_in_a_letter_about_a_listed_state(world: World, box: Box) -> None:
    team = world.submitted()
    world.go("2024-04-02 10:00")
    world.move(team, "recommend", "rita")
    world.go("2024-07-02 10:00")
    world.judged(team)
    world.sweep()
    world.propose(team, "EXCELLENT")
    deliver(world, box.post)
    assert not any("优秀级" in message.get_content() for _, message in box.received)
    world.go("2024-08-20 10:00")
    deliver(world, box.post)
    assert "优秀级" in box.received[-1][1].get_content()


def test_the_longest_due_leaves_first(world: World, team: int, box: Box) -> None:
    world.later(minutes=1)
    world.move(world.enter(team="总装二班"), "register", "alice")
    first, second = (row.id for row in rows(world))
    with unit(world.session):
        world.session.get_one(Outbox, first).next_at = world.now + BACK_OFF[0]
    world.later(hours=1)
    with unit(world.session):
        assert [row.id for row in store.due(world.session, world.now, 9)] == [second, first]


def test_a_claim_takes_the_next_of_the_index_and_sorts_nothing(world: World, team: int) -> None:
    asked: list[tuple[str, object]] = []
    engine = world.session.get_bind()
    is_sqlite = engine.dialect.name == "sqlite"

    def keep(_work: object, _cursor: object, statement: str, given: object, *_: object) -> None:
        asked.append((statement, given))

    event.listen(engine, "before_cursor_execute", keep)
    with unit(world.session) as work:
        store.due(work, world.now, 1)
        event.remove(engine, "before_cursor_execute", keep)
        statement, given = next(one for one in asked if "outbox" in one[0])
        if not is_sqlite:  # a handful of rows is read whole otherwise
            work.execute(text("SET LOCAL enable_seqscan = off"))
            work.execute(text("SET LOCAL enable_bitmapscan = off"))
        how = f"EXPLAIN {'QUERY PLAN ' if is_sqlite else ''}{statement}"
        plan = str(work.connection().exec_driver_sql(how, given).all())
    assert "ix_outbox_status_next_at_id" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan
