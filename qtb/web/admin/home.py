"""The organiser's first page: alarms, what waits for a decision, how many stand where."""

from __future__ import annotations

from flask import g, render_template
from flask.typing import ResponseReturnValue

from qtb.extensions import db
from qtb.services import sweep
from qtb.store import cycles, lists, outbox
from qtb.store.submissions import Submission, counts_by_state
from qtb.web import picture
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.todo import tasks


@pages.get("/")
@audience("organiser")
def home() -> ResponseReturnValue:
    """Show the state of the latest year and of the machinery."""
    session = db.session()
    years = cycles.all_cycles(session)
    year = years[0] if years else None
    if year is None:
        return render_template("admin/empty.html")
    page = lists.page(session, Submission.cycle_id == year.id, Submission.kind == "live")
    return render_template(
        "admin/home.html",
        cycle=year,
        counts=counts_by_state(session, year.id),
        picture=picture.draw(list(year.rows), g.now),
        todo=tasks(session, page.rows, actor(), g.now)[:8],
        beat=outbox.last_beat(session),
        next_edge=sweep.next_edge(session, now=g.now),
    )
