"""Another recommending unit for a submission: a page that says what it means, then the act."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.domain.errors import Missing, Refusal
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import reroute
from qtb.store import accounts, audit
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web import years
from qtb.web.access import SIGNED_IN, actor, audience
from qtb.web.cases import found
from qtb.web.parse import seen

pages = Blueprint("reroute", __name__)


@pages.get("/submissions/<int:submission_id>/recommender")
@audience(SIGNED_IN)
def choose(submission_id: int) -> ResponseReturnValue:
    """Offer the other recommending units."""
    return _page(found(submission_id))


@pages.post("/submissions/<int:submission_id>/recommender")
@audience(SIGNED_IN)
def change(submission_id: int) -> ResponseReturnValue:
    """Put the submission before the chosen unit."""
    reason, version = request.form.get("reason", ""), seen(request.form.get("seen", ""))
    chosen = request.form.get("recommender", type=int, default=0)
    try:
        with unit(db.session()) as work:
            row = found(submission_id)
            reroute.reroute(work, row, chosen, actor=actor(), now=g.now, reason=reason, seen=version)
    except Refusal as refusal:
        return _page(found(submission_id), reason, chosen, refusal), refusal.status
    row = found(submission_id)
    name = row.recommender.name if row.recommender else ""
    flash(say("reroute.done", number=row.number, recommender=name), "success")
    return redirect(url_for("cases.show", submission_id=submission_id), 303)


def _page(submission: Submission, reason: str = "", chosen: int = 0, refusal: Refusal | None = None) -> str:
    times = years.of(db.session(), submission.cycle_id).times
    entries = [row for row, _ in audit.entries(db.session(), "submission", submission.id)]
    offer = reroute.offer(submission, entries, timeline=times, actor=actor(), now=g.now)
    if offer is None and refusal is None:
        raise Missing("submission")
    others = [one for one in accounts.units(db.session(), "recommender") if one.id != submission.recommender_id]
    rule, reasons = offer or (None, ())
    return render_template(
        "cases/reroute.html", submission=submission, rule=rule, reasons=reasons, others=others, reason=reason,
        chosen=chosen, refusal=refusal, until=times.ends_at(rule.until, submission) if rule else None,
    )  # fmt: skip
