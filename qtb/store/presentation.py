"""The presentation round of a year: when and where, what was drawn, and the works on the shortlist with their slots."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, delete, exists, select, update
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from qtb.store.cycles import Cycle
from qtb.store.evaluations import Sheet
from qtb.store.files import File
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId


class Presentation(Base):
    """A year's round, made when its shortlist is confirmed. `drawn`: the numbers as they were drawn from, sorted.

    `version` grows with each act on it: a page that was drawn before one is stale.
    """

    __tablename__ = "presentation"
    __table_args__ = (CheckConstraint("(drawn_at IS NULL) = (n_draws = 0)", name="drawn"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"), unique=True)
    version: Mapped[int] = mapped_column(default=0)
    confirmed_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    seed: Mapped[str] = mapped_column(String(64), default="")
    drawn_at: Mapped[datetime | None] = mapped_column(Instant)
    n_draws: Mapped[int] = mapped_column(default=0)
    starts_at: Mapped[datetime | None] = mapped_column(Instant)
    minutes: Mapped[int] = mapped_column(default=0)
    questions: Mapped[int] = mapped_column(default=0)
    place: Mapped[str] = mapped_column(String(200), default="")
    breaks: Mapped[list[list[str]]] = mapped_column(JSON, default=list)
    drawn: Mapped[list[str]] = mapped_column(JSON, default=list)

    cycle: Mapped[Cycle] = relationship()


class Slot(Base):
    """A work on the shortlist; its turn once it was drawn."""

    __tablename__ = "slot"
    __table_args__ = (
        CheckConstraint("(place_no IS NULL) = (starts_at IS NULL)", name="timed"),
        Index(None, "cycle_id"),
    )

    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"))
    listed_at: Mapped[datetime] = mapped_column(Instant)
    place_no: Mapped[int | None]
    starts_at: Mapped[datetime | None] = mapped_column(Instant)
    ends_at: Mapped[datetime | None] = mapped_column(Instant)

    submission: Mapped[Submission] = relationship()


def of(session: Session, cycle_id: int) -> Presentation | None:
    """Return a year's round."""
    return session.scalar(select(Presentation).where(Presentation.cycle_id == cycle_id))


def slots(session: Session, cycle_id: int) -> Sequence[Slot]:
    """Return a year's shortlist in its running order; before the draw, and behind it, by number."""
    query = select(Slot).join(Submission, Submission.id == Slot.submission_id).where(Slot.cycle_id == cycle_id)
    query = query.options(joinedload(Slot.submission).joinedload(Submission.unit))
    return session.scalars(query.order_by(Slot.place_no.is_(None), Slot.place_no, Submission.number)).all()


def slot(session: Session, submission_id: int) -> Slot | None:
    """Return a work's place on the shortlist; None where it has none."""
    return session.get(Slot, submission_id)


def enlist(session: Session, cycle_id: int, ids: Collection[int], *, now: datetime) -> None:
    """Put works on the shortlist, with the fact that guards read."""
    session.add_all(Slot(submission_id=one, cycle_id=cycle_id, listed_at=now) for one in sorted(ids))
    session.flush()
    mine = update(Submission).where(Submission.id.in_(sorted(ids))).values(shortlisted=True)
    session.execute(mine.execution_options(synchronize_session=False))
    session.expire_all()


def strike(session: Session, ids: Collection[int]) -> None:
    """Take works off the shortlist."""
    session.execute(delete(Slot).where(Slot.submission_id.in_(sorted(ids))))
    mine = update(Submission).where(Submission.id.in_(sorted(ids))).values(shortlisted=False, slides_due_at=None)
    session.execute(mine.execution_options(synchronize_session=False))
    session.expire_all()


def with_slides(session: Session, cycle_id: int, form: str) -> set[int]:
    """Return the works of a year on whose form a file stands."""
    there = exists().where(File.submission_id == Slot.submission_id, File.form == form, File.ended_at.is_(None))
    return set(session.scalars(select(Slot.submission_id).where(Slot.cycle_id == cycle_id, there)))


def without_slides(session: Session, form: str, *, cycle_id: int, now: datetime) -> Sequence[Submission]:
    """Return the works of a year whose slides are due later than now and not there."""
    there = exists().where(File.submission_id == Submission.id, File.form == form, File.ended_at.is_(None))
    mine = Submission.cycle_id == cycle_id, Submission.shortlisted, Submission.slides_due_at > now, ~there
    query = select(Submission).where(*mine, Submission.suspended_at.is_(None))
    return session.scalars(query.order_by(Submission.id)).all()


def drawn(session: Session, ids: Collection[int]) -> Sequence[Slot]:
    """Return the turns of works, in their order."""
    query = select(Slot).where(Slot.submission_id.in_(sorted(ids)), Slot.starts_at.is_not(None))
    return session.scalars(query.options(joinedload(Slot.submission)).order_by(Slot.starts_at)).all()


def starts(session: Session, ids: Collection[int]) -> dict[int, datetime]:
    """Return when works are presented, by id; those that were drawn."""
    query = select(Slot.submission_id, Slot.starts_at).where(Slot.submission_id.in_(sorted(ids)))
    return {one: at for one, at in session.execute(query) if at is not None} if ids else {}


def turns(session: Session, unit_ids: Collection[int], cycle_id: int) -> Sequence[Slot]:
    """Return the places of units' works on the shortlist of a year."""
    mine = Submission.unit_id.in_(sorted(unit_ids)), Slot.cycle_id == cycle_id
    query = select(Slot).join(Submission, Submission.id == Slot.submission_id).where(*mine)
    return session.scalars(query.options(joinedload(Slot.submission)).order_by(Slot.submission_id)).all()


def kinds_held(session: Session, submission_id: int, account_id: int | None) -> set[str]:
    """Return the kinds of sheet that a judge has of a work."""
    mine = Sheet.submission_id == submission_id, Sheet.evaluator_id == account_id, Sheet.recused_at.is_(None)
    return set(session.scalars(select(Sheet.kind).where(*mine)))
