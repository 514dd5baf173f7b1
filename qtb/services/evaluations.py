"""Assigning works, scoring them, and proposing a level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.domain import rubric
from qtb.domain.decide import shut
from qtb.domain.errors import Conflict, Denied, Invalid, Missing, NotNow, Reason
from qtb.domain.machine import is_awake
from qtb.domain.roles import Actor
from qtb.domain.timeline import Timeline
from qtb.services import blindness, calibration, conflicts, consents, notes, results
from qtb.services.cycles import only_organiser
from qtb.services.results import NO_AWARD
from qtb.store import accounts, audit, cycles, drafts, evaluations, facts, presentation
from qtb.store.accounts import Account
from qtb.store.drafts import Place
from qtb.store.evaluations import Award, Sheet
from qtb.store.submissions import Submission
from qtb.store.unit import lock

MAX_COMMENT = 2_000


class Unscored(Invalid):
    """A sheet cannot be stored as it is; `errors` by item, nothing was stored."""

    def __init__(self, errors: Mapping[str, Reason]) -> None:
        super().__init__("sheet_errors", n=len(errors))
        self.errors = errors


def assign(
    session: Session, submission: Submission, evaluator: Account, *, kind: str = "", actor: Actor, now: datetime
) -> Sheet:
    """Give a work to an evaluator; a second time changes nothing.

    `kind` is the key of the sheet, among those filled where the work stands; the first of them where none is said.
    """
    only_organiser(actor)
    cycles.hold(session, submission.cycle)
    lock(session, evaluator)  # before the work: who declares a conflict meanwhile holds the person too
    lock(session, submission)
    judge(session, evaluator.id)
    kind = _filled(submission, kind)
    if reasons := conflicts.of(session, evaluator, submission):
        raise NotNow(reasons)
    found = session.scalar(select(Sheet).filter_by(submission_id=submission.id, evaluator_id=evaluator.id, kind=kind))
    if found is not None:
        return found
    return give_sheets(session, submission, [evaluator.id], kind=kind, actor=actor, now=now)[0]


def give_sheets(
    session: Session, submission: Submission, judges: Sequence[int], *, kind: str, actor: Actor, now: datetime
) -> list[Sheet]:
    """Make the sheets of judges for a work, in one entry of its history. The caller has made sure that they may."""
    session.refresh(submission.cycle, ["blind"])  # as it is under the lock that the caller shares
    hides = blindness.is_blind(submission.cycle, kind)
    sheets = [
        Sheet(submission_id=submission.id, evaluator_id=one, kind=kind, assigned_at=now, scores={}, is_blind=hides)
        for one in judges
    ]
    session.add_all(sheets)
    changes: dict[str, Any] = {"evaluator": judges[0]} if len(judges) == 1 else {"evaluators": list(judges)}
    if kind != submission.cycle.definition.counted:
        changes["sheet"] = kind
    audit.record(session, submission, "assigned", actor=actor, now=now, role="organiser", changes=changes)
    evaluations.count_sheets(session, submission)
    return sheets


def score(
    session: Session, sheet: Sheet, raw: Mapping[str, str], *, actor: Actor, now: datetime, seen: int, finish: bool,
    key: str = "", takes: str = "",
) -> Sheet:  # fmt: skip
    """Keep an evaluator's scores; with `finish` every item must have one and the sheet counts from then on.

    `key` names the drawing of the page, `takes` that of the draft on it: one drawing is saved once.
    """
    if sheet.evaluator_id != actor.user_id:
        raise Denied("not_yours")
    cycles.hold(session, sheet.submission.cycle)
    lock(session, sheet.submission)
    session.refresh(sheet)
    is_again = evaluations.versions(session, sheet.id).saved_from(actor.user_id, key) > 0
    if is_again and finish and sheet.is_final:
        return sheet  # one page sent twice
    times = cycles.timeline_of(session, sheet.submission.cycle_id)
    first = calibration.lacking(session, sheet.submission.cycle, sheet.kind, actor.user_id)
    turn = turns(session, [sheet]).get(sheet.id)
    refusal = scoring_refusal(sheet, times=times, now=now, first=first, turn=turn)
    if refusal:
        raise NotNow((refusal,))
    if sheet.version != seen and not is_again:
        raise Conflict("sheet_stale", n=sheet.version)
    scores, errors, missing = rubric.check(sheet.submission.cycle.definition.rubric, sheet.kind, raw)
    comment = notes.text(raw.get("comment", ""), MAX_COMMENT)
    if finish:
        errors = {**{item: Reason("score_missing") for item in missing}, **errors}
    if errors:
        raise Unscored(errors)
    sheet.scores, sheet.comment = scores, comment
    if finish:
        sheet.is_final, sheet.finished_at, sheet.total = True, now, rubric.total(scores)
    evaluations.keep_version(session, sheet, actor.user_id, now=now, key=key)
    drafts.drop(session, place(sheet), actor.user_id, keys=[key, takes])
    if finish:
        audit.record(session, sheet.submission, "sheet", actor=actor, now=now, role="evaluator")
        evaluations.count_sheets(session, sheet.submission)
    return sheet


def place(sheet: Sheet) -> Place:
    """Return where the draft of a sheet belongs."""
    work = sheet.submission
    return Place(f"sheet.{sheet.kind}", work.cycle_id, work.unit_id, work.id, sheet_id=sheet.id)


def turns(session: Session, sheets: Sequence[Sheet]) -> dict[int, datetime]:
    """Return when the works of these sheets are presented, by the sheet's id; those that score a presentation."""
    rules = [(one, one.submission.cycle.definition.rubric.shortlist) for one in sheets]
    mine = {one.id: one.submission_id for one, rule in rules if rule is not None and rule.sheet == one.kind}
    starts = presentation.starts(session, set(mine.values()))
    return {sheet_id: starts[work] for sheet_id, work in mine.items() if work in starts}


