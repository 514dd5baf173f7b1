"""The evaluator's pages: assigned works and their score sheets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from qtb.domain.errors import Refusal
from qtb.extensions import db
from qtb.i18n import in_words, say
from qtb.services import conflicts, evaluations, recusals
from qtb.services.evaluations import Unscored
from qtb.store import answers as store
from qtb.store import presentation
from qtb.store.evaluations import Sheet
from qtb.store.unit import unit
from qtb.web import answers, years
from qtb.web.access import actor, audience
from qtb.web.parse import seen

pages = Blueprint("evaluator", __name__, url_prefix="/evaluator")


@pages.get("/")
@audience("evaluator")
def works() -> ResponseReturnValue:
    """Show the works assigned to the person, unfinished sheets first."""
    mine = select(Sheet).where(Sheet.evaluator_id == actor().user_id).order_by(Sheet.is_open.desc(), Sheet.id)
    sheets = db.session().scalars(mine.options(joinedload(Sheet.submission)).limit(500)).all()
    times = {year.cycle.id: year.times for year in years.told(db.session())}
    refusals = {
        sheet.id: evaluations.scoring_refusal(sheet, times=times[sheet.submission.cycle_id], now=g.now)
        for sheet in sheets
    }
    return render_template("evaluator/works.html", sheets=sheets, refusals=refusals, **_running(sheets))


@pages.route("/sheets/<int:sheet_id>", methods=["GET", "POST"])
@audience("evaluator", cleans=True)
def sheet(sheet_id: int) -> ResponseReturnValue:
    """Score a work."""
    own = evaluations.sheet_of(db.session(), sheet_id, actor())
    refusal, errors, status = None, {}, 200
    raw = {**own.scores, "comment": own.comment}
    if request.method == "POST":
        raw, finish = request.form.to_dict(), "finish" in request.form
        try:
            with unit(db.session()) as work:
                own = evaluations.sheet_of(work, sheet_id, actor())
                version = seen(raw.get("seen", ""))
                evaluations.score(work, own, raw, actor=actor(), now=g.now, seen=version, finish=finish)
            flash(say("sheet.finished" if finish else "sheet.saved"), "success")
            return redirect(url_for("evaluator.works") if finish else request.url, 303)
        except Refusal as error:
            refusal, status = error, error.status
            errors = {k: in_words(v) for k, v in error.errors.items()} if isinstance(error, Unscored) else {}
            own = evaluations.sheet_of(db.session(), sheet_id, actor())
    return _shown(own, raw, refusal, errors), status


@pages.route("/sheets/<int:sheet_id>/recuse", methods=["GET", "POST"])
@audience("evaluator", cleans=True)
def recuse(sheet_id: int) -> ResponseReturnValue:
    """Stand back from a work, with a reason."""
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            with unit(db.session()) as work:
                own, whole_unit = evaluations.sheet_of(work, sheet_id, actor()), "unit" in request.form
                reason = request.form.get("reason", "")
                recusals.recuse(work, own, reason, actor=actor(), now=g.now, whole_unit=whole_unit)
            flash(say("recusal.done"), "success")
            return redirect(url_for("evaluator.works"), 303)
        except Refusal as error:
            refusal = error
    own = evaluations.sheet_of(db.session(), sheet_id, actor())
    page = render_template(
        "evaluator/recuse.html", sheet=own, submission=own.submission, refusal=refusal,
        reason=request.form.get("reason", ""), most=conflicts.MAX_REASON,
    )  # fmt: skip
    return page, refusal.status if refusal else 200


def _running(sheets: Sequence[Sheet]) -> dict[str, Any]:
    """Return the running order of what the person judges at a presentation, and where that is."""
    years = {one.submission.cycle_id: one.submission.cycle for one in sheets}
    rules = {key: rule for key, cycle in years.items() if (rule := cycle.definition.rubric.shortlist)}
    own = [one for one in sheets if one.recused_at is None and one.submission.cycle_id in rules]
    mine = {one.submission_id for one in own if rules[one.submission.cycle_id].sheet == one.kind}
    turns = presentation.drawn(db.session(), mine) if mine else ()
    made = {one.cycle_id: presentation.of(db.session(), one.cycle_id) for one in turns}
    return {"turns": turns, "places": {key: one.place for key, one in made.items() if one}}


def _shown(own: Sheet, raw: dict[str, str], refusal: Refusal | None, errors: dict[str, str]) -> str:
    submission = own.submission
    return render_template(
        "evaluator/sheet.html", sheet=own, submission=submission, raw=raw, refusal=refusal, errors=errors,
        rubric=evaluations.rubric_of(submission.cycle), step=submission.cycle.definition.rubric.step,
        closed=evaluations.scoring_refusal(
            own, times=years.of(db.session(), submission.cycle_id).times, now=g.now
        ),
        answers=store.answers(db.session(), submission.id), definition=submission.cycle.definition,
        choices=answers.ref_options(submission.cycle, any_active=True),
    )  # fmt: skip
