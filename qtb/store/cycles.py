"""A year of the programme: the definition it is pinned to, its timeline rows, extensions, notices being read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from qtb.domain import definition as definitions
from qtb.domain import timeline
from qtb.domain.definition import Definition
from qtb.store.types import Base, Chained, Instant, RowId


class Cycle(Chained, Base):
    """One year. It keeps the text of its definition, so that a changed file changes future cycles only."""

    __tablename__ = "cycle"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    year: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    definition_hash: Mapped[str] = mapped_column(String(64))
    definition_text: Mapped[str] = mapped_column(Text)
    notice: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(Instant)

    rows: Mapped[list[TimelineRow]] = relationship(order_by="TimelineRow.seq", back_populates="cycle")

    @property
    def definition(self) -> Definition:
        """The definition this cycle is pinned to."""
        return definitions.from_text(self.definition_text)


class TimelineRow(Base):
    """A dated line of the notice. Rows without a key of the definition are shown and gate nothing."""

    __tablename__ = "timeline_row"
    __table_args__ = (
        UniqueConstraint("cycle_id", "key"),
        CheckConstraint("opens_at IS NULL OR closes_at IS NULL OR opens_at < closes_at", name="window"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"))
    key: Mapped[str] = mapped_column(String(40))
    seq: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(String(200), default="")
    opens_at: Mapped[datetime | None] = mapped_column(Instant)
    closes_at: Mapped[datetime | None] = mapped_column(Instant)
    held_at: Mapped[datetime | None] = mapped_column(Instant)
    party: Mapped[str] = mapped_column(String(200), default="")
    url: Mapped[str] = mapped_column(String(500), default="")

    cycle: Mapped[Cycle] = relationship(back_populates="rows")


class Extension(Base):
    """A later end of a row for one submission, one unit, or (both empty) all; who gave it and why."""

    __tablename__ = "extension"
    __table_args__ = (
        CheckConstraint("submission_id IS NULL OR unit_id IS NULL", name="one_reach"),
        CheckConstraint("reason <> ''", name="has_reason"),
        Index(None, "cycle_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"))
    row_key: Mapped[str] = mapped_column(String(40))
    until: Mapped[datetime] = mapped_column(Instant)
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submission.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    reason: Mapped[str] = mapped_column(String(500))
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    granted_at: Mapped[datetime] = mapped_column(Instant)


class NoticeDraft(Base):
    """A notice that was read and waits for the organiser to correct and confirm its rows."""

    __tablename__ = "notice_draft"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    cycle_id: Mapped[int | None] = mapped_column(ForeignKey("cycle.id"))  # set when it is a later version
    file_name: Mapped[str] = mapped_column(String(200))
    programme: Mapped[str] = mapped_column(String(40))
    notice: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)


def timeline_of(session: Session, cycle_id: int) -> timeline.Timeline:
    """Return a cycle's dated rows and extensions as values."""
    rows = session.scalars(select(TimelineRow).where(TimelineRow.cycle_id == cycle_id).order_by(TimelineRow.seq))
    extensions = session.scalars(select(Extension).where(Extension.cycle_id == cycle_id).order_by(Extension.id))
    return timeline.Timeline(
        {row.key: _row(row) for row in rows if row.opens_at and row.closes_at},
        tuple(timeline.Extension(one.row_key, one.until, one.submission_id, one.unit_id) for one in extensions),
    )


def _row(row: TimelineRow) -> timeline.Row:
    assert row.opens_at is not None
    assert row.closes_at is not None
    return timeline.Row(row.key, row.seq, row.title, row.opens_at, row.closes_at, row.held_at, row.party)


def by_key(session: Session, key: str) -> Cycle | None:
    """Return the cycle with this key."""
    return session.scalar(select(Cycle).where(Cycle.key == key))


def all_cycles(session: Session) -> Sequence[Cycle]:
    """Return the cycles, latest year first."""
    return session.scalars(select(Cycle).order_by(Cycle.year.desc(), Cycle.id.desc())).all()
