"""What a calendar tells of a year: the edges of its rows, of one case, and of the work that waits for a role.

Pure, and made of shown instants only: no grace, and of a case no more than those outside the organiser may know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from qtb.domain import decide, machine
from qtb.domain.decide import Case
from qtb.domain.definition import Definition
from qtb.domain.roles import Actor
from qtb.domain.timeline import Extension, Owned, Timeline, reaches
from qtb.domain.workflow import Edge, Text, Workflow


@dataclass(frozen=True, slots=True)
class Everybody:
    """Whoever has no case: only what reaches all reaches them."""

    id: None = None
    unit_id: None = None
    recommender_id: None = None
    state_since: datetime = datetime(1, 1, 1, tzinfo=UTC)


EVERYBODY = Everybody()


@dataclass(frozen=True, slots=True)
class Moment:
    """An edge at the instant that is shown; of a case, what can be done in that window and what the clock does then."""

    edge: Edge
    at: datetime
    acts: tuple[Text, ...] = ()
    fate: Text | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """How many works wait until the end of a row; those with an end of their own stand alone, by their id."""

    row_key: str
    at: datetime
    n: int
    case_id: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A shown date of a row that was moved for all, or by an extension for those whom it reaches."""

    row_key: str
    at: datetime
    extension: Extension | None = None


def of_row(times: Timeline, row_key: str) -> list[Moment]:
    """Return a row's opening, its instant if it has one, and its end."""
    edges = [Edge(row=row_key, edge="opens")]
    if times.rows[row_key].held_at is not None:
        edges.append(Edge(row=row_key, edge="held"))
    edges.append(Edge(row=row_key, edge="closes"))
    return [Moment(edge, times.shown_at(edge, EVERYBODY)) for edge in edges]


def of_case(definition: Definition, case: Case, *, timeline: Timeline, actor: Actor) -> list[Moment]:
    """Return the windows in which the actor can act on the case as it stands, and the clock's next act on it."""
    found: dict[Edge, Moment] = {}
    for row_key, acts in _acts(definition, case, actor).items():
        for edge in (Edge(row=row_key, edge="opens"), Edge(row=row_key, edge="closes")):
            found[edge] = Moment(edge, timeline.shown_at(edge, case), tuple(acts))
    ahead = decide.ahead(definition, case, timeline=timeline, sealed=True)
    if ahead is not None:
        moment = found.get(ahead.edge) or Moment(ahead.edge, ahead.at)
        found[ahead.edge] = replace(moment, fate=ahead.transition.label if ahead.transition else None)
    return list(found.values())


def turns(workflow: Workflow, role: str) -> dict[str, str]:
    """Return, for each state in which it is the role's turn, the row during which its work is done."""
    if role == "evaluator":
        return {key: state.judged for key, state in workflow.states.items() if state.judged}
    return {
        state: rule.during
        for key, rule in workflow.transitions.items()
        if role in rule.by and rule.during
        for state in workflow.sources(key)
        if workflow.states[state].holder == role
    }


def waits(rows: Mapping[str, str], cases: Iterable[Case], *, timeline: Timeline) -> list[Wait]:
    """Return how many of these cases wait for the end of each row; `rows` as `turns` gives them."""
    alone, together = [], Counter[str]()
    for case in cases:
        row_key = rows[case.state]
        at = timeline.ends_at(row_key, case)
        if at == timeline.ends_at(row_key, EVERYBODY):
            together[row_key] += 1
        else:
            alone.append(Wait(row_key, at, 1, case.id))
    keys = dict.fromkeys(row_key for row_key in rows.values() if row_key in timeline.rows)
    return [*(Wait(key, timeline.ends_at(key, EVERYBODY), together[key]) for key in keys), *alone]


def revision(changes: Sequence[Change], row_key: str, case: Owned) -> tuple[int, datetime | None]:
    """Return how often the row's shown dates were moved for this case, and when last."""
    mine = [
        one.at
        for one in changes
        if one.row_key == row_key and (one.extension is None or reaches(one.extension, case))
    ]
    return len(mine), max(mine, default=None)


def _acts(definition: Definition, case: Case, actor: Actor) -> dict[str, list[Text]]:
    found: dict[str, list[Text]] = {}
    if not machine.is_awake(case):
        return found
    for edit in decide.edits(definition, case, actor=actor):
        if edit.during and edit.until is None:  # else it has an event of its own
            found.setdefault(edit.during, []).append(definition.forms[edit.form].title)
    for key, rule in definition.workflow.transitions.items():
        if rule.during and case.state in definition.workflow.sources(key) and machine.is_allowed(rule, actor, case):
            found.setdefault(rule.during, []).append(rule.label)
    return found
