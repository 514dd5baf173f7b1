"""THE DOOR: the only place where a submission's state is written, for one submission or for all that are due.

History first, state from history: the entry is inserted by a SELECT of the submissions that qualify, the submissions
follow their entry, the outbox follows the batch. So nothing moves without an entry, and the database itself refuses
two moves from one position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qtb.domain import decide
from qtb.domain.definition import Definition
from qtb.domain.errors import Conflict, Denied, Invalid, Missing, NotNow
from qtb.domain.roles import Actor
from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Transition
from qtb.services import answers, due_dates, eligibility, lateness, notes, quotas, receipts
from qtb.store import audit, cycles, facts, ledger, moves, unit
from qtb.store import eligibility as counting
from qtb.store.audit import Entry
from qtb.store.cycles import Pinned
from qtb.store.history import ADOPT
from qtb.store.submissions import Submission

TAKEN_BACK = ("undo", "override")  # after these the clock does not move a case on, as nothing has changed since


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call of the door did."""

    batch_id: str
    n_moved: int


def advance(
    session: Session,
    transition: str,
    *,
    cycle: Pinned,
    now: datetime,
    actor: Actor,
    ids: Sequence[int] | None = None,
    limit: int | None = None,
    span: tuple[int, int] | None = None,
    as_of: datetime | None = None,
    note: str = "",
    due_at: datetime | None = None,
) -> Outcome:
    """Make a move for the submissions named by `ids`, or (None) for all that qualify and are not set aside.

    For all, `limit` says at most how many, `span` from which id to which, and `as_of` that the clock is late and makes
    what was due by then. With ids it is all or nothing: NotNow gives every reason why one of them did not move.
    `due_at` is by when the next one should act, where the definition lets the move say so.
    """
    definition = cycle.definition
    rule = definition.workflow.transitions.get(transition)
    if rule is None:
        raise Missing("transition", name=transition[:40])
    entry = _entry(rule, transition, actor=actor, now=now, note=_checked(note, rule))
    entry = due_dates.told(session, entry, rule, due_at, cycle=cycle, ids=ids or ())
    session.flush()
    work = unit.connection(session)
    if ids is None:
        n_moved = _move_all(session, entry, cycle, actor, limit, span, as_of or now)
    else:
        n_moved = _move_these(session, work, entry, cycle, actor, sorted(set(ids)))
    if n_moved:
        quotas.keep_within(session, transition, cycle=cycle, ids=ids or ())
    if n_moved and rule.then:
        moves.posting(definition, transition).run(work, {"batch": entry.batch_id})
    session.expire_all()
    return Outcome(entry.batch_id, n_moved)


def begin(session: Session, submission: Submission, *, cycle: Pinned, actor: Actor, now: datetime, role: str) -> None:
    """Put a new submission at the start of its cycle's workflow."""
    cycles.hold(session, cycle)
    start = cycle.definition.workflow.start
    submission.state, submission.kind, submission.state_since = start, "start", now
    session.add(submission)
    session.flush()
    entry = Entry("submission", "begin", actor, now, to_state=start, role=role)
    rows = select(Submission).where(Submission.id == submission.id)
    _follow(session.connection(), entry, cycle.definition, audit.append(session, entry, rows))
    session.refresh(submission)


def put(session: Session, entry: Entry, *, cycle: Pinned, rows: Select[Any], ids: Sequence[int]) -> int:
    """Put the chosen submissions where an entry says, outside the rules: for overrides, undoing, adopting.

    Whoever calls this answers for it with the entry's kind and reason. Raises Conflict("team_taken") where one comes
    back to life while its team stands entered again.
    """
    cycles.hold(session, cycle)
    team = session.scalar(select(Submission.team_name).where(Submission.id.in_(ids)).limit(1))  # for the refusal
    try:
        moves.lock(session.connection(), ids)
        n_written = audit.append(session, entry, rows.where(Submission.id.in_(ids)))
        _follow(session.connection(), entry, cycle.definition, n_written)
    except IntegrityError:
        raise Conflict("team_taken", team=team) from None
    session.expire_all()
    return n_written


def put_off(submission: Submission, by: timedelta) -> None:
    """Let the days of a suspension not count: what is reckoned from the last step goes on where it stood.

    Less than nothing where a step was taken back: what was counted before it counts on.
    """
    submission.state_since += by


def _entry(rule: Transition, transition: str, *, actor: Actor, now: datetime, note: str) -> Entry:
    role = "clock" if rule.at else next((role for role in rule.by if actor.holds(role)), "")
    row_key = rule.at.row if rule.at else (rule.during or "")
    details = {"note": note} if note else {}
    return Entry("submission", "move", actor, now, transition, rule.to, role, row_key, details)


def _move_all(
    session: Session, entry: Entry, cycle: Pinned, actor: Actor, limit: int | None, span: tuple[int, int] | None,
    as_of: datetime,
) -> int:  # fmt: skip
    """Move what qualifies and is not set aside; rows that somebody holds are left to the next sweep."""
    definition, rule = cycle.definition, cycle.definition.workflow.transitions[entry.transition]
    times = cycles.timeline_of(session, cycle.id)
    qualifying = facts.qualifies(definition, entry.transition, times=times, actor=actor, now=as_of)
    rows = select(Submission).where(
        Submission.cycle_id == cycle.id, *qualifying, ledger.not_aside(entry.transition, entry.at),
        *([Submission.id.between(*span)] if span else []),
    )  # fmt: skip
    claimed = rows.order_by(Submission.id).limit(limit).with_for_update(skip_locked=True, of=Submission)
    due = facts.due_text(rule.at, times, as_of) if rule.at else ""
    return _follow(session.connection(), entry, definition, audit.append(session, entry, claimed, due=due))


