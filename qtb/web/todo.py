"""The first thing a person sees: what waits for them, with the date by which it is due."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from qtb.domain import decide
from qtb.domain.machine import is_allowed
from qtb.domain.roles import Actor
from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Text, Transition
from qtb.store import facts, turns
from qtb.store.cycles import Cycle, Pinned
from qtb.store.turns import Turn
from qtb.store.years import Year
from qtb.web import years

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do: on which submission, which move it leads to, and until when."""

    submission: Row[Any]
    transition: Transition | None  # None where it is only a message to be read
    from_at: datetime | None
    until: datetime | None  # None where nothing will ever end it
    was_due: datetime | None = None  # the date that was asked for, where it is over
    form: Text | None = None  # or a form that is due by itself
    form_key: str = ""


def tasks(session: Session, actor: Actor, now: datetime) -> list[Task]:
    """Return the main move of each submission, of any year, whose turn is the actor's, the most pressing first."""
    found = {year.cycle.id: year for year in years.told(session) if years.is_unfinished(year, now)}
    waits = sorted((turn for year in found.values() for turn in _turns(year, actor, now)), key=lambda one: one[0])
    main = {(turn.cycle_id, turn.state): _main(found[turn.cycle_id].cycle, turn.state) for _, turn in waits}
    slides = {key for year in found.values() if (key := _slides_form(year))}
    rows = turns.waiting(session, [turn for _, turn in waits], actor, slides)
    todo = [_task(row, main[row.cycle_id, row.state], found[row.cycle_id], actor, now) for row in rows if row.is_turn]
    todo += [_slides(row, found[row.cycle_id], now) for row in rows if row.lacks_slides and row.cycle_id in found]
    unread = [Task(row, None, None, None) for row in rows if row.is_unread]
    return sorted(
        [*filter(None, todo), *unread], key=lambda task: (task.was_due or task.until or NEVER, task.submission.id)
    )


def _slides(row: Any, year: Year, now: datetime) -> Task | None:
    """Return the task of handing slides in, while it can be done."""
    key, due = _slides_form(year), row.slides_due_at
    if not key or due is None or due <= now:
        return None
    return Task(row, None, None, due, form=year.cycle.definition.forms[key].title, form_key=key)


def _slides_form(year: Year) -> str:
    rule = year.cycle.definition.rubric.shortlist
    return rule.slides.form if rule and rule.slides else ""


def held_by(year: Pinned, role: str) -> list[str]:
    """Return the states of a year in which it is the role's turn."""
    return [key for key, state in year.definition.workflow.states.items() if state.holder == role]


def _turns(year: Year, actor: Actor, now: datetime) -> Iterator[tuple[datetime, Turn]]:
    """Yield where something waits for the actor's roles and can still be done, with the end of the row."""
    for role in filter(actor.holds, actor.units):
        for state in held_by(year.cycle, role):
            main = next((rule for rule in _main(year.cycle, state) if role in rule.by), None)
            if main and _last_end(year.times, main) > now:
                yield _end(year, main, state), Turn(year.cycle.id, state, role)


def _main(year: Cycle, state: str) -> list[Transition]:
    """Return the main moves from a state: usually one."""
    workflow = year.definition.workflow
    return [rule for key, rule in workflow.transitions.items()
            if rule.tone == "primary" and state in workflow.sources(key)]  # fmt: skip


def _last_end(times: Timeline, main: Transition) -> datetime:
    """Return when the last case can make the move: never, where it hangs on no row."""
    if main.during is None:
        return NEVER
    ends: Sequence[datetime] = [one.until for one in times.extensions if one.row_key == main.during]
    return max([times.rows[main.during].closes_at, *ends])


def _end(year: Year, main: Transition, state: str) -> datetime:
    """Return by when the move presses: the end of its row, or without one the first edge that ends the state."""
    workflow, times = year.cycle.definition.workflow, year.times
    if main.during is not None:
        return times.rows[main.during].closes_at
    clocked = [key for key in workflow.clocked() if state in workflow.sources(key)]
    edges = [edge for key in clocked if (edge := workflow.transitions[key].at) and edge.row in times.rows]
    return min((times.rows[edge.row].closes_at for edge in edges), default=NEVER)


def _task(row: Any, rules: list[Transition], year: Year, actor: Actor, now: datetime) -> Task | None:
    main = next((rule for rule in rules if rule.by and is_allowed(rule, actor, row)), None)
    if main is None:
        return None
    if main.during is None:
        ahead = decide.ahead(
            year.cycle.definition, facts.as_case(row), timeline=year.times, sealed=not actor.holds("organiser")
        )
        return Task(row, main, None, ahead.at if ahead else None)
    until, opens_at = year.times.ends_at(main.during, row), year.times.rows[main.during].opens_at
    if until <= now:
        return None
    # The date that was asked for presses first; past it, the end of the row still lets the act be done.
    was_due = row.due_at if row.due_at and row.due_at <= now else None
    asked = until if was_due else row.due_at or until
    return Task(row, main, opens_at if opens_at > now else None, min(asked, until), was_due)
