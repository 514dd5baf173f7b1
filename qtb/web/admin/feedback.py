"""Releasing what applicants are told of their evaluation, for all as it stands or work by work."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.domain.errors import Missing, Refusal
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import feedback
from qtb.services.evaluations import MAX_COMMENT
from qtb.store import feedback as store
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.cases import found
from qtb.web.parse import seen
from qtb.web.view import cycle_or_404


@pages.get("/cycles/<key>/feedback")
@audience("organiser")
def feedback_of(key: str) -> ResponseReturnValue:
    """Show which works' applicants were told what."""
    return _list(cycle_or_404(key))


@pages.post("/cycles/<key>/feedback")
@audience("organiser")
def release_all(key: str) -> ResponseReturnValue:
    """Release all that wait, as they stand."""
    cycle_id = cycle_or_404(key).id
    try:
        with unit(db.session()) as work:
            year, shown = work.get_one(Cycle, cycle_id), request.form.get("shown", "")
            n = feedback.release_all(work, year, shown=shown, actor=actor(), now=g.now)
    except Refusal as error:
        return _list(cycle_or_404(key), error), error.status
    flash(say("feedback.all_done", n=n), "success")
    return redirect(url_for("admin.feedback_of", key=key), 303)


@pages.route("/submissions/<int:submission_id>/feedback", methods=["GET", "POST"])
@audience("organiser", cleans=True)
def release_feedback(submission_id: int) -> ResponseReturnValue:
    """Choose and word what one applicant is told, and release it."""
    if request.method == "GET":
        return _one(found(submission_id))
    try:
        with unit(db.session()) as work:
            mine = work.get_one(Submission, found(submission_id).id)
            feedback.release(
                work, mine, _texts(), note=request.form.get("note", ""), seen=seen(request.form.get("seen", "")),
                actor=actor(), now=g.now,
            )  # fmt: skip
    except Refusal as error:
        return _one(found(submission_id), error), error.status
    flash(say("feedback.done"), "success")
    return redirect(url_for("admin.release_feedback", submission_id=submission_id), 303)


@pages.post("/submissions/<int:submission_id>/feedback/back")
@audience("organiser")
def take_feedback_back(submission_id: int) -> ResponseReturnValue:
    """Take it back."""
    try:
        with unit(db.session()) as work:
            mine = work.get_one(Submission, found(submission_id).id)
            feedback.take_back(work, mine, reason=request.form.get("reason", ""), actor=actor(), now=g.now)
    except Refusal as error:
        return _one(found(submission_id), error), error.status
    flash(say("feedback.back_done"), "success")
    return redirect(url_for("admin.release_feedback", submission_id=submission_id), 303)


def _texts() -> dict[int, str]:
    """Return the ticked comments by sheet, as they were worded."""
    ticked = [seen(text) for text in request.form.getlist("sheet")[:100]]
    return {one: request.form.get(f"text-{one}", "") for one in ticked}


def _list(cycle: Cycle, refusal: Refusal | None = None) -> str:
    return render_template(
        "admin/feedback.html", cycle=cycle, told=feedback.year(db.session(), cycle), refusal=refusal,
        rubric=cycle.definition.rubric, rule=feedback.rule_of(cycle),
    )  # fmt: skip


def _one(submission: Submission, refusal: Refusal | None = None) -> str:
    told = feedback.year(db.session(), submission.cycle)
    if submission.id not in {one.id for one in told.works}:
        raise Missing("http_404")
    last, comments = store.latest(db.session(), submission.id), told.comments(submission.id)
    kept = dict(last.said["comments"]) if last else dict(comments)
    if request.method == "POST":
        kept = _texts()
    note = request.form.get("note", last.said["note"] if last else "")
    return render_template(
        "admin/feedback_one.html", submission=submission, cycle=submission.cycle, last=last, comments=comments,
        kept=kept, note=note, refusal=refusal, most=MAX_COMMENT,
        preview=feedback.said(told, submission, sorted(kept.items()), note), rubric=submission.cycle.definition.rubric,
    )  # fmt: skip
