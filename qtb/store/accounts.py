"""People, units, who belongs where, who is signed in."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    bindparam,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column, relationship

from qtb.domain.evidence import digest
from qtb.store.types import Base, Chained, Instant, RowId

if TYPE_CHECKING:
    from collections.abc import Sequence


class Account(Chained, Base):
    """A person who can sign in."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    feed_nonce: Mapped[str] = mapped_column(String(32), default="")  # a new one ends the old calendar address

    memberships: Mapped[list[Membership]] = relationship(
        back_populates="account", foreign_keys="Membership.account_id"
    )


class Unit(Chained, Base):
    """An organisation: it enters teams, recommends, or runs the programme."""

    __tablename__ = "unit"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(String(200), unique=True)  # look-alike names meet here
    kind: Mapped[str] = mapped_column(String(20))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))  # told when this one stays silent
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(Instant)

    memberships: Mapped[list[Membership]] = relationship(back_populates="unit")


class Membership(Base):
    """A person's role in a unit, until it ends."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("account_id", "unit_id", "role"), Index(None, "unit_id"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    role: Mapped[str] = mapped_column(String(20))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    is_admin: Mapped[bool] = mapped_column(default=False)  # invites and ends the unit's members
    until: Mapped[datetime | None] = mapped_column(Instant)  # a deputy's, who stands in for the principal till then
    principal_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))

    account: Mapped[Account] = relationship(back_populates="memberships", foreign_keys=[account_id])
    principal: Mapped[Account | None] = relationship(foreign_keys=[principal_id])
    unit: Mapped[Unit] = relationship(back_populates="memberships")


class SignIn(Base):
    """One signed-in browser; the cookie holds a token, this row its hash."""

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    address: Mapped[str] = mapped_column(String(45))


class Invitation(Base):
    """A one-time link: to set the first password, or (without an account) to set the system up."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


# Characters drawn like a Latin letter in common fonts: a name made of them must not pass for another's.
TWINS = str.maketrans(
    "аеорсухіјѕԁһӏοΑΒΕΖΗΙΚΜΝΟΡΤΥΧАВЕКМНОРСТУХІЈЅ", "aeopcyxijsdhloABEZHIKMNOPTYXABEKMHOPCTYXIJS"
)
# Signs that show nothing though their category is a letter's or a mark's: fillers, joiners, variation selectors.
UNSEEN = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10),
          *range(0xE0100, 0xE01F0)}  # fmt: skip

KEY_LENGTH = 100


def name_key(name: str) -> str:
    """Return the form in which two look-alike names are equal: NFKC, twins folded, no space or invisible signs."""
    plain = unicodedata.normalize("NFKC", name).translate(TWINS).casefold()
    shown = (sign for sign in plain if unicodedata.category(sign)[0] not in "CZ" and ord(sign) not in UNSEEN)
    key = "".join(sign for sign in shown if sign not in "()（）·.-")
    return key if len(key) <= KEY_LENGTH else digest(key)  # NFKC makes eighteen letters of some single ones


def addresses(session: Session, email: str, *, limit: int) -> Sequence[str]:
    """Return from where the person with this e-mail signed in, of the latest so many times."""
    mine = select(SignIn.address).join(Account, Account.id == SignIn.account_id).where(Account.email == email.lower())
    return session.scalars(mine.order_by(SignIn.id.desc()).limit(limit)).all()


def by_email(session: Session, email: str) -> Account | None:
    """Return the account with this address, in whatever case it is written."""
    return session.scalar(select(Account).where(Account.email == email.strip().lower()))


def memberships(session: Session, account_id: int, now: datetime | None = None) -> Sequence[Membership]:
    """Return the roles that an account holds in active units; with `now` without those of a deputy that are over."""
    held = [Membership.account_id == account_id, Membership.ended_at.is_(None), Unit.is_active]
    lasting = [lasts(now)] if now else []
    return session.scalars(select(Membership).join(Membership.unit).where(*held, *lasting)).all()


def lasts(now: Any) -> ColumnElement[bool]:
    """Return the clause that a membership is no deputy's, or one's whose time is not over; a value or a parameter."""
    return or_(Membership.until.is_(None), Membership.until > now)


