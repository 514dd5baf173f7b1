"""Stopping one submission's clock and letting it go on, the days given back where the definition says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from qtb.domain import roles, timeline
from qtb.domain.errors import Conflict, Denied, Invalid
from qtb.domain.roles import Actor
from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Suspension, Workflow
from qtb.services import advance, notes, silences
from qtb.services.due_dates import DUE
from qtb.services.silences import RESUMED, SUSPENDED
from qtb.store import audit, cycles, outbox, plans, presentation
from qtb.store.cycles import Extension
from qtb.store.submissions import Submission
from qtb.store.unit import lock

DAY = timedelta(days=1)
TOLD = "applicant"
SLIDES = "slides_due_at"
OWN = {DUE: "due.label", SLIDES: "presentation.slides_due"}  # dates of a submission's own, each with what it is called


def suspend(
    session: Session, submission: Submission, *, actor: Actor, now: datetime, reason: str, seen: int | None = None
) -> None:
    """Stop the submission's clock: nothing moves it, nobody edits it, no deadline ends it until it goes on."""
    rule, role, reason = _allowed(session, submission, actor, reason)
    if submission.suspended_at is not None:
        raise Conflict("suspended", at=submission.suspended_at)
    workflow = submission.cycle.definition.workflow
    if submission.state not in workflow.named(rule.source):
        raise Conflict("suspend_state", state=workflow.states[submission.state].label)
    submission.suspended_at = now
    audit.record(session, submission, SUSPENDED, actor=actor, now=now, role=role, seen=seen, note=reason)
    _tell(session, submission, SUSPENDED, now=now)


def resume(
    session: Session, submission: Submission, *, actor: Actor, now: datetime, reason: str, seen: int | None = None
) -> list[Extension]:
    """Let the submission's clock go on; return the extensions by which the days of the suspension are given back."""
    _, role, reason = _allowed(session, submission, actor, reason)
    since = submission.suspended_at
    if since is None:
        raise Conflict("not_suspended")
    granted = [
        Extension(
            cycle_id=submission.cycle_id, submission_id=submission.id, row_key=row_key, until=until, reason=reason,
            granted_by=actor.user_id, granted_at=now,
        )
        for row_key, until in given_back(session, submission, now=now)
    ]  # fmt: skip
    session.add_all(granted)
    own = own_dates(session, submission, now=now)
    submission.due_at = own.get(DUE, submission.due_at)
    submission.slides_due_at = own.get(SLIDES, submission.slides_due_at)
    submission.suspended_at = None
    stood = submission.state_since
    stands = silences.resumed(
        submission.cycle.definition.workflow, cycles.timeline_of(session, submission.cycle_id), submission.state,
        stood=stood, since=since, now=now,
    )  # fmt: skip
    advance.put_off(submission, stands - stood)
    changes = {one.row_key: timeline.canonical(one.until) for one in granted}
    audit.record(
        session, submission, RESUMED, actor=actor, now=now, role=role, seen=seen, note=reason, changes=changes,
        **{name: at.isoformat() for name, at in own.items()},
    )  # fmt: skip
    _tell(session, submission, RESUMED, now=now)
    return granted


def given_back(session: Session, submission: Submission, *, now: datetime) -> list[tuple[str, datetime]]:
    """Return the rows whose days are given back if a suspended submission goes on now, each with its later end."""
    since = _counted_since(submission)
    if since is None:
        return []
    return list(_given_back(cycles.timeline_of(session, submission.cycle_id), submission, since, now))


def own_dates(session: Session, submission: Submission, *, now: datetime) -> dict[str, datetime]:
    """Return the dates of a suspended submission's own that are given days if it goes on now, by column, as later ones.

    Slides are due before its turn, where that still lies ahead.
    """
    since = _counted_since(submission)
    dates = {DUE: submission.due_at, SLIDES: submission.slides_due_at}
    found = {name: _later(at, since, now) for name, at in dates.items() if at and since and since < at}
    slot = presentation.slot(session, submission.id) if SLIDES in found else None
    if slot is not None and slot.starts_at is not None and now < slot.starts_at < found[SLIDES]:
        found[SLIDES] = slot.starts_at
    return found


def _counted_since(submission: Submission) -> datetime | None:
    """Return from when on the days of a suspension are given back; None where they are not."""
    rule = submission.cycle.definition.workflow.suspension
    return submission.suspended_at if rule is not None and rule.gives_back else None


def is_offered(submission: Submission, actor: Actor) -> bool:
    """Tell whether stopping this submission's clock, or letting it go on, is the actor's to ask for now."""
    workflow = submission.cycle.definition.workflow
    rule = workflow.suspension
    if rule is None or not any(roles.is_party(role, actor, submission) for role in rule.by):
        return False
    return submission.suspended_at is not None or submission.state in workflow.named(rule.source)


def _allowed(
    session: Session, submission: Submission, actor: Actor, reason: str
) -> tuple[Suspension, str, str]:
    rule = submission.cycle.definition.workflow.suspension
    if rule is None:
        raise Conflict("suspend_never")
    role = next((role for role in rule.by if roles.is_party(role, actor, submission)), None)
    if role is None:
        raise Denied("audience", roles=tuple(rule.by))
    reason = notes.short(reason)
    if not reason:
        raise Invalid("reason_required")
    cycles.exclude(session, submission.cycle_id)  # a sweep that has read its dates must not act after this
    cycles.hold(session, submission.cycle)
    lock(session, submission)
    return rule, role, reason[:500]


def _tell(session: Session, submission: Submission, letter: str, *, now: datetime) -> None:
    """Write to whoever entered the submission about the entry just recorded."""
    batch_id = plans.last_batch(session, submission)
    outbox.post(session, f"{batch_id}:{TOLD}", batch_id, submission.id, letter, TOLD, now=now)


def _given_back(
    times: Timeline, submission: Submission, since: datetime, now: datetime
) -> Iterator[tuple[str, datetime]]:
    """Yield the rows on the submission's way that ran while it stood still, each with its later end.

    Not only where it stands: what is handed in during the days given back would else be ended by the next row.
    """
    for row_key in _rows_ahead(submission.cycle.definition.workflow, submission.state):
        ended_at = times.ends_at(row_key, submission)
        if since < ended_at and times.rows[row_key].opens_at < now:
            yield row_key, _later(ended_at, since, now)


def _later(at: datetime, since: datetime, now: datetime) -> datetime:
    return at - (since - now) // DAY * DAY  # a day begun counts whole


def _rows_ahead(workflow: Workflow, state: str) -> list[str]:
    """Return the rows whose windows and ends bear on a submission here or further on."""
    reached, rows = [state], set[str]()
    for here in reached:
        rows |= {edit.during or "" for edit in workflow.states[here].edits} | {workflow.states[here].judged or ""}
        for rule in (rule for key, rule in workflow.transitions.items() if here in workflow.sources(key)):
            rows |= {rule.during or "", rule.at.row if rule.at and rule.at.edge == "closes" else ""}
            reached += [rule.to] if rule.to not in reached else []
    return sorted(rows - {""})