def scoring_refusal(
    sheet: Sheet, *, times: Timeline, now: datetime, first: int = 0, turn: datetime | None = None
) -> Reason | None:
    """Return why the sheet cannot be scored now, if it cannot. `times` is the timeline of the work's cycle.

    `first` is how many known works its judge has yet to score before it, `turn` when the work is presented.
    """
    submission = sheet.submission
    state = submission.cycle.definition.workflow.states[submission.state]
    if sheet.recused_at is not None:
        return Reason("sheet_recused", {"at": sheet.recused_at})
    if sheet.is_final:
        return Reason("sheet_final")
    if state.judged is None or sheet.kind not in submission.cycle.definition.sheets_of(submission.state):
        return Reason("not_judged", {"state": state.label})
    case = facts.as_case(submission)
    if not is_awake(case):
        return Reason("suspended", {"at": case.suspended_at})
    if not times.is_open(state.judged, case, now):
        return shut(times, state.judged, case, now)
    if turn is not None and now < turn:
        return Reason("presentation_ahead", {"at": turn})
    return Reason("calibrate_first", {"n": first}) if first else None


def propose(
    session: Session, submission: Submission, level: str, *, actor: Actor, now: datetime, reason: str = ""
) -> None:
    """Propose a level ("none" for no award, "" for undecided); it takes effect at the publication and not before.

    Raises Denied, Conflict, Invalid (unknown level, another one than the ranking's without a reason).
    """
    _hold_undecided(session, submission, actor)
    reason = notes.short(reason)
    if submission.eliminated and level != NO_AWARD:
        raise Conflict("eliminated")
    if not level and submission.award_level:
        before = submission.award_level
        evaluations.forget_level(session, submission.id)
        changes = {"level": [before, ""]}
        audit.record(session, submission, "level", actor=actor, now=now, role="organiser", changes=changes, note=reason)
        return
    _refuse_unknown(submission, level)
    if not reason and level != results.ranked(session, submission):
        raise Invalid("level_reason")
    give(session, submission, level, "level", own=bool(reason), actor=actor, now=now, note=reason)


def give(
    session: Session, submission: Submission, level: str, kind: str, *, own: bool = False, actor: Actor,
    now: datetime, **details: Any,
) -> None:  # fmt: skip
    """Let a work have a proposed level, with an entry of this kind in its history. Raises Denied, Conflict, Invalid.

    `own`: decided for this work alone.
    """
    _hold_undecided(session, submission, actor)
    _refuse_unknown(submission, level)
    if submission.eliminated and level != NO_AWARD:
        raise Conflict("eliminated")
    before = submission.award_level
    award = session.get(Award, submission.id) or Award(submission_id=submission.id)
    award.level, award.proposed_by, award.proposed_at, award.own = level, actor.user_id, now, own
    session.add(award)
    submission.award_level, submission.consent_held = level, consents.is_held(session, submission.cycle)
    changes = {"level": [before, level]}
    audit.record(session, submission, kind, actor=actor, now=now, role="organiser", changes=changes, **details)


def evaluator(session: Session, account_id: int) -> Account:
    """Return an account; Missing when there is none."""
    account = session.get(Account, account_id)
    if account is None:
        raise Missing("account")
    return account


def judge(session: Session, account_id: int) -> Account:
    """Return an account that is a judge's. Raises Missing, Invalid."""
    person = evaluator(session, account_id)
    if "evaluator" not in {one.role for one in accounts.memberships(session, person.id)}:
        raise Invalid("not_evaluator", name=person.name)
    return person


def sheet_of(session: Session, sheet_id: int, actor: Actor) -> Sheet:
    """Return a sheet of the actor's own; anybody else's, and one stood back from, look as if they did not exist."""
    sheet = session.get(Sheet, sheet_id)
    if sheet is None or sheet.evaluator_id != actor.user_id or sheet.recused_at is not None:
        raise Missing("sheet")
    return sheet


def _hold_undecided(session: Session, submission: Submission, actor: Actor) -> None:
    """Hold a work whose level may be decided now. Raises Denied, Conflict."""
    only_organiser(actor)
    cycles.hold(session, submission.cycle)
    consents.refuse_laid(session, submission.cycle)
    lock(session, submission)
    state = submission.cycle.definition.workflow.states[submission.state]
    if not state.decided and not submission.eliminated:
        raise Conflict("not_decided", state=state.label)


def _refuse_unknown(submission: Submission, level: str) -> None:
    if level not in (*submission.cycle.definition.rubric.levels, NO_AWARD):
        raise Invalid("unknown_level", name=level[:40])


def _filled(submission: Submission, kind: str) -> str:
    definition = submission.cycle.definition
    known = definition.sheets_of(submission.state)
    if not known:
        raise Conflict("not_judged", state=definition.workflow.states[submission.state].label)
    if kind and kind not in known:
        raise Invalid("unknown_sheet", name=kind[:40], known=known)
    return kind or known[0]
