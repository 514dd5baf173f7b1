"""The effect `mail`: a letter's template becomes one message in both languages, and leaves over SMTP.

Templates are data, not code: a sandbox renders them, and a name that is not in PLACEHOLDERS is an error. A letter is
text only, and no value reaches a header but through `_one_line`, so nothing that a person typed can add a header.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from jinja2 import StrictUndefined, Template, TemplateError, meta
from jinja2.sandbox import SandboxedEnvironment

from qtb import config
from qtb.domain.errors import Invalid

LANGUAGES = ("zh", "en")  # the order in which they stand in one message
PLACEHOLDERS = frozenset(
    {
        "person", "team", "title", "number", "unit", "recommender", "programme", "cycle", "organiser",
        "move_note", "state", "level", "until", "link", "row", "works", "n_works", "working_days",
        "opens", "closes", "held", "due", "panel", "slot", "place", "minutes", "questions", "slides_due",
        "code", "outcome", "reply",
    }
)  # fmt: skip
TIMEOUT = 10  # seconds for each answer of the mail server
PORTS = {"smtp": 25, "smtps": 465}
RULE = "\n\n" + "-" * 40 + "\n\n"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as it leaves: key (stable for ever), sender, recipients, subject, body."""

    key: str
    sender: str
    recipients: Sequence[str]
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Server:
    """Where SMTP_URL points: smtp://user:secret@host:port?starttls=1, or smtps://…"""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: str = ""  # "", "starttls" or "always"

    @classmethod
    def from_url(cls, url: str) -> Server:
        """Read an SMTP_URL. Raises Invalid("smtp_url"), which does not repeat it: it may hold a password."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port or PORTS[parts.scheme]
        except (ValueError, KeyError):
            raise Invalid("smtp_url") from None
        if not host:
            raise Invalid("smtp_url")
        return cls(host, port, unquote(parts.username or ""), unquote(parts.password or ""), _tls(parts))


class Unreachable(Exception):
    """The server cannot be talked to at all, so the next letter need not try."""


class Line:
    """A connection to the server, opened by the first letter and kept for the rest of the run."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Line:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._smtp is not None:
            self._smtp.close()  # without QUIT: a server that hangs now must not hold the scheduler up

    def send(self, letter: Letter, sent_at: datetime) -> dict[str, str]:
        """Send a letter and return what the server answered for each address that it refused.

        Raises Unreachable when the line is down; what is raised or returned holds no password.
        """
        try:
            self._smtp = self._smtp or self._open()
            refused = self._smtp.send_message(message(letter, sent_at), to_addrs=list(letter.recipients))
        except smtplib.SMTPRecipientsRefused as error:
            refused = error.recipients
        except (smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError, smtplib.SMTPAuthenticationError) as error:
            raise Unreachable(_told(error)) from None
        except (smtplib.SMTPException, ValueError) as error:
            return dict.fromkeys(letter.recipients, _told(error))
        except OSError as error:
            raise Unreachable(f"{type(error).__name__}: {error.strerror or error}"[:200]) from None
        return {address: _answer(code, text) for address, (code, text) in refused.items()}

    def _open(self) -> smtplib.SMTP:
        server, context = self._server, ssl.create_default_context()
        if server.tls == "always":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
        try:
            if server.tls == "starttls":
                smtp.starttls(context=context)
            if server.user:
                smtp.login(server.user, server.password)
        except BaseException:
            smtp.close()
            raise
        return smtp


def message(letter: Letter, sent_at: datetime) -> EmailMessage:
    """Return the message: text only, the identifier made from the key, so that a second copy can be recognised."""
    found = EmailMessage(policy=SMTP)
    found["From"] = letter.sender
    found["To"] = ", ".join(letter.recipients)
    found["Subject"] = _one_line(letter.subject)
    found["Date"] = format_datetime(sent_at)
    found["Message-ID"] = f"<{letter.key.replace(':', '.')}@{_domain(letter.sender)}>"
    found["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers to us
    found.set_content(letter.body, cte="base64")
    return found


def render(name: str, values: Mapping[str, Mapping[str, str]]) -> tuple[str, str]:
    """Return (subject, body) of a letter in both languages; `values` holds the placeholders by language.

    Raises jinja2.TemplateError.
    """
    written = [_rendered(name, lang, values[lang]) for lang in LANGUAGES]
    return " / ".join(subject for subject, _ in written), RULE.join(body for _, body in written) + "\n"


def findings(name: str) -> list[str]:
    """Return what is wrong with a letter's templates, as `file: what` lines; empty when they can be sent."""
    found = []
    for lang in LANGUAGES:
        path = _path(name, lang)
        try:
            _templates(path.read_text("utf-8"))
            asked = meta.find_undeclared_variables(_sandbox().parse(path.read_text("utf-8")))
        except (OSError, UnicodeDecodeError, TemplateError) as error:
            found.append(f"{path.name}: {error}")
            continue
        found += [f"{path.name}: no placeholder {one}" for one in sorted(asked - PLACEHOLDERS)]
    return found


def _rendered(name: str, lang: str, values: Mapping[str, str]) -> tuple[str, str]:
    subject, body = _templates(_path(name, lang).read_text("utf-8"))
    return _one_line(subject.render(values)), re.sub(r"\n{3,}", "\n\n", body.render(values)).strip()


@lru_cache(maxsize=64)
def _templates(text: str) -> tuple[Template, Template]:
    # Cut before rendering: a value with a line end cannot move the border between subject and body.
    first, _, rest = text.partition("\n")
    if not first.startswith("Subject: ") or not rest.startswith("\n"):
        raise TemplateError("the first line is «Subject: …», the second is empty")
    sandbox = _sandbox()
    return sandbox.from_string(first.removeprefix("Subject: ")), sandbox.from_string(rest)


@lru_cache(maxsize=1)
def _sandbox() -> SandboxedEnvironment:
    # Nothing is escaped because nothing here is HTML.
    return SandboxedEnvironment(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)


def _path(name: str, lang: str) -> Path:
    return config.folder("templates") / "mail" / f"{name}.{lang}.txt"


def _one_line(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()[:200]


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def _tls(parts: SplitResult) -> str:
    if parts.scheme == "smtps":
        return "always"
    return "starttls" if parse_qs(parts.query).get("starttls") == ["1"] else ""


def _told(error: Exception) -> str:
    # What a server says about a failed sign-in is left out: some repeat what they were given.
    if isinstance(error, smtplib.SMTPResponseException) and not isinstance(error, smtplib.SMTPAuthenticationError):
        return _answer(error.smtp_code, error.smtp_error)
    return type(error).__name__


def _answer(code: int, text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return _one_line(f"{code} {said}")
