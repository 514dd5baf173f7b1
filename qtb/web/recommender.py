"""The recommending unit's pages: its queue."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from qtb.extensions import db
from qtb.store import cycles, lists
from qtb.store.submissions import Submission, counts_by_state
from qtb.web.access import actor, audience
from qtb.web.todo import tasks

pages = Blueprint("recommender", __name__, url_prefix="/recommender")


@pages.get("/")
@audience("recommender")
def queue() -> ResponseReturnValue:
    """Show the works put before the person's units: those that wait for an answer first."""
    years = cycles.all_cycles(db.session())
    year = years[0] if years else None
    ours = Submission.recommender_id.in_(sorted(actor().units["recommender"])) & (Submission.kind != "start")
    chosen = request.args.get("state", "")
    clauses = [ours, *([Submission.state == chosen] if chosen else [])]
    page = lists.page(db.session(), *clauses, number=request.args.get("page", type=int, default=1))
    counts = counts_by_state(db.session(), year.id, ours) if year else {}
    todo = tasks(db.session(), page.rows, actor(), g.now)
    times = cycles.timeline_of(db.session(), year.id) if year else None
    return render_template(
        "recommender/queue.html", cycle=year, page=page, todo=todo, counts=counts, chosen=chosen, times=times
    )
