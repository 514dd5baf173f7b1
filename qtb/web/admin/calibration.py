"""Known works of a year, how far each judge is from what was agreed, and who drifts."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.documents import calibration_xlsx
from qtb.domain.errors import Missing, Refusal
from qtb.extensions import db
from qtb.i18n import in_words, say
from qtb.services import calibration
from qtb.store import calibration as store
from qtb.store.calibration import Known, Trial
from qtb.store.cycles import Cycle
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.reads import recorded
from qtb.web.sending import sent
from qtb.web.view import cycle_or_404


@pages.get("/cycles/<key>/calibration")
@audience("organiser")
def calibration_of(key: str) -> ResponseReturnValue:
    """Show a year's known works and how its judges stand."""
    cycle = cycle_or_404(key)
    number, typed = request.args.get("from", ""), {}
    if number:
        title, text = calibration.proposal(db.session(), cycle, number[:40], actor=actor())
        if not text:
            flash(say("calibration.from_empty"), "warning")
        typed = {"title": title[: calibration.MAX_TITLE], "text": text[: calibration.MAX_TEXT]}
    return _page(cycle, typed=typed)


@pages.post("/cycles/<key>/calibration")
@audience("organiser", cleans=True)
def make_known(key: str) -> ResponseReturnValue:
    """Make a known work."""
    cycle_id = cycle_or_404(key).id
    points = {name.removeprefix("p-"): value for name, value in request.form.items() if name.startswith("p-")}
    reasons = {name.removeprefix("w-"): value for name, value in request.form.items() if name.startswith("w-")}
    try:
        with unit(db.session()) as work:
            calibration.make(
                work, work.get_one(Cycle, cycle_id), title=request.form.get("title", ""),
                text=request.form.get("text", ""), points=points, reasons=reasons, actor=actor(), now=g.now,
            )  # fmt: skip
    except Refusal as error:
        return _page(cycle_or_404(key), error, request.form), error.status
    flash(say("calibration.made"), "success")
    return redirect(url_for("admin.calibration_of", key=key), 303)


@pages.post("/cycles/<key>/calibration/<int:known_id>/retire")
@audience("organiser")
def retire_known(key: str, known_id: int) -> ResponseReturnValue:
    """Ask nobody to score a known work any more."""
    cycle_id = cycle_or_404(key).id
    with unit(db.session()) as work:
        row = work.get(Known, known_id)
        if row is None or row.cycle_id != cycle_id:
            raise Missing("http_404")
        calibration.retire(work, row, actor=actor(), now=g.now)
    flash(say("calibration.retired"), "success")
    return redirect(url_for("admin.calibration_of", key=key), 303)


@pages.post("/cycles/<key>/calibration/trials/<int:trial_id>/again")
@audience("organiser")
def score_again(key: str, trial_id: int) -> ResponseReturnValue:
    """Let a judge score a known work again."""
    cycle_id = cycle_or_404(key).id
    try:
        with unit(db.session()) as work:
            row = work.get(Trial, trial_id)
            if row is None or row.known.cycle_id != cycle_id:
                raise Missing("http_404")
            calibration.let_again(work, row, reason=request.form.get("reason", ""), actor=actor(), now=g.now)
    except Refusal as error:
        return _page(cycle_or_404(key), error), error.status
    flash(say("calibration.again_done"), "success")
    return redirect(url_for("admin.calibration_of", key=key), 303)


@pages.get("/cycles/<key>/calibration.xlsx")
@audience("organiser")
def calibration_sheet(key: str) -> ResponseReturnValue:
    """Send distances and drifts as a workbook."""
    cycle = cycle_or_404(key)
    recorded("calibration", cycle)
    known = store.works(db.session(), cycle.id, calibration.rule_of(cycle).sheet)
    body = calibration_xlsx.written(calibration.board(db.session(), cycle), known)
    return sent(body, f"{cycle.key} {say('calibration.title')}", "xlsx")


def _page(cycle: Cycle, refusal: Refusal | None = None, typed: Any = ()) -> str:
    rule = calibration.rule_of(cycle)
    recorded("calibration", cycle)
    errors = refusal.errors if isinstance(refusal, calibration.Wrong) else {}
    rubric = cycle.definition.rubric
    return render_template(
        "admin/calibration.html", cycle=cycle, rule=rule, refusal=refusal,
        known=store.works(db.session(), cycle.id, rule.sheet),
        board=calibration.board(db.session(), cycle), rubric=rubric.sheets[rule.sheet], step=rubric.step,
        typed=typed or {}, errors={key: in_words(why) for key, why in errors.items()}, most=calibration.MAX_TEXT,
    )  # fmt: skip
