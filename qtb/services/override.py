"""The organiser's last resort: a submission is put where the rules would not let it go, and history says so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.domain.errors import Conflict, Denied, Invalid, Missing
from qtb.domain.roles import Actor
from qtb.services import advance, consents, notes
from qtb.services.advance import Outcome
from qtb.store import audit, cycles, evaluations
from qtb.store.audit import Entry
from qtb.store.cycles import Pinned
from qtb.store.submissions import Submission


def override(
    session: Session, to_state: str, *, cycle: Pinned, submission_id: int, actor: Actor, now: datetime, reason: str,
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
    cycles.hold(session, cycle)
    work = session.scalar(select(Submission).filter_by(id=submission_id, cycle_id=cycle.id))
    if work is None:
        raise Missing("submission")
    session.refresh(work)  # as it is under the lock that the year's other acts share
    consents.refuse_losing(session, work, to_state)
    keeps = consents.keeps_level(work.cycle, work.state, to_state)
    details = {"note": notes.short(reason)}
    entry = Entry("submission", "override", actor, now, to_state=to_state, role="organiser", details=details)
    audit.refuse_stale(session, "submission", submission_id, seen)
    elsewhere = select(Submission).where(Submission.state != to_state)
    n_moved = advance.put(session, entry, cycle=cycle, rows=elsewhere, ids=[submission_id])
    if n_moved != 1:
        raise Conflict("already_there", state=definition.workflow.states[to_state].label)
    if not keeps:
        evaluations.forget_level(session, submission_id)
    return Outcome(entry.batch_id, 1)
