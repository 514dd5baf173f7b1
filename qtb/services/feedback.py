"""Telling applicants how their work was evaluated: level, means, and the comments that the organiser releases.

Only means are told, never what one judge gave, and no judge's name. What was released stands as it went out; a later
release takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from qtb.domain import evidence
from qtb.domain.aggregation import rounded
from qtb.domain.errors import Conflict, Invalid, Missing
from qtb.domain.feedback import Feedback as Rule
from qtb.domain.roles import Actor, is_party
from qtb.services import notes, results
from qtb.services.cycles import only_organiser
from qtb.services.evaluations import MAX_COMMENT
from qtb.services.results import Judged
from qtb.store import audit, cycles, outbox
from qtb.store import feedback as store
from qtb.store.cycles import Cycle
from qtb.store.feedback import Feedback
from qtb.store.history import History
from qtb.store.results import hold
from qtb.store.submissions import Submission
from qtb.store.unit import lock

RELEASED, TAKEN_BACK = "feedback", "feedback_back"
LETTER, LETTER_ANEW = "feedback_released", "feedback_changed"


@dataclass(frozen=True, slots=True)
class Year:
    """What a year's works can be told: how each was judged, its finished sheets, and what was released of it."""

    judged: Mapping[int, Judged]
    sheets: Mapping[int, Sequence[Row[Any]]]
    released: Mapping[int, Feedback]
    works: Sequence[Submission] = field(default=())

    def comments(self, work_id: int) -> list[tuple[int, str]]:
        """Return what judges said of a work: the sheet's id and the text, in the order the sheets were given."""
        return [(row.id, row.comment) for row in self.sheets.get(work_id, ()) if row.comment]

    def waiting(self) -> list[Submission]:
        """Return the works of which nothing was ever released."""
        return [work for work in self.works if work.id not in self.released]

    def digest(self) -> str:
        """Return by what is recognised that nothing has changed about those that wait."""
        told = (f"{one.id} {one.award_level} {self.comments(one.id)}" for one in self.waiting())
        return evidence.digest("\n".join(told))


def rule_of(cycle: Cycle) -> Rule:
    """Return what a year tells. Raises Missing where its programme tells nothing."""
    rule = cycle.definition.workflow.feedback
    if rule is None:
        raise Missing("http_404")
    return rule


def year(session: Session, cycle: Cycle) -> Year:
    """Return what a year's published works can be told; no works before the publication."""
    works = store.works(session, cycle.id, rule_of(cycle).source)
    sheets: dict[int, list[Row[Any]]] = {}
    for row in store.sheets(session, cycle.id) if works else ():
        if row.is_final:
            sheets.setdefault(row.submission_id, []).append(row)
    judged = {one.row.id: one for one in results.standing(session, cycle).works} if works else {}
    return Year(judged, sheets, store.of_cycle(session, cycle.id), works)


def release(
    session: Session, work: Submission, comments: Mapping[int, str], *, note: str, seen: int, actor: Actor,
    now: datetime,
) -> Feedback:  # fmt: skip
    """Release what a work's applicant is told, with these comments by sheet and the organiser's own paragraph.

    `seen` is the number of the latest release on the page. Raises Denied, Missing, Conflict (not published, released
    meanwhile), Invalid (no such comment, too long, nothing new).
    """
    only_organiser(actor)
    cycles.hold(session, work.cycle)
    lock(session, work)
    _refuse_unpublished(work)
    before = store.latest(session, work.id)
    if (before.number if before else 0) != seen:
        raise Conflict("stale")
    told, note = year(session, work.cycle), notes.text(note, MAX_COMMENT)
    if set(comments) - {sheet for sheet, _ in told.comments(work.id)}:
        raise Invalid("feedback_comment")
    texts = [(sheet, text) for sheet, given in sorted(comments.items()) if (text := notes.text(given, MAX_COMMENT))]
    return _put(session, work, said(told, work, texts, note), before, actor=actor, now=now)


def release_all(session: Session, cycle: Cycle, *, shown: str, actor: Actor, now: datetime) -> int:
    """Release all works of which nothing was, with every comment as it stands; return how many. Raises Conflict."""
    only_organiser(actor)
    cycles.exclude(session, cycle.id)  # no work leaves its state, no sheet changes, between the digest and the release
    session.refresh(cycle)
    told = year(session, cycle)
    if told.digest() != shown:
        raise Conflict("feedback_changed")
    waiting = told.waiting()
    if not waiting:
        raise Conflict("feedback_nothing")
    hold(session, [work.id for work in waiting])
    for work in waiting:
        _put(session, work, said(told, work, told.comments(work.id), ""), None, actor=actor, now=now)
    return len(waiting)


