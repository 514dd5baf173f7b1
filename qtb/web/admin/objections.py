"""The year's objections: what each says, and what the organiser makes of it."""

from __future__ import annotations

import io
from collections.abc import Callable

from flask import flash, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session

from qtb.documents import dossier, form_content, form_pdf
from qtb.documents.form_content import Filled
from qtb.domain.errors import Missing, Refusal
from qtb.domain.fields import FormSpec
from qtb.extensions import db
from qtb.forms import dynamic
from qtb.i18n import say
from qtb.services import objections
from qtb.services.answers import Incorrect
from qtb.store import objections as store
from qtb.store.objections import Objection
from qtb.store.unit import unit
from qtb.web import years
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.answers import shown_refusal
from qtb.web.parse import seen
from qtb.web.view import cycle_or_404


@pages.get("/cycles/<key>/objections")
@audience("organiser")
def objections_of(key: str) -> ResponseReturnValue:
    """List a year's objections, what is due first on top."""
    cycle = cycle_or_404(key)
    rows = store.of_cycle(db.session(), cycle.id)
    window = objections.window_of(db.session(), cycle, years.of(db.session(), cycle.id).times)
    return render_template("admin/objections.html", cycle=cycle, objections=rows, window=window)


@pages.route("/objections/<int:objection_id>", methods=["GET", "POST"])
@audience("organiser")
def objection(objection_id: int) -> ResponseReturnValue:
    """Show an objection, and answer it."""
    row = _found(db.session(), objection_id)
    page = dynamic.build(_handling(row), row.values, {})
    if request.method == "GET":
        return _page(row, page, None)

    def decide(work: Session) -> None:
        given, outcome = dynamic.raw(page, _handling(row)), request.form.get("outcome", "")
        version, own = seen(request.form.get("seen", "")), _found(work, objection_id)
        objections.decide(work, own, outcome, given, actor=actor(), now=g.now, seen=version)

    return _done(objection_id, decide, "objection.answered", page)


@pages.post("/objections/<int:objection_id>/accept")
@audience("organiser")
def accept_objection(objection_id: int) -> ResponseReturnValue:
    """Take an objection up."""

    def accept(work: Session) -> None:
        version, own = seen(request.form.get("seen", "")), _found(work, objection_id)
        objections.accept(work, own, actor=actor(), now=g.now, seen=version)

    return _done(objection_id, accept, "objection.taken_up")


@pages.post("/objections/<int:objection_id>/dismiss")
@audience("organiser")
def dismiss_objection(objection_id: int) -> ResponseReturnValue:
    """Do not take an objection up."""

    def dismiss(work: Session) -> None:
        version, own = seen(request.form.get("seen", "")), _found(work, objection_id)
        reason = request.form.get("reason", "")
        objections.dismiss(work, own, actor=actor(), now=g.now, seen=version, reason=reason)

    return _done(objection_id, dismiss, "objection.dismissed")


@pages.get("/objections/<int:objection_id>.pdf")
@audience("organiser")
def objection_paper(objection_id: int) -> ResponseReturnValue:
    """Send an objection with its answer as a paper."""
    row = _found(db.session(), objection_id)
    form = objections.rule_of(row.cycle).form
    filled = Filled(row.cycle.definition.forms, {form: row.values}, {})
    number, group = row.submission.number, row.submission.unit.name
    paper = form_content.paper(form, filled, programme=row.cycle.title, number=number, unit=group)
    name = dossier.name(f"{number} {paper.title}")
    return send_file(io.BytesIO(form_pdf.written(paper)), "application/pdf", download_name=f"{name}.pdf")


def _done(
    objection_id: int, act: Callable[[Session], None], key: str, page: FlaskForm | None = None
) -> ResponseReturnValue:
    try:
        with unit(db.session()) as work:
            act(work)
    except Refusal as error:
        row = _found(db.session(), objection_id)
        return _page(row, page or dynamic.build(_handling(row), row.values, {}), error), error.status
    flash(say(key), "success")
    return redirect(url_for("admin.objection", objection_id=objection_id), 303)


def _page(row: Objection, page: FlaskForm, refusal: Refusal | None) -> str:
    if isinstance(refusal, Incorrect):
        refusal = shown_refusal(page, refusal)
    form = row.cycle.definition.forms[objections.rule_of(row.cycle).form]
    return render_template(
        "admin/objection.html", objection=row, cycle=row.cycle, spec=form, given=form.part(), handling=_handling(row),
        page=page, refusal=refusal, upheld=row.cycle.definition.workflow.transitions[_rule_move(row)],
    )  # fmt: skip


def _rule_move(row: Objection) -> str:
    return objections.rule_of(row.cycle).upheld


def _handling(row: Objection) -> FormSpec:
    return row.cycle.definition.forms[objections.rule_of(row.cycle).form].part(objections.HANDLES)


def _found(session: Session, objection_id: int) -> Objection:
    row = session.get(Objection, objection_id)
    if row is None:
        raise Missing("objection")
    return row
