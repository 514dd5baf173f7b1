"""Score sheets, one for each evaluator and submission, and the level proposed for a work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Numeric,
    String,
    UniqueConstraint,
    and_,
    delete,
    exists,
    false,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, Session, aliased, joinedload, mapped_column, relationship

from qtb.domain.definition import Definition
from qtb.store import eliminations
from qtb.store.accounts import Account
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId
from qtb.store.versions import Saved, Versions


class Sheet(Base):
    """An evaluator's scores for one work; final ones count."""

    __tablename__ = "sheet"
    __table_args__ = (
        UniqueConstraint("submission_id", "evaluator_id", "kind"),
        Index(None, "evaluator_id"),
        CheckConstraint("recused_at IS NULL OR NOT is_final", name="recused_or_final"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    evaluator_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(String(20))
    scores: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    comment: Mapped[str] = mapped_column(String(2000), default="")
    total: Mapped[Decimal | None] = mapped_column(Numeric(7, 2))
    is_final: Mapped[bool] = mapped_column(default=False)
    assigned_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=0)
    recused_at: Mapped[datetime | None] = mapped_column(Instant)  # stood back: neither open nor final from then on
    recusal_reason: Mapped[str] = mapped_column(String(500), default="", server_default="")
    is_blind: Mapped[bool] = mapped_column(default=False, server_default=false())  # its judge does not learn whose

    submission: Mapped[Submission] = relationship()
    evaluator: Mapped[Account] = relationship()

    @hybrid_property
    def is_open(self) -> bool:
        """Tell whether the sheet still has to be finished."""
        return not self.is_final and self.recused_at is None

    @is_open.inplace.expression
    @classmethod
    def _is_open(cls) -> ColumnElement[bool]:
        return and_(~cls.is_final, cls.recused_at.is_(None))


class SheetVersion(Saved, Base):
    """A sheet as it stood after one save: its scores and, under `comment`, what was said with them."""

    __tablename__ = "sheet_version"

    sheet_id: Mapped[int] = mapped_column(ForeignKey("sheet.id"), primary_key=True)
    is_final: Mapped[bool] = mapped_column(default=False)


class Award(Base):
    """The level proposed for a work; nobody outside the organiser sees it before the publication instant.

    `own`: decided for this work alone, with a reason; a proposal for all leaves it as it is.
    """

    __tablename__ = "award"

    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    level: Mapped[str] = mapped_column(String(40))
    proposed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    proposed_at: Mapped[datetime] = mapped_column(Instant)
    own: Mapped[bool] = mapped_column(default=False, server_default=false())


def sheets(session: Session, submission_id: int) -> Sequence[Sheet]:
    """Return the sheets of a work in the order of assignment."""
    query = select(Sheet).where(Sheet.submission_id == submission_id).options(joinedload(Sheet.evaluator))
    return session.scalars(query.order_by(Sheet.id)).all()


def beside(session: Session, sheet: Sheet) -> Sequence[Sheet]:
    """Return what others have finished of the same kind for the same work; nothing before one's own is finished."""
    own = aliased(Sheet)
    query = select(Sheet).join(own, and_(own.submission_id == Sheet.submission_id, own.kind == Sheet.kind))
    query = query.where(own.id == sheet.id, own.is_final, Sheet.id != own.id, Sheet.is_final)
    return session.scalars(query.order_by(Sheet.id)).all()


def versions(session: Session, sheet_id: int) -> Versions:
    """Return the versions of a sheet."""
    return Versions(session, SheetVersion, (SheetVersion.sheet_id == sheet_id,))


def keep_version(session: Session, sheet: Sheet, account_id: int | None, *, now: datetime, key: str = "") -> None:
    """Count the sheet's version up and keep it as it stands, with who made it so from which drawing of the page."""
    sheet.version += 1
    values = {**sheet.scores, "comment": sheet.comment}
    session.add(
        SheetVersion(
            sheet_id=sheet.id, number=sheet.version, account_id=account_id, saved_at=now, values=values,
            request_key=key[:64], is_final=sheet.is_final,
        )
    )  # fmt: skip


def recusals(session: Session, cycle_id: int) -> Sequence[Sheet]:
    """Return the sheets of a year that their judges stood back from, oldest first."""
    query = select(Sheet).join(Submission, Submission.id == Sheet.submission_id)
    query = query.where(Submission.cycle_id == cycle_id, Sheet.recused_at.is_not(None))
    both = joinedload(Sheet.evaluator), joinedload(Sheet.submission).joinedload(Submission.unit)
    return session.scalars(query.options(*both).order_by(Sheet.recused_at, Sheet.id)).all()


def forget_level(session: Session, submission_id: int) -> None:
    """Take back the level proposed for a work; an eliminated one has none still, and forgets what it had before."""
    session.flush()
    eliminations.change_former(session, [submission_id], None, "")
    out = exists().where(Submission.id == Award.submission_id, Submission.eliminated)
    session.execute(delete(Award).where(Award.submission_id == submission_id, ~out))
    mine = update(Submission).where(Submission.id == submission_id, ~Submission.eliminated).values(award_level="")
    session.execute(mine.execution_options(synchronize_session=False))
    session.expire_all()


def awaited(definition: Definition) -> ColumnElement[bool]:
    """Tell in SQL whether a sheet is still to be finished, and is of a kind that is filled where its work stands.

    Nobody waits for a sheet of an eliminated work.
    """
    kinds = ((state, definition.sheets_of(state)) for state in definition.workflow.states)
    filled = (and_(Submission.state == state, Sheet.kind.in_(found)) for state, found in kinds if found)
    return and_(Sheet.is_open, ~Submission.eliminated, or_(false(), *filled))


def count_sheets(session: Session, submission: Submission) -> None:
    """Bring the submission's facts about its sheets up to date, in the unit that changed a sheet.

    They count the rubric's first sheet: those of a later round bear on the score and guard no move.
    """
    session.flush()
    mine = select(func.count()).select_from(Sheet).where(
        Sheet.submission_id == submission.id, Sheet.kind == submission.cycle.definition.counted
    )  # fmt: skip
    session.execute(
        update(Submission)
        .where(Submission.id == submission.id)
        .values(
            n_sheets_final=mine.where(Sheet.is_final).scalar_subquery(),
            n_sheets_open=mine.where(Sheet.is_open).scalar_subquery(),
            taken_back=False,  # what the clock waited for has happened
        )
        .execution_options(synchronize_session=False)
    )
