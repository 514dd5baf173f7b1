"""The applicant's pages: what is to do, own submissions, entering a team."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from qtb.domain import form_check
from qtb.domain.errors import NotNow, Reason, Refusal
from qtb.domain.form_check import Known
from qtb.extensions import db
from qtb.forms import dynamic
from qtb.services import answers as filling
from qtb.services import drafts, submissions
from qtb.store import accounts, lists
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.drafts import Place
from qtb.store.unit import unit
from qtb.store.years import Year
from qtb.web import answers, keeping, years
from qtb.web.access import actor, audience
from qtb.web.todo import tasks
from qtb.web.view import cycle_or_404

pages = Blueprint("applicant", __name__, url_prefix="/applicant")


@pages.get("/")
@audience("applicant")
def home() -> ResponseReturnValue:
    """Show what the person's units have to do and where each submission stands."""
    mine, number = actor().units["applicant"], request.args.get("page", type=int, default=1)
    page = lists.of_units(db.session(), mine, number=number)
    todo = tasks(db.session(), actor(), g.now)
    return render_template("applicant/home.html", page=page, openings=_openings(), todo=todo)


@pages.route("/cycles/<key>/enter", methods=["GET", "POST"])
@audience("applicant", cleans=True)
def enter(key: str) -> ResponseReturnValue:
    """Enter a team into a year; a refused entry keeps what was typed, on the page and as a draft."""
    year = cycle_or_404(key)
    place = submissions.place(year, own_unit())
    spec = year.definition.forms[place.form]
    if request.method == "POST":
        return _enter(year, place)
    draft = drafts.mine(db.session(), place, actor=actor())
    values = keeping.merged_with(form_check.proposed(spec, said(year)), draft)
    carried = keeping.hidden(version=0, since="", draft=draft)
    page = dynamic.build(spec, {**values, **carried}, answers.ref_options(year))
    return _page(year, place, page, refusal=_closed(year), draft_at=draft.kept_at if draft else None)


def own_unit() -> int:
    """Return the unit that a person enters teams for."""
    return min(actor().units["applicant"])


def known(year: Cycle, form: str) -> Known:
    """Return what a check of a form is told before there is a submission."""
    active = {unit.id for unit in accounts.units(db.session(), "recommender") if unit.is_active}
    refs = {key: active for key, field in year.definition.forms[form].fields.items() if field.refers}
    return Known(refs, said=said(year))


def said(year: Cycle) -> dict[str, Any]:
    """Return what the system says on the form of a new entry."""
    return {"year": year.year, "unit_name": db.session().get_one(Unit, own_unit()).name}


def _enter(year: Cycle, place: Place) -> ResponseReturnValue:
    spec = year.definition.forms[place.form]
    page = dynamic.build(spec, {}, answers.ref_options(year))
    given = keeping.filled(page, spec, place.form)
    try:
        with unit(db.session()) as work:
            submission_id = submissions.enter(
                work, cycle=work.get_one(Cycle, place.cycle_id), unit_id=place.unit_id, actor=actor(), now=g.now,
                filled=replace(given, seen=None, since=None), request_key=drafts.entry_key(actor(), given.key),
            ).id  # fmt: skip
        return answers.saved(submission_id)
    except Refusal as error:
        kept_at = keeping.keep_refused(place, page, spec)
        year = db.session().get_one(Cycle, place.cycle_id)
        refusal = answers.shown_refusal(page, error)
        return _page(year, place, page, refusal=refusal, draft_at=kept_at), error.status


def _page(year: Cycle, place: Place, page: FlaskForm, *, refusal: Refusal | None, draft_at: datetime | None) -> str:
    spec = year.definition.forms[place.form]
    about = known(year, place.form)
    checked = filling.check(year, place.form, dynamic.raw(page, spec), known=about, now=g.now)
    url = url_for("drafts.keep_entry", key=year.key)
    return render_template(
        "applicant/enter.html", cycle=year, spec=spec, page=page, refusal=refusal, closed=_closed(year),
        hand_in=answers.hand_in(year, year.definition.workflow.start), values={}, said=about.said,
        keeping=keeping.shown(place, spec, checked, url=url, draft_at=draft_at),
    )  # fmt: skip


def _closed(year: Cycle) -> Refusal | None:
    reason = submissions.entry_refusal(db.session(), year, own_unit(), now=g.now)
    return NotNow((reason,)) if reason else None


def _openings() -> list[tuple[Cycle, Reason | None]]:
    """Return the years that a team can enter, now or later, with what stands against it; of those over the current."""
    told = years.told(db.session())
    now = years.current(told, g.now)
    over = [year for year in told if year.cycle is now and not years.is_unfinished(year, g.now)]
    asked = [*over, *(year for year in told if years.is_unfinished(year, g.now))]
    found = [(year.cycle, _refusal(year)) for year in asked]
    return [(year, reason) for year, reason in found if year is now or reason is None or reason.key != "closed"]


def _refusal(year: Year) -> Reason | None:
    return submissions.entry_refusal(db.session(), year.cycle, own_unit(), now=g.now, times=year.times)
