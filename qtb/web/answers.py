"""Filling and reading a submission's forms."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from qtb.domain import decide
from qtb.domain.errors import Missing, NotNow, Refusal
from qtb.domain.fields import FormSpec
from qtb.domain.roles import MOVERS
from qtb.extensions import db
from qtb.forms import dynamic
from qtb.i18n import say
from qtb.services import answers
from qtb.services.answers import Filled, Incorrect
from qtb.store import accounts, facts
from qtb.store import answers as store
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web import years
from qtb.web.access import SIGNED_IN, actor, audience
from qtb.web.cases import found
from qtb.web.parse import seen

pages = Blueprint("answers", __name__)


@pages.route("/submissions/<int:submission_id>/forms/<form>", methods=["GET", "POST"])
@audience(*MOVERS, cleans=True)
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
                answers.save(work, row, filled=filled, actor=actor(), now=g.now)
            return saved(submission_id)
        except Refusal as error:
            refusal, status = shown_refusal(page, error), error.status
            submission = found(submission_id)
            page["seen"].data = str(submission.version)  # whoever saves again has been told whose change it replaces
    else:
        refusal = closed
    return render_template(
        "answers/fill.html", submission=submission, spec=spec, page=page, refusal=refusal,
        hand_in=hand_in(submission.cycle, submission.state), closed=closed, values=values,
        said=answers.said(submission),
    ), status  # fmt: skip


@pages.get("/submissions/<int:submission_id>/forms/<form>/read")
@audience(SIGNED_IN)
def read(submission_id: int, form: str) -> ResponseReturnValue:
    """Show what stands on a form of a submission."""
    submission = found(submission_id)
    spec, filled = submission.cycle.definition.forms.get(form), store.answers(db.session(), submission_id)
    if spec is None or form not in filled or not decide.may_read(spec, facts.as_case(submission), actor=actor()):
        raise Missing("form")
    return render_template(
        "answers/read.html", submission=submission, key=form, spec=spec, values=filled[form],
        choices=ref_options(submission.cycle, any_active=True),
    )  # fmt: skip


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


def _choices(cycle: Cycle, recommenders: Sequence[Unit]) -> dict[str, list[tuple[str, str]]]:
    units = [(str(unit.id), unit.name) for unit in recommenders]
    fields = {key: field for form in cycle.definition.forms.values() for key, field in form.fields.items()}
    return {key: units for key, field in fields.items() if field.refers}


def _closed(submission: Submission, form: str) -> Refusal | None:
    times = years.of(db.session(), submission.cycle_id).times
    case, definition = facts.as_case(submission), submission.cycle.definition
    reasons = decide.edit_refusal(definition, form, case, timeline=times, actor=actor(), now=g.now)
    return NotNow(reasons) if reasons else None


def _version(page: FlaskForm) -> int:
    return seen(str(page["seen"].data or ""))
