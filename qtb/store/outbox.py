"""What has to leave after the commit, and the scheduler's sign of life."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from qtb.store.accounts import Account, Unit
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId


class Outbox(Base):
    """One effect of one move, with a key that exists once: it is made once and, once sent, not sent again.

    A letter is about one submission, or gathers what concerns one unit, or one person, in one year; then `cycle_id`
    says which.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index(None, "status", "next_at", "id"),
        CheckConstraint(
            "submission_id IS NOT NULL OR (unit_id IS NOT NULL AND cycle_id IS NOT NULL)", name="about_one"
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    batch_id: Mapped[str] = mapped_column(String(32))
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submission.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    cycle_id: Mapped[int | None] = mapped_column(ForeignKey("cycle.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))  # who alone is meant, not a role
    effect: Mapped[str] = mapped_column(String(20))
    letter: Mapped[str] = mapped_column(String(40))
    to_role: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(10), default="waiting")  # waiting, sent, kept, dead, dropped
    created_at: Mapped[datetime] = mapped_column(Instant)
    next_at: Mapped[datetime] = mapped_column(Instant)
    n_tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    recipients: Mapped[str] = mapped_column(String(1000), default="")
    error: Mapped[str] = mapped_column(String(300), default="")
    about: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # what no other row says, by the letter's need

    submission: Mapped[Submission | None] = relationship()
    unit: Mapped[Unit | None] = relationship()
    cycle: Mapped[Cycle | None] = relationship()
    account: Mapped[Account | None] = relationship()


class Heartbeat(Base):
    """A scheduler's last sweep: when by the machine's clock, and by the programme's."""

    __tablename__ = "heartbeat"

    node: Mapped[str] = mapped_column(String(100), primary_key=True)
    beat_at: Mapped[datetime] = mapped_column(Instant)
    swept_at: Mapped[datetime] = mapped_column(Instant)
    n_moved: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str] = mapped_column(String(500), default="")


class Setting(Base):
    """A value of the installation itself, for instance the demo's clock."""

    __tablename__ = "setting"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))


def due(session: Session, now: datetime, limit: int) -> Sequence[Outbox]:
    """Return what may leave now, the longest due first; on PostgreSQL other senders skip these until the unit ends.

    In the order of the index: in any other each claim would sort all that wait.
    """
    return session.scalars(
        select(Outbox)
        .where(Outbox.status == "waiting", Outbox.next_at <= now)
        .order_by(Outbox.next_at, Outbox.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


UNSENT = Outbox.status.in_(["waiting", "kept"]) & (Outbox.n_tries == 0)


def told(session: Session, batch_id: str, submission_id: int) -> list[tuple[str, bool]]:
    """Return whom a move's letters are for, by role, and whether the letter could still be dropped."""
    mine = (Outbox.batch_id == batch_id) & (Outbox.submission_id == submission_id) & (Outbox.status != "dropped")
    found = session.execute(select(Outbox.to_role, UNSENT).where(mine).order_by(Outbox.id))
    return [(role, bool(is_unsent)) for role, is_unsent in found]


def drop(session: Session, batch_id: str, submission_id: int) -> list[str]:
    """Drop the letters of a move that have not left; return the roles that have had, or may be getting, theirs."""
    mine = (Outbox.batch_id == batch_id) & (Outbox.submission_id == submission_id)
    session.execute(update(Outbox).where(mine, UNSENT).values(status="dropped"))
    told = select(Outbox.to_role).where(mine, Outbox.status != "dropped").order_by(Outbox.id)
    return list(dict.fromkeys(session.scalars(told)))


# Whose letter there is: one that was dropped as moot is none, for what it was about can come back.
QUEUED = (Outbox.status != "dropped") | (Outbox.error != "moot")
ANEW = ("status", "created_at", "next_at", "n_tries", "error")


def making(session: Session) -> Any:
    """Return the insert of letters in the database's own dialect, to be completed by `once`."""
    return (postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert)(Outbox)


def once(statement: Any) -> Any:
    """Leave out a letter whose key the queue knows; one that was dropped as moot waits again."""
    values = {name: statement.excluded[name] for name in ANEW}
    return statement.on_conflict_do_update(index_elements=["key"], set_=values, where=~QUEUED)


def unknown(session: Session, letters: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return those of these letters, rows by column, that the queue does not know, or dropped as moot."""
    mine = Outbox.key.in_([one["key"] for one in letters])
    known = set(session.scalars(select(Outbox.key).where(mine, QUEUED)))
    return [one for one in letters if one["key"] not in known]


def post_all(session: Session, letters: Sequence[dict[str, Any]]) -> int:
    """Put letters into the queue, rows by column; one whose key somebody else was faster with is left out."""
    make, work = making(session), session.connection()
    in_order = sorted(letters, key=lambda one: str(one["key"]))
    statements = (once(make.values(one)).execution_options(preserve_rowcount=True) for one in in_order)
    return sum([int(work.execute(statement).rowcount) for statement in statements])


def post(
    session: Session, key: str, batch_id: str, submission_id: int, letter: str, to_role: str, *, now: datetime,
    account_id: int | None = None, about: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """Put one letter about one submission into the queue, to those in a role or to one person alone."""
    session.add(
        Outbox(
            key=key, batch_id=batch_id, submission_id=submission_id, effect="mail", letter=letter, to_role=to_role,
            account_id=account_id, created_at=now, next_at=now, about=about or {},
        )
    )  # fmt: skip