def _move_these(
    session: Session, work: Connection, entry: Entry, cycle: Pinned, actor: Actor, ids: Sequence[int]
) -> int:
    """Move all of these submissions, or raise NotNow, Denied, Missing or Conflict with every reason against one."""
    is_judged = eligibility.judged_at(cycle.definition, entry.transition) is not None
    if is_judged:
        counting.hold_units(work, ids)
    cycles.share(work, cycle.id)
    if is_judged:  # what became false over time, or through another entry, is found here
        eligibility.renew(session, cycle, entry.transition, ids, now=entry.at)
    n_moved = _write_one(work, entry, cycle, actor, ids[0]) if len(ids) == 1 else 0
    n_moved = n_moved or _write_some(session, work, entry, cycle, actor, ids)
    _follow(work, entry, cycle.definition, n_moved)
    if n_moved != len(ids):
        raise _refusal(session, entry.transition, cycle=cycle, ids=ids, actor=actor, now=entry.at)
    rule = cycle.definition.workflow.transitions[entry.transition]
    if rule.receipt:
        receipts.give(session, entry, cycle=cycle, ids=ids)
    answers.empty_all(session, ids, rule.empties, actor=actor, now=entry.at)
    return n_moved


def _write_one(work: Connection, entry: Entry, cycle: Pinned, actor: Actor, submission_id: int) -> int:
    """Write the entry of one submission that a person moves while the row is open for all: what happens all day.

    What this does not write is judged by `_write_some`, with extensions and grace.
    """
    rule = cycle.definition.workflow.transitions[entry.transition]
    if rule.at is not None:
        return 0
    held = tuple((role, len(actor.units[role])) for role in rule.by if actor.holds(role))
    given = {
        "cycle_id": cycle.id, "id": submission_id, "definition_hash": cycle.definition.hash, "now": entry.at,
        **facts.shaped(actor, (role for role, _ in held)), **audit.values(entry),
    }  # fmt: skip
    return moves.writing_one(cycle.definition, entry.transition, held).run(work, given)


def _write_some(
    session: Session, work: Connection, entry: Entry, cycle: Pinned, actor: Actor, ids: Sequence[int]
) -> int:
    """Write the entries of several submissions, or where each has its own end of the window, or at an edge."""
    rule = cycle.definition.workflow.transitions[entry.transition]
    times = _times(session, work, cycle, rule).bearing_on(ids)
    is_time = facts.timely(rule, times, entry.at)
    if is_time is False:
        return 0
    moves.lock(work, ids)
    pin = facts.is_pinned(cycle.id, cycle.definition.hash)
    rows = select(Submission).where(Submission.cycle_id == cycle.id, is_time, pin)
    rows = rows.where(*facts.fits(cycle.definition, entry.transition, actor))
    due = facts.due_text(rule.at, times, entry.at) if rule.at else ""
    parts = lateness.parted(session, entry, times, rule, ids)
    return sum(audit.append(session, one, rows.where(Submission.id.in_(mine)), due=due) for one, mine in parts)


def _times(session: Session, work: Connection, cycle: Pinned, rule: Transition) -> Timeline:
    """Return as much of the timeline as the move hangs on."""
    if rule.during is not None:
        return cycles.window_of(work, cycle.id, rule.during)
    return cycles.timeline_of(session, cycle.id) if rule.at is not None else Timeline({})


def _follow(work: Connection, entry: Entry, definition: Definition, n_written: int) -> int:
    """Let the submissions follow their entries; return how many."""
    if not n_written:
        return 0
    stands: dict[str, Any] = {"state": entry.to_state, "kind": definition.workflow.states[entry.to_state].kind}
    if entry.kind != ADOPT:  # under other rules it is the same case: what it waits for, and by when, stays as it is
        stands |= {"taken_back": entry.kind in TAKEN_BACK, "due_at": due_dates.of(entry.details)}
    if audit.follow(work, entry, **stands, state_since=entry.at) != n_written:
        raise Conflict("stale")
    return n_written


def _refusal(
    session: Session, transition: str, *, cycle: Pinned, ids: Sequence[int], actor: Actor, now: datetime
) -> Exception:
    times, definition = cycles.timeline_of(session, cycle.id), cycle.definition
    session.expire_all()
    if cycles.pinned(session, cycle.id).definition.hash != definition.hash:
        return Conflict("adopted_meanwhile")
    for submission_id in ids:
        row = session.get(Submission, submission_id)
        if row is None or row.cycle_id != cycle.id:
            return Missing("submission")
        case = eligibility.case_of(session, row, transition, now=now)
        reasons = decide.explain(cycle.definition, transition, case, timeline=times, actor=actor, now=now)
        if any(reason.key == "role" for reason in reasons):
            return Denied("role", **next(reason.args for reason in reasons if reason.key == "role"))
        if reasons:
            return NotNow(reasons)
    return Conflict("stale")


def _checked(note: str, rule: Transition) -> str:
    note = notes.short(note)
    if rule.note == "required" and not note:
        raise Invalid("note_required", move=rule.label)
    return note if rule.note != "none" else ""
