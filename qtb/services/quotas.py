"""How many works a recommending unit may put forward: set by the organiser, kept to within the door's unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.domain.errors import Conflict, Invalid
from qtb.domain.roles import UNIT_KINDS, Actor
from qtb.store import audit
from qtb.store import recommendations as store
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle, Pinned
from qtb.store.recommendations import UnitQuota
from qtb.store.submissions import Submission
from qtb.store.unit import lock

MODES = ("", "warn", "block")
MOST = 100_000


@dataclass(frozen=True, slots=True)
class Standing:
    """A unit's quota in a year: how many it may put forward, how many it has, and whether more are refused."""

    n: int
    n_used: int
    blocks: bool

    @property
    def n_left(self) -> int:
        """How many are left; never less than none."""
        return max(0, self.n - self.n_used)

    @property
    def n_over(self) -> int:
        """How many there are beyond the quota."""
        return max(0, self.n_used - self.n)


def keep_within(session: Session, transition: str, *, cycle: Pinned, ids: Sequence[int]) -> None:
    """Raise Conflict where a move that has just been made leads beyond a quota that blocks; the unit is then undone.

    After the move, under the lock of the quota: the second of two at once counts what the first has committed.
    """
    quota = cycle.definition.workflow.quota
    if quota is None or transition not in quota.moves or not ids:
        return
    kept = [one for one in store.quotas(session, cycle.id, ids) if _blocks(one, quota.mode)]
    if not kept:
        return
    n_used = store.used(session, cycle, [one.unit_id for one in kept])
    for one in kept:
        if n_used.get(one.unit_id, 0) > one.n:
            raise Conflict("quota_used_up", n=one.n, over=n_used[one.unit_id] - one.n)


def standings(session: Session, cycle: Pinned, unit_ids: Sequence[int]) -> dict[int, Standing]:
    """Return how the units that have a quota in a year stand to it."""
    quota = cycle.definition.workflow.quota
    if quota is None:
        return {}
    found = store.with_use(session, cycle, unit_ids)
    return {one.unit_id: Standing(one.n, n, _blocks(one, quota.mode)) for one, n in found}


def set_quota(
    session: Session, cycle: Cycle, unit: Unit, n: int | None, *, mode: str = "", actor: Actor, now: datetime
) -> None:
    """Say how many works a unit may put forward in a year and what happens beyond; None: no quota any longer."""
    if unit.kind != UNIT_KINDS["recommender"]:
        raise Invalid("quota_unit", name=unit.name)
    if mode not in MODES:
        raise Invalid("quota_mode")
    if n is not None and not 0 <= n <= MOST:
        raise Invalid("quota_number", max=MOST)
    lock(session, cycle)
    known = session.get(UnitQuota, (cycle.id, unit.id), with_for_update=True)
    before = [known.n, known.mode] if known else None
    if n is None:
        if known is not None:
            session.delete(known)
    else:
        known = known or UnitQuota(cycle_id=cycle.id, unit_id=unit.id)
        known.n, known.mode = n, mode
        session.add(known)
    after = None if n is None else [n, mode]
    audit.record(session, cycle, "quota", actor=actor, now=now, changes={str(unit.id): [before, after]})


def over(session: Session, cycle: Pinned, unit_id: int) -> list[int]:
    """Return a unit's works beyond its quota, the last rank first: what an organiser would cut from the bottom."""
    standing, quota = standings(session, cycle, [unit_id]).get(unit_id), cycle.definition.workflow.quota
    if standing is None or quota is None or not standing.n_over:
        return []
    counted = select(Submission.id).where(Submission.recommender_id == unit_id, Submission.state.in_(quota.counts))
    mine = set(session.scalars(counted.where(Submission.cycle_id == cycle.id)))
    put_forward = [one for one in store.ranked(session, cycle, unit_id) if one in mine]
    return put_forward[standing.n :][::-1]


def _blocks(quota: UnitQuota, mode: str) -> bool:
    return (quota.mode or mode) == "block"
