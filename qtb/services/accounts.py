"""People and units: sign-up, sign-in, invitations, roles."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qtb.domain.errors import Conflict, Denied, Invalid, Missing
from qtb.domain.field_values import PATTERNS
from qtb.domain.passwords import MAX_PASSWORD as MAX_PASSWORD
from qtb.domain.passwords import checked_password
from qtb.domain.roles import ROLES, UNIT_KINDS, Actor
from qtb.services import notes
from qtb.store import accounts, audit
from qtb.store.accounts import Account, Invitation, Membership, SignIn, Unit
from qtb.store.unit import lock

Row = TypeVar("Row", Account, Unit)

hasher = PasswordHasher()
SIGN_IN_DAYS, INVITATION_DAYS = 14, 7

# Checked in place of a real hash when nobody has the address, so that the answer takes as long.
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg$1sBbfLGIZ5tMrBMcDW6mX8BbzXPaVVKxlrHpbUZjlFg"


@dataclass(frozen=True, slots=True)
class Person:
    """The sign-up of a unit's first person."""

    unit_name: str
    name: str
    email: str
    password: str


def token_hash(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def check_password(session: Session, email: str, password: str) -> int:
    """Return the id of the account that this address and password open. Raises Denied("sign_in")."""
    account = accounts.by_email(session, email) if _is_address(email.strip()) else None
    known = account.password_hash if account is not None and account.is_active else None
    try:
        hasher.verify(known or NOBODY, password[: MAX_PASSWORD + 1].encode("utf-8", "surrogatepass"))
    except (VerifyMismatchError, InvalidHashError):
        raise Denied("sign_in") from None
    if account is None or known is None:
        raise Denied("sign_in")
    return account.id


def sign_in(session: Session, account_id: int, *, now: datetime, address: str) -> str:
    """Open a sign-in and return its token."""
    token = secrets.token_urlsafe(32)
    expires_at = now + timedelta(days=SIGN_IN_DAYS)
    row = SignIn(token_hash=token_hash(token), account_id=account_id, created_at=now, expires_at=expires_at)
    row.address = address[:45]
    session.add(row)
    return token


def sign_out(session: Session, token: str, *, now: datetime) -> None:
    """End a sign-in; its cookie is worthless from the next request on."""
    session.execute(update(SignIn).where(SignIn.token_hash == token_hash(token)).values(ended_at=now))


def sign_up(session: Session, person: Person, *, now: datetime, address: str = "") -> Account:
    """Make an applicant unit and its first person."""
    password = checked_password(person.password, person.name, person.email)
    actor = Actor(None, "", "web", address=address)
    unit = add_unit(session, name=person.unit_name, kind="applicant", actor=actor, now=now)
    account = add_account(session, name=person.name, email=person.email, actor=actor, now=now)
    account.password_hash = hasher.hash(password)
    grant(session, account, unit, "applicant", actor=actor, now=now)
    return account


def set_up(session: Session, person: Person, *, token: str, now: datetime) -> Account:
    """Use the one-time link of an empty system: make the organiser and its first person."""
    invitation = _invitation(session, token, now, locked=True)
    if invitation.account_id is not None or accounts.organisers(session):
        raise Missing("link")
    actor = Actor(None, "", "web")
    password = checked_password(person.password, person.name, person.email)
    unit = add_unit(session, name=person.unit_name, kind="organiser", actor=actor, now=now)
    account = add_account(session, name=person.name, email=person.email, actor=actor, now=now)
    account.password_hash = hasher.hash(password)
    grant(session, account, unit, "organiser", actor=actor, now=now)
    invitation.used_at = now
    return account


def set_up_link(session: Session, *, now: datetime) -> str | None:
    """Return a fresh one-time token while there is no organiser, else None; earlier ones stop working."""
    if accounts.organisers(session):
        return None
    accounts.close_links(session, None, now)
    return _invite(session, None, now)


def invite(session: Session, account: Account, *, actor: Actor, now: datetime) -> str:
    """Return a one-time token with which the person sets a password; it is shown once and stored hashed."""
    lock(session, account)
    accounts.close_links(session, account.id, now)
    audit.record(session, account, "invited", actor=actor, now=now)
    return _invite(session, account.id, now)


def invited(session: Session, token: str, *, now: datetime) -> Account | None:
    """Return the account that a link is for; None for the link that sets the system up."""
    invitation = _invitation(session, token, now)
    return session.get(Account, invitation.account_id) if invitation.account_id else None


def accept(session: Session, token: str, password: str, *, now: datetime) -> Account:
    """Set the password of an invited account; every earlier sign-in of it ends."""
    invitation = _invitation(session, token, now, locked=True)
    account = session.get(Account, invitation.account_id)
    if account is None:
        raise Missing("link")
    account.password_hash = hasher.hash(checked_password(password, account.name, account.email))
    accounts.close_links(session, account.id, now)
    session.execute(update(SignIn).where(SignIn.account_id == account.id).values(ended_at=now))
    audit.record(session, account, "password", actor=Actor(account.id, account.name, "web"), now=now)
    return account


def add_account(session: Session, *, name: str, email: str, actor: Actor, now: datetime) -> Account:
    """Make an account without a password."""
    email = email.strip().lower()
    if not _is_address(email):
        raise Invalid("field_email")
    account = Account(email=email, name=_name(name, 60), created_at=now, is_active=True)
    return _added(session, account, "email_taken", actor=actor, now=now, about={"email": email})


def add_unit(session: Session, *, name: str, kind: str, actor: Actor, now: datetime) -> Unit:
    """Make a unit; a name that looks like another's is refused."""
    if kind not in UNIT_KINDS.values():
        raise Invalid("unknown_kind", name=kind[:40])
    name = _name(name, 100)
    unit = Unit(name=name, name_key=accounts.name_key(name), kind=kind, created_at=now, is_active=True)
    if not unit.name_key:
        raise Invalid("name_empty")
    return _added(session, unit, "unit_taken", actor=actor, now=now, about={"name": name, "kind": kind})


def grant(session: Session, account: Account, unit: Unit, role: str, *, actor: Actor, now: datetime) -> None:
    """Give a person a role in a unit of the right kind."""
    if role not in ROLES:
        raise Invalid("unknown_role", name=role[:40])
    if UNIT_KINDS[role] != unit.kind:
        raise Invalid("role_unit", roles=(role,))
    lock(session, account)
    held = select(Membership).filter_by(account_id=account.id, unit_id=unit.id, role=role)
    membership = session.scalar(held) or Membership(account_id=account.id, unit_id=unit.id, role=role)
    membership.ended_at = membership.until = membership.principal_id = None
    membership.is_admin = accounts.is_without_admin(session, unit.id, role)
    session.add(membership)
    audit.record(session, account, "granted", actor=actor, now=now, changes={"role": role, "unit": unit.id})


def end_membership(session: Session, membership_id: int, *, actor: Actor, now: datetime) -> Account:
    """Take a role away; it bites at the next request."""
    membership = session.get(Membership, membership_id, with_for_update=True)
    if membership is None or membership.ended_at is not None:
        raise Missing("membership")
    if membership.account_id == actor.user_id and membership.role == "organiser":
        raise Conflict("own_role")
    _keep_an_organiser(session, membership.account_id)
    membership.ended_at, membership.is_admin = now, False
    changes = {"role": membership.role, "unit": membership.unit_id}
    audit.record(session, membership.account, "role_ended", actor=actor, now=now, changes=changes)
    return membership.account


def set_active(session: Session, account: Account, is_active: bool, *, actor: Actor, now: datetime) -> None:
    """Let an account in or keep it out; its sign-ins end when it is kept out."""
    if account.id == actor.user_id:
        raise Conflict("own_account")
    if account.is_active == is_active:
        return
    if not is_active:
        _keep_an_organiser(session, account.id)
    account.is_active = is_active
    if not is_active:
        session.execute(update(SignIn).where(SignIn.account_id == account.id).values(ended_at=now))
    audit.record(session, account, "enabled" if is_active else "disabled", actor=actor, now=now)


def _keep_an_organiser(session: Session, account_id: int) -> None:
    if accounts.organisers(session, locked=True) == {account_id}:
        raise Conflict("last_organiser")


def _name(name: str, limit: int) -> str:
    name = notes.text(name, limit, lines=False)
    if not name:
        raise Invalid("name_empty")
    return name


def _added(
    session: Session, row: Row, taken: str, *, actor: Actor, now: datetime, about: dict[str, str]
) -> Row:
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise Conflict(taken) from None
    audit.record(session, row, "created", actor=actor, now=now, changes=about)
    return row


def _invite(session: Session, account_id: int | None, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    expires_at = now + timedelta(days=INVITATION_DAYS)
    session.add(Invitation(token_hash=token_hash(token), account_id=account_id, expires_at=expires_at))
    return token


def _invitation(session: Session, token: str, now: datetime, *, locked: bool = False) -> Invitation:
    found = accounts.open_invitation(session, token_hash(token), now, locked=locked)
    if found is None:
        raise Missing("link")
    return found


def _is_address(email: str) -> bool:
    return len(email) <= 254 and PATTERNS["email"].fullmatch(email) is not None
