"""What commands need: the app, a session, who acts, what time it is; and every refusal as sentences and exit 1."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import click
from flask import Flask
from rich.cells import cell_len
from sqlalchemy import select
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError, NoSuchModuleError, OperationalError
from sqlalchemy.orm import Session

from qtb import clock, i18n, schema
from qtb.base import bare_app
from qtb.cli.commands import lang, say
from qtb.domain.errors import DefinitionError, Denied, Invalid, Missing, Reason, Refusal
from qtb.domain.roles import Actor
from qtb.extensions import db
from qtb.store import accounts, cycles, lists
from qtb.store.accounts import Account, Unit
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission

AWAY = (OperationalError, InterfaceError, DatabaseError)  # away, damaged, or no database at all


@dataclass(frozen=True, slots=True)
class Opened:
    """The app and a session on its database."""

    app: Flask
    session: Session

    @property
    def demo(self) -> bool:
        """Tell whether this is the demo, whose clock may be set."""
        return bool(self.app.config["DEMO"])

    def now(self) -> datetime:
        """Return the programme's time."""
        return clock.now(self.session, demo=self.demo)


@contextmanager
def opened(*, at_head: bool = True) -> Iterator[Opened]:
    """Open the database for one command; a refusal inside becomes sentences and exit 1."""
    with refused():
        app = make_app()
        with app.app_context():
            try:
                if at_head:
                    require_head()
                yield Opened(app, db.session())
            finally:
                db.session.remove()
                db.engine.dispose()


def make_app() -> Flask:
    """Return the app of this call: the settings come from the environment, in tests from the caller."""
    given: Mapping[str, Any] = click.get_current_context().find_root().ensure_object(dict)
    settings = given.get("settings")
    if settings is not None and given.get("demo"):
        settings = {**settings, "DEMO": True}
    return bare_app(settings, demo=bool(given.get("demo")))


@contextmanager
def refused() -> Iterator[None]:
    """Turn every refusal, and a database that cannot be used, into sentences on stderr and exit 1."""
    try:
        yield
    except DefinitionError as error:
        stop(*error.findings)
    except Refusal as refusal:
        stop(*map(sentence, refusal.reasons))
    except DBAPIError as error:
        if type(error) not in AWAY:
            raise  # a fault of ours, which a sentence would hide
        stop(say("cli.database_away", why=str(error.orig).strip().splitlines()[0]))
    except (ArgumentError, NoSuchModuleError):
        stop(say("cli.database_url"))  # not repeated: it may hold a password
    except BrokenPipeError:
        raise  # whoever read our output has had enough; click ends quietly
    except OSError as error:
        stop(_about_file(error))


def _about_file(error: OSError) -> str:
    for kind, key in {FileNotFoundError: "missing", PermissionError: "denied"}.items():
        if isinstance(error, kind) and error.filename:
            return say(f"cli.file_{key}", name=error.filename)
    return say("cli.file", why=f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))


def sentence(reason: Reason) -> str:
    """Return a reason as a terminal says it: there is no page to load anew, and nothing kept on one."""
    own = Reason(f"cli.{reason.key}", reason.args)
    text = i18n.in_words(own, lang())
    return i18n.in_words(reason, lang()) if text == f"refusal.{own.key}" else text


def stop(*sentences: str) -> NoReturn:
    """Say why and end with exit 1."""
    for sentence in sentences:
        click.echo(sentence, err=True)
    raise click.exceptions.Exit(1)


def require_head() -> None:
    """Stop, and say what to run, when the database's tables are not those of this program."""
    current, newest = schema.revisions()
    if current != newest:
        stop(say("cli.not_at_head", current=current or say("cli.none"), newest=newest))


def actor(session: Session, email: str, now: datetime | None = None) -> Actor:
    """Return the person with this e-mail as an actor with all present roles. Raises Denied for an unknown one."""
    person = accounts.by_email(session, email)
    if person is None or not person.is_active:
        raise Denied("cli_actor", email=email[:254])
    units: dict[str, frozenset[int]] = {}
    stands_for: dict[str, dict[int, str]] = {}
    for one in accounts.memberships(session, person.id, now or clock.real()):
        units[one.role] = units.get(one.role, frozenset()) | {one.unit_id}
        if one.principal is not None:
            stands_for.setdefault(one.role, {})[one.unit_id] = one.principal.name
    return Actor(person.id, person.name, "cli", units, stands_for=stands_for)


def organiser(session: Session, email: str) -> Actor:
    """Return an actor who is the organiser. Raises Denied for anybody else."""
    found = actor(session, email)
    if not found.holds("organiser"):
        raise Denied("only_organiser")
    return found


def account(session: Session, email: str) -> Account:
    """Return the account with this e-mail. Raises Missing."""
    found = accounts.by_email(session, email)
    if found is None:
        raise Missing("account")
    return found


def cycle(session: Session, key: str) -> Cycle:
    """Return the cycle with this key. Raises Missing."""
    found = cycles.by_key(session, key)
    if found is None:
        raise Missing("cli_cycle", cycle=key[:40])
    return found


def unit_named(session: Session, name: str) -> Unit:
    """Return the unit with this name, or one that looks like it. Raises Missing."""
    found = session.scalar(select(Unit).filter_by(name_key=accounts.name_key(name)))
    if found is None:
        raise Missing("cli_unit", name=name[:100])
    return found


def submission(session: Session, number: str, *, who: Actor | None = None, cycle_key: str | None = None) -> Submission:
    """Return the submission with this number that the actor may see. Raises Missing, or Invalid when there are two."""
    query = select(Submission).where(Submission.number == number)
    if who is not None:
        query = query.where(lists.visible(who))
    if cycle_key is not None:
        query = query.where(Submission.cycle_id == cycle(session, cycle_key).id)
    found = session.scalars(query).all()
    if not found:
        raise Missing("cli_number", number=number[:40])
    if len(found) > 1:
        raise Invalid("cli_number_twice", number=number, cycles=", ".join(one.cycle.key for one in found))
    return found[0]


class Instant(click.ParamType[datetime]):
    """An instant: ISO with a zone, or a Shanghai wall-clock time. As an end, a bare day means all of that day."""

    name = "instant"

    def __init__(self, *, is_end: bool = False) -> None:
        self.is_end = is_end

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the instant in UTC; what is none of the accepted forms is a usage error that names them."""
        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        try:
            return _instant(text, is_end=self.is_end)
        except (ValueError, OverflowError):
            return self.fail(say("cli.instant", text=text[:60]), param, ctx)


INSTANT, END = Instant(), Instant(is_end=True)


def _instant(text: str, *, is_end: bool) -> datetime:
    found = re.fullmatch(r"(\d{4}-\d{2}-\d{2})(?:[ T](24:00))?", text, re.ASCII)
    if found:
        day = datetime.fromisoformat(found[1]).replace(tzinfo=clock.ZONE)
        return (day + timedelta(days=1 if is_end or found[2] else 0)).astimezone(UTC)
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=clock.ZONE)
    return instant.astimezone(UTC)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns; a Chinese character takes two cells. Nothing is cut, so that it can be searched."""
    lines = [headings, *rows]
    widths = [max(cell_len(line[n]) for line in lines) for n in range(len(headings))]
    for line in lines:
        cells = (text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def as_option(command: Any) -> Any:
    """Add `--as EMAIL`, the person in whose name the command acts."""
    return click.option("--as", "email", metavar="EMAIL", required=True)(command)
