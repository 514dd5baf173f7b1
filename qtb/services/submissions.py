"""Entering a team into a year."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.domain import decide
from qtb.domain.errors import Denied, NotNow, Reason
from qtb.domain.roles import Actor
from qtb.domain.timeline import Timeline
from qtb.services import advance, answers
from qtb.services.answers import Filled
from qtb.store import cycles, drafts
from qtb.store import submissions as store
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.drafts import Place
from qtb.store.submissions import Submission
from qtb.store.unit import lock


def enter(
    session: Session, *, cycle: Cycle, unit_id: int, filled: Filled, actor: Actor, now: datetime, request_key: str
) -> Submission:
    """Enter a team of a unit with what is filled in so far; the same request again returns the same entry."""
    if unit_id not in actor.units.get("applicant", ()):
        raise Denied("only_applicant")
    lock(session, session.get_one(Unit, unit_id))  # the same form sent twice at once: the second finds the first
    known = session.scalar(select(Submission).where(Submission.request_key == request_key))
    if known is not None:
        return known
    refusal = entry_refusal(session, cycle, unit_id, now=now)
    if refusal:
        raise NotNow((refusal,))
    number = f"{cycle.year}{store.next_number(session, f'submission:{cycle.id}'):04d}"
    submission = Submission(cycle_id=cycle.id, unit_id=unit_id, number=number, created_at=now, request_key=request_key)
    advance.begin(session, submission, cycle=cycle, actor=actor, now=now, role="applicant")
    answers.save(session, submission, filled=filled, actor=actor, now=now)
    keys = filled.key, filled.takes
    drafts.drop(session, place(cycle, unit_id), actor.user_id, keys=keys)
    return submission


def place(cycle: Cycle, unit_id: int) -> Place:
    """Return where drafts of a unit's next entry are kept."""
    return Place(entry_form(cycle), cycle.id, unit_id)


def entry_form(cycle: Cycle) -> str:
    """Return the form with which a submission begins."""
    workflow = cycle.definition.workflow
    return workflow.states[workflow.start].edits[0].form


def entry_refusal(
    session: Session, cycle: Cycle, unit_id: int, *, now: datetime, times: Timeline | None = None
) -> Reason | None:
    """Return why the unit cannot enter a team now, if it cannot: the row of the first form is not open to it.

    `times` is the cycle's timeline, where the caller has read it.
    """
    times, workflow = times or cycles.timeline_of(session, cycle.id), cycle.definition.workflow
    case = decide.Case(0, workflow.start, unit_id, None, 0, {})
    row_key = workflow.entered
    return None if times.is_open(row_key, case, now) else decide.shut(times, row_key, case, now)
