"""What somebody has typed into a form and not saved yet: texts as typed, seen by nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, ForeignKey, Index, String, delete, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from qtb.store.accounts import Account, Membership, Unit
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId

BEFORE = text("submission_id IS NULL")  # of a form that is filled before there is a submission


class AnswerDraft(Base):
    """One person's unsaved texts on one form of a submission, or of a unit's year before there is one.

    `request_key` names the drawing of the page that it came from, `seen` the form's version that was drawn there.
    """

    __tablename__ = "answer_draft"
    __table_args__ = (
        Index("uq_answer_draft_submission", "account_id", "submission_id", "form", unique=True),
        Index(
            "uq_answer_draft_before", "account_id", "cycle_id", "unit_id", "form", unique=True,
            sqlite_where=BEFORE, postgresql_where=BEFORE,
        ),
        Index(None, "submission_id", "form"),
        Index(None, "kept_at"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submission.id"))
    form: Mapped[str] = mapped_column(String(40))
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    seen: Mapped[int] = mapped_column(default=0)
    request_key: Mapped[str] = mapped_column(String(64), default="")
    kept_at: Mapped[datetime] = mapped_column(Instant)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a draft belongs: a form of a submission, or of a unit's year before there is a submission."""

    form: str
    cycle_id: int
    unit_id: int
    submission_id: int | None = None
    sheet_id: int | None = None  # a judge's sheet of the submission, else a form of it
    is_hand_in: bool = False  # a unit's own form for the year, else the entry of a new team

    def clauses(self) -> tuple[ColumnElement[bool], ...]:
        """Return what the drafts of this place have in common."""
        if self.submission_id is not None:
            return AnswerDraft.form == self.form, AnswerDraft.submission_id == self.submission_id
        return (
            AnswerDraft.form == self.form, AnswerDraft.submission_id.is_(None),
            AnswerDraft.cycle_id == self.cycle_id, AnswerDraft.unit_id == self.unit_id,
        )  # fmt: skip


def draft(session: Session, place: Place, account_id: int | None) -> AnswerDraft | None:
    """Return somebody's draft."""
    return session.scalar(select(AnswerDraft).where(AnswerDraft.account_id == account_id, *place.clauses()))


def hold(session: Session, place: Place) -> None:
    """Let no save of the place be under way while a draft of it is kept: what it ends would come back."""
    row = Submission.id == place.submission_id if place.submission_id else Unit.id == place.unit_id
    session.execute(select(row).where(row).with_for_update(read=True))


def put(session: Session, place: Place, account_id: int, *, over: str | None, **kept: Any) -> bool:
    """Keep a draft in place of the one there, if that is none, the same page's, or the one called `over`."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    names = ["submission_id"] if place.submission_id is not None else ["cycle_id", "unit_id"]
    where = {"cycle_id": place.cycle_id, "unit_id": place.unit_id, "submission_id": place.submission_id}
    statement = insert(AnswerDraft).values({"account_id": account_id, "form": place.form, **where, **kept})
    known = [kept["request_key"], *([] if over is None else [over])]
    written = session.execute(
        statement.on_conflict_do_update(
            index_elements=["account_id", *names, "form"],
            index_where=None if place.submission_id is not None else BEFORE,
            set_=kept, where=AnswerDraft.request_key.in_(known),
        ).returning(AnswerDraft.id)
    ).first()  # fmt: skip
    session.expire_all()
    return written is not None


def drop(session: Session, place: Place, account_id: int | None, *, keys: Sequence[str] | None = None) -> None:
    """End somebody's draft; with `keys` only one that comes from these drawings of the page."""
    whose = [AnswerDraft.account_id == account_id, *place.clauses()]
    if keys is not None and any(keys):
        whose.append(AnswerDraft.request_key.in_(keys))
    session.execute(delete(AnswerDraft).where(*whose))


def forget(session: Session, *, before: datetime) -> int:
    """Delete what was kept before an instant and never saved; return how many."""
    gone = delete(AnswerDraft).where(AnswerDraft.kept_at < before)
    return len(session.execute(gone.returning(AnswerDraft.id)).all())


def others(
    session: Session, place: Place, *, account_id: int | None, units: Sequence[int], since: datetime
) -> list[tuple[str, datetime]]:
    """Return who else of these units typed here since an instant, latest first, and when last."""
    colleague = Membership.account_id == AnswerDraft.account_id, Membership.unit_id.in_(units)
    query = (
        select(Account.name, AnswerDraft.kept_at)
        .join(Account, Account.id == AnswerDraft.account_id)
        .where(
            *place.clauses(), AnswerDraft.kept_at >= since, AnswerDraft.account_id != account_id,
            select(Membership.account_id).where(*colleague).exists(),
        )
        .order_by(AnswerDraft.kept_at.desc())
        .limit(10)
    )  # fmt: skip
    return [(name, kept_at) for name, kept_at in session.execute(query)]
