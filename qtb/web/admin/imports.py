"""A spreadsheet of teams: given, shown line by line, applied as shown; and the empty one to fill."""

from __future__ import annotations

import io

from flask import flash, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from qtb.documents import form_xlsx, import_xlsx
from qtb.domain.errors import Invalid, Missing, Refusal
from qtb.extensions import db
from qtb.i18n import language, say
from qtb.services import imports, submissions
from qtb.store import accounts
from qtb.store.cycles import Cycle
from qtb.store.imports import ImportFile
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.view import cycle_or_404

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pages.route("/cycles/<key>/import", methods=["GET", "POST"])
@audience("organiser", cleans=True)
def bring(key: str) -> ResponseReturnValue:
    """Take a spreadsheet; what it would do is shown on a page of its own."""
    year = cycle_or_404(key)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            file_id = _kept(year)
            return redirect(url_for("admin.imported", key=key, file_id=file_id), 303)
        except Refusal as error:
            refusal, year = error, cycle_or_404(key)
    closed = submissions.entry_refusal(db.session(), year, 0, now=g.now)
    page = render_template(
        "admin/import.html", cycle=year, refusal=refusal, closed=closed, most=import_xlsx.MOST_LINES,
        mb=import_xlsx.MAX_BYTES // 2**20,
    )  # fmt: skip
    return page, refusal.status if refusal else 200


@pages.get("/cycles/<key>/import/<int:file_id>")
@audience("organiser")
def imported(key: str, file_id: int) -> ResponseReturnValue:
    """Show what a file would do, line by line, or when it was applied."""
    return _plan_page(_file(key, file_id))


@pages.post("/cycles/<key>/import/<int:file_id>")
@audience("organiser")
def apply_import(key: str, file_id: int) -> ResponseReturnValue:
    """Make the units and enter the teams, if the plan is still the one that was shown."""
    try:
        with unit(db.session()) as work:
            made = imports.apply(
                work, _file(key, file_id), shown=request.form.get("plan", ""), actor=actor(), now=g.now
            )
    except Refusal as error:
        return _plan_page(_file(key, file_id), error), error.status
    flash(say("import.done", n=len(made)), "success")
    return redirect(url_for("admin.submissions", cycle=key), 303)


@pages.get("/cycles/<key>/import.xlsx")
@audience("organiser")
def import_template(key: str) -> ResponseReturnValue:
    """Send the empty sheet of the year's entry form."""
    year = cycle_or_404(key)
    form = year.definition.forms[submissions.entry_form(year)]
    names = [one.name for one in accounts.units(db.session(), "recommender")]
    offered = {key: names for key, spec in form.fields.items() if spec.refers == "recommenders"}
    body = io.BytesIO(form_xlsx.template(form, offered=offered))
    return send_file(body, XLSX, as_attachment=True, download_name=f"{year.key} {form.title.get(language())}.xlsx")


def _kept(year: Cycle) -> int:
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        raise Invalid("import_none")
    content, name = upload.read(import_xlsx.MAX_BYTES + 1), "".join(s for s in upload.filename if s.isprintable())
    lines = import_xlsx.read(content, year.definition.forms[submissions.entry_form(year)])
    with unit(db.session()) as work:
        cycle = work.get_one(Cycle, year.id)
        return imports.keep(work, cycle, name=name, content=content, lines=lines, actor=actor(), now=g.now).id


def _file(key: str, file_id: int) -> ImportFile:
    found = db.session().get(ImportFile, file_id)
    if found is None or found.cycle_id != cycle_or_404(key).id:
        raise Missing("import")
    return found


def _plan_page(kept: ImportFile, refusal: Refusal | None = None) -> str:
    year = db.session().get_one(Cycle, kept.cycle_id)
    plan = None if kept.applied_at else imports.plan(db.session(), year, kept.lines, now=g.now)
    fields = year.definition.forms[submissions.entry_form(year)].fields
    return render_template("admin/import_plan.html", cycle=year, kept=kept, plan=plan, fields=fields, refusal=refusal)
