"""Talking inside a case: between applicant, present recommending unit and organiser; never with evaluators."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from qtb.domain import evidence
from qtb.domain.errors import Conflict, Denied, Invalid, Missing
from qtb.domain.roles import MOVERS, Actor, is_party
from qtb.services import letters, notes
from qtb.store import audit, messages
from qtb.store.accounts import Account
from qtb.store.messages import ALL, GRACE, Message
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import lock

LETTER = "message"
MAX_BODY = 2_000
MOST = 20  # messages of one person in one case within the grace


def sides(submission: Submission, actor: Actor) -> list[str]:
    """Return the roles in which an actor is a party of a case; the first one speaks."""
    return [role for role in MOVERS if is_party(role, actor, submission)]


def readers(submission: Submission, actor: Actor) -> list[str]:
    """Return whom an actor can write to: everybody, or one of the other sides that there are."""
    mine = sides(submission, actor)[:1]
    there = [role for role in MOVERS if role != "recommender" or submission.recommender_id]
    return [ALL, *(role for role in there if role not in mine)]


def write(
    session: Session, submission: Submission, body: str, *, reader: str, actor: Actor, now: datetime
) -> Message:
    """Write a message, and a letter to each of its readers who has had none for ten minutes."""
    lock(session, submission)  # so that letters are counted one message after the other
    side = _side(submission, actor)
    if reader not in readers(submission, actor):
        raise Invalid("talk_reader")
    text = notes.short(body)
    if not text:
        raise Invalid("talk_empty")
    if messages.last_by(session, int(actor.user_id or 0), now - GRACE, submission.id) >= MOST:
        raise Conflict("talk_much", n=MOST)
    message = Message(
        submission_id=submission.id, author_id=actor.user_id, role=side, reader=reader, body=text, at=now,
        recommender_id=submission.recommender_id,
    )  # fmt: skip
    session.add(message)
    session.flush()
    _note(session, message, "message", actor, now)
    messages.mark_read(session, submission.id, message.author_id, message.id)
    for person in _people(session, submission, message):
        _tell(session, submission, person, message, now)
    return message


def withdraw(session: Session, submission: Submission, message_id: int, *, actor: Actor, now: datetime) -> None:
    """Take a message of one's own back while it is fresh; that it was there stays to be seen."""
    lock(session, submission)
    message = session.get(Message, message_id)
    if message is None or message.submission_id != submission.id or message.author_id != actor.user_id:
        raise Missing("talk_missing")
    _side(submission, actor)
    if message.withdrawn_at is not None:
        raise Conflict("talk_gone")
    if now >= message.at + GRACE:
        raise Conflict("talk_late")
    _note(session, message, "message_back", actor, now)
    message.withdrawn_at, message.body = now, ""


def read(session: Session, submission: Submission, *, actor: Actor) -> Sequence[Message]:
    """Return the messages that an actor may read. Raises Missing for whoever is no party: as if there were nothing."""
    if not sides(submission, actor):
        raise Missing("submission")
    return messages.thread(session, submission.id, actor)


def _side(submission: Submission, actor: Actor) -> str:
    mine = sides(submission, actor)
    if not mine or actor.user_id is None:
        raise Denied("talk_closed")
    return mine[0]


def _note(session: Session, message: Message, kind: str, actor: Actor, now: datetime) -> None:
    """Seal that it was written in its author's history: in the case's it would make every open page stale."""
    text = evidence.digest(message.body)
    about: dict[str, Any] = {"submission": message.submission_id, "message": message.id, "sha256": text}
    author = session.get_one(Account, message.author_id)
    audit.record(session, author, kind, actor=actor, now=now, role=message.role, **about)


def _people(session: Session, submission: Submission, message: Message) -> Sequence[Account]:
    told = [role for role in MOVERS if role != message.role and message.reader in (ALL, role)]
    people = {one.id: one for role in told for one in letters.addressees(session, submission, role)}
    return [one for one in people.values() if one.id != message.author_id]


def _tell(session: Session, submission: Submission, person: Account, message: Message, now: datetime) -> None:
    last = messages.last_letter(session, submission.id, person.id, LETTER)
    if last is not None and last.created_at > now - GRACE:
        return
    session.add(
        Outbox(
            key=f"message:{message.id}:{person.id}", batch_id="", submission_id=submission.id, account_id=person.id,
            effect="mail", letter=LETTER, to_role=next(iter(sides_of(submission, person)), ""), created_at=now,
            next_at=now,
        )
    )  # fmt: skip


def sides_of(submission: Submission, person: Account) -> list[str]:
    """Return the roles in which a person is related to a case by membership."""
    held = [(one.role, one.unit_id) for one in person.memberships if one.ended_at is None]
    units = {"applicant": submission.unit_id, "recommender": submission.recommender_id}
    return [role for role in MOVERS if any(role == mine and units.get(role, at) == at for mine, at in held)]
