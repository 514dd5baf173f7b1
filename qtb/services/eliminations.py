"""Eliminating a work 淘汰: a judge proposes it with a reason, the organiser confirms; what was before is kept.

An eliminated work takes no place in the ranking and is given no level; it stays in its state, and nobody but the
organiser learns of it, until the publication makes it one without a level like others. Its other judges read that its
scores are not awaited, and not why.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from qtb.domain.errors import Conflict, Denied, Invalid, Missing
from qtb.domain.roles import Actor
from qtb.services import consents, evaluations, notes
from qtb.services.cycles import only_organiser
from qtb.services.results import NO_AWARD
from qtb.store import audit, cycles, outbox
from qtb.store import eliminations as store
from qtb.store import evaluations as sheets
from qtb.store.eliminations import Elimination
from qtb.store.evaluations import Award, Sheet
from qtb.store.submissions import Submission
from qtb.store.unit import lock

PROPOSED, WITHDRAWN = "elim_proposed", "elim_withdrawn"
CONFIRMED, REFUSED, TAKEN_BACK = "eliminated", "elim_refused", "elim_back"
LETTER = "elimination_proposed"


def propose(session: Session, sheet: Sheet, reason: str, *, actor: Actor, now: datetime) -> Elimination:
    """Propose to eliminate the work of one's own sheet. Raises Denied, Invalid, Conflict (judged no more, proposed)."""
    if sheet.evaluator_id != actor.user_id or sheet.recused_at is not None:
        raise Denied("not_yours")
    reason = _reason(reason)
    work = sheet.submission
    _hold(session, work)
    if not _is_undecided(work):
        raise Conflict("not_judged", state=work.cycle.definition.workflow.states[work.state].label)
    found = store.mine(session, work.id, actor.user_id)
    if found is not None and found.is_open:
        raise Conflict("elim_waits")
    if work.eliminated:
        raise Conflict("elim_closed")  # that it is, on another judge's word, is the organiser's to know
    row = Elimination(submission_id=work.id, proposed_by=actor.user_id or 0, reason=reason, proposed_at=now)
    session.add(row)
    session.flush()
    _record(session, row, PROPOSED, actor=actor, now=now, role="evaluator", note=reason)
    outbox.post(session, f"{LETTER}:{row.id}", "", work.id, LETTER, "organiser", now=now)
    return row


def withdraw(session: Session, row: Elimination, *, actor: Actor, now: datetime) -> None:
    """Withdraw one's own proposal before it is answered. Raises Denied, Conflict."""
    if row.proposed_by != actor.user_id:
        raise Denied("not_yours")
    _open(session, row)
    row.withdrawn_at = now
    session.flush()
    _record(session, row, WITHDRAWN, actor=actor, now=now, role="evaluator")


def confirm(session: Session, row: Elimination, reason: str, *, actor: Actor, now: datetime) -> None:
    """Eliminate the work: from now on it has no place and no level. Raises Denied, Invalid, Conflict."""
    only_organiser(actor)
    reason = _reason(reason)
    _open(session, row)
    work = row.submission
    consents.refuse_laid(session, work.cycle)
    if not _is_undecided(work):
        raise Conflict("not_judged", state=work.cycle.definition.workflow.states[work.state].label)
    if work.eliminated:
        raise Conflict("elim_known")
    had = session.get(Award, work.id, populate_existing=True)
    for one in store.waiting(session, work.id):  # every judge who proposed it is answered by this
        _answered(one, True, reason, actor, now)
        one.former_level, one.former_own = work.award_level, had is not None and had.own
    work.eliminated = True
    session.flush()
    _record(session, row, CONFIRMED, actor=actor, now=now, role="organiser", note=reason)
    _give(session, work, NO_AWARD, actor=actor, now=now)


def refuse(session: Session, row: Elimination, reason: str, *, actor: Actor, now: datetime) -> None:
    """Leave the work where it is, with a reason. Raises Denied, Invalid, Conflict."""
    only_organiser(actor)
    reason = _reason(reason)
    _open(session, row)
    _answered(row, False, reason, actor, now)
    session.flush()
    _record(session, row, REFUSED, actor=actor, now=now, role="organiser", note=reason)


def take_back(session: Session, row: Elimination, reason: str, *, actor: Actor, now: datetime) -> None:
    """Let an eliminated work take part again, with the level that it had if there still is one.

    Raises Denied, Invalid, Conflict.
    """
    only_organiser(actor)
    reason = _reason(reason)
    work = row.submission
    _hold(session, work)
    session.refresh(row)
    consents.refuse_laid(session, work.cycle)
    if not row.holds or not _is_undecided(work):
        raise Conflict("elim_over")
    for one in store.holding(session, work.id):
        one.ended_at = now
    work.eliminated = False
    session.flush()
    _record(session, row, TAKEN_BACK, actor=actor, now=now, role="organiser", note=reason)
    known = (*work.cycle.definition.rubric.levels, NO_AWARD)  # a rubric adopted since may lack it
    level = row.former_level if row.former_level in known else ""
    _give(session, work, level, own=row.former_own, actor=actor, now=now)


def of(session: Session, elimination_id: int, cycle_id: int) -> Elimination:
    """Return a proposal of a year. Raises Missing."""
    row = session.get(Elimination, elimination_id)
    if row is None or row.submission.cycle_id != cycle_id:
        raise Missing("http_404")
    return row


def _give(
    session: Session, work: Submission, level: str, *, own: bool = False, actor: Actor, now: datetime
) -> None:
    """Let a work have a level, or with "" be undecided, with an entry in its history where that is another one."""
    before = work.award_level
    if before == level:
        return
    if level:
        evaluations.give(session, work, level, "level", own=own, actor=actor, now=now)
        return
    sheets.forget_level(session, work.id)
    audit.record(session, work, "level", actor=actor, now=now, role="organiser", changes={"level": [before, level]})


def _is_undecided(work: Submission) -> bool:
    state = work.cycle.definition.workflow.states[work.state]
    return bool(state.judged or state.decided)


def _reason(text: str) -> str:
    reason = notes.short(text)
    if not reason:
        raise Invalid("reason_required")
    return reason


def _hold(session: Session, work: Submission) -> None:
    cycles.hold(session, work.cycle)
    lock(session, work)


def _open(session: Session, row: Elimination) -> None:
    _hold(session, row.submission)
    session.refresh(row)
    if not row.is_open:
        raise Conflict("elim_over")


def _answered(row: Elimination, confirmed: bool, reason: str, actor: Actor, now: datetime) -> None:
    row.confirmed, row.answer, row.answered_by, row.answered_at = confirmed, reason, actor.user_id, now


def _record(
    session: Session, row: Elimination, kind: str, *, actor: Actor, now: datetime, role: str, **more: Any
) -> None:
    audit.record(session, row.submission, kind, actor=actor, now=now, role=role, elimination=row.id, **more)
