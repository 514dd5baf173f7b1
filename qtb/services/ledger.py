"""The ledger as it is read: every edge of a year in order, what the clock did at it, what it will do, what failed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from qtb.domain.errors import Conflict
from qtb.domain.roles import Actor
from qtb.domain.timeline import Timeline, canonical
from qtb.services.cycles import only_organiser
from qtb.store import audit, cycles, ledger, ledger_reads
from qtb.store.audit import Entry
from qtb.store.cycles import Cycle
from qtb.store.ledger_reads import Done
from qtb.store.submissions import Submission

FIRST = datetime(1, 1, 1, tzinfo=UTC)
RETRIED = "retried"  # entry of history
Place = tuple[str, str, str]  # row, edge, canonical text of the instant at which it was or is due


@dataclass(frozen=True, slots=True)
class Moved:
    """A move at an edge: how many it moved, between when, how many it would move as all stands, what went wrong."""

    transition: str
    n_moved: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    n_ahead: int = 0
    n_aside: int = 0
    failure: str = ""
    failed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """An edge of a row: when it was due, when it was noticed, what the clock did at it or will do."""

    row_key: str
    seq: int
    title: str
    edge: str
    due: datetime | None  # None where it cannot be reckoned
    phase: str  # done, ahead, unseen (nobody watches the clock), before (passed when the year was opened), unknown
    done_at: datetime | None = None
    moves: list[Moved] = field(default_factory=list)
    is_extension: bool = False

    @property
    def due_text(self) -> str:
        """The time as history has it."""
        return canonical(self.due) if self.due else ""

    @property
    def delay(self) -> timedelta | None:
        """How long after its time it was done."""
        return self.done_at - self.due if self.done_at and self.due else None


def told(session: Session, cycle: Cycle, *, now: datetime) -> list[Line]:
    """Return every edge of a year in the order of their times."""
    times = cycles.timeline_of(session, cycle.id)
    moves, noticed = _recorded(ledger_reads.done(session, cycle.id))
    for (transition, due), n in ledger_reads.forecast(session, cycle, times, now=now).items():
        _one(moves[_place(cycle, transition, due)], transition, n_ahead=n)
    for (transition, due), n in ledger_reads.n_aside(session, cycle.id).items():
        _one(moves[_place(cycle, transition, due)], transition, n_aside=n)
    edges, given = ((row_key, edge, canonical(at)) for row_key, edge, at in times.noted()), set(_given(times))
    lines = [
        replace(
            _line(cycle, times, place, noticed, list(moves[place].values()), now), is_extension=place in given
        )
        for place in {*moves, *noticed, *edges}
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (line.due or FIRST, line.seq, line.edge))


def try_again(session: Session, submission: Submission, *, actor: Actor, now: datetime) -> None:
    """Let what the clock has set aside of a submission be tried at the next sweep, which the caller begins at once."""
    only_organiser(actor)
    if not ledger.release(session, submission.id, now=now):
        raise Conflict("not_aside", number=submission.number)
    audit.record(session, submission, RETRIED, actor=actor, now=now, role="organiser")


def try_all_again(session: Session, cycle: Cycle, *, actor: Actor, now: datetime) -> int:
    """Let all that is set aside in a year be tried at the next sweep; return how many cases. Each has its entry."""
    only_organiser(actor)
    entry = Entry("submission", RETRIED, actor, now, role="organiser")
    n_released = audit.append(session, entry, ledger.cases_aside(cycle.id).with_for_update(key_share=True))
    if not n_released:
        raise Conflict("none_aside")
    audit.follow(session.connection(), entry)
    ledger.release_all(session, entry.batch_id, now=now)
    return n_released


def _recorded(done: list[Done]) -> tuple[dict[Place, dict[str, Moved]], dict[Place, datetime]]:
    moves: dict[Place, dict[str, Moved]] = defaultdict(dict)
    noticed: dict[Place, datetime] = {}
    for one in done:
        place = one.row_key, one.edge, one.due
        if one.transition:
            moves[place][one.transition] = Moved(
                one.transition, one.n_moved, one.first_at, one.last_at, failure=one.failure, failed_at=one.failed_at
            )
        elif one.first_at:
            noticed[place] = one.first_at
    return moves, noticed


def _one(moves: dict[str, Moved], transition: str, **changes: int) -> None:
    moves[transition] = replace(moves.get(transition, Moved(transition)), **changes)  # type: ignore[arg-type]


def _place(cycle: Cycle, transition: str, due: str) -> Place:
    rule = cycle.definition.workflow.transitions.get(transition)
    return (rule.at.row, rule.at.edge, due) if rule and rule.at else ("", "", due)


def _given(times: Timeline) -> Iterator[Place]:
    """Yield the ends that were given besides the row's own, also those that have become moot since they came."""
    for one in times.extensions:
        if one.row_key in times.rows and one.until != times.rows[one.row_key].closes_at:
            yield one.row_key, "closes", canonical(one.until + times.rows[one.row_key].grace)


def _line(
    cycle: Cycle, times: Timeline, place: Place, noticed: Mapping[Place, datetime], moves: list[Moved], now: datetime
) -> Line:
    row_key, edge, text = place
    due, row = datetime.fromisoformat(text) if text else None, times.rows.get(row_key)
    # What was moved tells when it was done; an edge that moved nothing is done when it is noticed.
    done_at = max((one.last_at for one in moves if one.last_at), default=None) or noticed.get(place)
    seq, title = (row.seq, row.title) if row else (0, row_key)
    return Line(row_key, seq, title, edge, due, "done" if done_at else _phase(cycle, due, now), done_at, moves)


def _phase(cycle: Cycle, due: datetime | None, now: datetime) -> str:
    if due is None:
        return "unknown"
    return "ahead" if due > now else "before" if due < cycle.created_at else "unseen"
