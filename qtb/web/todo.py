"""The first thing a person sees: what waits for them, with the date by which it is due."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from qtb.domain import decide
from qtb.domain.roles import Actor
from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Transition
from qtb.store import cycles, facts, lists
from qtb.store.cycles import Cycle
from qtb.store.lists import Turn
from qtb.store.submissions import Submission
from qtb.web import years


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do: on which submission, which move it leads to, and until when."""

    submission: Submission
    transition: Transition
    enabled: bool
    from_at: datetime | None
    until: datetime


def tasks(session: Session, actor: Actor, now: datetime) -> list[Task]:
    """Return the main move of each submission, of any year, whose turn is the actor's, the most pressing first."""
    timelines: dict[int, Timeline] = {}
    turns: list[tuple[datetime, Turn]] = []
    for year in years.unfinished(session, now):
        timelines[year.id] = cycles.timeline_of(session, year.id)
        turns += _turns(year, timelines[year.id], actor, now)
    rows = lists.waiting(session, [turn for _, turn in sorted(turns, key=lambda one: one[0])], actor)
    found = [task for row in rows if (task := _task(row, timelines[row.cycle_id], actor, now))]
    return sorted(found, key=lambda task: (task.until, task.submission.id))


def held_by(year: Cycle, role: str) -> list[str]:
    """Return the states of a year in which it is the role's turn."""
    return [key for key, state in year.definition.workflow.states.items() if state.holder == role]


def _turns(year: Cycle, times: Timeline, actor: Actor, now: datetime) -> Iterator[tuple[datetime, Turn]]:
    """Yield where something waits for the actor's roles and can still be done, with the end of the row."""
    workflow = year.definition.workflow
    for role in filter(actor.holds, actor.units):
        for state in held_by(year, role):
            rules = (rule for key, rule in workflow.transitions.items() if state in workflow.sources(key))
            main = next((rule for rule in rules if role in rule.by and rule.tone == "primary"), None)
            if main and main.during and _last_end(times, main.during) > now:
                yield times.rows[main.during].closes_at, Turn(year.id, state, role)


def _last_end(times: Timeline, row_key: str) -> datetime:
    ends: Sequence[datetime] = [one.until for one in times.extensions if one.row_key == row_key]
    return max([times.rows[row_key].closes_at, *ends])


def _task(row: Submission, times: Timeline, actor: Actor, now: datetime) -> Task | None:
    case, definition = facts.as_case(row), row.cycle.definition
    offers = decide.offers(definition, case, timeline=times, actor=actor, now=now)
    main = next((offer for offer in offers if offer.transition.tone == "primary"), None)
    if main is None or main.transition.during is None:
        return None
    until = times.closes_at(main.transition.during, case)
    return Task(row, main.transition, main.enabled, main.from_at, until) if until > now else None
