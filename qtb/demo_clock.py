"""Travelling in the demo's time: forward only, through every edge, midnight and morning on the way.

At each of them the clock does what it owes and the letters leave, so that the history and the letters carry the
instants at which all would have happened. Whoever travels while another does waits for him to arrive.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from qtb import clock
from qtb.clock import ZONE
from qtb.domain.errors import Conflict, Invalid
from qtb.services import edges, outbox, reminders, sweep
from qtb.services.outbox import Post
from qtb.store.outbox import Setting
from qtb.store.unit import unit

MOST_DAYS = 400
LAST_YEAR = 2100
TRAVELLER = "clock_traveller"
LEASE = timedelta(minutes=2)  # renewed at each stop; one who died on the way holds nobody up for longer
PATIENCE = 50.0  # seconds; a browser waits a minute
Target = Callable[[Session, datetime], datetime]


class NothingAhead(Invalid):
    """No year has a deadline ahead, so there is none to go to."""


@dataclass(slots=True)
class Travelled:
    """Where a journey ended and what happened on the way."""

    now: datetime
    n_moved: int = 0
    n_letters: int = 0


def travel(session: Session, target: Target, *, post: Post) -> Travelled:
    """Let the demo's clock go on to an instant that is reckoned from what it shows when the journey begins.

    Raises Invalid for one that lies behind, or too far; Conflict while somebody else is on the way for too long.
    """
    with _alone(session) as mark:
        begun = clock.now(session, demo=True)
        until = _checked(target(session, begun), begun)
        done = Travelled(begun)
        for stop in _stops(session, begun, until):
            _arrive(session, stop, post, done, mark)
        return done


def to_next_deadline(session: Session, now: datetime) -> datetime:
    """Return the next instant of any year as it is shown: to stop where a grace ends would tell of it."""
    found = edges.next_deadline(session, now=now)
    if found is None:
        raise NothingAhead("demo_no_edge")
    return found


def after(by: timedelta) -> Target:
    """Return the target that lies so far ahead."""
    return lambda session, now: now + by


def at(instant: datetime) -> Target:
    """Return the target that is an instant."""
    return lambda session, now: instant


def _checked(until: datetime, now: datetime) -> datetime:
    if until < now:
        raise Invalid("demo_backwards", at=until, now=now)
    if until.astimezone(ZONE).year > LAST_YEAR:
        raise Invalid("demo_end", year=LAST_YEAR)
    if until > now + timedelta(days=MOST_DAYS):
        raise Invalid("demo_too_far", days=MOST_DAYS)
    return until


def _stops(session: Session, begun: datetime, until: datetime) -> Iterator[datetime]:
    """Yield each edge, midnight and hour of letters after the beginning, up to the end; edges can move on the way."""
    now = begun
    while now < until:
        midnight = datetime.combine(now.astimezone(ZONE).date() + timedelta(days=1), datetime.min.time(), ZONE)
        edge, letters = edges.next_edge(session, now=now), reminders.next_at(session, now=now, zone=ZONE)
        session.rollback()
        now = min(until, midnight, edge or until, letters or until)
        yield now


def _arrive(session: Session, stop: datetime, post: Post, done: Travelled, mark: str) -> None:
    done.n_moved += sum(one.n_moved for one in sweep.sweep(session, now=stop))
    reminders.remind(session, now=stop)
    sent = outbox.deliver(session, post=post, now=stop)
    done.n_letters += sent.n_sent + sent.n_kept
    with unit(session):
        if clock.now(session, demo=True) < stop:  # while all that was done, the clock has gone on by itself
            clock.set_to(session, stop)
        _mark(session, mark, clock.real() + LEASE)
    done.now = stop


@contextmanager
def _alone(session: Session) -> Iterator[str]:
    """Hold the others up while this traveller is on the way; yield the mark that tells his lease from another's."""
    give_up_at, mark = time.monotonic() + PATIENCE, secrets.token_hex(4)
    while not _taken(session, mark):
        if time.monotonic() > give_up_at:
            raise Conflict("demo_busy")
        time.sleep(0.2)
    try:
        yield mark
    finally:
        with unit(session):
            _mark(session, mark, None)


def _taken(session: Session, mark: str) -> bool:
    with unit(session):
        if session.get(Setting, clock.OFFSET, with_for_update=True) is None:  # one at a time gets past this line
            clock.set_to(session, clock.real())
            session.flush()
        held = session.get(Setting, TRAVELLER, with_for_update=True, populate_existing=True)
        if held is not None and held.value and datetime.fromisoformat(held.value.partition(" ")[0]) > clock.real():
            return False
        session.merge(Setting(key=TRAVELLER, value=_lease(mark, clock.real() + LEASE)))
        return True


def _mark(session: Session, mark: str, until: datetime | None) -> None:
    """Renew the own lease, or end it; one that ran out and is another traveller's by now is left to him."""
    held = session.get_one(Setting, TRAVELLER, with_for_update=True, populate_existing=True)
    if held.value.endswith(f" {mark}"):
        held.value = _lease(mark, until) if until else ""


def _lease(mark: str, until: datetime) -> str:
    return f"{until.isoformat()} {mark}"
