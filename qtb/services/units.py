"""How recommending units stand to each other: who is told when one stays silent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from qtb.domain.errors import Conflict, Invalid
from qtb.domain.roles import UNIT_KINDS, Actor
from qtb.store import accounts, audit
from qtb.store.accounts import Unit
from qtb.store.unit import lock


def set_above(session: Session, unit: Unit, above: Unit | None, *, actor: Actor, now: datetime) -> None:
    """Say which recommending unit stands above another and is told when it stays silent; None: no longer any."""
    # In one order, so that two who put two units above each other follow one another.
    for one in sorted({unit} | ({above} if above else set()), key=lambda one: one.id):
        lock(session, one)
    if any(one is not None and one.kind != UNIT_KINDS["recommender"] for one in (unit, above)):
        raise Invalid("above_kind")
    if above is not None and unit.id in accounts.line_above(session, above.id):
        raise Conflict("above_circle", unit=above.name)
    parent_id = above.id if above else None
    if unit.parent_id != parent_id:
        unit.parent_id = parent_id
        audit.record(session, unit, "above", actor=actor, now=now, changes={"above": parent_id})
