"""Objections to what was published: a case of its own beside the submission, with its clock and its outcome."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Select, String, func, select, update
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from qtb.domain.roles import CLOCK
from qtb.store.cycles import Cycle
from qtb.store.history import History
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId


class Objection(Base):
    """One objection by a named person or unit; open from `accepted_at` until `ended_at`, when it has an outcome."""

    __tablename__ = "objection"
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (outcome = '')", name="ended"),
        Index(None, "submission_id"),
        Index(None, "cycle_id", "ended_at"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    code: Mapped[str] = mapped_column(String(24), unique=True)  # with it, whoever objected reads how it stands
    request_key: Mapped[str] = mapped_column(String(64), unique=True)  # a form sent twice objects once
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    filed_at: Mapped[datetime] = mapped_column(Instant)
    accepted_at: Mapped[datetime | None] = mapped_column(Instant)
    answer_by: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    outcome: Mapped[str] = mapped_column(String(20), default="")
    version: Mapped[int] = mapped_column(default=0)  # grows with each act on it: a page drawn before is stale

    cycle: Mapped[Cycle] = relationship()
    submission: Mapped[Submission] = relationship()


WAITING = Objection.accepted_at.is_(None) & Objection.ended_at.is_(None)  # neither taken up nor passed over
OPEN = Objection.accepted_at.is_not(None) & Objection.ended_at.is_(None)


def of_cycle(session: Session, cycle_id: int) -> Sequence[Objection]:
    """Return a year's objections: those without an outcome first, the earliest due date before the others."""
    mine = select(Objection).where(Objection.cycle_id == cycle_id).options(joinedload(Objection.submission))
    order = (Objection.ended_at.is_not(None), Objection.answer_by.is_(None), Objection.answer_by, Objection.id)
    return session.scalars(mine.order_by(*order)).all()


def of_submission(session: Session, submission_id: int) -> Sequence[Objection]:
    """Return the objections to a work in the order in which they came."""
    mine = select(Objection).where(Objection.submission_id == submission_id)
    return session.scalars(mine.order_by(Objection.id)).all()


def by_code(session: Session, code: str) -> Objection | None:
    """Return the objection with this code."""
    return session.scalar(select(Objection).where(Objection.code == code))


def by_request(session: Session, request_key: str) -> Objection | None:
    """Return the objection that a form's sending has made already."""
    return session.scalar(select(Objection).where(Objection.request_key == request_key))


def published_at(session: Session, ids: Collection[int], states: Sequence[str]) -> dict[int, datetime]:
    """Return when the clock, or an override, last brought works into one of these states from outside them."""
    mine = History.subject == "submission", History.subject_id.in_(ids)
    into = History.to_state.in_(states), History.from_state.not_in(states)
    by = (History.via == CLOCK.via) | (History.kind == "override")
    found = select(History.subject_id, func.max(History.at)).where(*mine, *into, by).group_by(History.subject_id)
    return {work: at for work, at in session.execute(found)}  # noqa: C416 (typed)


def n_waiting(cycle_id: int) -> Select[int]:
    """Return the query of how many of a year's objections have no outcome yet."""
    mine = select(func.count()).select_from(Objection)
    return mine.where(Objection.cycle_id == cycle_id, Objection.ended_at.is_(None))


def count_open(session: Session, submission_id: int) -> None:
    """Bring the submission's fact about its objections up to date, in the unit that changed one."""
    session.flush()
    mine = select(func.count()).select_from(Objection).where(Objection.submission_id == submission_id, OPEN)
    session.execute(
        update(Submission)
        .where(Submission.id == submission_id)
        .values(n_objections_open=mine.scalar_subquery())
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
