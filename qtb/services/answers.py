"""Filling a submission's forms: drafts in time, checked by the definition, each change recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, object_session

from qtb import clock
from qtb.domain import decide, form_check
from qtb.domain.decide import Case
from qtb.domain.definition import Definition
from qtb.domain.errors import Conflict, Missing, NotNow, Refusal
from qtb.domain.form_check import Checked, Known
from qtb.domain.roles import Actor
from qtb.domain.timeline import canonical
from qtb.domain.workflow import Text
from qtb.services import rankings, teams
from qtb.services.merging import Clash, Filled, Merging, merging
from qtb.store import accounts, audit, cycles, drafts, facts, files
from qtb.store import answers as store
from qtb.store.accounts import Unit
from qtb.store.answers import Answer, AnswerVersion
from qtb.store.cycles import Cycle
from qtb.store.drafts import Place
from qtb.store.submissions import Submission
from qtb.store.unit import lock

__all__ = [
    "Clash", "Filled", "Incorrect", "Merging", "check", "known", "mark", "missing", "place", "said", "save",
]  # fmt: skip


class Incorrect(Refusal):
    """A form holds values that cannot be right; nothing was stored. `merged` are the values, if others' are in them."""

    status = 422

    def __init__(self, checked: Checked, merged: Merging | None = None) -> None:
        super().__init__("form_errors", n=len(checked.errors))
        self.checked, self.merged = checked, merged


def save(session: Session, submission: Submission, *, filled: Filled, actor: Actor, now: datetime) -> Checked:
    """Store a form as filled so far, complete or not, merged with what was saved since it was seen.

    Raises Incorrect, NotNow (not now, not you), Clash (both changed the same), Conflict (a move overtook it).
    """
    lock(session, submission)
    cycle, form = submission.cycle, filled.form
    if form not in cycle.definition.forms:
        raise Missing("form")
    case, times = facts.as_case(submission), cycles.timeline_of(session, cycle.id)
    refusal = decide.edit_refusal(cycle.definition, form, case, timeline=times, actor=actor, now=now)
    if refusal:
        raise NotNow(refusal)
    _refuse_overtaken(session, submission, filled.since)
    about = known(submission, form, recommenders=accounts.units(session, "recommender"), session=session)
    checked = _merged(session, submission, filled, actor=actor, about=about, now=now)
    changes = _store(session, submission, filled, checked, actor=actor, now=now)
    if changes:
        audit.record(
            session, submission, "edit", actor=actor, now=now, role=_role(cycle.definition, form, case, actor),
            form=form, changes=changes,
        )  # fmt: skip
    if filled.ends_draft:
        drafts.drop(session, place(submission, form), actor.user_id, keys=(filled.key, filled.takes))
    return checked


def place(submission: Submission, form: str) -> Place:
    """Return where drafts of a submission's form are kept."""
    return Place(form, submission.cycle_id, submission.unit_id, submission.id)


def mark(submission: Submission) -> str:
    """Return what names a submission's last move: a page that was drawn before another one is overtaken."""
    return canonical(submission.state_since)


def known(
    submission: Submission, form: str, *, recommenders: Sequence[Unit], session: Session | None = None
) -> Known:
    """Return what a check of one of a submission's forms is told; `recommenders` may be named while active.

    Without a session nothing is said of earlier years: they make no form incomplete, and cost a question.
    """
    active = {unit.id for unit in recommenders if unit.is_active}
    refs = {key: active for key, field in submission.cycle.definition.forms[form].fields.items() if field.refers}
    return Known(refs, _standing(submission, form), said(submission, session))


def _standing(submission: Submission, form: str) -> dict[str, list[dict[str, Any]]]:
    """Return the files that stand on a form as its answers; nothing is asked where it takes none."""
    session, spec = object_session(submission), submission.cycle.definition.forms[form]
    if session is None or all(field.type != "file" for field in spec.fields.values()):
        return {}
    return files.answers(session, submission, form)


