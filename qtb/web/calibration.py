"""A judge scores a known work, and then sees how far that is from what was agreed."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.domain.errors import Missing, Refusal
from qtb.extensions import db
from qtb.i18n import in_words, say
from qtb.services import calibration
from qtb.store import calibration as store
from qtb.store.calibration import Known
from qtb.store.unit import unit
from qtb.web.access import actor, audience

pages = Blueprint("calibration", __name__, url_prefix="/evaluator/calibration")


@pages.route("/<int:known_id>", methods=["GET", "POST"])
@audience("evaluator", cleans=True)
def score(known_id: int) -> ResponseReturnValue:
    """Score a known work; once scored, show the distance."""
    if request.method == "GET":
        return _page(_row(known_id))
    try:
        with unit(db.session()) as work:
            calibration.score(work, work.get_one(Known, _row(known_id).id), request.form, actor=actor(), now=g.now)
    except Refusal as error:
        return _page(_row(known_id), error), error.status
    flash(say("calibration.kept"), "success")
    return redirect(url_for("calibration.score", known_id=known_id), 303)


def _row(known_id: int) -> Known:
    """Return a known work that the person is to score; others look as if there were none, as all do where none are."""
    row = db.session().get(Known, known_id)
    if row is None or not calibration.is_asked(row.cycle, row.kind):
        raise Missing("http_404")
    if actor().user_id not in {one.id for one in store.judges(db.session(), row.cycle_id, row.kind)}:
        raise Missing("http_404")
    return row


def _page(row: Known, refusal: Refusal | None = None) -> str:
    trial, rubric = store.mine(db.session(), row.id, actor().user_id), row.cycle.definition.rubric
    errors = refusal.errors if isinstance(refusal, calibration.Wrong) else {}
    return render_template(
        "evaluator/calibration.html", row=row, trial=trial, refusal=refusal, rubric=rubric.sheets[row.kind],
        step=rubric.step, rule=calibration.rule_of(row.cycle), raw=request.form,
        errors={key: in_words(why) for key, why in errors.items()},
        apart=calibration.distance(trial) if trial else None,
        n_lacking=calibration.lacking(db.session(), row.cycle, row.kind, actor().user_id),
    )  # fmt: skip
