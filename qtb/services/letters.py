"""What a letter says and whom it goes to: about one submission's move, or a reminder about what waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb import clock
from qtb.domain import roles
from qtb.domain.definition import Definition
from qtb.domain.errors import Missing
from qtb.domain.reminders import ABOVE
from qtb.effects import mail
from qtb.effects.mail import Letter, Server
from qtb.services import date_letters, due_dates, judge_letters, objection_letters, reminder_letters, slides
from qtb.services.reminder_letters import Waiting
from qtb.store import cycles
from qtb.store.accounts import Account, Membership, Unit, lasts
from qtb.store.audit import History
from qtb.store.cycles import Cycle
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission


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


def letter_of(session: Session, row: Outbox, *, post: Post, now: datetime) -> Letter:
    """Return a letter as it would leave now, to those who have not had it.

    Raises Missing("letter_moot") for a reminder that is moot, jinja2.TemplateError for a template at fault.
    """
    waiting = reminder_letters.waiting(session, row, now) if is_reminder(row) else None
    if is_reminder(row) and waiting is None:
        raise Missing("letter_moot")
    return _written(session, row, waiting, post, now)


def unless_moot(session: Session, row: Outbox, *, post: Post, now: datetime) -> Letter | None:
    """Return a letter as it would leave now; None where it is moot. What a reminder is about is reckoned once."""
    if not is_reminder(row):
        return None if is_moot(session, row, now) else _written(session, row, None, post, now)
    waiting = reminder_letters.waiting(session, row, now)
    return _written(session, row, waiting, post, now) if waiting else None


def _written(session: Session, row: Outbox, waiting: Waiting | None, post: Post, now: datetime) -> Letter:
    people = recipients(session, row, now)
    values = {lang: _values(session, row, people, lang, post, waiting) for lang in mail.LANGUAGES}
    return Letter(row.key, post.sender, _unreached(row, people), *mail.render(row.letter, values))


def said_of(session: Session, row: Outbox) -> Letter | None:
    """Return a letter as it was kept or sent; None for one that waits, which says what is so when it leaves."""
    said = row.about.get("said") if row.status != "waiting" else None
    if said is None:
        return None
    to = [] if row.status == "sent" else _unreached(row, recipients(session, row))
    return Letter(row.key, "", to, said["subject"], said["body"])


def is_moot(session: Session, row: Outbox, now: datetime) -> bool:
    """Tell whether a reminder has nothing left to remind of: all done, suspended, or due at another time by now."""
    if row.letter == slides.SOON:
        return slides.is_moot(session, row, now)
    if is_reminder(row):
        return reminder_letters.waiting(session, row, now) is None
    return judge_letters.is_moot(session, row)


def is_reminder(row: Outbox) -> bool:
    """Tell whether a letter reminds of what waits; others tell what has happened, which stays so."""
    return "reminder" in row.about


class Addressee(Protocol):
    """Whom a letter is for: mostly an account."""

    @property
    def name(self) -> Any:
        """How the letter addresses him."""

    @property
    def email(self) -> Any:
        """Where it goes."""


def recipients(session: Session, row: Outbox, now: datetime | None = None) -> Sequence[Addressee]:
    """Return the active people whom a letter is meant for, each once; with `now` no deputy whose time is over."""
    if objection_letters.is_mine(row):
        return objection_letters.recipients(session, row)
    if row.account is not None:
        return [row.account] if row.account.is_active else []
    if row.submission is not None:
        if row.unit_id is not None:  # those of a unit that the case has left
            return _holders(session, row.to_role, row.unit_id, now)
        return addressees(session, row.submission, row.to_role, now)
    if row.to_role == ABOVE:
        parent_id = row.unit.parent_id if row.unit else None
        above = _holders(session, "recommender", parent_id, now) if parent_id else []
        return above or _holders(session, "organiser", None, now)
    return _holders(session, row.to_role, row.unit_id if roles.ROLES[row.to_role] else None, now)


def _unreached(row: Outbox, people: Sequence[Addressee]) -> list[str]:
    had = set(row.recipients.split(", "))
    return [one.email for one in people if one.email not in had]


def addressees(
    session: Session, submission: Submission, role: str, now: datetime | None = None
) -> Sequence[Account]:
    """Return the active people whom a role relates to a submission, each once."""
    relation = roles.ROLES[role]
    unit_id = getattr(submission, relation) if relation else None
    return [] if relation and unit_id is None else _holders(session, role, unit_id, now)


def _holders(
    session: Session, role: str, unit_id: int | None = None, now: datetime | None = None
) -> Sequence[Account]:
    """Return the active people who hold a role, in one unit or in any.

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
    if unit_id is not None:
        query = query.where(Unit.id == unit_id)
    query = query.where(lasts(now)) if now else query
    return session.scalars(query.order_by(Account.id)).unique().all()


