"""Moving dates: what a row, a shift of the year or an extension would do is shown first, then done as shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.domain.errors import Invalid, Missing, Refusal
from qtb.domain.plan_model import Plan
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import plans, shifts
from qtb.services.cycles import Planned
from qtb.services.plans import Asked
from qtb.store import plans as store
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle, Extension
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.admin.cycles import cycle_page
from qtb.web.admin.pages import pages
from qtb.web.parse import instant, optional_instant, seen, whole
from qtb.web.view import cycle_or_404

Ask = Callable[[Session, Cycle], Asked]
# Fields that say what is asked for; the page of a plan sends them on as they came.
FIELDS = (
    "opens_at", "closes_at", "held_at", "grace", "row", "reach", "number", "unit_id", "until", "back", "days", "hours",
    "from",
)  # fmt: skip


@pages.route("/cycles/<key>/rows/<row_key>", methods=["GET", "POST"])
@audience("organiser")
def change_row(key: str, row_key: str) -> ResponseReturnValue:
    """Show what other dates of a row would do; move them."""
    return _planned(key, lambda work, year: _row(year, row_key), at_row=row_key)


@pages.route("/cycles/<key>/extensions", methods=["GET", "POST"])
@audience("organiser")
def extend(key: str) -> ResponseReturnValue:
    """Show what a later end for one submission, one unit, or all would do; grant it."""
    return _planned(key, _extension, at_form="extend")


@pages.route("/cycles/<key>/extensions/<int:extension_id>", methods=["GET", "POST"])
@audience("organiser")
def take_back_extension(key: str, extension_id: int) -> ResponseReturnValue:
    """Show what taking a later end back, or making it an earlier one, would do; do it."""
    return _planned(key, lambda work, year: _taken_back(work, year, extension_id))


@pages.route("/cycles/<key>/shift", methods=["GET", "POST"])
@audience("organiser")
def shift(key: str) -> ResponseReturnValue:
    """Show what moving all dates still to come by one delta would do; move them."""
    return _planned(key, _shift, at_form="shift")


def _planned(key: str, ask: Ask, *, at_row: str = "", at_form: str = "") -> ResponseReturnValue:
    session, refusal = db.session(), None
    if request.method == "POST":
        try:
            return _applied(key, ask)
        except Missing:
            raise
        except Refusal as error:
            refusal = error
    try:
        year = cycle_or_404(key)
        asked = ask(session, year)
        plan = plans.foresee(session, year, asked, now=g.now).plan
    except Missing:
        raise
    except Refusal as error:  # no such dates can be, so there is nothing to show: back to the form
        return cycle_page(cycle_or_404(key), error, at_row, at_form), error.status
    page = render_template(
        "admin/plan.html", cycle=year, plan=plan, asked=asked, refusal=refusal, typed=request.form,
        titles={row.key: row.title for row in year.rows}, kept=_kept(),
        grants=store.granted(session, year.id, Extension.id.in_(plan.moot)),
    )  # fmt: skip
    return page, refusal.status if refusal else 200


def _applied(key: str, ask: Ask) -> ResponseReturnValue:
    form = request.form
    with unit(db.session()) as work:
        year = cycle_or_404(key)
        asked = ask(work, year)
        plan = plans.apply(
            work, year, asked, seen=seen(form.get("seen", "")), shown=form.get("shown", ""), actor=actor(), now=g.now,
            reason=form.get("reason", ""), tell=form.get("tell") == "yes", sure=form.get("sure") == "yes",
        )  # fmt: skip
        back = asked.submission.id if asked.submission and form.get("back") == "submission" else None
    flash(_said(plan, told=form.get("tell") == "yes"), "success")
    return redirect(url_for("cases.show", submission_id=back) if back else url_for("admin.cycle", key=key), 303)


def _said(plan: Plan, *, told: bool) -> str:
    n = sum(n for _, n in plan.told) if told else 0
    return say("plan.done_told", n=n) if n else say("admin.row_changed")


def _kept() -> dict[str, str]:
    return {name: request.values[name] for name in FIELDS if name in request.values}


def _row(year: Cycle, row_key: str) -> Asked:
    row = next((row for row in year.rows if row.key == row_key), None)
    if row is None:
        raise Missing("row")
    given = request.values
    opens_at, closes_at = (instant(given.get(name, ""), row.title) for name in ("opens_at", "closes_at"))
    held_at = optional_instant(given.get("held_at", ""), row.title)
    minutes = whole(given.get("grace", "").strip() or "0")
    grace = -1 if minutes is None else minutes
    return Asked((Planned(row.key, row.seq, row.title, opens_at, closes_at, held_at, grace_minutes=grace),))


def _shift(work: Session, year: Cycle) -> Asked:
    given = request.values
    days, hours = (_signed(given.get(name, "").strip() or "0") for name in ("days", "hours"))
    if days is None or hours is None:
        raise Invalid("shift_by", most=plans.MOST_SHIFTED.days)
    by = timedelta(days=days, hours=hours)
    return plans.shifted(work, year, by, now=g.now, from_row=given.get("from", ""))


def _signed(text: str) -> int | None:
    number = whole(text.removeprefix("-"))
    if number is None or number > 10_000:
        return None
    return -number if text.startswith("-") else number


def _extension(work: Session, year: Cycle) -> Asked:
    given = request.values
    submission, group = _reach(work, year, given.get("number", ""), given.get("unit_id", ""), given.get("reach", ""))
    until = instant(given.get("until", ""), say("extension.until"))
    return Asked(row_key=given.get("row", ""), until=until, submission=submission, unit=group)


def _taken_back(work: Session, year: Cycle, extension_id: int) -> Asked:
    until = optional_instant(request.values.get("until", ""), say("extension.until"))
    return plans.taken_back(work, shifts.held(work, year.id, extension_id), until)


def _reach(
    work: Session, year: Cycle, number: str, unit_id: str, reach: str
) -> tuple[Submission | None, Unit | None]:
    if reach == "all":
        return None, None
    if reach == "unit":
        group = work.get(Unit, whole(unit_id) or 0)
        if group is None:
            raise Invalid("no_unit")
        return None, group
    found = work.scalar(select(Submission).filter_by(cycle_id=year.id, number=number.strip()))
    if found is None:
        raise Invalid("no_submission", number=number[:20])
    return found, None
