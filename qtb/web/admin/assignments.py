"""Plans of who judges what: asked for or given as a file, shown, edited, applied as shown."""

from __future__ import annotations

import io

from flask import flash, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from qtb.documents import assignment_list, import_xlsx
from qtb.domain.errors import Invalid, Missing, Refusal
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import assignment_lines, assignment_plans
from qtb.store import accounts, assignments, panels
from qtb.store.assignments import AssignmentPlan
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.admin.imports import XLSX
from qtb.web.admin.pages import pages
from qtb.web.parse import seen, whole
from qtb.web.view import cycle_or_404


@pages.get("/cycles/<key>/assignments")
@audience("organiser")
def assignments_of(key: str) -> ResponseReturnValue:
    """Show the plans of a year and how to make one."""
    return _list(key)


@pages.post("/cycles/<key>/assignments")
@audience("organiser")
def ask_assignment(key: str) -> ResponseReturnValue:
    """Reckon a plan; it is shown on a page of its own."""
    form = request.form
    n, seed = whole(form.get("n", "")), whole(form.get("seed", "")) or 0
    try:
        with unit(db.session()) as work:
            plan_id = assignment_plans.ask(
                work, cycle_or_404(key), n=n or 0, panel_id=whole(form.get("panel", "")), seed=seed, actor=actor(),
                now=g.now,
            ).id  # fmt: skip
    except Refusal as error:
        return _list(key, error), error.status
    return redirect(url_for("admin.assignment", key=key, plan_id=plan_id), 303)


@pages.post("/cycles/<key>/assignments/file")
@audience("organiser", cleans=True)
def bring_assignment(key: str) -> ResponseReturnValue:
    """Take a list of works and judges; it is shown on a page of its own."""
    upload = request.files.get("file")
    try:
        if upload is None or not upload.filename:
            raise Invalid("import_none")
        lines = assignment_list.read(upload.read(import_xlsx.MAX_BYTES + 1))
        name = "".join(sign for sign in upload.filename if sign.isprintable()) or "-"
        with unit(db.session()) as work:
            cycle = cycle_or_404(key)
            plan_id = assignment_plans.read(work, cycle, name=name, lines=lines, actor=actor(), now=g.now).id
    except Refusal as error:
        return _list(key, error), error.status
    return redirect(url_for("admin.assignment", key=key, plan_id=plan_id), 303)


@pages.get("/cycles/<key>/assignments.xlsx")
@audience("organiser")
def assignment_template(key: str) -> ResponseReturnValue:
    """Send the list of the works that are judged now, to be filled."""
    cycle = cycle_or_404(key)
    works = [(one.number, one.team_name) for one in assignments.judged(db.session(), cycle, cycle.definition.counted)]
    name = f"{cycle.key} {say('assignment.file_sheet')}.xlsx"
    return send_file(io.BytesIO(assignment_list.template(works)), XLSX, as_attachment=True, download_name=name)


@pages.get("/cycles/<key>/assignments/<int:plan_id>")
@audience("organiser")
def assignment(key: str, plan_id: int) -> ResponseReturnValue:
    """Show what a plan would give."""
    return _plan_page(key, _plan(key, plan_id))


@pages.post("/cycles/<key>/assignments/<int:plan_id>/edit")
@audience("organiser")
def edit_assignment(key: str, plan_id: int) -> ResponseReturnValue:
    """Put a pair into a plan, or take one out."""
    form = request.form
    version, add, remove = seen(form.get("seen", "")), _pair(form.get("add", "")), _pair(form.get("remove", ""))
    if add is None and "work" in form:
        add = _pair(f"{form['work']}:{form.get('judge', '')}")
    try:
        if add is None and remove is None:
            raise Invalid("nobody_chosen")
        with unit(db.session()) as work:
            plan = _plan(key, plan_id)
            assignment_plans.edit(work, plan, add=add, remove=remove, seen=version, actor=actor())
    except Refusal as error:
        return _plan_page(key, _plan(key, plan_id), error), error.status
    return redirect(url_for("admin.assignment", key=key, plan_id=plan_id), 303)


@pages.post("/cycles/<key>/assignments/<int:plan_id>")
@audience("organiser")
def apply_assignment(key: str, plan_id: int) -> ResponseReturnValue:
    """Give all works of a plan, if it is still the one that was shown."""
    try:
        with unit(db.session()) as work:
            shown = request.form.get("plan", "")
            n = assignment_plans.apply(work, _plan(key, plan_id), shown=shown, actor=actor(), now=g.now)
    except Refusal as error:
        return _plan_page(key, _plan(key, plan_id), error), error.status
    flash(say("assignment.done", n=n), "success")
    return redirect(url_for("admin.panels_of", key=key), 303)


def _pair(text: str) -> tuple[int, int] | None:
    left, _, right = text.partition(":")
    work, judge = whole(left), whole(right)
    return None if work is None or judge is None else (work, judge)


def _plan(key: str, plan_id: int) -> AssignmentPlan:
    found = db.session().get(AssignmentPlan, plan_id)
    if found is None or found.cycle_id != cycle_or_404(key).id:
        raise Missing("assignment")
    return found


def _list(key: str, refusal: Refusal | None = None) -> str:
    session, cycle = db.session(), cycle_or_404(key)
    return render_template(
        "admin/assignments.html", cycle=cycle, refusal=refusal, plans=assignments.latest(session, cycle.id),
        panels=panels.of_cycle(session, cycle.id), n=assignment_plans.meant(cycle),
        n_works=len(assignments.judged(session, cycle, cycle.definition.counted)), most=assignment_plans.MOST_JUDGES,
        most_lines=assignment_list.MOST_LINES, mb=import_xlsx.MAX_BYTES // 2**20,
    )  # fmt: skip


def _plan_page(key: str, plan: AssignmentPlan, refusal: Refusal | None = None) -> str:
    session = db.session()
    panel = session.get(panels.Panel, plan.asked.get("panel") or 0)
    return render_template(
        "admin/assignment.html", cycle=cycle_or_404(key), plan=plan, panel=panel, refusal=refusal,
        shown=None if plan.applied_at else assignment_lines.look(session, plan),
        experts=accounts.with_role(session, "evaluator"),
    )  # fmt: skip
