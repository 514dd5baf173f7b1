"""The first thing a person sees: what waits for them, with the date by which it is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from qtb.domain import decide
from qtb.domain.roles import Actor
from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Transition
from qtb.store import cycles, facts
from qtb.store.submissions import Submission


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do: on which submission, which move it leads to, and until when."""

    submission: Submission
    transition: Transition
    enabled: bool
    from_at: datetime | None
    until: datetime | None


def tasks(session: Session, rows: Sequence[Submission], actor: Actor, now: datetime) -> list[Task]:
    """Return the main move of each submission whose turn is the actor's, the most pressing first."""
    timelines: dict[int, Timeline] = {}
    found = []
    for row in rows:
        if row.cycle_id not in timelines:
            timelines[row.cycle_id] = cycles.timeline_of(session, row.cycle_id)
        task = _task(row, timelines[row.cycle_id], actor, now)
        if task is not None:
            found.append(task)
    return sorted(found, key=lambda task: (task.until is None, task.until, task.submission.id))


def _task(row: Submission, times: Timeline, actor: Actor, now: datetime) -> Task | None:
    definition = row.cycle.definition
    holder = definition.workflow.states[row.state].holder
    if holder is None or not actor.holds(holder):
        return None
    offers = decide.offers(definition, facts.as_case(row), timeline=times, actor=actor, now=now)
    main = next((offer for offer in offers if offer.transition.tone == "primary"), None)
    if main is None or main.transition.during is None:
        return None
    until = times.closes_at(main.transition.during, facts.as_case(row))
    return Task(row, main.transition, main.enabled, main.from_at, until) if until > now else None
