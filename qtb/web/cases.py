"""One submission, for everybody who may see it: where it stands, its forms, its moves, its history."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from qtb.domain import decide, machine
from qtb.domain.errors import Missing, NotNow, Refusal
from qtb.domain.fields import FormSpec
from qtb.domain.timeline import Timeline
from qtb.domain.undo import Last
from qtb.domain.workflow import Text
from qtb.extensions import db
from qtb.forms import dynamic
from qtb.i18n import language, say
from qtb.services import submissions, suspension, undo
from qtb.services.advance import advance
from qtb.services.submissions import Filled, Incorrect
from qtb.store import accounts, audit, evaluations, facts, lists, plans
from qtb.store import submissions as store
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web import steps, story, years
from qtb.web.access import SIGNED_IN, actor, audience
from qtb.web.parse import seen
from qtb.web.view import TONES

pages = Blueprint("cases", __name__)


@pages.get("/submissions/<int:submission_id>")
@audience(SIGNED_IN)
def show(submission_id: int) -> ResponseReturnValue:
    """Show where a submission stands."""
    submission = found(submission_id)
    times = years.of(db.session(), submission.cycle_id).times
    case, definition = facts.as_case(submission), submission.cycle.definition
    entries = audit.entries(db.session(), "submission", submission.id)
    answers = store.answers(db.session(), submission.id)
    recommenders = _recommenders(submission, case, answers)
    return render_template(
        "cases/show.html",
        submission=submission,
        definition=definition,
        standing=steps.standing(
            submission, [row for row, _ in entries], times, sealed=not actor().holds("organiser")
        ),
        offers=sorted(
            decide.offers(definition, case, timeline=times, actor=actor(), now=g.now),
            key=lambda offer: list(TONES).index(offer.transition.tone),
        ),
        edits=_edits(submission, times, answers, recommenders),
        undo=undo.offer(submission, _last(entries), timeline=times, actor=actor(), now=g.now),
        may_suspend=suspension.is_offered(submission, actor()),
        story=story.told(submission, entries, actor()),
        answers=answers,
        choices=_choices(submission.cycle, recommenders),
        staff=_staff_view(submission) if actor().holds("organiser") else None,
    )


@pages.route("/submissions/<int:submission_id>/forms/<form>", methods=["GET", "POST"])
@audience("applicant", cleans=True)
def fill(submission_id: int, form: str) -> ResponseReturnValue:
    """Fill a form of a submission; a late or stale save keeps what was typed on the page."""
    submission = found(submission_id)
    spec = submission.cycle.definition.forms.get(form)
    if spec is None:
        raise Missing("form")
    values = store.answers(db.session(), submission.id).get(form, {})
    page = dynamic.build(spec, {**values, "seen": submission.version}, ref_options(submission.cycle))
    refusal, status = None, 200
    closed = _closed(submission, form)
    if page.is_submitted():
        try:
            with unit(db.session()) as work:
                row = found(submission_id)
                filled = Filled(form, dynamic.raw(page, spec), _version(page))
                submissions.save(work, row, filled=filled, actor=actor(), now=g.now)
            return saved(submission_id)
        except Refusal as error:
            refusal, status = shown_refusal(page, error), error.status
            submission = found(submission_id)
            page["seen"].data = str(submission.version)  # whoever saves again has been told whose change it replaces
    else:
        refusal = closed
    return render_template(
        "cases/fill.html", submission=submission, spec=spec, page=page, refusal=refusal,
        hand_in=hand_in(submission.cycle, submission.state), closed=closed,
    ), status  # fmt: skip


@pages.get("/submissions/<int:submission_id>/moves/<transition>")
@audience(SIGNED_IN)
def confirm(submission_id: int, transition: str) -> ResponseReturnValue:
    """Say what a move will do and who will be told, before it is made."""
    submission = found(submission_id)
    offer = _offer(submission, transition)
    return _move_page(submission, offer, "", None)


@pages.post("/submissions/<int:submission_id>/moves")
@audience(SIGNED_IN)
def move(submission_id: int) -> ResponseReturnValue:
    """Make a move through the door."""
    transition, note = request.form.get("transition", ""), request.form.get("note", "")
    try:
        with unit(db.session()) as work:
            submission = found(submission_id)
            cycle, number = submission.cycle, submission.number
            definition = cycle.definition
            advance(work, transition, cycle=cycle, now=g.now, actor=actor(), ids=[submission_id], note=note)
    except Refusal as error:
        submission = found(submission_id)
        offer = _offer(submission, transition)
        return _move_page(submission, offer, note, error), error.status
    flash(say("case.moved", number=number, done=definition.workflow.transitions[transition].done), "success")
    return redirect(url_for("cases.show", submission_id=submission_id), 303)


def _move_page(submission: Submission, offer: decide.Offer, note: str, refusal: Refusal | None) -> str:
    answers = store.answers(db.session(), submission.id)
    recommenders = accounts.units(db.session(), "recommender", active=False)
    edits = _edits(submission, years.of(db.session(), submission.cycle_id).times, answers, recommenders)
    return render_template(
        "cases/move.html", submission=submission, offer=offer, note=note, refusal=refusal, edits=edits
    )


def found(submission_id: int) -> Submission:
    """Return a submission that the person may see. Raises Missing."""
    submission = lists.find(db.session(), submission_id, actor())
    if submission is None:
        raise Missing("submission")
    return submission


def saved(submission_id: int) -> ResponseReturnValue:
    """Go on after a save: to the confirmation when the person asked to hand in, else to the submission."""
    then = request.form.get("then", "")
    submission = found(submission_id)
    if then in submission.cycle.definition.workflow.transitions:
        return redirect(url_for("cases.confirm", submission_id=submission_id, transition=then), 303)
    flash(say("case.saved"), "success")
    return redirect(url_for("cases.show", submission_id=submission_id), 303)


def hand_in(cycle: Cycle, state: str) -> str:
    """Return the applicant's main move from a state: what "save and hand in" leads to; empty when there is none."""
    workflow = cycle.definition.workflow
    for key, rule in workflow.transitions.items():
        if state in workflow.sources(key) and "applicant" in rule.by and rule.tone == "primary":
            return key
    return ""