def said(submission: Submission, session: Session | None = None) -> dict[str, Any]:
    """Return what the system itself says on a submission's forms; with a session also what the team had before."""
    had = {"earlier_levels": teams.levels(session, submission)} if session else {}
    return {
        **had,
        "year": submission.cycle.year, "number": submission.number, "unit_name": submission.unit.name,
        "recommender_name": submission.recommender.name if submission.recommender else "",
        **({"rank": rankings.rank_of(at_work, submission)} if (at_work := object_session(submission)) else {}),
    }  # fmt: skip


def check(cycle: Cycle, form: str, raw: Mapping[str, Any], *, known: Known, now: datetime) -> Checked:
    """Check a filled form against its fields, without storing it."""
    return form_check.check(cycle.definition.forms[form], raw, today=now.astimezone(clock.ZONE).date(), known=known)


def missing(
    submission: Submission, form: str, raw: Mapping[str, Any], *, recommenders: Sequence[Unit], now: datetime
) -> list[Text]:
    """Return the labels of the fields that a form still lacks before it can be handed in."""
    cycle = submission.cycle
    checked = check(cycle, form, raw, known=known(submission, form, recommenders=recommenders), now=now)
    lacking = dict.fromkeys(key.partition(".")[0] for key in (*checked.missing, *checked.errors))
    return [cycle.definition.forms[form].fields[key].label for key in lacking]


def empty(session: Session, submission: Submission, form: str, *, actor: Actor, now: datetime) -> None:
    """Let a form stand as if nobody had filled it in, where somebody has; its versions stay."""
    if session.get(Answer, (submission.id, form)) is not None:
        for row in chain.from_iterable(files.standing(session, submission, form).values()):
            row.ended_at = now
        session.flush()
        blank = check(submission.cycle, form, {}, known=known(submission, form, recommenders=[]), now=now)
        _store(session, submission, Filled(form, {}), blank, actor=actor, now=now)


def empty_all(session: Session, ids: Sequence[int], forms: Sequence[str], *, actor: Actor, now: datetime) -> None:
    """Let forms of several submissions stand empty, where there are any."""
    if forms:
        session.expire_all()
        for row in session.scalars(select(Submission).where(Submission.id.in_(ids)).order_by(Submission.id)).all():
            for form in forms:
                empty(session, row, form, actor=actor, now=now)


def _role(definition: Definition, form: str, case: Case, actor: Actor) -> str:
    return next(edit.by for edit in decide.edits(definition, case, actor=actor) if edit.form == form)


def _refuse_overtaken(session: Session, submission: Submission, since: str | None) -> None:
    if since is not None and since != mark(submission):
        audit.refuse_stale(session, "submission", submission.id, -1)


def _merged(
    session: Session, submission: Submission, filled: Filled, *, actor: Actor, about: Known, now: datetime
) -> Checked:
    """Check what was filled in, and what it comes to with what was saved meanwhile. Raises Incorrect, Clash."""
    checked = check(submission.cycle, filled.form, filled.raw, known=about, now=now)
    if checked.errors:
        raise Incorrect(checked)
    spec, form = submission.cycle.definition.forms[filled.form], filled.form
    merged = merging(spec, store.versions(session, submission.id, form), filled, checked.values, actor)
    if merged is None:
        return checked
    if merged.clashes:
        raise Clash(merged)
    both = check(submission.cycle, filled.form, merged.values, known=about, now=now)
    if both.errors:  # each was right by itself
        raise Incorrect(both, merged)
    return both


def _store(
    session: Session, submission: Submission, filled: Filled, checked: Checked, *, actor: Actor, now: datetime
) -> dict[str, Any]:
    form = filled.form
    answer = session.get(Answer, (submission.id, form))
    before = answer.values if answer else {}
    changes = {
        key: [before.get(key), value]
        for key, value in checked.values.items()
        if value != before.get(key) and (value or key in before)
    }
    if answer is None:
        answer = Answer(submission_id=submission.id, form=form, version=0)
        session.add(answer)
    answer.values, answer.saved_at = json.loads(json.dumps(checked.values)), now
    if changes:
        answer.version += 1
        session.flush()
        version = {"number": answer.version, "account_id": actor.user_id, "request_key": filled.key}
        about = {"submission_id": submission.id, "form": form, "values": answer.values, "saved_at": now}
        session.add(AnswerVersion(**version, **about))
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
