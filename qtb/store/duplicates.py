"""Pairs of works that look alike, as last found, and the organiser's word that two are no duplicates."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Row, Select, String, delete, exists, func, or_, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from qtb.domain.likeness import Work
from qtb.store.accounts import Unit
from qtb.store.answers import Answer, AnswerVersion
from qtb.store.cycles import Cycle
from qtb.store.history import History
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant


class Likeness(Base):
    """Two works that look alike, the earlier one first. `cleared_at`: the organiser has said that they are none."""

    __tablename__ = "likeness"
    __table_args__ = (Index(None, "high_id"),)

    low_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    high_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    title: Mapped[int] = mapped_column(default=0)
    text: Mapped[int] = mapped_column(default=0)
    team: Mapped[int] = mapped_column(default=0)
    found_at: Mapped[datetime] = mapped_column(Instant)
    cleared_at: Mapped[datetime | None] = mapped_column(Instant)
    cleared_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str] = mapped_column(String(500), default="")


ONE, OTHER = aliased(Submission), aliased(Submission)


def works(session: Session, fields: dict[str, Collection[str]]) -> list[Work]:
    """Return all works that stand or stood to the end, with the long texts of these forms' fields."""
    query = (
        select(Submission.id, Cycle.year, Submission.unit_id, Submission.team_name, Submission.title)
        .join(Cycle, Cycle.id == Submission.cycle_id)
        .order_by(Submission.id)
    )
    texts: dict[int, dict[str, str]] = {}
    for submission_id, form, values in session.execute(
        select(Answer.submission_id, Answer.form, Answer.values).where(Answer.form.in_(sorted(fields)))
    ):
        kept = texts.setdefault(submission_id, {})
        kept.update({f"{form}.{key}": text for key in fields[form] if isinstance(text := values.get(key), str)})
    return [Work(*row, texts=texts.get(row[0], {})) for row in session.execute(query)]


def found(session: Session, cycle_id: int, *, cleared: bool, limit: int) -> Sequence[Row[Any]]:
    """Return a year's pairs, the most alike first: the pair, both works with their units' names and years."""
    units, years = (aliased(Unit), aliased(Unit)), (aliased(Cycle), aliased(Cycle))
    query: Any = _of(cycle_id, cleared=cleared).join(units[0], units[0].id == ONE.unit_id)
    query = query.join(units[1], units[1].id == OTHER.unit_id)
    query = query.join(years[0], years[0].id == ONE.cycle_id).join(years[1], years[1].id == OTHER.cycle_id)
    shown = [
        column
        for work, group, year in zip((ONE, OTHER), units, years, strict=True)
        for column in (work.id, work.number, work.team_name, work.title, group.name, year.year)
    ]
    query = query.with_only_columns(Likeness, *shown, maintain_column_froms=True)
    order = (Likeness.text + Likeness.title + Likeness.team).desc()
    query = query.order_by(order, Likeness.low_id, Likeness.high_id).limit(limit)
    rows: Sequence[Row[Any]] = session.execute(query).all()
    return rows


def changed_years(session: Session, *, before: datetime) -> list[int]:
    """Return the years not compared since an instant, though a work has come in or changed since they were."""
    compared = (
        select(func.max(History.at))
        .where(History.subject == "cycle", History.subject_id == Cycle.id, History.kind == "compared")
        .scalar_subquery()
    )
    saved = (AnswerVersion.submission_id == Submission.id) & (Submission.cycle_id == Cycle.id)
    since = or_(compared.is_(None), AnswerVersion.saved_at > compared)
    changed = exists().where(saved, since, Submission.kind != "start")
    query = select(Cycle.id).where(or_(compared.is_(None), compared < before), changed)
    return list(session.scalars(query.order_by(Cycle.id)))


def n_open(session: Session, cycle_id: int) -> int:
    """Return how many pairs of a year are open."""
    return int(session.scalar(n_open_pairs(cycle_id)) or 0)


def open_of(session: Session, submission_id: int) -> Sequence[Likeness]:
    """Return the open pairs that a work is one of."""
    mine = or_(Likeness.low_id == submission_id, Likeness.high_id == submission_id)
    query = select(Likeness).where(mine, Likeness.cleared_at.is_(None))
    return session.scalars(query.order_by(Likeness.low_id, Likeness.high_id).limit(20)).all()


def of_year(session: Session, cycle_id: int) -> dict[tuple[int, int], Likeness]:
    """Return all pairs of a year."""
    rows = session.scalars(_of(cycle_id))
    return {(row.low_id, row.high_id): row for row in rows}


def forget(session: Session, pairs: Collection[tuple[int, int]]) -> None:
    """Drop pairs that are alike no more."""
    for low_id, high_id in sorted(pairs):
        session.execute(delete(Likeness).where(Likeness.low_id == low_id, Likeness.high_id == high_id))


def n_open_pairs(cycle_id: int) -> Select[int]:
    """Return the query of how many pairs of a year are open."""
    query: Any = _of(cycle_id, cleared=False)
    found: Select[int] = query.with_only_columns(func.count(), maintain_column_froms=True)
    return found


def _of(cycle_id: int, *, cleared: bool | None = None) -> Select[Likeness]:
    query = (
        select(Likeness)
        .join(ONE, ONE.id == Likeness.low_id)
        .join(OTHER, OTHER.id == Likeness.high_id)
        .where(or_(ONE.cycle_id == cycle_id, OTHER.cycle_id == cycle_id))
    )
    if cleared is None:
        return query
    return query.where(Likeness.cleared_at.is_not(None) if cleared else Likeness.cleared_at.is_(None))
