"""What has to leave after the commit, and the scheduler's sign of life."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId


class Outbox(Base):
    """One effect of one move, with a key that exists once: it is made once and, once sent, not sent again."""

    __tablename__ = "outbox"
    __table_args__ = (Index(None, "status", "next_at"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    batch_id: Mapped[str] = mapped_column(String(32))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), index=True)
    effect: Mapped[str] = mapped_column(String(20))
    letter: Mapped[str] = mapped_column(String(40))
    to_role: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(10), default="waiting")  # waiting, sent, kept, dead
    created_at: Mapped[datetime] = mapped_column(Instant)
    next_at: Mapped[datetime] = mapped_column(Instant)
    n_tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    recipients: Mapped[str] = mapped_column(String(1000), default="")
    error: Mapped[str] = mapped_column(String(300), default="")

    submission: Mapped[Submission] = relationship()


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
    """Return what may leave now, oldest first; on PostgreSQL other senders skip these rows until the unit ends."""
    return session.scalars(
        select(Outbox)
        .where(Outbox.status == "waiting", Outbox.next_at <= now)
        .order_by(Outbox.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def last_beat(session: Session) -> Heartbeat | None:
    """Return the latest sign of life of any scheduler."""
    return session.scalar(select(Heartbeat).order_by(Heartbeat.beat_at.desc()).limit(1))
