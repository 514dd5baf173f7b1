"""A recommending unit asks others to take part: the unit, its first person, and the link with which that one begins."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from qtb.domain.errors import Conflict, Denied, Missing
from qtb.domain.roles import UNIT_KINDS, Actor
from qtb.services import accounts
from qtb.services.members import Invited
from qtb.store import accounts as store
from qtb.store import audit, participation
from qtb.store.accounts import Account, Unit

ROLE = "applicant"


def invite(
    session: Session, host: Unit, *, unit_name: str, name: str, email: str, actor: Actor, now: datetime,
    real_now: datetime,
) -> Invited:  # fmt: skip
    """Make an applicant unit with its first person, who looks after its members; return the token of the link.

    Raises Conflict where the unit or the address is known already: such a unit signs in and registers by itself.
    """
    if not actor.holds("organiser") and host.id not in actor.units.get("recommender", ()):
        raise Denied("only_recommender")
    if store.by_email(session, email) is not None:
        raise Conflict("invited_known", email=email.strip()[:254])
    unit = accounts.add_unit(session, name=unit_name, kind=UNIT_KINDS[ROLE], actor=actor, now=now)
    person = accounts.add_account(session, name=name, email=email, actor=actor, now=now)
    accounts.grant(session, person, unit, ROLE, actor=actor, now=now)
    changes = {"unit": unit.id, "account": person.id}
    audit.record(session, host, "invited_unit", actor=actor, now=now, role="recommender", changes=changes)
    return Invited(unit.name, accounts.invite(session, person, actor=actor, now=real_now))


def again(session: Session, host: Unit, *, unit_id: int, actor: Actor, now: datetime, real_now: datetime) -> Invited:
    """Return a new link for the first person of a unit that this one invited; the one before is dead.

    Raises Conflict("link_needless") where the person has a password already.
    """
    if host.id not in actor.units.get("recommender", ()):
        raise Denied("only_recommender")
    account_id = participation.invited(session, [host.id]).get(unit_id)
    if account_id is None:
        raise Missing("unit")
    person = session.get_one(Account, account_id)
    if not participation.without_password(session, [person.id]):
        raise Conflict("link_needless", name=person.name)
    if any(one.unit_id != unit_id for one in store.memberships(session, person.id)):
        raise Conflict("invite_known")
    return Invited(session.get_one(Unit, unit_id).name, accounts.invite(session, person, actor=actor, now=real_now))