def take_back(session: Session, work: Submission, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take what was released back, with a reason; it can be released anew. Raises Denied, Invalid, Conflict."""
    only_organiser(actor)
    reason = notes.short(reason)
    if not reason:
        raise Invalid("reason_required")
    lock(session, work)
    row = current(session, work)
    if row is None:
        raise Conflict("feedback_none")
    row.withdrawn_at, row.withdrawn_reason = now, reason
    session.flush()
    audit.record(session, work, TAKEN_BACK, actor=actor, now=now, role="organiser", note=reason, number=row.number)


def current(session: Session, work: Submission) -> Feedback | None:
    """Return what a work's applicant is told now, if anything."""
    row = store.latest(session, work.id)
    return row if row is not None and row.withdrawn_at is None else None


def may_read(work: Submission, actor: Actor) -> bool:
    """Tell whether somebody may read what is released: those whom the rule names, of their works, and the organiser."""
    rule = work.cycle.definition.workflow.feedback
    if rule is None or actor.holds("organiser"):
        return rule is not None
    return work.state in rule.source and any(is_party(role, actor, work) for role in rule.to)


def readable(session: Session, work: Submission, actor: Actor) -> Feedback | None:
    """Return what somebody may read of it now."""
    return current(session, work) if may_read(work, actor) else None


def is_offered(work: Submission, rows: Sequence[History], actor: Actor) -> bool:
    """Tell by a work's history, latest first, whether somebody reads a feedback on it now."""
    last = next((row.kind for row in rows if row.kind in (RELEASED, TAKEN_BACK)), "")
    return last == RELEASED and may_read(work, actor)


def said(told: Year, work: Submission, comments: Sequence[tuple[int, str]], note: str) -> dict[str, Any]:
    """Return all that a release tells, as it is kept: keys of the rubric, numbers as decimal texts."""
    tells, one = rule_of(work.cycle).tells, told.judged.get(work.id)
    found: dict[str, Any] = {"comments": [list(pair) for pair in comments] if "comments" in tells else [], "note": note}
    if "level" in tells:
        found["level"] = work.award_level
    if one is None:
        return found
    # The mean over one score would be what one judge gave.
    several = [kind for kind, result in one.results.items() if result.is_result and result.n_used > 1]
    is_whole = all(kind in several for kind, result in one.results.items() if result.is_result)
    if "total" in tells and one.score is not None and is_whole:
        found["total"] = str(one.score)
    if "items" in tells:
        found["sheets"] = {kind: _means(told, work, one, kind) for kind in several}
    return found


def _means(told: Year, work: Submission, one: Judged, kind: str) -> dict[str, str]:
    """Return each item's mean over the scores that counted."""
    rubric, result = work.cycle.definition.rubric, one.results[kind]
    used = {score.judge for score in result.scores if result.fate(score) == "used"}
    rows = [row for row in told.sheets[work.id] if row.kind == kind and str(row.evaluator_id) in used]
    means = {}
    for key in rubric.sheets[kind].items:
        given = [Fraction(row.scores[key]) for row in rows if key in row.scores]
        if given:
            means[key] = str(rounded(sum(given, Fraction(0)) / len(given), rubric.aggregate.digits))
    return means


def _put(
    session: Session, work: Submission, told: dict[str, Any], before: Feedback | None, *, actor: Actor, now: datetime
) -> Feedback:
    if before is not None and before.withdrawn_at is None and before.said == told:
        raise Invalid("feedback_same")
    number = before.number + 1 if before else 1
    row = Feedback(submission_id=work.id, number=number, said=told, released_by=actor.user_id, released_at=now)
    session.add(row)
    session.flush()
    audit.record(session, work, RELEASED, actor=actor, now=now, role="organiser", number=number)
    letter = LETTER if number == 1 else LETTER_ANEW
    for role in rule_of(work.cycle).to:
        outbox.post(session, f"feedback:{row.id}:{role}", "", work.id, letter, role, now=now)
    return row


def _refuse_unpublished(work: Submission) -> None:
    if work.state not in rule_of(work.cycle).source:
        raise Conflict("feedback_not_yet", state=work.cycle.definition.workflow.states[work.state].label)
