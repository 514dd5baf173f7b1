"""The SQL face of the rules: the same guards, windows and roles that the core applies to values, as clauses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)

from qtb.domain import facts, roles, timeline
from qtb.domain.decide import Case
from qtb.domain.definition import Definition
from qtb.domain.roles import Actor
from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Edge, Transition
from qtb.store.cycles import Cycle, TimelineRow
from qtb.store.submissions import Submission
from qtb.store.types import Instant, RowId

COLUMNS: dict[str, Any] = {key: getattr(Submission, key) for key in facts.FACTS}


def as_case(row: Submission) -> Case:
    """Return a submission as the values that decisions need."""
    found = {key: getattr(row, key) for key in facts.FACTS}
    return Case(
        row.id, row.state, row.unit_id, row.recommender_id, row.version, found, row.state_since, row.suspended_at,
        row.slides_due_at,
    )  # fmt: skip


def qualifies(
    definition: Definition, transition: str, *, times: Timeline, actor: Actor, now: datetime
) -> list[ColumnElement[bool]]:
    """Return the clauses under which a submission may make the move: source state, role, window, guards."""
    rule = definition.workflow.transitions[transition]
    return [*fits(definition, transition, actor), _clause(timely(rule, times, now))]


def fits(definition: Definition, transition: str, actor: Actor) -> list[ColumnElement[bool]]:
    """Return the clauses of a move that do not hang on the time."""
    rule = definition.workflow.transitions[transition]
    return [
        Submission.state.in_(definition.workflow.sources(transition)),
        Submission.suspended_at.is_(None),
        _allowed(rule, actor),
        *(facts.answer(guard, COLUMNS) for guard in rule.when),
        *([Submission.n_sheets_final > literal_column("0")] if _asks_for_sheets(rule) else []),
    ]


def _asks_for_sheets(rule: Transition) -> bool:
    """Tell whether a move is never made without a sheet: where a clause says so literally, their index is used."""
    asked = [guard for guard in rule.when if guard.fact == "n_sheets_final"]
    return any(not facts.answer(guard, {"n_sheets_final": 0}) for guard in asked)


def is_pinned(cycle_id: Any, definition_hash: Any) -> ColumnElement[bool]:
    """Return the clause that a cycle is pinned to the definition with this hash; values or parameters."""
    pinned: ColumnElement[Any] = select(Cycle.definition_hash).where(Cycle.id == cycle_id).scalar_subquery()
    clause: ColumnElement[bool] = pinned == definition_hash
    return clause


def is_open_for_all(cycle_id: Any, row_key: str, now: Any) -> ColumnElement[bool]:
    """Return the clause that a row is open without anybody's extension or grace; values or parameters."""
    within = timeline.within(TimelineRow.opens_at, TimelineRow.closes_at, now)
    return exists().where(TimelineRow.cycle_id == cycle_id, TimelineRow.key == row_key, within)


def timely(rule: Transition, times: Timeline, now: datetime) -> Any:
    """Return whether it is time for the move: a bool where that is one for all, else a clause."""
    if rule.at is not None and rule.at.edge == "silent":
        return _silent(rule.at, times, now)
    if rule.at is not None:
        return _by_extension(rule.at, times, lambda at: timeline.passed(at, now))
    if rule.during is None:
        return True
    opens_at = times.rows[rule.during].opens_at
    closing = Edge(row=rule.during, edge="closes")
    return _by_extension(closing, times, lambda at: timeline.within(opens_at, at, now))


def shape(held: Iterable[tuple[str, int]]) -> Actor:
    """Return somebody with roles in so many units each, for a statement that is kept and run for many people."""
    units = {role: [bindparam(f"{role}_{n}", type_=RowId) for n in range(n_units)] for role, n_units in held}
    return Actor(None, "", "any", units)  # type: ignore[arg-type]


def shaped(actor: Actor, roles: Iterable[str]) -> dict[str, int]:
    """Return the parameters with which a statement made for the actor's `shape` is run."""
    return {f"{role}_{n}": unit for role in roles for n, unit in enumerate(actor.units[role])}


def due_text(edge: Edge, times: Timeline, now: datetime) -> ColumnElement[str] | str:
    """Return the canonical text of the edge's instant for each submission; of a silence, for those that it has ended.

    The clauses of one move hold it once: it stands in the entry's hash and beside it.
    """
    if edge.edge == "silent":
        return _by_silence(edge, times, now)
    found: ColumnElement[str] | str = _by_extension(edge, times, timeline.canonical)
    return found


def _allowed(rule: Transition, actor: Actor) -> ColumnElement[bool]:
    if rule.at is not None:
        return _clause(actor.is_clock)
    return or_(false(), *(_clause(roles.is_party(role, actor, Submission)) for role in rule.by))


def _silent(edge: Edge, times: Timeline, now: datetime) -> Any:
    closing = Edge(row=edge.row, edge="closes")
    cutoff = _by_extension(closing, times, lambda at: times.cutoff(edge, at, now), Instant())
    return timeline.silent(times.rows[edge.row].opens_at, Submission.state_since, cutoff)


def _by_extension(edge: Edge, times: Timeline, of: Any, kind: Any = None) -> Any:
    """Apply `of` to the edge's instant of each submission: a plain value where no extension reaches anybody.

    The latest matching extension wins, so the branches go from late to early; what ends before the row adds nothing.
    """
    fixed = times.fixed_at(edge)
    if edge.edge != "closes":
        return of(fixed)
    grace = times.rows[edge.row].grace
    mine = [(one.until + grace, one) for one in times.extensions if one.row_key == edge.row]
    fixed = max([fixed, *(until for until, one in mine if one.submission_id is None and one.unit_id is None)])
    later = sorted(((until, one) for until, one in mine if until > fixed), key=lambda pair: pair[0], reverse=True)
    branches = [(_reached(one), literal(of(until), kind)) for until, one in later]
    return case(*branches, else_=literal(of(fixed), kind)) if branches else of(fixed)


def _by_silence(edge: Edge, times: Timeline, now: datetime) -> ColumnElement[str]:
    """Write the end of each submission's silence: one branch for each working day on which it can have begun."""
    opens_at, days = times.rows[edge.row].opens_at, times.calendar

    def ended(since: datetime) -> ColumnElement[str]:
        return literal(timeline.canonical(days.ends_at(since, edge.working_days)))

    began = times.cutoff(edge, max(times.edges([Edge(row=edge.row, edge="closes")])), now)
    branches: list[Any] = []
    while began > opens_at:
        # From the midnight before a working day on, up to the next one, silences end at one instant.
        began = days.cutoff(began, 1)
        branches.append((Submission.state_since >= began, ended(began)))
    first = ended(opens_at)
    return case(*branches, else_=first) if branches else first


def is_of(unit_id: int) -> ColumnElement[bool]:
    """Return the clause that a unit has entered a submission or has it before it."""
    return (Submission.unit_id == unit_id) | func.coalesce(Submission.recommender_id == unit_id, false())


def _reached(extension: timeline.Extension) -> ColumnElement[bool]:
    return and_(
        true() if extension.submission_id is None else Submission.id == extension.submission_id,
        true() if extension.unit_id is None else is_of(extension.unit_id),
    )


def _clause(value: Any) -> ColumnElement[bool]:
    if isinstance(value, bool):
        return true() if value else false()
    found: ColumnElement[bool] = value
    return found