def _values(
    session: Session, row: Outbox, people: Sequence[Addressee], lang: str, post: Post, waiting: Waiting | None
) -> dict[str, str]:
    """Return the placeholders' values in one language; empty where a letter of this kind has none."""
    cycle = session.get_one(Cycle, row.submission.cycle_id if row.submission else row.cycle_id)
    programme = cycle.definition.workflow.programme
    return {
        **dict.fromkeys(mail.PLACEHOLDERS, ""),
        "person": ("、" if lang == "zh" else ", ").join(one.name for one in people),
        "programme": programme.title.get(lang), "organiser": programme.organiser.get(lang), "cycle": cycle.title,
        "unit": row.unit.name if row.unit else "", "link": post.base_url,
        **(_subject(row.submission, post) if row.submission else {}),
        **_said(session, row, cycle.definition, lang, post, waiting),
    }  # fmt: skip


def _said(
    session: Session, row: Outbox, definition: Definition, lang: str, post: Post, waiting: Waiting | None
) -> dict[str, str]:
    if waiting:
        return reminder_letters.values(waiting, row, lang, post.base_url)
    if date_letters.is_mine(row):
        return date_letters.values(session, row, lang)
    if slides.is_mine(row):
        return slides.values(session, row, lang)
    if objection_letters.is_mine(row):
        return objection_letters.values(session, row, lang, post.base_url)
    if judge_letters.is_mine(row):
        return judge_letters.values(session, row, lang, post.base_url)
    # About no move: it says no more than where to look.
    return _moved(session, row, definition, lang) if row.batch_id else {}


def _subject(submission: Submission, post: Post) -> dict[str, str]:
    return {
        "team": submission.team_name or submission.unit.name, "title": submission.title, "number": submission.number,
        "unit": submission.unit.name, "recommender": submission.recommender.name if submission.recommender else "",
        "link": f"{post.base_url}/submissions/{submission.id}" if post.base_url else "",
    }  # fmt: skip


def _moved(session: Session, row: Outbox, definition: Definition, lang: str) -> dict[str, str]:
    submission = row.submission
    assert submission is not None
    entry = session.scalars(select(History).filter_by(batch_id=row.batch_id, subject_id=submission.id)).one()
    # A definition adopted since may know the state no more: then where the case has come to stand.
    states = definition.workflow.states
    state = states.get(entry.to_state, states[submission.state])
    level = definition.rubric.levels.get(submission.award_level) if state.listed else None
    # Nothing once the state that the letter is about is over.
    is_there = submission.state == entry.to_state
    times = cycles.timeline_of(session, submission.cycle_id)
    return {
        "move_note": str(entry.about().get("note", "")), "state": state.wording(lang, staff=False),
        "level": level.label.get(lang) if level else "",
        "until": reminder_letters.until_of([submission], definition, times, lang) if is_there else "",
        "due": clock.shown(due_at, lang, is_end=True) if (due_at := due_dates.of(entry.about())) and is_there else "",
        **date_letters.given_back(entry, submission, lang),
    }  # fmt: skip
