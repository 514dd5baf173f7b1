"""Taking over answers from another form of the same unit; they come in as a draft and are saved by the person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.domain import decide, form_check
from qtb.domain.copying import Copied
from qtb.domain.errors import Missing
from qtb.domain.fields import FormSpec
from qtb.domain.roles import MOVERS
from qtb.extensions import db
from qtb.i18n import language, say
from qtb.services import answers, copies, submissions
from qtb.store import facts
from qtb.store.answers import Answer
from qtb.store.drafts import Place
from qtb.store.unit import unit
from qtb.web import applicant
from qtb.web.access import actor, audience
from qtb.web.answers import fillable
from qtb.web.parse import whole
from qtb.web.view import cycle_or_404

pages = Blueprint("copies", __name__)


@pages.route("/submissions/<int:submission_id>/forms/<form>/copy", methods=["GET", "POST"])
@audience(*MOVERS)
def copy(submission_id: int, form: str) -> ResponseReturnValue:
    """Choose the form that a submission's form takes its answers from."""
    submission, spec = fillable(submission_id, form)
    if not decide.may_draft(submission.cycle.definition, form, facts.as_case(submission), actor=actor()):
        raise Missing("form")
    place = answers.place(submission, form)
    answer = db.session().get(Answer, (submission_id, form))
    back = url_for("answers.fill", submission_id=submission_id, form=form)
    saved, version = (answer.values, answer.version) if answer else ({}, 0)
    return _copied(place, spec, saved, version=version, back=back)


@pages.route("/applicant/cycles/<key>/enter/copy", methods=["GET", "POST"])
@audience("applicant")
def copy_entry(key: str) -> ResponseReturnValue:
    """Choose the form that a new entry takes its answers from."""
    year = cycle_or_404(key)
    place = submissions.place(year, applicant.own_unit())
    spec = year.definition.forms[place.form]
    proposed = form_check.proposed(spec, applicant.said(year))
    return _copied(place, spec, proposed, version=0, back=url_for("applicant.enter", key=key))


def _copied(place: Place, spec: FormSpec, saved: Mapping[str, Any], *, version: int, back: str) -> ResponseReturnValue:
    if request.method == "GET":
        found = copies.sources(db.session(), place, actor=actor())
        return render_template("answers/copy.html", sources=found, spec=spec, back=back)
    source_id = whole(request.form.get("source", ""))
    if source_id is None:
        raise Missing("submission")
    with unit(db.session()) as work:
        copied = copies.bring(
            work, place, spec=spec, source_id=source_id, saved=saved, version=version, actor=actor(), now=g.now
        )
    for sentence in _sentences(spec, copied):
        flash(sentence, "success")
    return redirect(back, 303)


def _sentences(spec: FormSpec, copied: Copied) -> list[str]:
    """Say what came in and what did not, and why."""
    found = [say("copy.taken", n=len(copied.taken)) if copied.taken else say("copy.nothing")]
    if copied.left_out:
        found.append(say("copy.left_out", fields=_labels(spec, copied.left_out)))
    if copied.kept:
        found.append(say("copy.kept", fields=_labels(spec, copied.kept)))
    return found


def _labels(spec: FormSpec, keys: tuple[str, ...]) -> str:
    return say("list.and").join(spec.fields[key].label.get(language()) for key in keys)
