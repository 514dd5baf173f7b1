"""Standing back from a work: a judge says so with a reason, and the sheet is neither open nor final any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from qtb.domain.errors import Conflict
from qtb.domain.roles import Actor
from qtb.services import conflicts
from qtb.store import audit, cycles, evaluations, outbox
from qtb.store.evaluations import Sheet
from qtb.store.unit import lock

LETTER = "recused"


def recuse(
    session: Session, sheet: Sheet, reason: str, *, actor: Actor, now: datetime, whole_unit: bool = False
) -> None:
    """Let a judge stand back from a work, and tell the organiser; with `whole_unit` from every work of its unit.

    Raises Denied, Invalid without a reason, Conflict where the sheet is finished or the work is judged no longer.
    """
    conflicts.only_own(sheet.evaluator_id, actor)
    reason = conflicts.reason_of(reason)
    submission = sheet.submission
    cycles.hold(session, submission.cycle)
    lock(session, sheet.evaluator)  # in the order of those who give works: the person, then the work
    lock(session, submission)
    session.refresh(sheet)
    _refuse(sheet)
    if whole_unit:
        conflicts.declare(session, sheet.evaluator, submission.unit, reason=reason, actor=actor, now=now)
    sheet.recused_at, sheet.recusal_reason = now, reason
    evaluations.keep_version(session, sheet, actor.user_id, now=now)
    audit.record(session, submission, "recused", actor=actor, now=now, role="evaluator", note=reason)
    evaluations.count_sheets(session, submission)
    outbox.post(session, f"recused:{sheet.id}", "", submission.id, LETTER, "organiser", now=now)


def _refuse(sheet: Sheet) -> None:
    definition, stands = sheet.submission.cycle.definition, sheet.submission.state
    if sheet.recused_at is not None:
        raise Conflict("sheet_recused", at=sheet.recused_at)
    if sheet.is_final:
        raise Conflict("sheet_final")
    if sheet.kind not in definition.sheets_of(stands):
        raise Conflict("not_judged", state=definition.workflow.states[stands].label)
