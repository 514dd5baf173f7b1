"""Stopping a submission's clock and letting it go on: a page that says what that means, then the act."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.domain.errors import Missing, Refusal
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import suspension
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web import story
from qtb.web.access import SIGNED_IN, actor, audience
from qtb.web.cases import found
from qtb.web.parse import seen

pages = Blueprint("suspension", __name__)


@pages.get("/submissions/<int:submission_id>/suspension")
@audience(SIGNED_IN)
def confirm(submission_id: int) -> ResponseReturnValue:
    """Say what stopping the clock means, or which days are given back when it goes on."""
    submission = found(submission_id)
    if not suspension.is_offered(submission, actor()):
        raise Missing("suspension")
    return _page(submission)


@pages.post("/submissions/<int:submission_id>/suspend")
@audience(SIGNED_IN)
def suspend(submission_id: int) -> ResponseReturnValue:
    """Stop the clock."""
    reason, version = request.form.get("reason", ""), seen(request.form.get("seen", ""))
    try:
        with unit(db.session()) as work:
            submission = found(submission_id)
            number = submission.number
            suspension.suspend(work, submission, actor=actor(), now=g.now, reason=reason, seen=version)
    except Refusal as refusal:
        return _page(found(submission_id), reason, refusal), refusal.status
    return _done(submission_id, say("suspension.suspended", number=number))


@pages.post("/submissions/<int:submission_id>/resume")
@audience(SIGNED_IN)
def resume(submission_id: int) -> ResponseReturnValue:
    """Let the clock go on, and say which days are given back until when."""
    reason, version = request.form.get("reason", ""), seen(request.form.get("seen", ""))
    try:
        with unit(db.session()) as work:
            submission = found(submission_id)
            own = suspension.own_dates(work, submission, now=g.now)
            granted = suspension.resume(work, submission, actor=actor(), now=g.now, reason=reason, seen=version)
            rows = story.given_back(submission, [*((one.row_key, one.until) for one in granted), *own.items()])
            number = submission.number
    except Refusal as refusal:
        return _page(found(submission_id), reason, refusal), refusal.status
    if rows:
        return _done(submission_id, say("suspension.resumed_given", number=number, rows=rows))
    return _done(submission_id, say("suspension.resumed", number=number))


def _page(submission: Submission, reason: str = "", refusal: Refusal | None = None) -> str:
    ahead = suspension.given_back(db.session(), submission, now=g.now)
    own = suspension.own_dates(db.session(), submission, now=g.now)
    return render_template(
        "cases/suspension.html", submission=submission, reason=reason, refusal=refusal,
        given=story.given_back(submission, [*ahead, *own.items()]), gives_back=_gives_back(submission),
    )  # fmt: skip


def _gives_back(submission: Submission) -> bool:
    rule = submission.cycle.definition.workflow.suspension
    return bool(rule and rule.gives_back)


def _done(submission_id: int, said: str) -> ResponseReturnValue:
    flash(said, "success")
    return redirect(url_for("cases.show", submission_id=submission_id), 303)
