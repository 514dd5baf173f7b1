"""Order and overlap of a year's windows, derived from where the definition's moves lead and what the clock does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from qtb.domain.definition import Definition
from qtb.domain.errors import Invalid, Reason
from qtb.domain.timeline import Owned, Row, Timeline
from qtb.domain.workflow import Edge, Workflow

LONG_GAP, LONG_ROW = timedelta(days=180), timedelta(days=366)  # beyond these a year is likely to be mistyped


@dataclass(frozen=True, slots=True)
class Whom:
    """Whose windows are looked at: one submission's, one unit's, or (no ids) everybody's."""

    id: int = 0
    unit_id: int = 0
    recommender_id: int = 0
    state_since: datetime = datetime(1, 1, 1, tzinfo=UTC)


EVERYBODY = Whom()


def whom(case: Owned | None, unit_id: int | None) -> Whom:
    """Return whose windows they are: a submission's, else a unit's, else everybody's."""
    return Whom(case.id, case.unit_id, case.recommender_id or 0) if case else Whom(unit_id=unit_id or 0)


@dataclass(frozen=True, slots=True)
class Finding:
    """What stands against these windows: an error lets nothing through, the rest may be meant."""

    reason: Reason
    is_error: bool = False


def findings(definition: Definition, times: Timeline, whom: Owned = EVERYBODY) -> list[Finding]:
    """Return what is odd about the windows of a year, in the order of the path, for one case or for all."""
    gates = [key for key in path_rows(definition.workflow) if key in times.rows]
    found = [one for pair in pairwise(gates) for one in _pair(definition.workflow, times, whom, *pair)]
    found += [one for key in gates if (one := _length(times, whom, key))]
    return [*found, *_silences(definition.workflow, times, whom)]


def path_rows(workflow: Workflow) -> list[str]:
    """Return the rows that lead along the path, in its order: each window or edge by which a case gets further."""
    rows = [
        rule.during or (rule.at.row if rule.at else "")
        for state, to in pairwise(workflow.path)
        for key, rule in workflow.transitions.items()
        if rule.to == to and state in workflow.sources(key)
    ]
    return list(dict.fromkeys(filter(None, rows)))


def _pair(workflow: Workflow, times: Timeline, whom: Owned, first: str, then: str) -> Iterator[Finding]:
    """Compare a window with the next one on the path, as they are for this case."""
    one, two = times.rows[first], times.rows[then]
    ends_at, clock = times.ends_at(first, whom), _edges(workflow, then)
    if times.ends_at(then, whom) <= one.opens_at:
        yield _finding("order_never", one, two, is_error=True)
        return
    if times.ends_at(then, whom) < ends_at:
        yield _finding("order_ends", one, two)
    if "held" in clock and two.held_at and two.held_at < ends_at:
        yield _finding("order_held", one, two)
    if "opens" in clock and two.opens_at < ends_at:
        yield _finding("order_overlap", one, two)
    if two.opens_at - ends_at > LONG_GAP:
        yield _finding("order_gap", one, two, days=(two.opens_at - ends_at).days)


def _edges(workflow: Workflow, row_key: str) -> set[str]:
    """Return at which edges of a row the clock acts."""
    return {rule.at.edge for rule in workflow.transitions.values() if rule.at and rule.at.row == row_key}


def _length(times: Timeline, whom: Owned, row_key: str) -> Finding | None:
    row = times.rows[row_key]
    length = times.ends_at(row_key, whom) - row.opens_at
    reason = Reason("order_long", {"seq": row.seq, "row": row.title, "days": length.days})
    return Finding(reason) if length > LONG_ROW else None


def _silences(workflow: Workflow, times: Timeline, whom: Owned) -> Iterator[Finding]:
    """Yield the silences that nobody can keep, because the window is shorter, or whose days are not known."""
    for edge in dict.fromkeys(rule.at for rule in workflow.transitions.values() if rule.at):
        if edge.edge == "silent" and edge.row in times.rows:
            yield from _silence(times, whom, edge)


def _silence(times: Timeline, whom: Owned, edge: Edge) -> Iterator[Finding]:
    row = times.rows[edge.row]
    try:
        if times.fixed_at(edge) > times.ends_at(edge.row, whom):
            days = {"seq": row.seq, "row": row.title, "days": edge.working_days}
            yield Finding(Reason("order_silent", days))
    except Invalid as refusal:  # the sweep will have to wait for the year's working days
        yield Finding(Reason(refusal.key, refusal.args_))


def _finding(key: str, one: Row, two: Row, *, is_error: bool = False, **more: int) -> Finding:
    named = {"seq": one.seq, "row": one.title, "next_seq": two.seq, "next_row": two.title}
    return Finding(Reason(key, {**named, **more}), is_error)
