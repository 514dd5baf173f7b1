"""The organiser acting for an applicant's unit: through the unit's own pages and checks, told as such in history."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from qtb.domain.errors import Denied
from qtb.domain.roles import UNIT_KINDS, Actor
from qtb.store.accounts import Unit


def unit_of(session: Session, unit_id: Any, *, actor: Actor) -> Unit | None:
    """Return the unit that the organiser may act for: an applicant's, while it is active."""
    if not actor.holds("organiser") or not isinstance(unit_id, int):
        return None
    found = session.get(Unit, unit_id)
    return found if found and found.is_active and found.kind == UNIT_KINDS["applicant"] else None


def acting(unit: Unit, *, actor: Actor) -> Actor:
    """Return the organiser as who acts for a unit: with its rights, its windows, and no other rights."""
    if not actor.holds("organiser"):
        raise Denied("only_organiser")
    return replace(actor, units={"applicant": frozenset({unit.id})}, behalf=unit.id)