def shown_refusal(page: FlaskForm, error: Refusal) -> Refusal:
    """Put a form's errors to their fields and return the refusal to show above it."""
    if isinstance(error, Incorrect):
        dynamic.show_errors(page, error.checked)
    return error


def new_form(cycle: Cycle, spec: FormSpec, values: dict[str, Any]) -> FlaskForm:
    """Return an empty form for a new entry, with the key that makes a second sending harmless."""
    return dynamic.build(spec, {"request_key": secrets.token_urlsafe(16), **values}, ref_options(cycle))


def ref_options(cycle: Cycle, *, any_active: bool = False) -> dict[str, list[tuple[str, str]]]:
    """Return the choices of ref fields: the recommending units by name."""
    return _choices(cycle, accounts.units(db.session(), "recommender", active=not any_active))


def _recommenders(submission: Submission, case: decide.Case, answers: dict[str, dict[str, Any]]) -> Sequence[Unit]:
    """Return the units that the page names: all of them only where a form can be filled or names another one."""
    definition, own = submission.cycle.definition, submission.recommender
    fields = [(form, key) for form, spec in definition.forms.items() for key, f in spec.fields.items() if f.refers]
    named = {answers.get(form, {}).get(key) for form, key in fields} - {None, ""}
    if decide.edits(definition, case, actor=actor()) or named - {own.id if own else None}:
        return accounts.units(db.session(), "recommender", active=False)
    return [own] if own else []


def _choices(cycle: Cycle, recommenders: Sequence[Unit]) -> dict[str, list[tuple[str, str]]]:
    units = [(str(unit.id), unit.name) for unit in recommenders]
    fields = {key: field for form in cycle.definition.forms.values() for key, field in form.fields.items()}
    return {key: units for key, field in fields.items() if field.refers}


def _offer(submission: Submission, transition: str) -> decide.Offer:
    times = years.of(db.session(), submission.cycle_id).times
    case, definition = facts.as_case(submission), submission.cycle.definition
    rule = definition.workflow.transitions.get(transition)
    if rule is None or not machine.is_allowed(rule, actor(), case):
        raise Missing("transition", name=transition[:40])
    reasons = decide.explain(definition, transition, case, timeline=times, actor=actor(), now=g.now)
    return decide.Offer(transition, rule, reasons)


def _edits(
    submission: Submission, times: Timeline, answers: dict[str, dict[str, Any]], recommenders: Sequence[Unit]
) -> list[tuple[str, FormSpec, tuple[Any, ...], list[Text]]]:
    case, definition = facts.as_case(submission), submission.cycle.definition
    found = []
    for edit in decide.edits(definition, case, actor=actor()):
        reasons = decide.edit_refusal(definition, edit.form, case, timeline=times, actor=actor(), now=g.now)
        raw = answers.get(edit.form, {})
        lacking = submissions.missing(submission.cycle, edit.form, raw, recommenders=recommenders, now=g.now)
        found.append((edit.form, definition.forms[edit.form], reasons, lacking))
    return found


def _last(entries: Sequence[tuple[audit.History, str | None]]) -> Last | None:
    return next((undo.as_last(row) for row, _ in entries if row.to_state), None)


def _closed(submission: Submission, form: str) -> Refusal | None:
    times = years.of(db.session(), submission.cycle_id).times
    case, definition = facts.as_case(submission), submission.cycle.definition
    reasons = decide.edit_refusal(definition, form, case, timeline=times, actor=actor(), now=g.now)
    return NotNow(reasons) if reasons else None


def _version(page: FlaskForm) -> int:
    return seen(str(page["seen"].data or ""))


def _staff_view(submission: Submission) -> dict[str, Any]:
    sheets = evaluations.sheets(db.session(), submission.id)
    assigned = {sheet.evaluator_id for sheet in sheets}
    experts = [one for one in accounts.with_role(db.session(), "evaluator") if one.id not in assigned]
    states = [(key, state.label.get(language())) for key, state in submission.cycle.definition.workflow.states.items()]
    extensions = plans.granted_to(db.session(), submission)
    return {"sheets": sheets, "experts": experts, "states": states, "extensions": extensions}
