"""Years: their rows, moved dates, extensions."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from qtb.domain.errors import Invalid, Missing, Refusal
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import cycles
from qtb.services.cycles import Planned
from qtb.store import accounts, audit
from qtb.store import cycles as store
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle, Extension
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.parse import instant, optional_instant, seen, whole
from qtb.web.view import cycle_or_404


@pages.get("/cycles")
@audience("organiser")
def all_cycles() -> ResponseReturnValue:
    """List the years and the notices that wait to be confirmed."""
    drafts = db.session().scalars(
        select(store.NoticeDraft).where(store.NoticeDraft.confirmed_at.is_(None)).order_by(store.NoticeDraft.id.desc())
    )
    return render_template("admin/cycles.html", cycles=store.all_cycles(db.session()), drafts=drafts.all())


@pages.get("/cycles/<key>")
@audience("organiser")
def cycle(key: str) -> ResponseReturnValue:
    """Show a year's rows, extensions and history."""
    return _page(cycle_or_404(key))


@pages.post("/cycles/<key>/rows/<row_key>")
@audience("organiser")
def change_row(key: str, row_key: str) -> ResponseReturnValue:
    """Move a row's dates."""
    form = request.form
    try:
        with unit(db.session()) as work:
            year = cycle_or_404(key)
            row = next((row for row in year.rows if row.key == row_key), None)
            if row is None:
                raise Missing("row")
            opens_at = instant(form.get("opens_at", ""), row.title)
            closes_at = instant(form.get("closes_at", ""), row.title)
            held_at = optional_instant(form.get("held_at", ""), row.title)
            planned = Planned(row.key, row.seq, row.title, opens_at, closes_at, held_at)
            reason, version = form.get("reason", ""), seen(form.get("seen", ""))
            cycles.change_row(work, year, planned, actor=actor(), now=g.now, reason=reason, seen=version)
    except Refusal as error:
        return _page(cycle_or_404(key), error, row_key), error.status
    flash(say("admin.row_changed"), "success")
    return redirect(url_for("admin.cycle", key=key), 303)


@pages.post("/cycles/<key>/extensions")
@audience("organiser")
def extend(key: str) -> ResponseReturnValue:
    """Let a row end later for one submission, one unit, or all."""
    form = request.form
    try:
        with unit(db.session()) as work:
            year = cycle_or_404(key)
            submission, group = _reach(year, form.get("number", ""), form.get("unit_id", ""), form.get("reach", ""))
            until = instant(form.get("until", ""), say("extension.until"))
            cycles.extend(
                work, year, row_key=form.get("row", ""), until=until, reason=form.get("reason", ""), actor=actor(),
                now=g.now, submission=submission, unit=group,
            )  # fmt: skip
            back = submission.id if submission and form.get("back") == "submission" else None
    except Refusal as error:
        return _page(cycle_or_404(key), error), error.status
    flash(say("admin.extended"), "success")
    return redirect(url_for("cases.show", submission_id=back) if back else url_for("admin.cycle", key=key), 303)


def _page(year: Cycle, refusal: Refusal | None = None, at_row: str = "") -> str:
    granted = db.session().execute(
        select(Extension, Submission.number, Unit.name)
        .outerjoin(Submission, Submission.id == Extension.submission_id)
        .outerjoin(Unit, Unit.id == Extension.unit_id)
        .where(Extension.cycle_id == year.id)
        .order_by(Extension.id.desc())
    ).all()
    return render_template(
        "admin/cycle.html", cycle=year, granted=granted, refusal=refusal, at_row=at_row, typed=request.form,
        units=accounts.units(db.session(), "applicant"), entries=audit.entries(db.session(), "cycle", year.id)[:30],
    )  # fmt: skip


def _reach(year: Cycle, number: str, unit_id: str, reach: str) -> tuple[Submission | None, Unit | None]:
    if reach == "all":
        return None, None
    if reach == "unit":
        group = db.session().get(Unit, whole(unit_id) or 0)
        if group is None:
            raise Invalid("no_unit")
        return None, group
    found = db.session().scalar(select(Submission).filter_by(cycle_id=year.id, number=number.strip()))
    if found is None:
        raise Invalid("no_submission", number=number[:20])
    return found, None
