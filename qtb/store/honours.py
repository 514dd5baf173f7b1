"""What a team was honoured with elsewhere, kept across the years under all of its names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, select, tuple_
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from qtb.store import teams
from qtb.store.accounts import Account
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId


class Honour(Base):
    """One honour of a team: of which level, called what, given by whom, in which year; verified by the organiser."""

    __tablename__ = "team_honour"
    __table_args__ = (
        UniqueConstraint("unit_id", "team_key", "year", "level", "name", name="uq_team_honour_once"),
        Index(None, "unit_id", "team_key"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    team_key: Mapped[str] = mapped_column(String(100))
    level: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(60))
    giver: Mapped[str] = mapped_column(String(60))
    year: Mapped[int]
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    entered_at: Mapped[datetime] = mapped_column(Instant)
    verified_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    verified_at: Mapped[datetime | None] = mapped_column(Instant)

    enterer: Mapped[Account | None] = relationship(foreign_keys=[entered_by])


def of_team(session: Session, submission: Submission) -> Sequence[Honour]:
    """Return the honours of a submission's team under all of its names, latest first."""
    if not submission.team_key:
        return []
    names = sorted(teams.names(session, submission))
    mine = select(Honour).where(tuple_(Honour.unit_id, Honour.team_key).in_(names))
    return session.scalars(mine.options(joinedload(Honour.enterer)).order_by(Honour.year.desc(), Honour.id)).all()
