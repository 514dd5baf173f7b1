"""A team across years: the same unit and name, or an earlier name that the organiser has joined to it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    ForeignKey,
    String,
    UniqueConstraint,
    and_,
    bindparam,
    exists,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, Session, aliased, defer, joinedload, mapped_column

from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId


class TeamLink(Base):
    """Under which unit and name a team was entered before it was called as it is now."""

    __tablename__ = "team_link"
    __table_args__ = (UniqueConstraint("unit_id", "team_key"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    team_key: Mapped[str] = mapped_column(String(100))
    earlier_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    earlier_key: Mapped[str] = mapped_column(String(100))
    earlier_name: Mapped[str] = mapped_column(String(50))
    reason: Mapped[str] = mapped_column(String(500))
    linked_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    linked_at: Mapped[datetime] = mapped_column(Instant)


def link_of(session: Session, submission: Submission) -> TeamLink | None:
    """Return the link from a submission's team to its earlier name."""
    mine = (TeamLink.unit_id == submission.unit_id) & (TeamLink.team_key == submission.team_key)
    return session.scalar(select(TeamLink).where(mine))


def earlier(session: Session, submission: Submission) -> Sequence[Submission]:
    """Return the entries of the same team in earlier years, latest first, each with its year."""
    if not submission.team_key:
        return []
    line = _line(submission)
    query = (
        select(Submission)
        .join(line, and_(line.c.unit_id == Submission.unit_id, line.c.team_key == Submission.team_key))
        .join(Cycle, Cycle.id == Submission.cycle_id)
        .options(joinedload(Submission.cycle, innerjoin=True).defer(Cycle.notice))
        .where(Cycle.year < submission.cycle.year, Submission.kind != "start")
        .order_by(Cycle.year.desc(), Submission.id.desc())
    )
    return session.scalars(query).all()


def candidates(session: Session, submission: Submission, text: str) -> Sequence[Submission]:
    """Return entries of earlier years with this number, or this in their team's name."""
    query = (
        select(Submission)
        .join(Cycle, Cycle.id == Submission.cycle_id)
        .options(
            joinedload(Submission.cycle, innerjoin=True).defer(Cycle.notice),
            joinedload(Submission.unit, innerjoin=True),
        )
        .where(
            Cycle.year < submission.cycle.year, Submission.team_key.is_not(None),
            or_(Submission.number == text, Submission.team_name.icontains(text, autoescape=True)),
        )
        .order_by(Cycle.year.desc(), Submission.id.desc())
        .limit(20)
    )  # fmt: skip
    return session.scalars(query).all()


def names(session: Session, submission: Submission) -> set[tuple[int, str]]:
    """Return every (unit, name) under which a submission's team is known."""
    line = _line(submission)
    return {(unit_id, key) for unit_id, key in session.execute(select(line.c.unit_id, line.c.team_key))}


def awarded(session: Session, ids: Collection[int]) -> Sequence[Any]:
    """Return (submission, state, level, cycle) for each work with a level of the teams of these, in any year."""
    return session.execute(_awarded(), {"ids": list(ids)}).all()


@cache
def _awarded() -> Any:
    """Return the query of `awarded`, worded once: wording it costs more than asking it."""
    first: Any = select(
        Submission.id.label("of"), Submission.unit_id.label("unit_id"), Submission.team_key.label("team_key")
    ).where(Submission.id.in_(bindparam("ids", expanding=True)), Submission.team_key.is_not(None))
    line = first.cte("lines", recursive=True)
    here = and_(TeamLink.unit_id == line.c.unit_id, TeamLink.team_key == line.c.team_key)
    line = line.union(select(line.c.of, TeamLink.earlier_unit_id, TeamLink.earlier_key).join(line, here))
    return (
        select(line.c.of, Submission.state, Submission.award_level, Cycle)
        .join(Submission, and_(line.c.unit_id == Submission.unit_id, line.c.team_key == Submission.team_key))
        .join(Cycle, Cycle.id == Submission.cycle_id)
        .options(defer(Cycle.notice))
        .where(Submission.award_level.not_in(("", "none")))
    )


def has_past() -> ColumnElement[bool]:
    """Return the clause of works whose team may have had a level: one under its present name, or a former name."""
    other = aliased(Submission)
    same = and_(other.unit_id == Submission.unit_id, other.team_key == Submission.team_key)
    level = exists().where(same, other.cycle_id != Submission.cycle_id, other.award_level.not_in(("", "none")))
    link = and_(TeamLink.unit_id == Submission.unit_id, TeamLink.team_key == Submission.team_key)
    return or_(level, exists().where(link))


def _line(submission: Submission) -> CTE:
    """Return the team's (unit, name), then each earlier one; a circle ends where it began."""
    first: Any = select(
        literal(submission.unit_id, TeamLink.unit_id.type).label("unit_id"),
        literal(submission.team_key, TeamLink.team_key.type).label("team_key"),
    )
    line = first.cte("line", recursive=True)
    here = and_(TeamLink.unit_id == line.c.unit_id, TeamLink.team_key == line.c.team_key)
    found: CTE = line.union(select(TeamLink.earlier_unit_id, TeamLink.earlier_key).join(line, here))
    return found
