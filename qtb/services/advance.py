"""THE DOOR: the only place where a submission's state is written, for one submission or for all that are due.

History first, state from history: the entry is inserted by a SELECT of the submissions that qualify, the submissions
follow their entry, the outbox follows the batch. So nothing moves without an entry, and the database itself refuses
two moves from one position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, insert, literal, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qtb.domain import decide
from qtb.domain.definition import Definition
from qtb.domain.errors import Conflict, Denied, Invalid, Missing, NotNow
from qtb.domain.fields import FieldError, clean
from qtb.domain.roles import Actor
from qtb.domain.workflow import Transition
from qtb.store import audit, cycles, evaluations, facts
from qtb.store.audit import Entry, History
from qtb.store.cycles import Cycle
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission

MAX_NOTE = 2_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call of the door did."""

    batch_id: str
    n_moved: int


def advance(
    session: Session,
    transition: str,
    *,
    cycle: Cycle,
    now: datetime,
    actor: Actor,
    ids: Sequence[int] | None = None,
    limit: int | None = None,
    note: str = "",
) -> Outcome:
    """Make a move for the submissions named by `ids`, or (None) for all that qualify, at most `limit` of them.

    With ids it is all or nothing: NotNow gives every reason why one of them did not move.
    """
    definition = cycle.definition
    rule = definition.workflow.transitions.get(transition)
    if rule is None:
        raise Missing("transition", name=transition[:40])
    note = _checked(note, rule)
    times = cycles.timeline_of(session, cycle.id)
    entry = _entry(rule, transition, actor=actor, now=now, note=note)
    qualifying = facts.qualifies(definition, transition, times=times, actor=actor, now=now)
    rows = select(Submission).where(Submission.cycle_id == cycle.id, *qualifying)
    due = facts.due_text(rule.at, times) if rule.at else ""
    n_moved = _move(session, entry, definition, _chosen(session, rows, ids, limit), due)
    if ids is not None and n_moved != len(set(ids)):
        raise _refusal(session, transition, cycle=cycle, ids=ids, actor=actor, now=now)
    _post(session, entry, rule, n_moved)
    return Outcome(entry.batch_id, n_moved)


def begin(session: Session, submission: Submission, *, cycle: Cycle, actor: Actor, now: datetime, role: str) -> None:
    """Put a new submission at the start of its cycle's workflow."""
    start = cycle.definition.workflow.start
    submission.state, submission.kind, submission.state_since = start, "start", now
    session.add(submission)
    session.flush()
    entry = Entry("submission", "begin", actor, now, to_state=start, role=role)
    _move(session, entry, cycle.definition, select(Submission).where(Submission.id == submission.id), "")
    session.refresh(submission)


def override(
    session: Session, to_state: str, *, cycle: Cycle, submission_id: int, actor: Actor, now: datetime, reason: str,
    seen: int | None = None,
) -> Outcome:  # fmt: skip
    """Put a submission into any state, against the rules, with a reason; history says that it was an override.

    With `seen`, the version that the person had before his eyes, somebody faster wins: Conflict.
    """
    definition = cycle.definition
    if not actor.holds("organiser"):
        raise Denied("only_organiser")
    if to_state not in definition.workflow.states:
        raise Invalid("unknown_state", name=to_state[:40])
    if not reason.strip():
        raise Invalid("reason_required")
    team = session.scalar(select(Submission.team_name).filter_by(id=submission_id, cycle_id=cycle.id))
    if team is None:
        raise Missing("submission")
    details = {"note": _short(reason)}
    entry = Entry("submission", "override", actor, now, to_state=to_state, role="organiser", details=details)
    rows = _chosen(session, select(Submission).where(Submission.state != to_state), [submission_id], None)
    audit.refuse_stale(session, "submission", submission_id, seen)
    try:
        n_moved = _move(session, entry, definition, rows, "")
    except IntegrityError:  # brought back to life while its team stands entered again
        raise Conflict("team_taken", team=team) from None
    if n_moved != 1:
        raise Conflict("already_there", state=definition.workflow.states[to_state].label)
    state = definition.workflow.states[to_state]
    if not (state.decided or state.listed):
        evaluations.forget_level(session, submission_id)  # a later award needs a decision of its own
    return Outcome(entry.batch_id, 1)


def _entry(rule: Transition, transition: str, *, actor: Actor, now: datetime, note: str) -> Entry:
    role = "clock" if rule.at else next((role for role in rule.by if actor.holds(role)), "")
    row_key = rule.at.row if rule.at else (rule.during or "")
    details = {"note": note} if note else {}
    return Entry("submission", "move", actor, now, transition, rule.to, role, row_key, details)


def _chosen(
    session: Session, rows: Select[Any], ids: Sequence[int] | None, limit: int | None
) -> Select[Any]:
    """Say which rows and lock them: a person waits for the row, the clock leaves locked rows to the next sweep."""
    if ids is None:
        return rows.order_by(Submission.id).limit(limit).with_for_update(skip_locked=True, of=Submission)
    # A statement of its own, so that the next one sees what the one who held the lock has committed.
    session.execute(select(Submission.id).where(Submission.id.in_(ids)).order_by(Submission.id).with_for_update())
    return rows.where(Submission.id.in_(ids))


def _move(session: Session, entry: Entry, definition: Definition, rows: Select[Any], due: Any) -> int:
    n_written = audit.append(session, entry, rows, due=due)
    kind = definition.workflow.states[entry.to_state].kind
    moved = {"state": entry.to_state, "kind": kind, "state_since": entry.at}
    if n_written and audit.follow(session, entry, **moved) != n_written:
        raise Conflict("stale")
    session.expire_all()
    return n_written


def _post(session: Session, entry: Entry, rule: Transition, n_moved: int) -> None:
    for n, effect in enumerate(rule.then if n_moved else []):
        columns = {
            "key": literal(f"{entry.batch_id}:{n}:") + History.subject_id.cast(String),
            "batch_id": History.batch_id,
            "submission_id": History.subject_id,
            "created_at": History.at,
            "next_at": History.at,
            **{"effect": literal(effect.effect), "letter": literal(effect.letter), "to_role": literal(effect.to)},
            **{"status": literal("waiting"), "n_tries": literal(0)},
            **{"recipients": literal(""), "error": literal("")},
        }
        batch = select(*columns.values()).where(History.batch_id == entry.batch_id)
        session.execute(insert(Outbox).from_select(list(columns), batch, include_defaults=False))


def _refusal(
    session: Session, transition: str, *, cycle: Cycle, ids: Sequence[int], actor: Actor, now: datetime
) -> Exception:
    times = cycles.timeline_of(session, cycle.id)
    session.expire_all()
    for submission_id in ids:
        row = session.get(Submission, submission_id)
        if row is None or row.cycle_id != cycle.id:
            return Missing("submission")
        case = facts.as_case(row)
        reasons = decide.explain(cycle.definition, transition, case, timeline=times, actor=actor, now=now)
        if any(reason.key == "role" for reason in reasons):
            return Denied("role", **next(reason.args for reason in reasons if reason.key == "role"))
        if reasons:
            return NotNow(reasons)
    return Conflict("stale")


def _checked(note: str, rule: Transition) -> str:
    note = _short(note)
    if rule.note == "required" and not note:
        raise Invalid("note_required", move=rule.label)
    return note if rule.note != "none" else ""


def _short(note: str) -> str:
    try:
        note = clean(note, lines=True)
    except FieldError as error:
        raise Invalid(error.reason.key, **error.reason.args) from None
    if len(note) > MAX_NOTE:
        raise Invalid("field_too_long", max=MAX_NOTE, n=len(note))
    return note
