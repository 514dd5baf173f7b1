"""A spreadsheet that the organiser has given to be imported: what was read of it, until it is applied."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from qtb.store import accounts
from qtb.store.accounts import Unit
from qtb.store.answers import Answer
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId


class ImportFile(Base):
    """One file: its lines as read, and when they were applied."""

    __tablename__ = "import_file"
    __table_args__ = (Index(None, "cycle_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"))
    file_name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    read_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    read_at: Mapped[datetime] = mapped_column(Instant)
    applied_at: Mapped[datetime | None] = mapped_column(Instant)


def by_answer(session: Session, form: str, field: str, values: Collection[str]) -> dict[str, set[int]]:
    """Return the units whose teams gave one of these answers, by answer."""
    given: Any = Answer.values[field].as_string()
    query = select(given, Submission.unit_id).join(Submission, Submission.id == Answer.submission_id).distinct()
    found: dict[str, set[int]] = {}
    for value, unit_id in session.execute(query.where(Answer.form == form, given.in_(sorted(values)))):
        found.setdefault(value, set()).add(unit_id)
    return found


def named(session: Session, names: Collection[str]) -> dict[str, Unit]:
    """Return the units with these names, or names that look like them, by the key of the name."""
    keys = sorted({accounts.name_key(name) for name in names})
    return {unit.name_key: unit for unit in session.scalars(select(Unit).where(Unit.name_key.in_(keys)))}


def by_id(session: Session, ids: Collection[int]) -> dict[int, Unit]:
    """Return units by id."""
    return {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(sorted(ids))))}


def entered(session: Session, cycle_id: int) -> set[tuple[int, str | None]]:
    """Return (unit, team) of the entries that stand in a year."""
    mine = (Submission.cycle_id == cycle_id) & (Submission.kind != "end")
    query = select(Submission.unit_id, Submission.team_key).where(mine)
    return {(unit_id, key) for unit_id, key in session.execute(query)}
