"""The conversation inside a case: its messages, who has read how far, and what is still unread."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, String, and_, exists, false, func, or_, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from qtb.domain.roles import Actor, is_party
from qtb.store.accounts import Account
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId

ALL = "all"  # whom a message is for, beside the role of its author: everybody, or one role


class Message(Base):
    """One message; `recommender_id` is the recommending unit of that moment: a later one does not read it."""

    __tablename__ = "message"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    role: Mapped[str] = mapped_column(String(20))
    reader: Mapped[str] = mapped_column(String(20))
    recommender_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    body: Mapped[str] = mapped_column(String(2000))
    at: Mapped[datetime] = mapped_column(Instant)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)

    author: Mapped[Account] = relationship()


class MessageRead(Base):
    """The last message of a case that a person has had before his eyes."""

    __tablename__ = "message_read"

    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    last_id: Mapped[int] = mapped_column(RowId)


def readable(actor: Actor) -> ColumnElement[bool]:
    """Return the clause of the messages that an actor may read in a case that he may see."""
    found: list[ColumnElement[bool]] = [false()]
    for role in ("applicant", "recommender", "organiser"):
        party = is_party(role, actor, Submission)
        if party is False:
            continue
        mine = or_(Message.reader.in_([ALL, role]), Message.role == role)
        then = Message.recommender_id == Submission.recommender_id if role == "recommender" else true()
        found.append(and_(true() if party is True else party, mine, then))
    return or_(*found)


def thread(session: Session, submission_id: int, actor: Actor) -> Sequence[Message]:
    """Return a case's messages as an actor may read them, oldest first."""
    mine = (Message.submission_id == submission_id) & readable(actor)
    query = select(Message).join(Submission, Submission.id == Message.submission_id).where(mine)
    return session.scalars(query.options(joinedload(Message.author)).order_by(Message.id)).all()


def unread(actor: Actor) -> ColumnElement[bool]:
    """Return the clause of the submissions in which something is still unread by an actor."""
    until = (
        select(func.max(MessageRead.last_id))
        .where(MessageRead.submission_id == Submission.id, MessageRead.account_id == actor.user_id)
        .correlate(Submission)  # two levels up, where it is not seen by itself: it would be read up to in any case
        .scalar_subquery()
    )
    return exists().where(
        Message.submission_id == Submission.id, Message.author_id != actor.user_id, Message.withdrawn_at.is_(None),
        Message.id > func.coalesce(until, 0), readable(actor),
    )  # fmt: skip


def read_to(session: Session, submission_id: int, account_id: int | None) -> int:
    """Return the last message of a case that a person has read; 0 for none."""
    found = session.get(MessageRead, (submission_id, account_id)) if account_id else None
    return found.last_id if found else 0


def mark_read(session: Session, submission_id: int, account_id: int, last_id: int) -> None:
    """Say how far a person has read; two windows of one person may both say so."""
    insert: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(MessageRead).values(submission_id=submission_id, account_id=account_id, last_id=last_id)
    keys = [MessageRead.submission_id, MessageRead.account_id]
    session.execute(
        row.on_conflict_do_update(
            index_elements=keys, set_={"last_id": last_id}, where=MessageRead.last_id < last_id
        )
    )


def last_letter(session: Session, submission_id: int, account_id: int, letter: str) -> Outbox | None:
    """Return the last letter of a kind about a case to one person."""
    mine = (Outbox.submission_id == submission_id) & (Outbox.account_id == account_id) & (Outbox.letter == letter)
    return session.scalar(select(Outbox).where(mine).order_by(Outbox.id.desc()).limit(1))


def last_by(session: Session, account_id: int, since: datetime, submission_id: int) -> int:
    """Return how many messages a person has written in a case since an instant."""
    mine = (Message.submission_id == submission_id) & (Message.author_id == account_id) & (Message.at > since)
    return session.scalar(select(func.count()).select_from(Message).where(mine)) or 0


GRACE = timedelta(minutes=10)  # within which a message can be taken back, and before which no second letter leaves
