"""A recommending unit's ranking of its works: saved whole, as one act, by whoever has the present one before him."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from qtb.domain import decide
from qtb.domain.errors import Conflict, Denied, Invalid, NotNow
from qtb.domain.roles import Actor
from qtb.store import audit, cycles
from qtb.store import recommendations as store
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.recommendations import Recommendation
from qtb.store.submissions import Submission
from qtb.store.unit import lock


def rank(
    session: Session, cycle: Cycle, unit: Unit, order: Sequence[int], *, seen: Sequence[int], actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Put a unit's works of a year in this order.

    `seen` is the order that the person had before his eyes. Raises Conflict("ranking_stale") where it is another one
    by now, Invalid where the new order is none of the same works.
    """
    _refuse_others(session, cycle, unit, actor, now)
    lock(session, unit)  # two members at once follow each other; the second has seen another order
    present = store.ranked(session, cycle, unit.id)
    if list(seen) != present:
        raise Conflict("ranking_stale")
    if sorted(order) != sorted(present):
        raise Invalid("ranking_incomplete")
    if list(order) == present:
        return
    session.execute(delete(Recommendation).where(Recommendation.submission_id.in_(present)))
    placed = {"recommender_id": unit.id, "placed_at": now}
    rows = [{**placed, "submission_id": one, "place": place} for place, one in enumerate(order, 1)]
    session.execute(insert(Recommendation), rows)
    changes = {"cycle": cycle.id, "before": present, "after": list(order)}
    audit.record(session, unit, "ranked", actor=actor, now=now, role="recommender", changes=changes)


def moved(order: Sequence[int], submission_id: int, to: int) -> list[int]:
    """Return the order with one work at another rank, counted from 1; beyond either end means the first or last."""
    rest = [one for one in order if one != submission_id]
    at = min(max(1, to), len(order)) - 1
    return [*rest[:at], submission_id, *rest[at:]] if submission_id in order else list(order)


def numbered(order: Sequence[int], numbers: dict[int, int]) -> list[int]:
    """Return the order by the numbers that were typed; a work that was given another's number takes its place."""
    old = {one: rank for rank, one in enumerate(order, 1)}
    typed = {one: numbers.get(one, rank) for one, rank in old.items()}
    # Moved up it stands before the one that was there, moved down behind it.
    return sorted(order, key=lambda one: (typed[one], (typed[one] > old[one]) - (typed[one] < old[one]), old[one]))


def rank_of(session: Session, submission: Submission) -> int | str:
    """Return a submission's rank among its recommending unit's works; empty where it has none."""
    if submission.recommender_id is None:
        return ""
    order = store.ranked(session, submission.cycle, submission.recommender_id)
    return order.index(submission.id) + 1 if submission.id in order else ""


def _refuse_others(session: Session, cycle: Cycle, unit: Unit, actor: Actor, now: datetime) -> None:
    rule = cycle.definition.workflow.ranking
    if rule is None or unit.id not in actor.units.get(rule.by, ()):
        raise Denied("ranking_others")
    times = cycles.timeline_of(session, cycle.id)
    case = decide.Case(0, "", 0, unit.id, 0, {})
    if not times.is_open(rule.during, case, now):
        raise NotNow((decide.shut(times, rule.during, case, now),))
