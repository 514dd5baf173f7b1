"""What anybody may read: the years, their timelines, the published results."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from qtb import clock
from qtb.extensions import db
from qtb.i18n import LANGUAGES
from qtb.services import health, objections
from qtb.store import lists, published
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.web import picture, years
from qtb.web.access import PUBLIC, audience

pages = Blueprint("public", __name__)


@pages.get("/")
@audience(PUBLIC)
def home() -> ResponseReturnValue:
    """Show the year that runs, or what to do while there is none."""
    year = years.chosen(db.session(), "", g.now)
    return render_template("public/empty.html") if year is None else _cycle(year)


@pages.get("/cycles/<key>")
@audience(PUBLIC)
def cycle(key: str) -> ResponseReturnValue:
    """Show a year."""
    return _cycle(years.named(db.session(), key))


@pages.get("/cycles/<key>/results")
@audience(PUBLIC)
def results(key: str) -> ResponseReturnValue:
    """Show what has been published: the awarded works by level."""
    year = years.named(db.session(), key)
    workflow = year.definition.workflow
    listed = [name for name, state in workflow.states.items() if state.listed]
    number = request.args.get("page", type=int, default=1)
    order = (published.by_level(year.definition.rubric), Submission.number)
    page = lists.page(
        db.session(), Submission.cycle_id == year.id, Submission.state.in_(listed), number=number, order=order
    )
    times = years.of(db.session(), year.id).times
    notice = objections.window_of(db.session(), year, times)
    objects = objections.open_against(db.session(), year, page.rows, times, now=g.now)
    return render_template(
        "public/results.html", cycle=year, page=page, levels=year.definition.rubric.levels, notice=notice,
        objects=objects,
    )  # fmt: skip


@pages.post("/language")
@audience(PUBLIC)
def language() -> ResponseReturnValue:
    """Switch the language and go back."""
    lang = request.form.get("lang", "")
    if lang in LANGUAGES:
        session["lang"] = lang
    back = request.form.get("back", "/")
    return redirect(back if is_ours(back) else "/", 303)


@pages.get("/health")
@audience(PUBLIC)
def alive() -> ResponseReturnValue:
    """Tell a monitor whether web, database and scheduler are up; what else is wrong is the organiser's to know."""
    alarm = health.alarm(db.session(), real_now=clock.real(), now=g.now)
    is_ill = alarm is not None and (alarm.is_down or bool(alarm.failure) or alarm.n_overdue > 0)
    return {"status": "alarm" if is_ill else "ok"}, 503 if is_ill else 200


def _cycle(year: Cycle) -> ResponseReturnValue:
    rows = years.shown(years.of(db.session(), year.id))
    others = [one for one in years.cycles(db.session()) if one.id != year.id]
    return render_template("public/cycle.html", cycle=year, rows=rows, picture=picture.draw(rows, g.now), others=others)


def is_ours(address: str) -> bool:
    """Tell whether an address to go back to is one of ours."""
    # A path of ours, never another host: //host and /\host are read as hosts by browsers.
    return address.startswith("/") and not address.startswith(("//", "/\\")) and min(address) > " "
