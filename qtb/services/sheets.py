"""A score sheet after it was saved: an earlier version taken up again, a finished one reopened by the organiser."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.domain.errors import Conflict, Missing, NotNow
from qtb.domain.roles import Actor
from qtb.services import conflicts, evaluations
from qtb.services.cycles import only_organiser
from qtb.store import audit, cycles, outbox
from qtb.store import evaluations as store
from qtb.store.evaluations import Sheet
from qtb.store.history import History
from qtb.store.unit import lock

LETTER = "sheet_reopened"


def reopen(session: Session, sheet: Sheet, reason: str, *, actor: Actor, now: datetime) -> None:
    """Let a judge finish a sheet anew, with a reason that the judge is told; until then it counts for nothing.

    Raises Denied, Invalid without a reason, Conflict where the sheet is not finished, NotNow where the work is judged
    no longer: of a closed evaluation the closing is taken back first.
    """
    only_organiser(actor)
    reason = conflicts.reason_of(reason)
    cycles.hold(session, sheet.submission.cycle)
    lock(session, sheet.submission)
    session.refresh(sheet)
    if not sheet.is_final:
        raise Conflict("sheet_open")
    sheet.is_final, sheet.finished_at, sheet.total = False, None, None
    times = cycles.timeline_of(session, sheet.submission.cycle_id)
    if refusal := evaluations.scoring_refusal(sheet, times=times, now=now):
        raise NotNow((refusal,))
    store.keep_version(session, sheet, actor.user_id, now=now)
    changes = {"evaluator": sheet.evaluator_id, "sheet": sheet.kind}
    audit.record(
        session, sheet.submission, "sheet_reopened", actor=actor, now=now, role="organiser", note=reason,
        changes=changes,
    )  # fmt: skip
    store.count_sheets(session, sheet.submission)
    key = f"{LETTER}:{sheet.id}:{sheet.version}"
    outbox.post(session, key, "", sheet.submission_id, LETTER, "evaluator", now=now, account_id=sheet.evaluator_id)


def reopening(session: Session, sheet: Sheet) -> History | None:
    """Return the entry that says why a sheet was last reopened; None where it is finished, or never was."""
    if sheet.is_final:
        return None
    mark = {"evaluator": sheet.evaluator_id, "sheet": sheet.kind}
    mine = select(History).filter_by(subject="submission", subject_id=sheet.submission_id, kind="sheet_reopened")
    rows = session.scalars(mine.order_by(History.seq.desc()))
    return next((row for row in rows if row.about()["changes"] == mark), None)


def beside(session: Session, sheet: Sheet) -> Sequence[Sheet]:
    """Return the others' finished sheets of a work, for a judge who has finished his own, where the rubric lets him."""
    kind = sheet.submission.cycle.definition.rubric.sheets.get(sheet.kind)
    return store.beside(session, sheet) if kind is not None and kind.others else ()


def restore(session: Session, sheet: Sheet, number: int, *, seen: int, actor: Actor, now: datetime) -> None:
    """Let the scores of an earlier version stand again, as a new version that is not finished. Raises Missing."""
    found = store.versions(session, sheet.id).one(number)
    if found is None:
        raise Missing("version")
    if sheet.version != seen:
        raise Conflict("stale")
    raw = {key: str(value) for key, value in found[0].values.items()}
    evaluations.score(session, sheet, raw, actor=actor, now=now, seen=seen, finish=False)
