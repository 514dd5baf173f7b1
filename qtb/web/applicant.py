"""The applicant's pages: what is to do, own submissions, entering a team."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from qtb.domain import form_check
from qtb.domain.errors import NotNow, Reason, Refusal
from qtb.extensions import db
from qtb.forms import dynamic
from qtb.services import submissions
from qtb.services.answers import Filled
from qtb.store import lists
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.store.years import Year
from qtb.web import answers, years
from qtb.web.access import actor, audience
from qtb.web.todo import tasks
from qtb.web.view import cycle_or_404

pages = Blueprint("applicant", __name__, url_prefix="/applicant")


@pages.get("/")
@audience("applicant")
def home() -> ResponseReturnValue:
    """Show what the person's units have to do and where each submission stands."""
    mine = Submission.unit_id.in_(sorted(actor().units["applicant"]))
    page = lists.page(db.session(), mine, number=request.args.get("page", type=int, default=1))
    todo = tasks(db.session(), actor(), g.now)
    return render_template("applicant/home.html", page=page, openings=_openings(), todo=todo)


@pages.route("/cycles/<key>/enter", methods=["GET", "POST"])
@audience("applicant", cleans=True)
def enter(key: str) -> ResponseReturnValue:
    """Enter a team into a year."""
    year = cycle_or_404(key)
    form = submissions.entry_form(year)
    spec = year.definition.forms[form]
    said = {"year": year.year, "unit_name": _unit_name()}
    page = answers.new_form(year, spec, form_check.proposed(spec, said))
    reason = submissions.entry_refusal(db.session(), year, _unit(), now=g.now)
    closed = NotNow((reason,)) if reason else None
    refusal, status = None, 200
    if page.is_submitted():
        try:
            return _entered(year.id, form, page)
        except Refusal as error:
            refusal, status = answers.shown_refusal(page, error), error.status
            year = cycle_or_404(key)
    else:
        refusal = closed
    hand_in = answers.hand_in(year, year.definition.workflow.start)
    return render_template(
        "applicant/enter.html", cycle=year, spec=spec, page=page, refusal=refusal, hand_in=hand_in, closed=closed,
        values={}, said=said,
    ), status  # fmt: skip


def _entered(cycle_id: int, form: str, page: object) -> ResponseReturnValue:
    with unit(db.session()) as work:
        year = work.get_one(Cycle, cycle_id)
        filled = Filled(form, dynamic.raw(page, year.definition.forms[form]))
        request_key = f"{actor().user_id}:{str(page['request_key'].data or '')[:40]}"  # type: ignore[index]
        submission_id = submissions.enter(
            work, cycle=year, unit_id=_unit(), filled=filled, actor=actor(), now=g.now, request_key=request_key
        ).id
    return answers.saved(submission_id)


def _openings() -> list[tuple[Cycle, Reason | None]]:
    """Return the years that a team can enter, now or later, with what stands against it; of those over the current."""
    told = years.told(db.session())
    now = years.current(years.cycles(db.session()), g.now)
    over = [year for year in told if year.cycle is now and not years.is_unfinished(year, g.now)]
    asked = [*over, *(year for year in told if years.is_unfinished(year, g.now))]
    found = [(year.cycle, _refusal(year)) for year in asked]
    return [(year, reason) for year, reason in found if year is now or reason is None or reason.key != "closed"]


def _refusal(year: Year) -> Reason | None:
    return submissions.entry_refusal(db.session(), year.cycle, _unit(), now=g.now, times=year.times)


def _unit() -> int:
    return min(actor().units["applicant"])


def _unit_name() -> str:
    return db.session().get_one(Unit, _unit()).name
