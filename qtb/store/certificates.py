"""Certificates: what was issued for a work, never changed but for being revoked; a number is never used twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    UniqueConstraint,
    exists,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, contains_eager, joinedload, mapped_column, relationship

from qtb.store.cycles import Cycle
from qtb.store.objections import Objection
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId


class Certificate(Base):
    """One certificate; the names are those of the day it was issued."""

    __tablename__ = "certificate"
    __table_args__ = (
        Index(
            "uq_certificate_unrevoked", "submission_id", unique=True,
            sqlite_where=text("revoked_at IS NULL"), postgresql_where=text("revoked_at IS NULL"),
        ),
        UniqueConstraint("number"),
        UniqueConstraint("code"),
        UniqueConstraint("replaces_id"),
        Index(None, "cycle_id", "level", "id"),
        Index(None, "submission_id"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_reason = '')", name="revoked_why"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    number: Mapped[str] = mapped_column(String(60))
    code: Mapped[str] = mapped_column(String(24))  # stands in the public address
    level: Mapped[str] = mapped_column(String(40))
    team_name: Mapped[str] = mapped_column(String(50))
    unit_name: Mapped[str] = mapped_column(String(100))
    title: Mapped[str] = mapped_column(String(60))
    said: Mapped[str] = mapped_column(Text)  # the whole certificate, as its file holds it
    fingerprint: Mapped[str] = mapped_column(String(64))  # SHA-256 of what it says
    issued_at: Mapped[datetime] = mapped_column(Instant)
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_reason: Mapped[str] = mapped_column(String(500), default="", server_default="")
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("certificate.id"))

    submission: Mapped[Submission] = relationship()
    cycle: Mapped[Cycle] = relationship()
    before: Mapped[Certificate | None] = relationship(remote_side=[id], back_populates="after")
    after: Mapped[Certificate | None] = relationship(back_populates="before", uselist=False)  # which replaced it


@dataclass(frozen=True, slots=True)
class Standing:
    """A certificate, and since when it holds no more: revoked, or its work holds the level no longer."""

    certificate: Certificate
    ended_at: datetime | None

    @property
    def is_valid(self) -> bool:
        """Tell whether it holds."""
        return self.ended_at is None


def ended(states: Sequence[str]) -> ColumnElement[bool]:
    """Return the clause of certificates, joined with their works, that hold no more; `states` are those that may."""
    gone = Submission.state.not_in(states), Submission.award_level != Certificate.level
    return or_(Certificate.revoked_at.is_not(None), *gone)


def lacking(cycle_id: int, states: Sequence[str], levels: Sequence[str]) -> Select[Any]:
    """Return a select of the works that may hold a certificate and never had one, by number.

    None to which an objection waits, taken up or not yet.
    """
    had = exists().where(Certificate.submission_id == Submission.id)
    objected = exists().where(Objection.submission_id == Submission.id, Objection.ended_at.is_(None))
    mine = Submission.cycle_id == cycle_id, Submission.state.in_(states), Submission.award_level.in_(levels)
    free = ~had, ~objected, Submission.n_objections_open == 0
    return select(Submission).where(*mine, *free).order_by(Submission.number)


def whole() -> Select[Certificate]:
    """Return a select of certificates with their works, years and whichever replaced them."""
    query = select(Certificate).join(Certificate.submission).join(Certificate.cycle)
    eager = contains_eager(Certificate.submission), contains_eager(Certificate.cycle).defer(Cycle.notice)
    return query.options(*eager, joinedload(Certificate.after))


def standing(found: Certificate, states: Sequence[str]) -> Standing:
    """Return how a certificate stands, where works may hold one in these states."""
    work, ended_at = found.submission, found.revoked_at
    if ended_at is None and (work.state not in states or work.award_level != found.level):
        ended_at = max(work.state_since, found.issued_at)
    return Standing(found, ended_at)


def by_number(session: Session, number: str) -> Certificate | None:
    """Return the certificate with this number."""
    return session.scalar(select(Certificate).where(Certificate.number == number))


def last_of(session: Session, submission_id: int) -> Certificate | None:
    """Return a work's latest certificate."""
    mine = select(Certificate).where(Certificate.submission_id == submission_id)
    return session.scalar(mine.order_by(Certificate.id.desc()).limit(1))


def counts(session: Session, cycle_id: int, states: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return by level how many certificates of a year hold, and how many hold no more."""
    gone = ended(states)
    both = select(Certificate.level, func.count().filter(~gone), func.count().filter(gone)).select_from(Certificate)
    both = both.join(Certificate.submission).where(Certificate.cycle_id == cycle_id).group_by(Certificate.level)
    return {level: (n_valid, n_ended) for level, n_valid, n_ended in session.execute(both)}
