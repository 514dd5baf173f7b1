"""The recommending unit's pages: its queue."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, case

from qtb.extensions import db
from qtb.store import lists
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.web import years
from qtb.web.access import actor, audience
from qtb.web.todo import held_by, tasks

pages = Blueprint("recommender", __name__, url_prefix="/recommender")


@pages.get("/")
@audience("recommender")
def queue() -> ResponseReturnValue:
    """Show the works put before the person's units: those that wait for an answer first."""
    year = years.chosen(db.session(), request.args.get("cycle", ""), g.now)
    ours = Submission.recommender_id.in_(sorted(actor().units["recommender"])) & (Submission.kind != "start")
    shown = request.args.get("state", "")
    counts = lists.counts(db.session(), ours, lists.among_own(year.id)) if year else {}
    return render_template(
        "recommender/queue.html", cycle=year, years=years.cycles(db.session()), chosen=shown, counts=counts,
        page=_page(year, ours, shown, counts), todo=tasks(db.session(), actor(), g.now),
    )  # fmt: skip


def _page(year: Cycle | None, ours: ColumnElement[bool], state: str, counts: dict[str, int]) -> lists.Page:
    """Return the page asked for: what waits for an answer first, then the latest."""
    if year is None:
        return lists.Page([], 0, 1)
    clauses = [ours, lists.among_own(year.id), *([Submission.state == state] if state else [])]
    order = (case((Submission.state.in_(held_by(year, "recommender")), 0), else_=1), Submission.id.desc())
    number, n_all = request.args.get("page", type=int, default=1), lists.counted(counts, state)
    return lists.page(db.session(), *clauses, number=number, order=order, n_all=n_all)
