"""The people of one unit, looked after by its own admins or the organiser: invited, ended, stood in for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.domain.errors import Conflict, Denied, Invalid, Missing
from qtb.domain.roles import MOVERS, UNIT_KINDS, Actor
from qtb.services import accounts as people
from qtb.store import accounts, audit
from qtb.store.accounts import Account, Membership, Unit, lasts
from qtb.store.unit import lock

MOST_DAYS = 366  # of a deputy


@dataclass(frozen=True, slots=True)
class Invited:
    """Who came in: the name, and the one-time link's token where the account is new."""

    name: str
    token: str = ""


def of(session: Session, unit_id: int, now: datetime) -> list[Membership]:
    """Return the members of a unit as they are now, deputies last."""
    mine = (Membership.unit_id == unit_id, Membership.ended_at.is_(None), lasts(now))
    query = select(Membership).join(Membership.account).where(*mine)
    return list(session.scalars(query.order_by(Membership.until.is_not(None), Account.name, Membership.id)))


def may_manage(session: Session, unit_id: int, actor: Actor) -> bool:
    """Tell whether somebody looks after a unit's members: the organiser, or one of its admins."""
    if actor.holds("organiser"):
        return True
    mine = (Membership.unit_id == unit_id, Membership.account_id == actor.user_id, Membership.is_admin)
    return session.scalar(select(Membership.id).where(*mine, Membership.ended_at.is_(None)).limit(1)) is not None


def invite(
    session: Session, unit: Unit, *, name: str, email: str, actor: Actor, now: datetime, real_now: datetime
) -> Invited:
    """Let a person into a unit in its own role; one without a password gets a one-time link.

    Raises Conflict("invite_known"), which names nobody, where the address is somebody's whom this unit may not take.
    """
    _keep_to_own(session, unit, actor)
    role = _role(unit)
    account, token = _account(session, unit, role, name=name, email=email, actor=actor, now=now, real_now=real_now)
    people.grant(session, account, unit, role, actor=actor, now=now)
    return Invited(account.name, token)


def stand_in(
    session: Session, principal: Membership, *, name: str, email: str, until: datetime, actor: Actor, now: datetime,
    real_now: datetime,
) -> Invited:  # fmt: skip
    """Let somebody act for a member until an instant, named beside him in everything he does."""
    _keep_to_own(session, principal.unit, actor)
    if principal.ended_at is not None or principal.until is not None or principal.role not in MOVERS:
        raise Conflict("no_principal")
    if not now < until <= now + timedelta(days=MOST_DAYS):
        raise Invalid("deputy_until", days=MOST_DAYS)
    account, token = _account(
        session, principal.unit, principal.role, name=name, email=email, actor=actor, now=now, real_now=real_now
    )
    own = {"account_id": account.id, "unit_id": principal.unit_id, "role": principal.role}
    membership = session.scalar(select(Membership).filter_by(**own)) or Membership(**own)
    membership.ended_at, membership.is_admin = None, False
    membership.until, membership.principal_id = until, principal.account_id
    session.add(membership)
    changes = {**own, "for": principal.account_id, "until": until.isoformat()}
    audit.record(session, account, "deputy", actor=actor, now=now, changes=changes)
    return Invited(account.name, token)


def link(session: Session, membership: Membership, *, actor: Actor, now: datetime, real_now: datetime) -> Invited:
    """Return a new one-time link for a member who has no password yet; the one before is dead."""
    _keep_to_own(session, membership.unit, actor)
    if _held(session, membership.account_id, membership.unit_id, membership.role, now) is None:
        raise Missing("membership")
    account = membership.account
    if account.password_hash is not None:
        raise Conflict("link_needless", name=account.name)
    of_others = any(one.unit_id != membership.unit_id for one in accounts.memberships(session, account.id))
    if not account.is_active or (of_others and not actor.holds("organiser")):
        raise Conflict("invite_known")
    return Invited(account.name, people.invite(session, account, actor=actor, now=real_now))


