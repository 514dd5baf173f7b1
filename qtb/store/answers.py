"""What was filled in on a submission's forms, and every version of it that was saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, ForeignKeyConstraint, Select, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from qtb.store.accounts import Account
from qtb.store.types import Base, Instant, RowId


class Answer(Base):
    """What was filled in on one form of a submission. `version` numbers its saves that changed something."""

    __tablename__ = "answer"

    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    form: Mapped[str] = mapped_column(String(40), primary_key=True)
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=0)


class AnswerVersion(Base):
    """A form as it stood after one save. `request_key` says from which drawing of the page it came."""

    __tablename__ = "answer_version"
    __table_args__ = (ForeignKeyConstraint(["submission_id", "form"], ["answer.submission_id", "answer.form"]),)

    submission_id: Mapped[int] = mapped_column(RowId, primary_key=True)
    form: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    saved_at: Mapped[datetime] = mapped_column(Instant)
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    request_key: Mapped[str] = mapped_column(String(64), default="")


Told = tuple[AnswerVersion, str | None]


def answers(session: Session, submission_id: int) -> dict[str, dict[str, Any]]:
    """Return the filled forms of a submission by form key."""
    rows = session.scalars(select(Answer).where(Answer.submission_id == submission_id))
    return {row.form: row.values for row in rows}


def versions(session: Session, submission_id: int, form: str) -> Sequence[Told]:
    """Return a form's versions, latest first, each with the name of who saved it."""
    return [(row, name) for row, name in session.execute(_told(submission_id, form))]


def latest(session: Session, submission_id: int, form: str) -> Told | None:
    """Return the last version of a form with the name of who saved it."""
    found = session.execute(_told(submission_id, form).limit(1)).first()
    return (found[0], found[1]) if found else None


def version(session: Session, submission_id: int, form: str, number: int) -> Told | None:
    """Return one version of a form with the name of who saved it."""
    found = session.execute(_told(submission_id, form).where(AnswerVersion.number == number)).first()
    return (found[0], found[1]) if found else None


def _told(submission_id: int, form: str) -> Select[AnswerVersion, str | None]:
    name: Any = Account.name  # None where a command saved it
    return (
        select(AnswerVersion, name)
        .outerjoin(Account, Account.id == AnswerVersion.account_id)
        .where(AnswerVersion.submission_id == submission_id, AnswerVersion.form == form)
        .order_by(AnswerVersion.number.desc())
    )


def saved_from(session: Session, submission_id: int, form: str, *, account_id: int | None, request_key: str) -> int:
    """Return the last version that somebody saved from one drawing of the page; 0 for none."""
    if not request_key or account_id is None:
        return 0
    query = select(func.max(AnswerVersion.number)).where(
        AnswerVersion.submission_id == submission_id, AnswerVersion.form == form,
        AnswerVersion.account_id == account_id, AnswerVersion.request_key == request_key,
    )  # fmt: skip
    return session.scalar(query) or 0


def saved_keys(session: Session, submission_id: int, form: str, *, account_id: int | None) -> list[str]:
    """Return the drawings of the page from which somebody saved the form, the latest twenty."""
    query = (
        select(AnswerVersion.request_key)
        .where(
            AnswerVersion.submission_id == submission_id, AnswerVersion.form == form,
            AnswerVersion.account_id == account_id, AnswerVersion.request_key != "",
        )
        .order_by(AnswerVersion.number.desc())
        .limit(20)
    )  # fmt: skip
    return list(session.scalars(query))
