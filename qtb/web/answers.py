"""Filling and reading a submission's forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from qtb.services import answers, drafts
from qtb.services.answers import Clash, Incorrect
from qtb.services.merging import Merging
from qtb.store import accounts, facts, presentation
from qtb.store import answers as store
from qtb.store.accounts import Unit
from qtb.store.answers import Answer
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web import eligibility, keeping, years
from qtb.web.access import SIGNED_IN, actor, audience
from qtb.web.cases import found

pages = Blueprint("answers", __name__)
Choices = Mapping[str, Sequence[tuple[str, str]]]


@pages.route("/submissions/<int:submission_id>/forms/<form>", methods=["GET", "POST"])
@audience(*MOVERS, cleans=True)
def fill(submission_id: int, form: str) -> ResponseReturnValue:
    """Fill a form of a submission; a refused save keeps what was typed, on the page and as a draft."""
    submission, spec = fillable(submission_id, form)
    if request.method == "POST":
        return _save(submission, form, spec)
    draft = drafts.mine(db.session(), answers.place(submission, form), actor=actor())
    answer = db.session().get(Answer, (submission_id, form))
    version = answer.version if answer else 0
    carried = keeping.hidden(version=version, since=answers.mark(submission), draft=draft)
    values = keeping.merged_with(answer.values if answer else {}, draft)
    page = dynamic.build(spec, {**values, **carried}, ref_options(submission.cycle))
    return _page(
        submission, form, page, refusal=closed(submission, form), draft_at=draft.kept_at if draft else None,
        is_overtaken=draft is not None and draft.seen < version,
    )  # fmt: skip


@pages.get("/submissions/<int:submission_id>/forms/<form>/read")
@audience(SIGNED_IN)
def read(submission_id: int, form: str) -> ResponseReturnValue:
    """Show what stands on a form of a submission."""
    return _read(submission_id, form, "answers/read.html")


@pages.get("/submissions/<int:submission_id>/forms/<form>/print")
@audience(SIGNED_IN)
def on_paper(submission_id: int, form: str) -> ResponseReturnValue:
    """Show a form as it is printed, with every answer."""
    return _read(submission_id, form, "answers/print.html")


def readable(submission_id: int, form: str) -> tuple[Submission, FormSpec]:
    """Return a submission and a form of it that the person may read. Raises Missing."""
    submission = found(submission_id)
    spec = submission.cycle.definition.forms.get(form)
    if spec is None or not may_read(submission, spec):
        raise Missing("form")
    return submission, spec


def may_read(submission: Submission, spec: FormSpec) -> bool:
    """Tell whether the person, who may see the submission, may read a form of it."""
    mine = actor()
    held = presentation.kinds_held(db.session(), submission.id, mine.user_id) if spec.sheets else ()
    return decide.may_read(spec, facts.as_case(submission), actor=mine, held=held)


def fillable(submission_id: int, form: str) -> tuple[Submission, FormSpec]:
    """Return a submission and a form of it that the person may read or fills in some state. Raises Missing."""
    submission = found(submission_id)
    definition, case = submission.cycle.definition, facts.as_case(submission)
    spec = definition.forms.get(form)
    if spec is None:
        raise Missing("form")
    if not decide.may_draft(definition, form, case, actor=actor()) and not may_read(submission, spec):
        raise Missing("form")
    return submission, spec


def uploads(submission_id: int, form: str, spec: FormSpec) -> dict[str, str]:
    """Return where the files of a form's fields are sent, by field."""
    keys = [key for key, field in spec.fields.items() if field.type == "file"]
    return {key: url_for("files.upload", submission_id=submission_id, form=form, field=key) for key in keys}


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


def closed(submission: Submission, form: str) -> Refusal | None:
    """Return why the person may not fill the form now; None when he may."""
    times = years.of(db.session(), submission.cycle_id).times
    case, definition = facts.as_case(submission), submission.cycle.definition
    reasons = decide.edit_refusal(definition, form, case, timeline=times, actor=actor(), now=g.now)
    return NotNow(reasons) if reasons else None


def ref_options(cycle: Cycle, *, any_active: bool = False) -> dict[str, list[tuple[str, str]]]:
    """Return the choices of ref fields: the recommending units by name."""
    return _choices(cycle, accounts.units(db.session(), "recommender", active=not any_active))


