"""What the clock owes: every edge that has passed and still has submissions in a state it should have ended.

It opens and shuts nothing; the door compares the clock at every request. So an outage heals itself, twice is
harmless, and any number of schedulers is safe. Each edge, slice and failure goes into the ledger.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from qtb.domain.errors import Conflict, Refusal, told
from qtb.domain.roles import CLOCK
from qtb.domain.timeline import canonical
from qtb.services import edges, setbacks
from qtb.services.advance import advance
from qtb.services.edges import Owed
from qtb.store import cycles, facts, ledger
from qtb.store.cycles import Pinned
from qtb.store.submissions import Submission
from qtb.store.unit import unit

SLICE = 10_000  # some 150 ms in which nobody else writes on SQLite; halves cost a tenth more time in all
LAST_ID = 2**62
MAX_STEPS = 1_000  # a definition whose clock moves run in a circle must not hold the sweep for ever
MAX_ASIDE = 100  # in one sweep of one edge; the failing ones behind them wait for the next sweep
PROBES = 20  # so many cases by chance that all fail are no cases but a fault of the move itself
RETRY = timedelta(hours=1)  # times the number of tries so far
AWAY = (OperationalError, InterfaceError)  # the database, not the case


@dataclass(frozen=True, slots=True)
class Swept:
    """One clock move in one cycle: how many moved and were set aside, or why it failed as a whole."""

    cycle: str
    transition: str
    due_at: datetime | None
    n_moved: int = 0
    n_aside: int = 0
    failure: str = ""


def sweep(session: Session, *, now: datetime, limit: int = SLICE) -> list[Swept]:
    """Make all moves whose edge has passed, in the order in which they fell due, each slice in a unit of its own.

    A move can make another one owed, so what is owed is asked anew after each. What fails, or is held by somebody
    else, is reported and left, and does not stop the others.
    """
    notice(session, now=now)
    done: list[Swept] = []
    left: set[Owed] = set()
    for _ in range(MAX_STEPS):
        owed = next((one for one in edges.owing(session, now=now) if one not in left), None)
        if owed is None:
            break
        swept = _drained(session, owed, now, limit)
        if swept.failure or not swept.n_moved:
            left.add(owed)
        if swept.failure or swept.n_moved or swept.n_aside:
            done.append(swept)
    setbacks.end(session, now=now)
    session.rollback()
    return done


def notice(session: Session, *, now: datetime) -> None:
    """Put every edge of every row that has passed on record, with its due time and the time it was noticed."""
    for cycle, times in edges.timelines(session):
        passed = [(row, edge, canonical(at)) for row, edge, at in times.noted() if cycle.created_at <= at <= now]
        known = ledger.noticed(session, cycle.id) if passed else set()
        new = [one for one in passed if one not in known]
        if new:
            cycle_id = cycle.id
            with unit(session):
                ledger.notice(session, cycle_id, new, now=now)
    session.rollback()


def _drained(session: Session, owed: Owed, now: datetime, limit: int) -> Swept:
    drain = _Drain(session, owed, now, limit)
    try:
        if owed.refusal is not None:
            raise owed.refusal
        drain.run()
    except Adopted:  # nothing failed: the sweep asks anew what is owed, by the rules that hold now
        return Swept(owed.cycle, owed.transition, owed.due_at, drain.n_moved, drain.n_aside)
    except (Refusal, DBAPIError) as error:
        failure = told(error)
        _record_failure(session, owed, now, failure)
        return Swept(owed.cycle, owed.transition, owed.due_at, drain.n_moved, drain.n_aside, failure)
    return Swept(owed.cycle, owed.transition, owed.due_at, drain.n_moved, drain.n_aside)


class Adopted(Conflict):
    """The year has adopted a definition since it was asked what is owed."""


@dataclass
class _Drain:
    """The moving of all that one edge owes, slice by slice, with what cannot be moved set aside."""

    session: Session
    owed: Owed
    now: datetime
    limit: int
    n_moved: int = 0
    n_aside: int = 0

    def run(self) -> None:
        """Move slice by slice, each beyond the last: what was moved is not looked at again."""
        last_id = 0
        while True:
            try:
                n_slice, last_id = self._slice((last_id + 1, LAST_ID))
            except AWAY:
                raise
            except DBAPIError as error:
                ids = self._next_ids(last_id)
                self._refuse_common(ids, error)
                n_slice, last_id = len(ids), max(ids, default=last_id)
                self._by_halves(ids)
            if n_slice < self.limit:
                return

    def _slice(self, span: tuple[int, int]) -> tuple[int, int]:
        """Move one slice of those with an id in `span`; return how many, and the last one's id."""
        with unit(self.session):
            cycle = self._pinned()
            done = advance(
                self.session, self.owed.transition, cycle=cycle, now=self.now, actor=CLOCK, limit=self.limit, span=span,
                as_of=self.owed.due_at,
            )  # fmt: skip
            last_id = 0
            if done.n_moved:
                last_id = ledger.enter(self.session, cycle.id, self.owed.edge, self.owed.transition, done.batch_id)
        self.n_moved += done.n_moved
        return done.n_moved, last_id

    def _pinned(self) -> Pinned:
        cycle = cycles.pinned(self.session, self.owed.cycle_id)
        if cycle.definition.hash != self.owed.definition_hash:
            raise Adopted("adopted_meanwhile")
        return cycle

    def _next_ids(self, after_id: int) -> Sequence[int]:
        cycle = self._pinned()
        times = cycles.timeline_of(self.session, cycle.id)
        as_of = self.owed.due_at or self.now
        mine = facts.qualifies(cycle.definition, self.owed.transition, times=times, actor=CLOCK, now=as_of)
        found = select(Submission.id).where(
            Submission.cycle_id == cycle.id, Submission.id > after_id, *mine,
            ledger.not_aside(self.owed.transition, self.now),
        )
        return self.session.scalars(found.order_by(Submission.id).limit(self.limit)).all()

    def _refuse_common(self, ids: Sequence[int], error: DBAPIError) -> None:
        """Raise the error again where all fail, as far as some drawn by chance tell: then nobody is set aside for it.

        Those that were set aside before are no sign of that: they come back together when their time is over.
        """
        known = ledger.ids_aside(self.session, self.owed.cycle_id, self.owed.transition)
        fresh = [one for one in ids if one not in known]
        if len(fresh) > PROBES and not any(self._is_movable(one) for one in random.sample(fresh, PROBES)):
            raise error

    def _is_movable(self, submission_id: int) -> bool:
        try:
            self._slice((submission_id, submission_id))
        except AWAY:
            raise
        except DBAPIError:
            return False
        return True

    def _by_halves(self, ids: Sequence[int]) -> None:
        """Move what can be moved of these and set aside what cannot."""
        if not ids:
            return
        try:
            self._slice((ids[0], ids[-1]))
        except AWAY:
            raise
        except DBAPIError as error:
            if len(ids) == 1:
                self._set_aside(ids[0], error)
                return
            half = len(ids) // 2
            self._by_halves(ids[:half])
            self._by_halves(ids[half:])

    def _set_aside(self, submission_id: int, error: DBAPIError) -> None:
        if self.n_aside == MAX_ASIDE:
            raise error
        self.n_aside += 1
        with unit(self.session):
            due_at = self.owed.due_at or self.now
            ledger.set_aside(
                self.session, submission_id, self.owed.transition, due=due_at, now=self.now, retry_in=RETRY,
                error=told(error),
            )  # fmt: skip


def _record_failure(session: Session, owed: Owed, now: datetime, failure: str) -> None:
    try:
        with unit(session):
            ledger.fail(
                session, owed.cycle_id, owed.edge, owed.transition, due=owed.due_at, now=now, failure=failure
            )
    except DBAPIError:
        session.rollback()  # the database is away: the heartbeat's age will say so
