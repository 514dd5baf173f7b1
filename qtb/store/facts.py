"""The SQL face of the rules: the same guards, windows and roles that the core applies to values, as clauses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, literal, or_, true

from qtb.domain import facts, roles, timeline
from qtb.domain.decide import Case
from qtb.domain.definition import Definition
from qtb.domain.roles import Actor
from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Edge, Transition
from qtb.store.submissions import Submission

COLUMNS: dict[str, Any] = {key: getattr(Submission, key) for key in facts.FACTS}


def as_case(row: Submission) -> Case:
    """Return a submission as the values that decisions need."""
    found = {key: getattr(row, key) for key in facts.FACTS}
    return Case(row.id, row.state, row.unit_id, row.recommender_id, row.version, found)


def qualifies(
    definition: Definition, transition: str, *, times: Timeline, actor: Actor, now: datetime
) -> list[ColumnElement[bool]]:
    """Return the clauses under which a submission may make the move: source state, role, window, guards."""
    rule = definition.workflow.transitions[transition]
    return [
        Submission.state.in_(definition.workflow.sources(transition)),
        _allowed(rule, actor),
        _timely(rule, times, now),
        *(facts.answer(guard, COLUMNS) for guard in rule.when),
    ]


def due_text(edge: Edge, times: Timeline) -> ColumnElement[str] | str:
    """Return the canonical text of the edge's instant for each submission."""
    found: ColumnElement[str] | str = _by_extension(edge, times, timeline.canonical)
    return found


def _allowed(rule: Transition, actor: Actor) -> ColumnElement[bool]:
    if rule.at is not None:
        return _clause(actor.is_clock)
    return or_(false(), *(_clause(roles.is_party(role, actor, Submission)) for role in rule.by))


def _timely(rule: Transition, times: Timeline, now: datetime) -> ColumnElement[bool]:
    if rule.at is not None:
        return _clause(_by_extension(rule.at, times, lambda at: timeline.passed(at, now)))
    if rule.during is None:
        return true()
    opens_at = times.rows[rule.during].opens_at
    closing = Edge(row=rule.during, edge="closes")
    return _clause(_by_extension(closing, times, lambda at: timeline.within(opens_at, at, now)))


def _by_extension(edge: Edge, times: Timeline, of: Any) -> Any:
    """Apply `of` to the edge's instant of each submission: a plain value where no extension reaches anybody.

    The latest matching extension wins, so the branches go from late to early; what ends before the row adds nothing.
    """
    fixed = times.fixed_at(edge)
    if edge.edge != "closes":
        return of(fixed)
    later = [one for one in times.extensions if one.row_key == edge.row and one.until > fixed]
    fixed = max([fixed, *(one.until for one in later if one.submission_id is None and one.unit_id is None)])
    branches = [
        (_reached(one), literal(of(one.until)))
        for one in sorted(later, key=lambda one: one.until, reverse=True)
        if one.until > fixed
    ]
    return case(*branches, else_=literal(of(fixed))) if branches else of(fixed)


def _reached(extension: timeline.Extension) -> ColumnElement[bool]:
    return and_(
        true() if extension.submission_id is None else Submission.id == extension.submission_id,
        true() if extension.unit_id is None else Submission.unit_id == extension.unit_id,
    )


def _clause(value: Any) -> ColumnElement[bool]:
    if isinstance(value, bool):
        return true() if value else false()
    found: ColumnElement[bool] = value
    return found


