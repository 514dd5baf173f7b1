"""Letters ahead of an edge, and about a silence, to those whose turn it is: queued once for each date.

A letter's key holds whom it goes to, its reminder, the step and the edge: the same date makes no second letter, a
moved one makes a new one, and any number of schedulers is safe. What has become moot by the time it could leave is
dropped there (qtb/services/outbox.py), and waits again once it is due again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from qtb.domain.errors import Refusal, told
from qtb.domain.reminders import DAY, HOUR, hours, is_awaited, shown
from qtb.services import edges, slides
from qtb.store import hand_in_reminders, reminders
from qtb.store.reminders import Step
from qtb.store.unit import unit

SLICE = 5_000


@dataclass(frozen=True, slots=True)
class Reminded:
    """One step of one reminder in one cycle: how many letters were queued, or why that failed."""

    cycle: str
    reminder: str
    n_queued: int = 0
    failure: str = ""


def remind(session: Session, *, now: datetime) -> list[Reminded]:
    """Queue every reminder that is due and not queued yet, each slice in a unit of its own.

    One that fails, as when the working days of a year are not known, is reported and stops no other.
    """
    # Each step read before the first unit: its commit would expire the cycles.
    steps = list(_steps(session, now))
    done = [_reminded(session, cycle, step, now) for cycle, step in steps]
    done.append(_slides(session, now))
    session.rollback()
    return [one for one in done if one.n_queued or one.failure]


def next_at(session: Session, *, now: datetime, zone: tzinfo) -> datetime | None:
    """Return the next instant at which reminders leave in any cycle, if there are any that wait for an hour."""
    found = {hour for cycle, _ in edges.timelines(session) for hour in hours(cycle.definition.workflow)}
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    times = (today + n * DAY + hour * HOUR for n in (0, 1) for hour in found)
    return min((at for at in times if at > now), default=None)


def _slides(session: Session, now: datetime) -> Reminded:
    try:
        found = slides.remind(session, now=now)
    except (Refusal, DBAPIError) as error:
        session.rollback()
        return Reminded("", slides.SOON, failure=told(error))
    return Reminded(", ".join(cycle for cycle, _ in found), slides.SOON, sum(n for _, n in found))


def _steps(session: Session, now: datetime) -> Iterator[tuple[str, Step]]:
    for cycle, times in edges.timelines(session):
        for key, rule in cycle.definition.workflow.reminders.items():
            if is_awaited(rule, times, now):
                yield from ((cycle.key, Step(cycle.id, cycle.definition, shown(times), key, n)) for n in rule.days)


def _reminded(session: Session, cycle: str, step: Step, now: datetime) -> Reminded:
    n_queued = 0
    store = hand_in_reminders if step.rule.hand_ins else reminders
    try:
        # Asked first, so that a minute in which nothing is due writes nothing.
        while store.is_due(session, step, now):
            with unit(session):
                n_slice = store.post(session, step, now=now, limit=SLICE)
            n_queued += n_slice
            if n_slice < SLICE:
                break
    except (Refusal, DBAPIError) as error:
        session.rollback()
        return Reminded(cycle, step.key, n_queued, told(error))
    return Reminded(cycle, step.key, n_queued)
