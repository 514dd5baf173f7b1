"""Plans of who judges what, kept until they are applied, and what they are made of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from qtb.store.accounts import Account
from qtb.store.cycles import Cycle
from qtb.store.evaluations import Sheet
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId


class AssignmentPlan(Base):
    """Works and judges as reckoned (and edited) or as read of a file; nothing is given before it is applied.

    `asked`: what was asked for. `pairs`: [work, judge] by id. `lines`: of a file, {row, number, email}.
    """

    __tablename__ = "assignment_plan"
    __table_args__ = (Index(None, "cycle_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"))
    file_name: Mapped[str] = mapped_column(String(200), default="")
    asked: Mapped[dict[str, Any]] = mapped_column(JSON)
    pairs: Mapped[list[list[int]]] = mapped_column(JSON)
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    made_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=0)
    applied_at: Mapped[datetime | None] = mapped_column(Instant)

    cycle: Mapped[Cycle] = relationship()
    maker: Mapped[Account | None] = relationship()


def latest(session: Session, cycle_id: int, *, limit: int = 20) -> Sequence[AssignmentPlan]:
    """Return a year's plans, latest first."""
    mine = select(AssignmentPlan).where(AssignmentPlan.cycle_id == cycle_id).options(joinedload(AssignmentPlan.maker))
    return session.scalars(mine.order_by(AssignmentPlan.id.desc()).limit(limit)).all()


def judged(session: Session, cycle: Cycle, kind: str) -> Sequence[Submission]:
    """Return the works of a year that stand where a kind of sheet is filled, by number; eliminated ones left out."""
    states = cycle.definition.filled_in(kind)
    mine = (Submission.cycle_id == cycle.id, Submission.state.in_(states), ~Submission.eliminated)
    return session.scalars(select(Submission).where(*mine).order_by(Submission.number)).all()


def given(session: Session, ids: Collection[int], kind: str) -> dict[int, set[int]]:
    """Return who has been given a sheet of a kind for each work, those who stood back apart."""
    mine = (Sheet.submission_id.in_(sorted(ids)), Sheet.kind == kind, Sheet.recused_at.is_(None))
    found: dict[int, set[int]] = {one: set() for one in ids}
    for submission_id, account_id in session.execute(select(Sheet.submission_id, Sheet.evaluator_id).where(*mine)):
        found[submission_id].add(account_id)
    return found


def people(session: Session, ids: Collection[int]) -> dict[int, Account]:
    """Return people by id."""
    return {one.id: one for one in session.scalars(select(Account).where(Account.id.in_(sorted(ids))))}


def hold(session: Session, *, judges: Collection[int], works: Collection[int]) -> None:
    """Hold people, then works, each in the order of their ids: whoever gives works or stands back waits his turn."""
    people = select(Account.id).where(Account.id.in_(sorted(judges))).order_by(Account.id)
    session.execute(people.with_for_update(key_share=True)).all()
    rows = select(Submission.id).where(Submission.id.in_(sorted(works))).order_by(Submission.id)
    session.execute(rows.with_for_update(key_share=True)).all()
    session.expire_all()  # what was read before may be older than the locks
