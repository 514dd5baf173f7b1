"""How letters are written and handed to the mail server: declared placeholders only, no odd headers, no secrets."""

from __future__ import annotations

import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import ClassVar

import pytest
from sqlalchemy import select

from qtb import config
from qtb.domain.errors import Invalid
from qtb.effects import mail
from qtb.effects.mail import PLACEHOLDERS, Letter, Server
from qtb.services import definitions, outbox
from qtb.services.outbox import Delivered, Post
from qtb.store.outbox import Outbox
from tests.world import World


def test_a_header_holds_no_line_end() -> None:
    letter = Letter("k:0:1", "qtb@example.org", ["a@example.org"], "one\r\nBcc: evil@example.org", "text")
    message = mail.message(letter, datetime(2024, 3, 1, tzinfo=UTC))
    assert message["Bcc"] is None
    assert message["Subject"] == "one  Bcc: evil@example.org"


@pytest.mark.parametrize("name", sorted(definitions.letters()))
def test_every_letter_uses_declared_placeholders_and_can_be_written(name: str) -> None:
    assert mail.findings(name) == []
    for filled in (True, False):
        values = dict.fromkeys(PLACEHOLDERS, "某" if filled else "")
        subject, body = mail.render(name, {"zh": values, "en": values})
        assert "\n" not in subject
        assert "\n\n\n" not in body
        assert "{" not in body


def test_every_letter_of_every_programme_exists() -> None:
    for key in definitions.programmes():
        rules = definitions.load(key).workflow.transitions.values()
        assert {effect.letter for rule in rules for effect in rule.then} <= definitions.letters()


def test_a_template_with_an_unknown_name_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    (folder / "odd.zh.txt").write_text("Subject: x\n\n{{ secret }}\n", "utf-8")
    (folder / "odd.en.txt").write_text("No subject\n", "utf-8")
    monkeypatch.setattr(config, "folder", lambda name: tmp_path)
    assert len(mail.findings("odd")) == 2


WRONG = ["", "mail.example.org", "http://mail.example.org", "smtp://:25", "smtp://x:port", "smtp://["]


@pytest.mark.parametrize("url", WRONG)
def test_a_wrong_address_of_the_mail_server_is_not_repeated(url: str) -> None:
    with pytest.raises(Invalid) as raised:
        Server.from_url(url)
    assert raised.value.args_ == {}


def test_the_address_of_the_mail_server() -> None:
    server = Server.from_url("smtp://user:p%40ss@mail.example.org:587?starttls=1")
    assert (server.host, server.port, server.user, server.password, server.tls) == (
        "mail.example.org", 587, "user", "p@ss", "starttls",
    )  # fmt: skip
    assert "p@ss" not in repr(server)
    assert Server.from_url("smtps://mail.example.org") == Server("mail.example.org", 465, tls="always")


class Fake:
    """Stands in for smtplib's classes and remembers what was asked of them."""

    asked: ClassVar[list[str]] = []
    is_refused = False

    def __init__(self, host: str, port: int, **given: object) -> None:
        self.asked.append(f"{'tls' if 'context' in given else 'plain'} {host}:{port} {given['timeout']}s")

    def starttls(self, *, context: ssl.SSLContext) -> None:
        self.asked.append(f"starttls {context.verify_mode.name} {context.check_hostname}")

    def login(self, user: str, password: str) -> None:
        self.asked.append(f"login {user} {password}")
        if self.is_refused:
            raise smtplib.SMTPAuthenticationError(535, b"no such password: hidden")

    def send_message(self, message: EmailMessage, to_addrs: list[str]) -> dict[str, tuple[int, bytes]]:
        return {}

    def close(self) -> None:
        self.asked.append("close")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[Fake]:
    """Put the stand-in in the place of smtplib's classes."""
    monkeypatch.setattr(Fake, "asked", [])
    monkeypatch.setattr(smtplib, "SMTP", Fake)
    monkeypatch.setattr(smtplib, "SMTP_SSL", Fake)
    return Fake


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("smtp://m.example.org", ["plain m.example.org:25 10s"]),
        ("smtp://u:hidden@m.example.org", ["plain m.example.org:25 10s", "login u hidden"]),
        (
            "smtp://u:hidden@m.example.org:587?starttls=1",
            ["plain m.example.org:587 10s", "starttls CERT_REQUIRED True", "login u hidden"],
        ),
        ("smtps://u:hidden@m.example.org", ["tls m.example.org:465 10s", "login u hidden"]),
    ],
)
def test_the_line_is_secured_before_the_password_is_said(fake: type[Fake], url: str, asked: list[str]) -> None:
    letter = Letter("k", "qtb@example.org", ["a@example.org"], "s", "b")
    with mail.Line(Server.from_url(url)) as line:
        assert line.send(letter, datetime(2024, 3, 1, tzinfo=UTC)) == {}
        assert line.send(letter, datetime(2024, 3, 1, tzinfo=UTC)) == {}
    assert fake.asked == [*asked, "close"]


def test_a_refused_password_is_written_nowhere(
    world: World, fake: type[Fake], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(fake, "is_refused", True)
    world.move(world.enter(), "register", "alice")
    post = Post(Server.from_url("smtp://u:hidden@m.example.org"), "qtb@example.org", "")
    assert outbox.deliver(world.session, post=post, now=world.now) == Delivered(n_failed=1)
    assert world.session.scalars(select(Outbox.error)).one() == "alice@example.org: SMTPAuthenticationError"
    assert "hidden" not in caplog.text + repr(post)
