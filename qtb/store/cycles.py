"""A year of the programme: the definition it is pinned to, its timeline rows, extensions, notices being read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Text,
    UniqueConstraint,
    bindparam,
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from qtb.domain import definition as definitions
from qtb.domain import timeline
from qtb.domain.definition import Definition
from qtb.domain.errors import Conflict
from qtb.store.kept import Kept
from qtb.store.types import Base, Chained, Instant, RowId


class Cycle(Chained, Base):
    """One year. It keeps the text of its definition, so that a changed file changes future cycles only."""

    __tablename__ = "cycle"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    year: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    definition_hash: Mapped[str] = mapped_column(String(64))
    definition_text: Mapped[str] = mapped_column(Text, deferred=True)  # long, and known by its hash once read
    notice: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, deferred=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    blind: Mapped[dict[str, bool]] = mapped_column(JSON, default=dict, server_default="{}")  # by sheet, else as ruled
    n_known: Mapped[int] = mapped_column(default=0, server_default="0")  # known works that judges score first

    rows: Mapped[list[TimelineRow]] = relationship(order_by="TimelineRow.seq", back_populates="cycle")

    @property
    def definition(self) -> Definition:
        """The definition this cycle is pinned to."""
        return definitions.known(self.definition_hash) or definitions.from_text(self.definition_text)


class TimelineRow(Base):
    """A dated line of the notice. Rows without a key of the definition are shown and gate nothing."""

    __tablename__ = "timeline_row"
    __table_args__ = (
        UniqueConstraint("cycle_id", "key"),
        CheckConstraint("opens_at IS NULL OR closes_at IS NULL OR opens_at < closes_at", name="window"),
        CheckConstraint("grace_minutes BETWEEN 0 AND 10080", name="grace"),
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
    grace_minutes: Mapped[int] = mapped_column(default=0)  # after the end that is shown; told to the organiser only
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

    @property
    def is_held(self) -> bool:
        """Tell whether it was not taken back: that leaves the row, with an end that gives nothing."""
        return self.until > timeline.NO_END


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
        {row.key: as_row(row) for row in rows if row.opens_at and row.closes_at},
        tuple(timeline.Extension(one.row_key, one.until, one.submission_id, one.unit_id) for one in extensions),
        session.get_one(Cycle, cycle_id).definition.calendar,
    )


class Pinned(Protocol):
    """What the door needs of a cycle: a Cycle itself, or what `pinned` returns."""

    @property
    def id(self) -> int:
        """The cycle's id."""

    @property
    def definition(self) -> Definition:
        """The definition that it is pinned to."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A cycle as a plain value: what is said about it can be kept."""

    id: int
    definition: Definition


def pinned(session: Session, cycle_id: int) -> Pinned:
    """Return a cycle's id and definition, which stays the cycle's until the unit ends."""
    work = session.connection()
    share(work, cycle_id)
    digest = work.execute(_PIN, {"of_cycle": cycle_id}).scalar_one()
    found = definitions.known(digest)
    # A definition this process has not met yet: the cycle that the session holds may be older than it.
    return Pin(cycle_id, found or session.get_one(Cycle, cycle_id, populate_existing=True).definition)


def hold(session: Session, cycle: Pinned) -> None:
    """Hold a cycle's definition until the unit ends. Raises Conflict where another was adopted since it was read.

    Before a submission is held: adopting takes its locks in this order.
    """
    read = cycle.definition.hash
    if pinned(session, cycle.id).definition.hash != read:
        raise Conflict("adopted_meanwhile")


def share(work: Connection, cycle_id: int) -> None:
    """Share the lock of `exclude`: the next statement reads what is so, and it stays so until the unit ends."""
    if work.dialect.name == "postgresql":
        _SHARING.run(work, {"of_cycle": cycle_id})


def exclude(session: Session, cycle_id: int) -> None:
    """Wait until no move is under way in a cycle, and let none begin before the unit ends: its definition changes.

    Moves share this lock. On SQLite the unit itself holds everything.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(ADOPTING, cycle_id)))


def window_of(work: Connection, cycle_id: int, row_key: str) -> timeline.Timeline:
    """Return one row of a cycle with its extensions; the timeline is empty where the row has no dates."""
    found = work.execute(_WINDOW, {"of_cycle": cycle_id, "of_row": row_key}).all()
    if not found or found[0].opens_at is None:
        return timeline.Timeline({})
    granted = tuple(
        timeline.Extension(row_key, one.until, one.submission_id, one.unit_id) for one in found if one.until
    )
    return timeline.Timeline({row_key: as_row(found[0])}, granted)


def as_row(row: TimelineRow | Row[Any]) -> timeline.Row:
    """Return a dated row as a value."""
    assert row.opens_at is not None
    assert row.closes_at is not None
    grace = timedelta(minutes=row.grace_minutes)
    return timeline.Row(row.key, row.seq, row.title, row.opens_at, row.closes_at, row.held_at, row.party, grace)


def by_key(session: Session, key: str) -> Cycle | None:
    """Return the cycle with this key."""
    return session.scalar(select(Cycle).where(Cycle.key == key))


def all_cycles(session: Session) -> Sequence[Cycle]:
    """Return the cycles, latest year first."""
    return session.scalars(select(Cycle).order_by(Cycle.year.desc(), Cycle.id.desc())).all()


ADOPTING = 0x51544201  # the advisory locks of cycles among those of a PostgreSQL server
_SHARING = Kept(select(func.pg_advisory_xact_lock_shared(ADOPTING, bindparam("of_cycle", type_=Integer))))
_PIN = select(Cycle.definition_hash).where(Cycle.id == bindparam("of_cycle"))
_WINDOW: Any = (
    select(
        TimelineRow.key, TimelineRow.seq, TimelineRow.title, TimelineRow.opens_at, TimelineRow.closes_at,
        TimelineRow.held_at, TimelineRow.party, TimelineRow.grace_minutes,
        Extension.until, Extension.submission_id, Extension.unit_id,
    )
    .outerjoin(
        Extension, (Extension.cycle_id == TimelineRow.cycle_id) & (Extension.row_key == TimelineRow.key)
    )
    .where(TimelineRow.cycle_id == bindparam("of_cycle"), TimelineRow.key == bindparam("of_row"))
)  # fmt: skip