def _choices(cycle: Cycle, recommenders: Sequence[Unit]) -> dict[str, list[tuple[str, str]]]:
    units = [(str(unit.id), unit.name) for unit in recommenders]
    fields = {key: field for form in cycle.definition.forms.values() for key, field in form.fields.items()}
    return {key: units for key, field in fields.items() if field.refers}


def _save(submission: Submission, form: str, spec: FormSpec) -> ResponseReturnValue:
    place, page = answers.place(submission, form), dynamic.build(spec, {}, ref_options(submission.cycle))
    may_keep = decide.may_draft(submission.cycle.definition, form, facts.as_case(submission), actor=actor())
    given = keeping.filled(page, spec, form)
    submission_id = submission.id
    try:
        with unit(db.session()) as work:
            answers.save(work, found(submission_id), filled=given, actor=actor(), now=g.now)
        return saved(submission_id)
    except Refusal as error:
        kept_at = keeping.keep_refused(place, page, spec) if may_keep else None
        submission = found(submission_id)
        if isinstance(error, Clash):
            crumb = url_for("cases.show", submission_id=submission_id), f"{submission.number} {submission.team_name}"
            since, choices = answers.mark(submission), ref_options(submission.cycle, any_active=True)
            return merge_page(spec, error, crumb=crumb, choices=choices, since=since), error.status
        if isinstance(error, Incorrect) and error.merged:
            page = merged(spec, page, error.merged, ref_options(submission.cycle))
        page["since"].data = answers.mark(submission)  # whoever saves again has been told which move came between
        return _page(submission, form, page, refusal=shown_refusal(page, error), draft_at=kept_at), error.status


def merged(spec: FormSpec, page: FlaskForm, both: Merging, choices: Choices) -> FlaskForm:
    """Return the page with what both sides changed, as seen from the version that was saved meanwhile."""
    carried = {name: page[name].data for name in dynamic.CARRIED}
    values = {**both.values, **carried, "seen": both.version}
    return dynamic.build(spec, values, choices, anew=True)


def _page(submission: Submission, form: str, page: FlaskForm, *, refusal: Refusal | None, **kept: Any) -> str:
    cycle = submission.cycle
    spec, answer = cycle.definition.forms[form], db.session().get(Answer, (submission.id, form))
    units = accounts.units(db.session(), "recommender")
    about = answers.known(submission, form, recommenders=units, session=db.session())
    checked = answers.check(cycle, form, dynamic.raw(page, spec), known=about, now=g.now)
    url = url_for("drafts.keep", submission_id=submission.id, form=form)
    may_keep = decide.may_draft(cycle.definition, form, facts.as_case(submission), actor=actor())
    beside = keeping.shown(answers.place(submission, form), spec, checked, url=url, **kept) if may_keep else None
    shut = closed(submission, form)
    return render_template(
        "answers/fill.html", submission=submission, spec=spec, page=page, refusal=refusal, keeping=beside,
        hand_in=hand_in(cycle, submission.state), closed=shut, values=answer.values if answer else {},
        said=about.said, form=form, rules=[] if shut else eligibility.beside(submission, form),
        standing=about.files, uploads=uploads(submission.id, form, spec),
    )  # fmt: skip


def merge_page(spec: FormSpec, clash: Clash, *, crumb: tuple[str, str], choices: Choices, since: str = "") -> str:
    """Show both sides of what both changed; what was typed comes along until it is chosen or not.

    `crumb` is the address and the name of the page above.
    """
    own = {"csrf_token", "since", "against", *(f"pick-{key}" for key in spec.fields)}
    given = [(name, text) for name, text in request.form.items(multi=True) if name not in own]
    return render_template(
        "answers/merge.html", spec=spec, refusal=clash, given=given, merged=clash.merged, since=since,
        picks=_picks(spec), choices=choices, crumb=crumb,
    )  # fmt: skip


def _picks(spec: FormSpec) -> Mapping[str, str]:
    return {key: request.form.get(f"pick-{key}", "") for key in spec.fields}


def _read(submission_id: int, form: str, template: str) -> str:
    submission, spec = readable(submission_id, form)
    values = store.answers(db.session(), submission_id)
    if form not in values:
        raise Missing("form")
    return render_template(
        template, submission=submission, key=form, spec=spec, values=values[form],
        choices=ref_options(submission.cycle, any_active=True),
    )  # fmt: skip
