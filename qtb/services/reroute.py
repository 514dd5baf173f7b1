"""Putting a submission before another recommending unit: before it is recommended, or after a refusal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.domain import reroute as rules
from qtb.domain.errors import Denied, Invalid, NotNow, Reason
from qtb.domain.roles import Actor, is_party
from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Reroute
from qtb.services import advance, answers, notes, silences
from qtb.store import audit, cycles, facts, outbox, plans
from qtb.store.accounts import Unit
from qtb.store.answers import Answer
from qtb.store.audit import Entry, History
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import lock

CHANGED, AGAIN = silences.REROUTED, "redirect"  # kinds of entries: stays where it stands, comes back from an end
LEFT, CAME = "rerouted", "to_recommend"  # letters to the unit that it leaves, and to the one that it comes to


def offer(
    submission: Submission, entries: Iterable[History], *, timeline: Timeline, actor: Actor, now: datetime
) -> tuple[Reroute, tuple[Reason, ...]] | None:
    """Return the rule by which this actor may ask for another recommending unit, with every reason against it."""
    definition, case = submission.cycle.definition, facts.as_case(submission)
    rule = rules.rule_of(definition, submission.state)
    if rule is None or not rules.is_offered(definition, case, actor):
        return None
    n_done = sum(row.kind == _kind(rule) for row in entries)
    return rule, rules.explain(definition, case, n_done, timeline=timeline, actor=actor, now=now)


def reroute(
    session: Session, submission: Submission, to_unit: int, *, actor: Actor, now: datetime, reason: str,
    seen: int | None = None,
) -> None:  # fmt: skip
    """Put a submission before another recommending unit; the one that it leaves is told."""
    reason = notes.short(reason)[:500]
    cycle = submission.cycle
    cycles.hold(session, cycle)
    lock(session, submission)
    rule, role = _allowed(session, submission, actor, now)
    if not reason:
        raise Invalid("reason_required")
    audit.refuse_stale(session, "submission", submission.id, seen)
    left, came = submission.recommender, session.get(Unit, to_unit)
    if came is None or came.kind != "recommender" or not came.is_active:
        raise Invalid("reroute_unknown")
    if left is not None and came.id == left.id:
        raise Invalid("reroute_same")
    _name(session, submission, came.id)
    _clear(session, submission, actor, now)
    about: dict[str, Any] = {"note": reason, "changes": {"recommender": [left.name if left else "", came.name]}}
    if rule.to is None:
        advance.put_off(submission, now - submission.state_since)  # the silence of the unit that it comes to begins
        audit.record(session, submission, CHANGED, actor=actor, now=now, role=role, **about)
    else:
        entry = Entry("submission", AGAIN, actor, now, to_state=rule.to, role=role, details=about)
        advance.put(session, entry, cycle=cycle, rows=select(Submission), ids=[submission.id])
    _tell(session, submission, left, now=now)


def _allowed(session: Session, submission: Submission, actor: Actor, now: datetime) -> tuple[Reroute, str]:
    definition, times = submission.cycle.definition, cycles.timeline_of(session, submission.cycle_id)
    case, rule = facts.as_case(submission), rules.rule_of(definition, submission.state)
    entries = [row for row, _ in audit.entries(session, "submission", submission.id)]
    n_done = sum(row.kind == _kind(rule) for row in entries) if rule else 0
    reasons = rules.explain(definition, case, n_done, timeline=times, actor=actor, now=now)
    if any(one.key == "edit_role" for one in reasons):
        raise Denied("edit_role", **reasons[0].args)
    if reasons or rule is None:
        raise NotNow(reasons)
    return rule, next(role for role in rule.by if is_party(role, actor, case))


def _kind(rule: Reroute) -> str:
    return CHANGED if rule.to is None else AGAIN


def _name(session: Session, submission: Submission, unit_id: int) -> None:
    """Name the unit on the row and on the forms that name it, so that a later save does not bring back the old one."""
    for form, spec in submission.cycle.definition.forms.items():
        named = [key for key, one in spec.fields.items() if one.column == "recommender_id"]
        answer = session.get(Answer, (submission.id, form)) if named else None
        if answer is not None:
            answer.values = {**answer.values, **dict.fromkeys(named, unit_id)}
    submission.recommender_id = unit_id
    session.flush()
    session.expire(submission, ["recommender"])


def _clear(session: Session, submission: Submission, actor: Actor, now: datetime) -> None:
    """Empty the forms of the unit that the submission leaves: another one gives its own opinion. Versions stay."""
    workflow = submission.cycle.definition.workflow
    theirs = {edit.form for state in workflow.states.values() for edit in state.edits if edit.by == "recommender"}
    for form in sorted(theirs):
        answers.empty(session, submission, form, actor=actor, now=now)


def _tell(session: Session, submission: Submission, left: Unit | None, *, now: datetime) -> None:
    batch_id = plans.last_batch(session, submission)
    if left is not None:
        session.add(
            Outbox(
                key=f"{batch_id}:left", batch_id=batch_id, submission_id=submission.id, unit_id=left.id, effect="mail",
                letter=LEFT, to_role="recommender", created_at=now, next_at=now,
            )
        )  # fmt: skip
    holder = submission.cycle.definition.workflow.states[submission.state].holder
    if holder == "recommender":
        outbox.post(session, f"{batch_id}:came", batch_id, submission.id, CAME, "recommender", now=now)
