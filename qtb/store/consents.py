"""A year's levels laid before the guiding bodies: the list as it was laid, and what each body answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, select, update
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from qtb.store.accounts import Account, Membership, Unit
from qtb.store.cycles import Cycle
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId


class Laying(Base):
    """A list laid before the bodies, until it is taken back. `works`: each work as it was shown to them."""

    __tablename__ = "laying"
    __table_args__ = (Index(None, "cycle_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"))
    works: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))
    laid_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    laid_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)

    cycle: Mapped[Cycle] = relationship()
    consents: Mapped[list[Consent]] = relationship(order_by="Consent.unit_id", back_populates="laying")

    @property
    def n_lacking(self) -> int:
        """How many bodies have neither consented nor been gone on without."""
        return sum(one.is_lacking for one in self.consents)


class Consent(Base):
    """What one body answered; `agrees` is None until it has, and with a reason the organiser goes on without it."""

    __tablename__ = "consent"
    __table_args__ = (CheckConstraint("(agrees IS NULL) = (answered_at IS NULL)", name="answered"),)

    laying_id: Mapped[int] = mapped_column(ForeignKey("laying.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    agrees: Mapped[bool | None] = mapped_column()
    note: Mapped[str] = mapped_column(String(2000), default="")
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    waived_at: Mapped[datetime | None] = mapped_column(Instant)
    waived_reason: Mapped[str] = mapped_column(String(2000), default="")

    laying: Mapped[Laying] = relationship(back_populates="consents")
    unit: Mapped[Unit] = relationship()
    person: Mapped[Account | None] = relationship()

    @property
    def is_lacking(self) -> bool:
        """Tell whether the publication waits for this body."""
        return not self.agrees and self.waived_at is None


def latest(session: Session, cycle_id: int) -> Laying | None:
    """Return a year's last list, which may have been taken back."""
    mine = select(Laying).where(Laying.cycle_id == cycle_id).order_by(Laying.id.desc()).limit(1)
    return session.scalar(mine.options(joinedload(Laying.cycle)))


def of_bodies(session: Session, bodies: Sequence[int]) -> Sequence[Laying]:
    """Return the lists that lie before any of these bodies, the latest year first."""
    mine = select(Consent.laying_id).where(Consent.unit_id.in_(bodies))
    query = select(Laying).join(Cycle, Cycle.id == Laying.cycle_id).where(Laying.id.in_(mine))
    return session.scalars(query.where(Laying.ended_at.is_(None)).order_by(Cycle.year.desc(), Laying.id.desc())).all()


def bodies(session: Session, role: str, kind: str) -> dict[int, list[int]]:
    """Return the active units of a kind in which somebody holds a role, each with these people's ids."""
    held = Membership.role == role, Membership.ended_at.is_(None), Unit.kind == kind, Unit.is_active, Account.is_active
    query = select(Unit.id, Account.id).join(Membership, Membership.unit_id == Unit.id)
    query = query.join(Account, Account.id == Membership.account_id).where(*held).order_by(Unit.id, Account.id)
    found: dict[int, list[int]] = {}
    for unit_id, account_id in session.execute(query):
        found.setdefault(unit_id, []).append(account_id)
    return found


def n_ahead(session: Session, row: Laying) -> int:
    """Return how many works of a list wait for their publication."""
    states = [key for key, state in row.cycle.definition.workflow.states.items() if state.decided]
    mine = Submission.cycle_id == row.cycle_id, Submission.state.in_(states)
    waiting = session.scalars(select(Submission.number).where(*mine))
    return len({*waiting} & {work["number"] for work in row.works})


def is_written_to(session: Session, body: int, *, since: datetime, letter: str) -> bool:
    """Tell whether a body has been written such a letter since an instant."""
    mine = Outbox.unit_id == body, Outbox.letter == letter, Outbox.created_at >= since
    return session.scalar(select(Outbox.id).where(*mine).limit(1)) is not None


def of_cycle(session: Session, cycle_id: int) -> Sequence[Laying]:
    """Return all lists of a year, the latest first."""
    return session.scalars(select(Laying).where(Laying.cycle_id == cycle_id).order_by(Laying.id.desc())).all()


def hold_back(session: Session, cycle_id: int, held: bool) -> None:
    """Let a year's works wait for consent, or wait no longer; those too that are decided only later on."""
    mine = update(Submission).where(Submission.cycle_id == cycle_id)
    mine = mine.where(Submission.consent_held != held)  # no row is locked for nothing: two who give levels would wait
    session.execute(mine.values(consent_held=held).execution_options(synchronize_session=False))
    session.expire_all()
