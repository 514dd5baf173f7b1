"""Guiding bodies for a world, and what they and the organiser do about its levels."""

from __future__ import annotations

from qtb.domain.roles import Actor
from qtb.services import accounts, consents
from qtb.store.accounts import Account
from qtb.store.consents import Laying
from qtb.store.cycles import Cycle
from qtb.store.unit import unit
from tests.world import World

BODIES = {"gina": "市质量办", "gus": "市总工会"}


def bodies(world: World) -> dict[str, Actor]:
    """Make the guiding bodies, a person each, who can sign in by their names; return them as actors."""
    found = {}
    with unit(world.session) as session:
        olga = world.actor("olga")
        for name, body in BODIES.items():
            made = accounts.add_unit(session, name=body, kind="guiding", actor=olga, now=world.now)
            person = accounts.add_account(
                session, name=name, email=f"{name}@example.org", actor=olga, now=world.now
            )
            person.password_hash = session.get_one(Account, world.people["olga"].id).password_hash
            accounts.grant(session, person, made, "guiding", actor=olga, now=world.now)
            session.flush()
            world.people[name], world.units[body] = person, made
            found[name] = Actor(person.id, name, "web", {"guiding": frozenset({made.id})})
    return found


def lay(world: World, who: str = "olga") -> int:
    """Lay the levels before the bodies; return the list's id."""
    with unit(world.session) as session:
        cycle = session.get_one(Cycle, world.cycle.id)
        return consents.lay(session, cycle, actor=world.actor(who), now=world.now).id


def answer(world: World, laying: int, actor: Actor, agrees: bool = True, note: str = "", body: int = 0) -> None:
    """Let a body answer."""
    with unit(world.session) as session:
        row, own = session.get_one(Laying, laying), next(iter(actor.units["guiding"]), 0)
        consents.answer(session, row, body or own, agrees, note=note, actor=actor, now=world.now)


def waive(world: World, laying: int, body: str, reason: str = "该单位已书面同意", who: str = "olga") -> None:
    """Go on without a body."""
    with unit(world.session) as session:
        row, mine = session.get_one(Laying, laying), world.units[body].id
        consents.waive(session, row, mine, reason=reason, actor=world.actor(who), now=world.now)


def take_back(world: World, laying: int, reason: str = "等级有误", who: str = "olga") -> None:
    """Take a list back."""
    with unit(world.session) as session:
        row = session.get_one(Laying, laying)
        consents.take_back(session, row, reason=reason, actor=world.actor(who), now=world.now)
