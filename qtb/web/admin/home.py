"""The organiser's first page: alarms, what waits for a decision, how many stand where."""

from __future__ import annotations

from flask import g, render_template, request
from flask.typing import ResponseReturnValue

from qtb.extensions import db
from qtb.services import edges
from qtb.store.overview import overview
from qtb.web import picture, years
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.todo import tasks
from qtb.web.view import watched


@pages.get("/")
@audience("organiser")
def home() -> ResponseReturnValue:
    """Show the state of the year that runs, or of the one chosen, and of the machinery."""
    session = db.session()
    year = years.chosen(session, request.args.get("cycle", ""), g.now)
    if year is None:
        return render_template("admin/empty.html")
    return render_template(
        "admin/home.html",
        cycle=year,
        years=years.cycles(session),
        overview=overview(session, year.id, year.definition),
        picture=picture.draw(years.shown(years.of(session, year.id)), g.now),
        todo=tasks(session, actor(), g.now)[:8],
        beat=watched().beat,
        next_deadline=edges.next_deadline(session, now=g.now, dated=years.timelines(session)),
    )