def is_without_admin(session: Session, unit_id: int, role: str) -> bool:
    """Tell whether nobody manages the members with this role in a unit."""
    mine = select(Membership.id).where(Membership.unit_id == unit_id, Membership.role == role)
    return session.scalar(mine.where(Membership.ended_at.is_(None), Membership.is_admin).limit(1)) is None


PRINCIPAL = aliased(Account)
# Worded once: it is asked at every request, and wording it costs more than asking.
_SIGNED_IN = (
    select(Account, Membership.role, Unit.id, PRINCIPAL.name)
    .join(SignIn, SignIn.account_id == Account.id)
    .outerjoin(
        Membership,
        (Membership.account_id == Account.id)
        & Membership.ended_at.is_(None)
        & lasts(bindparam("programme_now", type_=Instant())),
    )
    .outerjoin(PRINCIPAL, PRINCIPAL.id == Membership.principal_id)
    .outerjoin(Unit, (Unit.id == Membership.unit_id) & Unit.is_active)
    .where(
        SignIn.token_hash == bindparam("token_hash"), SignIn.ended_at.is_(None),
        SignIn.expires_at > bindparam("now", type_=Instant()), Account.is_active,
    )
)  # fmt: skip


def signed_in(
    session: Session, token_hash: str, now: datetime, programme_now: datetime
) -> list[tuple[Account, str | None, int | None, str | None]]:
    """Return (account, role, unit id, principal's name) for each role behind a live sign-in; empty when there is none.

    One query, at every request: ending the sign-in, the account, the unit or the role bites at the next one, and so
    does the programme's clock on a deputy.
    """
    rows = session.execute(_SIGNED_IN, {"token_hash": token_hash, "now": now, "programme_now": programme_now})
    return [(account, role if unit_id else None, unit_id, principal) for account, role, unit_id, principal in rows]


def units(session: Session, kind: str | None = None, *, active: bool = True) -> Sequence[Unit]:
    """Return the units of a kind, by name."""
    query = select(Unit).order_by(Unit.name)
    if kind:
        query = query.where(Unit.kind == kind)
    return session.scalars(query.where(Unit.is_active) if active else query).all()


def names(session: Session, kind: str) -> list[tuple[int, str]]:
    """Return (id, name) of the units of a kind, closed ones too, by name: all that a choice of units shows."""
    found = session.execute(select(Unit.id, Unit.name).where(Unit.kind == kind).order_by(Unit.name))
    return [(unit_id, name) for unit_id, name in found]


def line_above(session: Session, unit_id: int) -> list[int]:
    """Return a unit and those above it, one after the other."""
    line: list[int] = []
    above: int | None = unit_id
    while above is not None and above not in line:
        line.append(above)
        above = session.scalar(select(Unit.parent_id).where(Unit.id == above))
    return line


def with_role(session: Session, role: str) -> Sequence[Account]:
    """Return the active accounts that hold a role now, by name."""
    holding = select(Membership.account_id).where(Membership.role == role, Membership.ended_at.is_(None))
    return session.scalars(
        select(Account).where(Account.is_active, Account.id.in_(holding)).order_by(Account.name)
    ).all()


def organisers(session: Session, *, locked: bool = False) -> set[int]:
    """Return the accounts that organise, deputies apart; `locked`, so that two who leave at once follow each other."""
    query = select(Membership.account_id).where(
        Membership.role == "organiser", Membership.ended_at.is_(None), Membership.until.is_(None)
    )
    active = query.where(Membership.account_id.in_(select(Account.id).where(Account.is_active)))
    return set(session.scalars(active.order_by(Membership.id).with_for_update() if locked else active))


def open_invitation(session: Session, token_hash: str, now: datetime, *, locked: bool) -> Invitation | None:
    """Return the invitation behind a link that still works; `locked` for the one who uses it up."""
    mine = (Invitation.token_hash == token_hash) & Invitation.used_at.is_(None)
    query = select(Invitation).where(mine, Invitation.expires_at > now)
    return session.scalar(query.with_for_update() if locked else query)


def close_links(session: Session, account_id: int | None, now: datetime) -> None:
    """Let no earlier link of an account (None: of the set-up) work any more."""
    mine = Invitation.account_id.is_(None) if account_id is None else Invitation.account_id == account_id
    session.execute(update(Invitation).where(mine, Invitation.used_at.is_(None)).values(used_at=now))
