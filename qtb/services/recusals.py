"""Standing back from a work: a judge says so with a reason, and the sheet is neither open nor final any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from qtb.domain.errors import Conflict, NotNow
from qtb.domain.roles import Actor
from qtb.services import conflicts, judge_letters
from qtb.services import evaluations as evaluating
from qtb.services.cycles import only_organiser
from qtb.store import audit, cycles, drafts, evaluations, outbox
from qtb.store.accounts import Account
from qtb.store.evaluations import Sheet, SheetVersion
from qtb.store.submissions import Submission
from qtb.store.unit import lock

LETTER, LIFTED = "recused", "recusal_lifted"


def recuse(
    session: Session, sheet: Sheet, reason: str, *, actor: Actor, now: datetime, whole_unit: bool = False
) -> None:
    """Let a judge stand back from a work, and tell the organiser; with `whole_unit` from every work of its unit.

    Raises Denied, Invalid without a reason, Conflict where the sheet is finished or the work is judged no longer.
    """
    conflicts.only_own(sheet.evaluator_id, actor)
    reason = conflicts.reason_of(reason)
    submission, _ = _held(session, sheet)
    _refuse(sheet)
    if whole_unit:
        conflicts.declare(session, sheet.evaluator, submission.unit, reason=reason, actor=actor, now=now)
    sheet.recused_at, sheet.recusal_reason = now, reason
    evaluations.keep_version(session, sheet, actor.user_id, now=now)
    audit.record(session, submission, "recused", actor=actor, now=now, role="evaluator", note=reason)
    evaluations.count_sheets(session, submission)
    outbox.post(session, f"recused:{sheet.id}:{sheet.version}", "", submission.id, LETTER, "organiser", now=now)


def lift(session: Session, sheet: Sheet, reason: str, *, actor: Actor, now: datetime) -> None:
    """Let a judge take a work up again that he stood back from, with a reason, and tell him; history keeps both.

    Raises Denied, Invalid (no reason, a judge no more), Conflict where he has not stood back or it is judged no longer,
    NotNow with what else stands between them: a conflict that was declared is ended first.
    """
    only_organiser(actor)
    reason = conflicts.reason_of(reason)
    submission, judge = _held(session, sheet)
    if sheet.recused_at is None:
        raise Conflict("sheet_not_recused")
    sheet.recused_at, former, sheet.recusal_reason = None, sheet.recusal_reason, ""
    _refuse(sheet)
    evaluating.judge(session, judge.id)
    session.flush()  # what is found between them now is not that he stood back
    if found := conflicts.of(session, judge, submission):
        raise NotNow(found)
    evaluations.keep_version(session, sheet, actor.user_id, now=now)
    changes = {"evaluator": judge.id, "sheet": sheet.kind, "recusal": [former, ""]}
    audit.record(session, submission, LIFTED, actor=actor, now=now, role="organiser", note=reason, changes=changes)
    evaluations.count_sheets(session, submission)
    key = f"again{submission.id}.{submission.version}"
    judge_letters.given(session, submission.cycle, [(submission.id, judge.id)], key, now=now)


def take_away(session: Session, sheet: Sheet, reason: str, *, actor: Actor, now: datetime) -> None:
    """Take an unfinished work away from a judge, with a reason, and tell him; what was kept of it is gone.

    Raises Denied, Invalid without a reason, Conflict where the sheet is finished or the work is judged no longer.
    """
    only_organiser(actor)
    reason = conflicts.reason_of(reason)
    submission, judge = _held(session, sheet)
    _refuse(sheet)
    _forget(session, sheet)
    changes = {"evaluator": judge.id, "sheet": sheet.kind}
    audit.record(
        session, submission, "unassigned", actor=actor, now=now, role="organiser", note=reason, changes=changes
    )
    evaluations.count_sheets(session, submission)
    judge_letters.taken(session, submission, judge.id, reason, now=now)


def _held(session: Session, sheet: Sheet) -> tuple[Submission, Account]:
    """Hold a sheet's work and judge until the unit ends; the sheet is as it is then."""
    cycles.hold(session, sheet.submission.cycle)
    lock(session, sheet.evaluator)  # in the order of those who give works: the person, then the work
    lock(session, sheet.submission)
    session.refresh(sheet)
    return sheet.submission, sheet.evaluator


def _forget(session: Session, sheet: Sheet) -> None:
    """Delete a sheet with what was kept of it. Raises Conflict for one that was finished once: that stays on record."""
    if session.scalar(select(SheetVersion.number).filter_by(sheet_id=sheet.id, is_final=True).limit(1)):
        raise Conflict("sheet_was_final")
    drafts.drop(session, evaluating.place(sheet), sheet.evaluator_id)
    session.execute(delete(SheetVersion).where(SheetVersion.sheet_id == sheet.id))
    session.delete(sheet)


def _refuse(sheet: Sheet) -> None:
    definition, stands = sheet.submission.cycle.definition, sheet.submission.state
    if sheet.recused_at is not None:
        raise Conflict("sheet_recused", at=sheet.recused_at)
    if sheet.is_final:
        raise Conflict("sheet_final")
    if sheet.kind not in definition.sheets_of(stands):
        raise Conflict("not_judged", state=definition.workflow.states[stands].label)
