"""What the organiser must know before anybody complains: is the clock being watched, is anything left undone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from qtb.services import outbox, sweep
from qtb.store.outbox import Heartbeat, last_beat

QUIET = timedelta(minutes=3)  # three beats missed; also how long an edge may wait for its sweep
FORGOTTEN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is wrong: a scheduler that is down or fails, submissions past their edge, letters given
    up, works whose decision is missing at its instant."""

    is_down: bool
    beat_at: datetime | None
    failure: str
    n_overdue: int
    n_dead: int
    n_undecided: int


def alarm(session: Session, *, real_now: datetime, now: datetime) -> Alarm | None:
    """Return what is wrong, or None. `real_now` is the machine's time, `now` the programme's."""
    beat = last_beat(session)
    is_down = beat is None or real_now - beat.beat_at > QUIET
    failure = beat.failure if beat is not None else ""
    years = sweep.timelines(session)
    n_overdue = sweep.overdue(session, now=now - QUIET, years=years)
    n_dead = outbox.counts(session).get("dead", 0)
    n_undecided = sweep.undecided(session, now=now, years=years)
    if not (is_down or failure or n_overdue or n_dead or n_undecided):
        return None
    return Alarm(is_down, beat.beat_at if beat else None, failure, n_overdue, n_dead, n_undecided)


def beat(session: Session, *, node: str, real_now: datetime, now: datetime, n_moved: int, failure: str = "") -> None:
    """Leave a scheduler's sign of life and forget those of long ago; the caller is in a unit."""
    mine = Heartbeat(node=node, beat_at=real_now, swept_at=now, n_moved=n_moved, failure=failure[:500])
    session.merge(mine)
    session.execute(delete(Heartbeat).where(Heartbeat.beat_at < real_now - FORGOTTEN, Heartbeat.node != node))
