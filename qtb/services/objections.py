"""Objecting to what was published, and what the organiser makes of it: taken up or not, then answered."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from qtb import clock
from qtb.domain import form_check, receipt
from qtb.domain import objections as rules
from qtb.domain.errors import Conflict, Invalid, Missing, NotNow, Reason
from qtb.domain.files import Looked
from qtb.domain.files import as_answer as looked_answer
from qtb.domain.form_check import Checked, Known
from qtb.domain.objections import Objections, Window
from qtb.domain.roles import Actor
from qtb.domain.timeline import Timeline
from qtb.services import notes, objection_letters
from qtb.services.advance import advance
from qtb.services.answers import Incorrect
from qtb.services.cycles import only_organiser
from qtb.store import audit, cycles, files, ledger_reads, outbox
from qtb.store import objections as store
from qtb.store.cycles import Cycle
from qtb.store.files import File
from qtb.store.objections import Objection
from qtb.store.submissions import Submission
from qtb.store.unit import lock

HANDLES = "organiser"
FILED, PASSED_OVER = "objection_filed", "objection_dismissed"
TAKEN_UP, ANSWERED = "objection_open", "objection_ended"  # these the parties of the work may know of
Laid = tuple[str, Looked, str]  # the field, what was looked at, the key in the storage


def refusal(session: Session, submission: Submission, *, now: datetime) -> Reason | None:
    """Return why nobody may object to a work now. Raises Missing where the year has no public notice."""
    cycle, rule = submission.cycle, rule_of(submission.cycle)
    found = window_for(session, submission)
    if found is None:
        raise Missing("objection")
    state = cycle.definition.workflow.states[submission.state].label
    return rules.refusal(state, found, now, is_against=submission.state in rule.against)


def window_for(session: Session, submission: Submission) -> Window | None:
    """Return the public notice of one work; None where its year has none."""
    rule = rule_of(submission.cycle)
    published_at = store.published_at(session, [submission.id], rule.against).get(submission.id)
    return rules.window(rule, cycles.timeline_of(session, submission.cycle_id), published_at)


def open_against(
    session: Session, cycle: Cycle, works: Iterable[Any], times: Timeline, *, now: datetime
) -> frozenset[int]:
    """Return the ids of a year's works that may be objected to now: the notice of a late one is its own."""
    rule = cycle.definition.workflow.objections
    found = rules.window(rule, times)
    if rule is None or found is None or now < found.opens_at:
        return frozenset()
    ids = [one.id for one in works if one.state in rule.against]
    if now < found.closes_at:
        return frozenset(ids)
    late = store.published_at(session, ids, rule.against)
    windows = {one: rules.window(rule, times, at) for one, at in late.items()}
    return frozenset(one for one, window in windows.items() if window and window.is_open(now))


def window_of(session: Session, cycle: Cycle, times: Timeline) -> Window | None:
    """Return a year's public notice, until the one of its last work ends; None where it has none."""
    workflow, rule = cycle.definition.workflow, cycle.definition.workflow.objections
    if rule is None:
        return None
    publishing = [key for key in workflow.clocked() if workflow.transitions[key].to in rule.against]
    return rules.window(rule, times, ledger_reads.last_moved(session, cycle.id, publishing))


def refuse_wrong(cycle: Cycle, raw: Mapping[str, Any], sent: Mapping[str, Sequence[str]], *, now: datetime) -> None:
    """Raise Incorrect for what is wrong or missing, with the files' names by field: before anything is read of them."""
    named = {
        field: [looked_answer(0, Looked(name, "", 0, None, "")) for name in names] for field, names in sent.items()
    }
    _whole(_checked(cycle, None, raw, Known(files=named), now))


