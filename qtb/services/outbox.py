"""What has left the door and must reach people: letters claimed one by one, sent, and marked.

A letter is claimed in a short unit, sent outside any transaction, and marked in a second short unit. A mail server
that answers slowly would otherwise hold SQLite's only write lock, or a row and a connection of PostgreSQL, against
everybody who hands something in. The claim is a lease: it puts the letter's next try LEASE away, so another sender
does not see it, and after a crash it comes up again by itself. What is left is the one double that cannot be had
without the mail server's help: a crash after the server took the letter and before the mark. The second copy then
bears the same Message-ID.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from qtb import clock
from qtb.domain import decide, roles
from qtb.domain.definition import Definition
from qtb.domain.errors import Conflict, Missing
from qtb.effects import mail
from qtb.effects.mail import Letter, Line, Server, Unreachable
from qtb.store import cycles, facts, outbox
from qtb.store.accounts import Account, Membership, Unit
from qtb.store.audit import History
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit

BACK_OFF = tuple(timedelta(minutes=n) for n in (1, 5, 30, 120, 720))
LEASE = timedelta(minutes=15)  # longer than any talk with a server that keeps within its time limits
RUN_SECONDS = 20.0  # the sweep comes round each minute; a long queue is worked off over several runs
MAX_RECIPIENTS = 1_000  # characters that the column holds


@dataclass(frozen=True, slots=True)
class Post:
    """The installation's post office: the mail server (None: letters are kept), the sender, the site's address."""

    server: Server | None
    sender: str
    base_url: str

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Post:
        """Read the settings. Raises Invalid("smtp_url")."""
        url = settings["SMTP_URL"]
        return cls(Server.from_url(url) if url else None, settings["MAIL_FROM"], settings["BASE_URL"].rstrip("/"))


@dataclass(slots=True)
class Delivered:
    """What one run did, in letters."""

    n_sent: int = 0
    n_kept: int = 0
    n_failed: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """A letter that this sender alone may send now; `n_tries` tells whether it still is when the answer is in."""

    id: int
    n_tries: int
    letter: Letter


def deliver(session: Session, *, post: Post, now: datetime, seconds: float = RUN_SECONDS) -> Delivered:
    """Send what is due, oldest first, until nothing is or the time is up. Any number of senders is safe."""
    done, stop_at = Delivered(), time.monotonic() + seconds
    if post.server is None:
        while time.monotonic() < stop_at and _keep(session, post, now):
            done.n_kept += 1
        return done
    with Line(post.server) as line:
        while time.monotonic() < stop_at and (claim := _claim(session, post, now, done)):
            try:
                refused = line.send(claim.letter, clock.real()) if claim.letter.recipients else {}
            except Unreachable as error:
                # One try of one letter in each run while the server is away: the others keep theirs.
                _mark(session, claim, dict.fromkeys(claim.letter.recipients, str(error)), now=now, done=done)
                break
            _mark(session, claim, refused, now=now, done=done)
    return done


def again(session: Session, outbox_id: int, *, now: datetime) -> Outbox:
    """Put a kept or dead letter back into the queue; the caller is in a unit."""
    row = session.get(Outbox, outbox_id, with_for_update=True)
    if row is None:
        raise Missing("letter")
    if row.status not in ("kept", "dead"):
        raise Conflict("letter_under_way")
    row.status, row.n_tries, row.next_at, row.error = "waiting", 0, now, ""
    return row


def counts(session: Session) -> dict[str, int]:
    """Return how many letters there are by status."""
    rows = session.execute(select(Outbox.status, func.count()).group_by(Outbox.status))
    return {status: n for status, n in rows}  # noqa: C416 (typed)


def letter_of(session: Session, row: Outbox, *, post: Post) -> Letter:
    """Return a letter as it would leave now, to those who have not had it. Raises jinja2.TemplateError."""
    people = addressees(session, row.submission, row.to_role)
    had = set(row.recipients.split(", "))
    values = {lang: _values(session, row, people, lang, post) for lang in mail.LANGUAGES}
    subject, body = mail.render(row.letter, values)
    return Letter(row.key, post.sender, [one.email for one in people if one.email not in had], subject, body)


def addressees(session: Session, submission: Submission, role: str) -> Sequence[Account]:
    """Return the active people whom a role relates to a submission, each once.

    Nobody for a role that makes no moves: evaluators in one address line would learn of each other.
    """
    if role not in roles.MOVERS:
        return []
    query = (
        select(Account)
        .join(Membership, Membership.account_id == Account.id)
        .join(Unit, Unit.id == Membership.unit_id)
        .where(Account.is_active, Unit.is_active, Membership.role == role, Membership.ended_at.is_(None))
    )
    relation = roles.ROLES[role]
    if relation is not None:
        query = query.where(Unit.id == getattr(submission, relation))
    return session.scalars(query.order_by(Account.id)).unique().all()


def _claim(session: Session, post: Post, now: datetime, done: Delivered) -> Claim | None:
    """Claim the next letter; those that cannot be sent at all are marked on the way."""
    while True:
        with unit(session):
            row = next(iter(outbox.due(session, now, 1)), None)
            if row is None:
                return None
            row.n_tries += 1
            try:
                letter = letter_of(session, row, post=post)
            except DBAPIError:
                raise
            except Exception as error:  # one letter that cannot be written must not hold up those behind it
                done.n_failed += _failed(row, f"{type(error).__name__}: {error}", now)
                continue
            if letter.recipients or row.recipients:
                row.next_at = now + LEASE
                return Claim(row.id, row.n_tries, letter)
            row.status, row.error = "kept", "nobody"
            done.n_kept += 1


def _keep(session: Session, post: Post, now: datetime) -> bool:
    """Keep the next letter for the organiser to see, because there is no mail server; tell whether there was one."""
    with unit(session):
        row = next(iter(outbox.due(session, now, 1)), None)
        if row is None:
            return False
        people = addressees(session, row.submission, row.to_role)
        row.status, row.error = "kept", "" if people else "nobody"
        return True


def _mark(session: Session, claim: Claim, refused: Mapping[str, str], *, now: datetime, done: Delivered) -> None:
    reached = [address for address in claim.letter.recipients if address not in refused]
    with unit(session):
        row = session.get(Outbox, claim.id, with_for_update=True)
        if row is None or row.status != "waiting" or row.n_tries != claim.n_tries:
            return  # the lease ran out and another sender has it
        row.recipients = _listed([*filter(None, row.recipients.split(", ")), *reached])
        if refused:
            done.n_failed += _failed(row, "; ".join(f"{one}: {why}" for one, why in refused.items()), now)
        else:
            row.status, row.sent_at, row.error = "sent", now, ""
            done.n_sent += 1


def _failed(row: Outbox, error: str, now: datetime) -> int:
    row.error = error[:300]
    if row.n_tries > len(BACK_OFF):
        row.status = "dead"
    else:
        row.next_at = now + BACK_OFF[row.n_tries - 1]
    return 1


def _values(session: Session, row: Outbox, people: Sequence[Account], lang: str, post: Post) -> dict[str, str]:
    submission = row.submission
    definition = submission.cycle.definition
    entry = session.scalars(select(History).filter_by(batch_id=row.batch_id, subject_id=submission.id)).one()
    state, programme = definition.workflow.states[entry.to_state], definition.workflow.programme
    level = definition.rubric.levels.get(submission.award_level) if state.listed else None
    return {
        "person": ("、" if lang == "zh" else ", ").join(one.name for one in people),
        "team": submission.team_name or submission.unit.name, "title": submission.title, "number": submission.number,
        "unit": submission.unit.name, "recommender": submission.recommender.name if submission.recommender else "",
        "programme": programme.title.get(lang), "organiser": programme.organiser.get(lang),
        "cycle": submission.cycle.title, "move_note": str(entry.about().get("note", "")),
        "state": state.wording(lang, staff=False), "level": level.label.get(lang) if level else "",
        "until": _until(session, submission, entry.to_state, definition, lang),
        "link": f"{post.base_url}/submissions/{submission.id}" if post.base_url else "",
    }  # fmt: skip


def _until(session: Session, submission: Submission, to_state: str, definition: Definition, lang: str) -> str:
    """Return when the clock will end the state that the letter is about; nothing once it is over."""
    if submission.state != to_state:
        return ""
    times, case = cycles.timeline_of(session, submission.cycle_id), facts.as_case(submission)
    found = decide.ahead(definition, case, timeline=times, sealed=True)
    return clock.shown(found.at, lang, is_end=found.edge.edge == "closes") if found else ""


def _listed(addresses: Sequence[str]) -> str:
    """Join addresses, dropping whole ones at the end where the column ends."""
    text = ", ".join(addresses)
    return text if len(text) <= MAX_RECIPIENTS else text[:MAX_RECIPIENTS].rpartition(", ")[0]