def end(session: Session, membership: Membership, *, actor: Actor, now: datetime) -> None:
    """End a membership or a deputy's time, and with it the deputies of who goes. An admin must stay."""
    _keep_to_own(session, membership.unit, actor)
    if membership.ended_at is not None:
        raise Missing("membership")
    if membership.is_admin:
        _keep_an_admin(session, membership)
    mine = (Membership.unit_id == membership.unit_id, Membership.role == membership.role)
    standing_in = (*mine, Membership.principal_id == membership.account_id, Membership.ended_at.is_(None))
    for one in session.scalars(select(Membership).where(*standing_in)).all():
        people.end_membership(session, one.id, actor=actor, now=now)
    people.end_membership(session, membership.id, actor=actor, now=now)


def set_admin(session: Session, membership: Membership, is_admin: bool, *, actor: Actor, now: datetime) -> None:
    """Let a member look after the unit's people, or no longer; one who does must stay."""
    _keep_to_own(session, membership.unit, actor)
    if membership.ended_at is not None or membership.until is not None:
        raise Conflict("no_principal")
    if membership.is_admin and not is_admin:
        _keep_an_admin(session, membership)
    membership.is_admin = is_admin
    changes = {"unit": membership.unit_id, "role": membership.role, "admin": is_admin}
    audit.record(session, membership.account, "unit_admin", actor=actor, now=now, changes=changes)


def _account(
    session: Session, unit: Unit, role: str, *, name: str, email: str, actor: Actor, now: datetime, real_now: datetime
) -> tuple[Account, str]:
    """Return the account with an address, made where there is none, and a link where it has no password."""
    account = accounts.by_email(session, email)
    if account is None:
        account = people.add_account(session, name=name, email=email, actor=actor, now=now)
    elif _held(session, account.id, unit.id, role, now) is not None:
        raise Conflict("already_member", name=account.name)
    else:
        _refuse_others(session, account, unit, actor)
    known = account.password_hash is not None
    return account, "" if known else people.invite(session, account, actor=actor, now=real_now)


def _refuse_others(session: Session, account: Account, unit: Unit, actor: Actor) -> None:
    """Refuse an account that is not the unit's to take: an expert's, an organiser's, or one that is of other units.

    Its own are those that have belonged to it and are of no other unit now; only the organiser may take another's.
    """
    now_of = accounts.memberships(session, account.id)
    was_here = select(Membership.id).filter_by(account_id=account.id, unit_id=unit.id).limit(1)
    is_own = session.scalar(was_here) is not None and all(one.unit_id == unit.id for one in now_of)
    is_judge = any(UNIT_KINDS[one.role] == UNIT_KINDS["organiser"] for one in now_of)
    if is_judge or not (is_own or actor.holds("organiser")):
        raise Conflict("invite_known")
    if not account.is_active:
        raise Conflict("account_off")


def _held(session: Session, account_id: int, unit_id: int, role: str, now: datetime) -> Membership | None:
    held = select(Membership).filter_by(account_id=account_id, unit_id=unit_id, role=role)
    return session.scalar(held.where(Membership.ended_at.is_(None), lasts(now)))


def _role(unit: Unit) -> str:
    return next(role for role, kind in UNIT_KINDS.items() if kind == unit.kind)


def _keep_to_own(session: Session, unit: Unit, actor: Actor) -> None:
    lock(session, unit)  # two admins who leave at once follow each other
    if not may_manage(session, unit.id, actor):
        raise Denied("unit_admin")


def _keep_an_admin(session: Session, membership: Membership) -> None:
    others = (
        Membership.unit_id == membership.unit_id, Membership.role == membership.role, Membership.is_admin,
        Membership.ended_at.is_(None), Membership.id != membership.id,
    )  # fmt: skip
    if session.scalar(select(Membership.id).where(*others).limit(1)) is None:
        raise Conflict("last_unit_admin")