def file(
    session: Session, submission: Submission, raw: Mapping[str, Any], *, laid: Sequence[Laid], actor: Actor,
    now: datetime, request_key: str,
) -> Objection:  # fmt: skip
    """Take an objection in; the same sending twice makes one.

    Raises NotNow outside the public notice, Incorrect with every error by field.
    """
    lock(session, submission)
    if (known := store.by_request(session, request_key)) is not None:
        return known
    if reason := refusal(session, submission, now=now):
        raise NotNow((reason,))
    cycle = submission.cycle
    signs = [secrets.randbelow(len(receipt.SIGNS)) for _ in range(receipt.CODE_LENGTH)]
    row = Objection(
        cycle_id=cycle.id, submission_id=submission.id, code=receipt.code(signs), request_key=request_key, values={},
        filed_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    form = rule_of(cycle).form
    for field, looked, key in laid:
        session.add(File.laid(row, form, field, looked, key=key, account_id=actor.user_id, now=now))
    session.flush()
    checked = _whole(_checked(cycle, None, raw, Known(files=files.answers(session, row, form)), now))
    row.values = json.loads(json.dumps(checked.values))
    audit.record(session, submission, FILED, actor=actor, now=now, objection=row.id)
    _tell(session, row, FILED, HANDLES, now=now)
    objection_letters.tell(session, row, objection_letters.RECEIVED, now=now)
    return row


def accept(session: Session, row: Objection, *, actor: Actor, now: datetime, seen: int) -> None:
    """Take an objection up: the award is suspended from now on, and the clock of the answer runs."""
    _hold(session, row, actor, seen)
    if row.accepted_at is not None:
        raise Conflict("objection_accepted")
    times = cycles.timeline_of(session, row.cycle_id)
    row.accepted_at, row.answer_by = now, rules.answer_by(rule_of(row.cycle), times, now)
    row.values = {**row.values, "received_on": now.astimezone(clock.ZONE).date().isoformat(), "handler": actor.name}
    _record(session, row, TAKEN_UP, actor=actor, now=now)
    for role in ("applicant", "recommender"):
        _tell(session, row, TAKEN_UP, role, now=now)
    objection_letters.tell(session, row, objection_letters.TAKEN_UP, now=now)


def dismiss(session: Session, row: Objection, *, actor: Actor, now: datetime, seen: int, reason: str) -> None:
    """Do not take an objection up, with a reason for whoever objected."""
    reason = notes.short(reason)
    if not reason:
        raise Invalid("reason_required")
    _hold(session, row, actor, seen)
    if row.accepted_at is not None:
        raise Conflict("objection_accepted")
    row.values = {**row.values, "reply": reason, "handler": actor.name}
    _end(session, row, rules.DISMISSED, PASSED_OVER, actor=actor, now=now)


def decide(
    session: Session, row: Objection, outcome: str, raw: Mapping[str, Any], *, actor: Actor, now: datetime, seen: int
) -> None:
    """Answer an objection; one that is right brings the move that the definition names.

    Raises Incorrect with what the answer lacks, Conflict before it was taken up, NotNow where the move cannot be made.
    """
    if outcome not in (rules.REJECTED, rules.UPHELD):
        raise Invalid("objection_outcome")
    _hold(session, row, actor, seen)
    if row.accepted_at is None:
        raise Conflict("objection_not_accepted")
    checked = _whole(_checked(row.cycle, HANDLES, raw, Known(said=row.values), now))
    row.values = json.loads(json.dumps({**row.values, **checked.values}))
    _end(session, row, outcome, ANSWERED, actor=actor, now=now)
    for role in ("applicant", "recommender"):
        _tell(session, row, ANSWERED, role, now=now)
    if outcome == rules.UPHELD:
        move, note = rule_of(row.cycle).upheld, notes.short(str(row.values.get("finding", "")))
        advance(session, move, cycle=row.cycle, now=now, actor=actor, ids=[row.submission_id], note=note)


def standing(session: Session, code: str) -> Objection:
    """Return the objection with a code, however it was typed. Raises Missing."""
    found = store.by_code(session, receipt.plain(code))
    if found is None:
        raise Missing("objection")
    return found


def rule_of(cycle: Cycle) -> Objections:
    """Return a year's rule for objections. Raises Missing where there is none."""
    rule = cycle.definition.workflow.objections
    if rule is None:
        raise Missing("objection")
    return rule


def _checked(cycle: Cycle, by: str | None, raw: Mapping[str, Any], known: Known, now: datetime) -> Checked:
    form = cycle.definition.forms[rule_of(cycle).form].part(by)
    return form_check.check(form, raw, today=now.astimezone(clock.ZONE).date(), known=known)


def _whole(checked: Checked) -> Checked:
    """Return a check if nothing is wrong or missing: an objection is no draft. Raises Incorrect."""
    if checked.complete:
        return checked
    lacking = {name: [Reason("field_missing")] for name in checked.missing}
    raise Incorrect(Checked(checked.values, {**checked.errors, **lacking}))


def _hold(session: Session, row: Objection, actor: Actor, seen: int) -> None:
    """Hold an objection and its work until the unit ends. Raises Denied, Conflict (ended, or a page out of date)."""
    only_organiser(actor)
    cycles.hold(session, row.cycle)
    lock(session, row.submission)
    session.refresh(row)
    if row.ended_at is not None:
        raise Conflict("objection_ended", at=row.ended_at)
    if row.version != seen:
        raise Conflict("stale")
    row.version += 1


def _end(session: Session, row: Objection, outcome: str, kind: str, *, actor: Actor, now: datetime) -> None:
    row.outcome, row.ended_at = outcome, now
    objection_letters.tell(session, row, objection_letters.ANSWERED, now=now)
    _record(session, row, kind, actor=actor, now=now, outcome=outcome)


def _record(session: Session, row: Objection, kind: str, *, actor: Actor, now: datetime, **more: Any) -> None:
    store.count_open(session, row.submission_id)
    audit.record(session, row.submission, kind, actor=actor, now=now, role=HANDLES, objection=row.id, **more)


def _tell(session: Session, row: Objection, letter: str, role: str, *, now: datetime) -> None:
    outbox.post(session, f"objection:{row.id}:{letter}:{role}", "", row.submission_id, letter, role, now=now)
