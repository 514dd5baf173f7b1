"""A work eliminated as its judge and the organiser would."""

from __future__ import annotations

from qtb.services import eliminations
from qtb.store.eliminations import Elimination
from qtb.store.unit import unit
from tests.services.test_sheets import own
from tests.world import World


def propose(world: World, work: int, reason: str = "内容与往年成果雷同", who: str = "eve") -> int:
    """Let the judge propose; return the proposal's id. With `who`, somebody else on that sheet."""
    with unit(world.session) as session:
        sheet = own(world, work, "eve")
        return eliminations.propose(session, sheet, reason, actor=world.actor(who), now=world.now).id


def act(world: World, name: str, elimination: int, reason: str = "经核实", who: str = "olga") -> None:
    """Confirm, refuse or take back."""
    with unit(world.session) as session:
        row = session.get_one(Elimination, elimination)
        getattr(eliminations, name)(session, row, reason, actor=world.actor(who), now=world.now)


def eliminate(world: World, work: int) -> int:
    """Eliminate a work that eve judges; return the proposal's id."""
    found = propose(world, work)
    act(world, "confirm", found)
    return found
