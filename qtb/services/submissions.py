"""Entering a team and filling its forms."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qtb import clock
from qtb.domain import decide, fields
from qtb.domain.errors import Conflict, Denied, Missing, NotNow, Reason, Refusal
from qtb.domain.fields import Checked
from qtb.domain.roles import Actor
from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Text
from qtb.services import advance
from qtb.store import accounts, audit, cycles, facts
from qtb.store import submissions as store
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.submissions import Answer, Submission
from qtb.store.unit import lock


class Incorrect(Refusal):
    """A form holds values that cannot be right; nothing was stored."""

    status = 422

    def __init__(self, checked: Checked) -> None:
        super().__init__("form_errors", n=len(checked.errors))
        self.checked = checked


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it came in: its key, the texts, and the version that the person had before his eyes."""

    form: str
    raw: Mapping[str, Any]
    seen: int | None = None


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
    save(session, submission, filled=filled, actor=actor, now=now)
    return submission


def save(session: Session, submission: Submission, *, filled: Filled, actor: Actor, now: datetime) -> Checked:
    """Store a form as filled so far, complete or not. Raises Incorrect, NotNow (not now, not you), Conflict (stale)."""
    lock(session, submission)
    cycle = submission.cycle
    definition = cycle.definition
    if filled.form not in definition.forms:
        raise Missing("form")
    case, times = facts.as_case(submission), cycles.timeline_of(session, cycle.id)
    refusal = decide.edit_refusal(definition, filled.form, case, timeline=times, actor=actor, now=now)
    if refusal:
        raise NotNow(refusal)
    recommenders = accounts.units(session, "recommender")
    checked = check(cycle, filled.form, filled.raw, recommenders=recommenders, now=now)
    if checked.errors:
        raise Incorrect(checked)
    changes = _store(session, submission, filled.form, checked, now)
    if changes:
        audit.record(
            session, submission, "edit", actor=actor, now=now, role="applicant", seen=filled.seen,
            form=filled.form, changes=changes,
        )  # fmt: skip
    return checked


def check(
    cycle: Cycle, form: str, raw: Mapping[str, Any], *, recommenders: Sequence[Unit], now: datetime
) -> Checked:
    """Check a filled form against its fields, without storing it; `recommenders` may be referred to while active."""
    spec = cycle.definition.forms[form]
    active = {unit.id for unit in recommenders if unit.is_active}
    known = {key: active for key, field in spec.fields.items() if field.refers}
    return fields.check(spec, raw, today=now.astimezone(clock.ZONE).date(), known=known)


def missing(
    cycle: Cycle, form: str, raw: Mapping[str, Any], *, recommenders: Sequence[Unit], now: datetime
) -> list[Text]:
    """Return the labels of the fields that a form still lacks before it can be handed in."""
    checked = check(cycle, form, raw, recommenders=recommenders, now=now)
    spec = cycle.definition.forms[form].fields
    return [spec[key].label for key in (*checked.missing, *checked.errors)]


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
    row_key = workflow.states[workflow.start].edits[0].during
    return None if times.is_open(row_key, case, now) else decide.shut(times, row_key, case, now)


def _store(session: Session, submission: Submission, form: str, checked: Checked, now: datetime) -> dict[str, Any]:
    answer = session.get(Answer, (submission.id, form))
    before = answer.values if answer else {}
    changes = {
        key: [before.get(key), value]
        for key, value in checked.values.items()
        if value != before.get(key) and (value or key in before)
    }
    if answer is None:
        answer = Answer(submission_id=submission.id, form=form)
        session.add(answer)
    answer.values, answer.saved_at = json.loads(json.dumps(checked.values)), now
    _fill_columns(session, submission, form, checked)
    return changes


def _fill_columns(session: Session, submission: Submission, form: str, checked: Checked) -> None:
    for key, spec in submission.cycle.definition.forms[form].fields.items():
        if spec.column:
            setattr(submission, spec.column, checked.values[key])
            if spec.column == "team_name":
                submission.team_key = accounts.name_key(str(checked.values[key])) or None
    complete = f"{form}_complete"
    if hasattr(submission, complete):
        setattr(submission, complete, checked.complete)
    team = submission.team_name  # after a failed flush the row cannot be read any more
    try:
        session.flush()
    except IntegrityError:
        raise Conflict("team_taken", team=team) from None
