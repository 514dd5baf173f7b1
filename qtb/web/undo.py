"""Taking the last move back: a page that says what will be undone and who will be told, then the act."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.domain.errors import Missing, Refusal
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import undo
from qtb.store import outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web import years
from qtb.web.access import SIGNED_IN, actor, audience
from qtb.web.cases import found
from qtb.web.parse import seen

pages = Blueprint("undo", __name__)


@pages.get("/submissions/<int:submission_id>/undo")
@audience(SIGNED_IN)
def confirm(submission_id: int) -> ResponseReturnValue:
    """Say what will be undone and which letters go with it, before it is done."""
    submission = found(submission_id)
    if _offer(submission) is None:
        raise Missing("undo")
    return _page(submission)


@pages.post("/submissions/<int:submission_id>/undo")
@audience(SIGNED_IN)
def take_back(submission_id: int) -> ResponseReturnValue:
    """Take the last move back."""
    reason = request.form.get("reason", "")
    try:
        with unit(db.session()) as work:
            submission = found(submission_id)
            number = submission.number
            version = seen(request.form.get("seen", ""))
            undo.undo(work, submission, actor=actor(), now=g.now, reason=reason, seen=version)
    except Refusal as refusal:
        return _page(found(submission_id), reason, refusal), refusal.status
    flash(say("undo.done", number=number), "success")
    return redirect(url_for("cases.show", submission_id=submission_id), 303)


def _page(submission: Submission, reason: str = "", refusal: Refusal | None = None) -> str:
    offer = _offer(submission)
    times = years.of(db.session(), submission.cycle_id).times
    follows = offer and undo.follows(db.session(), submission, timeline=times, actor=actor(), now=g.now)
    letters = outbox.told(db.session(), offer.last.batch_id, submission.id) if offer else []
    return render_template(
        "cases/undo.html", submission=submission, offer=offer, reason=reason, refusal=refusal, follows=follows,
        times=times,
        dropped=dict.fromkeys(role for role, is_unsent in letters if is_unsent),
        corrected=dict.fromkeys(role for role, is_unsent in letters if not is_unsent),
    )  # fmt: skip


def _offer(submission: Submission) -> undo.Offer | None:
    last, times = undo.last_move(db.session(), submission.id), years.of(db.session(), submission.cycle_id).times
    return undo.offer(submission, last, timeline=times, actor=actor(), now=g.now)
