"""What was filled in on a submission's forms, and every version of it that was saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, ForeignKeyConstraint, String, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from qtb.store.types import Base, Instant, RowId
from qtb.store.versions import Saved, Versions


class Answer(Base):
    """What was filled in on one form of a submission. `version` numbers its saves that changed something."""

    __tablename__ = "answer"

    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    form: Mapped[str] = mapped_column(String(40), primary_key=True)
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=0)


class AnswerVersion(Saved, Base):
    """A form of a submission as it stood after one save."""

    __tablename__ = "answer_version"
    __table_args__ = (ForeignKeyConstraint(["submission_id", "form"], ["answer.submission_id", "answer.form"]),)

    submission_id: Mapped[int] = mapped_column(RowId, primary_key=True)
    form: Mapped[str] = mapped_column(String(40), primary_key=True)


OF_ONE = select(Answer.form, Answer.values).where(Answer.submission_id == bindparam("submission_id"))


def answers(session: Session, submission_id: int) -> dict[str, dict[str, Any]]:
    """Return the filled forms of a submission by form key."""
    rows = session.execute(OF_ONE, {"submission_id": submission_id})
    return {form: values for form, values in rows}  # noqa: C416 (typed)


def versions(session: Session, submission_id: int, form: str) -> Versions:
    """Return the versions of a form."""
    mine = AnswerVersion.submission_id == submission_id, AnswerVersion.form == form
    return Versions(session, AnswerVersion, mine)


def of_many(session: Session, ids: Sequence[int]) -> dict[int, dict[str, dict[str, Any]]]:
    """Return the filled forms of several submissions by form key; of one without any, none."""
    found: dict[int, dict[str, dict[str, Any]]] = {one: {} for one in ids}
    for row in session.scalars(select(Answer).where(Answer.submission_id.in_(ids))):
        found[row.submission_id][row.form] = row.values
    return found
