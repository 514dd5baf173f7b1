"""A second person of a unit that has one already."""

from __future__ import annotations

from qtb.domain.roles import Actor
from qtb.services import accounts
from qtb.store.unit import unit
from tests.world import World


def colleague(world: World, name: str = "anna", unit_name: str = "浦江电机厂", role: str = "applicant") -> Actor:
    """Add somebody to a unit of the world; return that person as an actor."""
    olga, group = world.actor("olga"), world.units[unit_name]
    with unit(world.session):
        person = accounts.add_account(world.session, name=name, email=f"{name}@example.org", actor=olga, now=world.now)
        person.password_hash = accounts.hasher.hash("a long enough secret")
        accounts.grant(world.session, person, group, role, actor=olga, now=world.now)
    world.people[name] = person
    return Actor(person.id, name, "web", {role: frozenset({group.id})})
