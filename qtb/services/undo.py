"""Taking the last move back, where the definition allows it: its letters too, while they have not left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.domain import decide, roles
from qtb.domain import undo as rules
from qtb.domain.decide import Ahead
from qtb.domain.errors import Conflict, Denied, Invalid, NotNow, Reason
from qtb.domain.roles import Actor
from qtb.domain.timeline import Timeline
from qtb.domain.undo import Last
from qtb.domain.workflow import Transition
from qtb.services import advance, consents, due_dates, notes, silences
from qtb.services.advance import Outcome
from qtb.store import audit, cycles, evaluations, facts, outbox
from qtb.store.audit import Entry, History
from qtb.store.submissions import Submission
from qtb.store.unit import lock

LETTER = "undone"


def undo(
    session: Session, submission: Submission, *, actor: Actor, now: datetime, reason: str, seen: int | None = None
) -> Outcome:
    """Take the submission's last move back, with a reason. Raises NotNow or Denied with every reason against it.

    Letters of the move that still wait are dropped; those who have had one get a letter about the undoing.
    """
    reason = notes.short(reason)
    if not reason:
        raise Invalid("reason_required")
    cycles.hold(session, submission.cycle)
    lock(session, submission)
    _refuse_stale(session, submission, actor, seen)
    cycle, entries = submission.cycle, _entries(session, submission.id)
    last = as_last(entries)
    times, case = cycles.timeline_of(session, cycle.id), facts.as_case(submission)
    reasons = rules.explain(cycle.definition, case, last, timeline=times, actor=actor, now=now)
    if any(one.key == "role" for one in reasons):
        raise Denied("role", **reasons[0].args)
    if reasons or last is None:
        raise NotNow(reasons)
    consents.refuse_losing(session, submission, last.from_state)
    undone = cycle.definition.workflow.transitions[last.transition]
    role = next(role for role in (undone.undo.by if undone.undo else []) if roles.is_party(role, actor, case))
    since = silences.back_since(cycle.definition.workflow, times, entries, now)
    details = {"note": reason, **due_dates.details(due_dates.before(entries)), **_counted(since, now)}
    entry = Entry("submission", "undo", actor, now, last.transition, last.from_state, role, details=details)
    advance.put(session, entry, cycle=cycle, rows=select(Submission), ids=[submission.id])
    advance.put_off(submission, since - now)
    if not consents.keeps_level(cycle, case.state, last.from_state):
        evaluations.forget_level(session, submission.id)
    for told in outbox.drop(session, last.batch_id, submission.id):
        outbox.post(session, f"{entry.batch_id}:{told}", entry.batch_id, submission.id, LETTER, told, now=now)
    return Outcome(entry.batch_id, 1)


@dataclass(frozen=True, slots=True)
class Offer:
    """Taking the last move back, to show as a button: which move it was, and every reason against it."""

    transition: Transition
    last: Last
    reasons: tuple[Reason, ...]

    @property
    def enabled(self) -> bool:
        """Tell whether the move may be taken back now."""
        return not self.reasons


def offer(
    submission: Submission, last: Last | None, *, timeline: Timeline, actor: Actor, now: datetime
) -> Offer | None:
    """Return the taking back of the last move as this actor may ask for it; None where it is not his to ask for."""
    definition, case = submission.cycle.definition, facts.as_case(submission)
    if last is None or not rules.is_offered(definition, case, last, actor):
        return None
    reasons = rules.explain(definition, case, last, timeline=timeline, actor=actor, now=now)
    return Offer(definition.workflow.transitions[last.transition], last, reasons)


@dataclass(frozen=True, slots=True)
class Follows:
    """What follows if the last move is taken back: since when a silence counts, if one does, and the clock's next."""

    since: datetime | None
    ahead: Ahead | None


def follows(session: Session, submission: Submission, *, timeline: Timeline, actor: Actor, now: datetime) -> Follows:
    """Say what follows for a submission whose last move may be taken back."""
    definition, entries = submission.cycle.definition, _entries(session, submission.id)
    last = as_last(entries)
    since = silences.back_since(definition.workflow, timeline, entries, now)
    case = facts.as_case(submission)
    back = replace(
        case, state=last.from_state if last else case.state, state_since=since, facts={**case.facts, "taken_back": True}
    )
    ahead = decide.ahead(definition, back, timeline=timeline, sealed=not actor.holds("organiser"))
    return Follows(since if since != now else None, ahead)


def last_move(session: Session, submission_id: int) -> Last | None:
    """Return the last entry that put the submission where it stands."""
    return as_last(_entries(session, submission_id))


def as_last(entries: Iterable[History]) -> Last | None:
    """Return the last step among entries, latest first, as the value that the rule asks about."""
    held, resumed_at = timedelta(0), None
    for row in entries:
        if row.to_state:
            held += _lasted(row, resumed_at)
            return Last(row.kind, row.transition, row.from_state, row.batch_id, row.at, held)
        if row.kind == silences.RESUMED:
            resumed_at = row.at
        elif row.kind == silences.SUSPENDED:
            held, resumed_at = held + _lasted(row, resumed_at), None
    return None


def _counted(since: datetime, now: datetime) -> dict[str, str]:
    return {silences.SINCE: since.isoformat()} if since != now else {}


def _lasted(row: History, resumed_at: datetime | None) -> timedelta:
    """Return how long a suspension lasted from an entry on: never less than nothing, clocks may be set back."""
    return max(resumed_at - row.at, timedelta(0)) if resumed_at else timedelta(0)


def _entries(session: Session, submission_id: int) -> list[History]:
    return [row for row, _ in audit.entries(session, "submission", submission_id)]


def _refuse_stale(session: Session, submission: Submission, actor: Actor, seen: int | None) -> None:
    """Refuse a page that is out of date; only the organiser reads by whose act, which may be a sealed one."""
    try:
        audit.refuse_stale(session, "submission", submission.id, seen)
    except Conflict:
        if actor.holds("organiser"):
            raise
        raise Conflict("stale") from None
