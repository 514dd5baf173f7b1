"""Panels of a year: who judges which categories, who leads, how many works a judge takes at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, func, select, text
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship, selectinload

from qtb.store.accounts import Account
from qtb.store.evaluations import Sheet
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId


class Panel(Base):
    """A group of judges for some categories of a year."""

    __tablename__ = "panel"
    __table_args__ = (UniqueConstraint("cycle_id", "title"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"))
    title: Mapped[str] = mapped_column(String(60))
    categories: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(Instant)

    members: Mapped[list[PanelMember]] = relationship(
        back_populates="panel", order_by="PanelMember.id", cascade="all, delete-orphan"
    )


class PanelMember(Base):
    """A judge in a panel: in one of a year only, since the limit counts all of the year's works."""

    __tablename__ = "panel_member"
    __table_args__ = (
        UniqueConstraint("cycle_id", "account_id"),
        Index(
            "uq_panel_member_leader", "panel_id", unique=True,
            sqlite_where=text("is_leader"), postgresql_where=text("is_leader"),
        ),
        Index(None, "panel_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    panel_id: Mapped[int] = mapped_column(ForeignKey("panel.id"))
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    is_leader: Mapped[bool] = mapped_column(default=False)
    most: Mapped[int | None]  # works; None: any number

    panel: Mapped[Panel] = relationship(back_populates="members")
    account: Mapped[Account] = relationship()


def of_cycle(session: Session, cycle_id: int) -> Sequence[Panel]:
    """Return a year's panels with their members, by title."""
    query = select(Panel).where(Panel.cycle_id == cycle_id).order_by(Panel.title)
    return session.scalars(query.options(selectinload(Panel.members).joinedload(PanelMember.account))).all()


def member(session: Session, cycle_id: int, account_id: int) -> PanelMember | None:
    """Return a judge's place in a year."""
    mine = select(PanelMember).filter_by(cycle_id=cycle_id, account_id=account_id)
    return session.scalar(mine.options(joinedload(PanelMember.panel)))


def loads(session: Session, cycle_id: int) -> Mapping[int, int]:
    """Return how many works of a year each judge has, finished ones too, without those that he stood back from."""
    query = (
        select(Sheet.evaluator_id, func.count(Sheet.submission_id.distinct()))
        .join(Submission, Submission.id == Sheet.submission_id)
        .where(Submission.cycle_id == cycle_id, Sheet.recused_at.is_(None))
        .group_by(Sheet.evaluator_id)
    )
    return {account_id: n for account_id, n in session.execute(query)}  # noqa: C416 (typed)


def by_category(panels: Sequence[Panel]) -> dict[str, Any]:
    """Return the panel of each category."""
    return {category: panel for panel in panels for category in panel.categories}


def judges(session: Session, cycle_id: int) -> set[int]:
    """Return everybody who is in a panel of a year or was given a work of it."""
    given = select(Sheet.evaluator_id).join(Submission, Submission.id == Sheet.submission_id)
    members = select(PanelMember.account_id).where(PanelMember.cycle_id == cycle_id)
    return {*session.scalars(members), *session.scalars(given.where(Submission.cycle_id == cycle_id).distinct())}
