"""The recommending unit's pages: its queue."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, case

from qtb.extensions import db
from qtb.store import cycles, lists
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission, counts_by_state
from qtb.web import years
from qtb.web.access import actor, audience
from qtb.web.todo import held_by, tasks
from qtb.web.view import cycle_or_404

pages = Blueprint("recommender", __name__, url_prefix="/recommender")


@pages.get("/")
@audience("recommender")
def queue() -> ResponseReturnValue:
    """Show the works put before the person's units: those that wait for an answer first."""
    all_years = cycles.all_cycles(db.session())
    key = request.args.get("cycle", "")
    year = cycle_or_404(key) if key else years.current(all_years, g.now)
    ours = Submission.recommender_id.in_(sorted(actor().units["recommender"])) & (Submission.kind != "start")
    shown = request.args.get("state", "")
    return render_template(
        "recommender/queue.html", cycle=year, years=all_years, page=_page(year, ours, shown), chosen=shown,
        todo=tasks(db.session(), actor(), g.now), counts=counts_by_state(db.session(), year.id, ours) if year else {},
    )  # fmt: skip


def _page(year: Cycle | None, ours: ColumnElement[bool], state: str) -> lists.Page:
    """Return the page asked for: what waits for an answer first, then the latest."""
    if year is None:
        return lists.Page([], 0, 1)
    clauses = [ours, Submission.cycle_id == year.id, *([Submission.state == state] if state else [])]
    order = (case((Submission.state.in_(held_by(year, "recommender")), 0), else_=1), Submission.id.desc())
    return lists.page(db.session(), *clauses, number=request.args.get("page", type=int, default=1), order=order)
