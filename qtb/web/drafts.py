"""Keeping what is typed while it is being typed, and throwing it away."""

from __future__ import annotations

from flask import Blueprint, flash, g, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from qtb.domain.errors import Refusal
from qtb.domain.fields import FormSpec
from qtb.domain.form_check import Checked, Known
from qtb.domain.roles import MOVERS
from qtb.extensions import db
from qtb.forms import dynamic
from qtb.i18n import say
from qtb.services import answers, drafts, submissions
from qtb.services import hand_ins as handing
from qtb.services.drafts import Typed
from qtb.store import accounts
from qtb.store import hand_ins as filled
from qtb.store.cycles import Cycle
from qtb.store.drafts import Place
from qtb.store.unit import unit
from qtb.web import applicant, hand_ins, keeping
from qtb.web.access import actor, audience
from qtb.web.answers import closed, fillable, ref_options
from qtb.web.view import cycle_or_404

pages = Blueprint("drafts", __name__)


@pages.post("/submissions/<int:submission_id>/forms/<form>/draft")
@audience(*MOVERS, cleans=True)
def keep(submission_id: int, form: str) -> ResponseReturnValue:
    """Keep what stands on the page of a submission's form."""
    submission, spec = fillable(submission_id, form)
    drafts.refuse(submission, form, actor=actor())
    place = answers.place(submission, form)
    if "discard" in request.form:
        return _discarded(place, url_for("answers.fill", submission_id=submission_id, form=form))
    known = answers.known(submission, form, recommenders=accounts.units(db.session(), "recommender"))
    return _kept(place, submission.cycle, spec, known, closed(submission, form))


@pages.post("/applicant/cycles/<key>/enter/draft")
@audience("applicant", cleans=True)
def keep_entry(key: str) -> ResponseReturnValue:
    """Keep what stands on the page of a new entry."""
    year = cycle_or_404(key)
    place = submissions.place(year, applicant.own_unit())
    if "discard" in request.form:
        return _discarded(place, url_for("applicant.enter", key=key))
    return _kept(place, year, year.definition.forms[place.form], applicant.known(year, place.form))


@pages.post("/recommender/years/<key>/<int:unit_id>/<form>/draft")
@audience("recommender", cleans=True)
def keep_hand_in(key: str, unit_id: int, form: str) -> ResponseReturnValue:
    """Keep what stands on the page of a unit's own form."""
    year, own = cycle_or_404(key), hand_ins.own_unit(unit_id)
    spec, place = hand_ins.spec_of(year, form), handing.place(year, own, form)
    if "discard" in request.form:
        return _discarded(place, url_for("hand_ins.fill", key=key, unit_id=unit_id, form=form))
    typed = keeping.typed(dynamic.build(spec, {}, hand_ins.options(year, own)), spec)
    checked = handing.check(db.session(), year, form, unit_id, typed.raw, now=g.now)
    shut = hand_ins.closed(year, form, own, filled.of(db.session(), year.id, own.id).get(form))
    return _put(place, spec, typed, checked, shut)


def _kept(
    place: Place, cycle: Cycle, spec: FormSpec, known: Known, shut: Refusal | None = None
) -> ResponseReturnValue:
    typed = keeping.typed(dynamic.build(spec, {}, ref_options(cycle)), spec)
    return _put(place, spec, typed, answers.check(cycle, place.form, typed.raw, known=known, now=g.now), shut)


def _put(place: Place, spec: FormSpec, typed: Typed, checked: Checked, shut: Refusal | None) -> ResponseReturnValue:
    with unit(db.session()) as work:
        is_kept = drafts.keep(work, place, typed=typed, actor=actor(), now=g.now)
    return jsonify(keeping.as_json(place, spec, checked, is_kept=is_kept, closed=shut))


def _discarded(place: Place, back: str) -> ResponseReturnValue:
    with unit(db.session()) as work:
        drafts.discard(work, place, actor=actor())
    flash(say("draft.discarded"), "success")
    return redirect(back, 303)
