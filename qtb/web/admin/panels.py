"""The panels of a year: categories, members, loads; who stood back; the record of it."""

from __future__ import annotations

import io
from collections.abc import Callable

from flask import flash, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from qtb.documents import recusals_pdf
from qtb.domain.errors import Invalid, Missing, Refusal
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import evaluations, panels
from qtb.store import accounts, conflicts
from qtb.store import evaluations as sheets
from qtb.store import panels as store
from qtb.store.cycles import Cycle
from qtb.store.panels import Panel
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.parse import whole
from qtb.web.view import cycle_or_404


@pages.get("/cycles/<key>/panels")
@audience("organiser")
def panels_of(key: str) -> ResponseReturnValue:
    """Show a year's panels and who stood back."""
    return _page(cycle_or_404(key))


@pages.post("/cycles/<key>/panels")
@audience("organiser")
def save_panel(key: str) -> ResponseReturnValue:
    """Make a panel, or change one."""

    def deed(work: Session, cycle: Cycle) -> None:
        panel = _panel(work, cycle, request.form["panel_id"]) if request.form.get("panel_id") else None
        title, keys = request.form.get("title", ""), request.form.getlist("category")
        panels.save(work, cycle, panel, title=title, keys=keys, actor=actor(), now=g.now)

    return _done(key, "panel.saved", deed)


@pages.post("/cycles/<key>/panels/<int:panel_id>/drop")
@audience("organiser")
def drop_panel(key: str, panel_id: int) -> ResponseReturnValue:
    """Dissolve a panel."""

    def deed(work: Session, cycle: Cycle) -> None:
        panels.drop(work, cycle, _panel(work, cycle, str(panel_id)), actor=actor(), now=g.now)

    return _done(key, "panel.dropped", deed)


@pages.post("/cycles/<key>/panels/<int:panel_id>/members")
@audience("organiser")
def put_member(key: str, panel_id: int) -> ResponseReturnValue:
    """Put a judge into a panel, or change the limit and who leads."""

    def deed(work: Session, cycle: Cycle) -> None:
        text = request.form.get("most", "").strip()
        if text and whole(text) is None:
            raise Invalid("panel_most", max=panels.MOST)
        person = evaluations.evaluator(work, whole(request.form.get("account_id", "")) or 0)
        panels.put(
            work, _panel(work, cycle, str(panel_id)), person, cycle=cycle, leads="leads" in request.form,
            most=whole(text), actor=actor(), now=g.now,
        )  # fmt: skip

    return _done(key, "panel.saved", deed)


@pages.post("/cycles/<key>/panels/members/<int:account_id>/out")
@audience("organiser")
def take_out(key: str, account_id: int) -> ResponseReturnValue:
    """Take a judge out of his panel."""

    def deed(work: Session, cycle: Cycle) -> None:
        member = store.member(work, cycle.id, account_id)
        if member is None:
            raise Missing("account")
        panels.take_out(work, member, cycle=cycle, actor=actor(), now=g.now)

    return _done(key, "panel.saved", deed)


@pages.get("/cycles/<key>/recusals.pdf")
@audience("organiser")
def recusals(key: str) -> ResponseReturnValue:
    """Send the record of recusals."""
    cycle = cycle_or_404(key)
    back = sheets.recusals(db.session(), cycle.id)
    judges = {sheet.evaluator_id for sheet in back} | store.judges(db.session(), cycle.id)
    declared = [one for one in conflicts.declared(db.session(), judges, ended=True) if _concerns(cycle, one)]
    body = recusals_pdf.written(cycle.title, back, list(reversed(declared)), now=g.now)
    name = f"{cycle.key} {say('recusal.record')}.pdf"
    return send_file(io.BytesIO(body), "application/pdf", as_attachment=True, download_name=name)


def _concerns(cycle: Cycle, one: conflicts.Declared) -> bool:
    return not one.clears and (one.submission is None or one.submission.cycle_id == cycle.id)


def _panel(work: Session, cycle: Cycle, text: str) -> Panel:
    found = work.get(Panel, whole(text) or 0)
    if found is None or found.cycle_id != cycle.id:
        raise Missing("panel")
    return found


def _done(key: str, said: str, deed: Callable[[Session, Cycle], None]) -> ResponseReturnValue:
    try:
        with unit(db.session()) as work:
            deed(work, cycle_or_404(key))
    except Refusal as error:
        return _page(cycle_or_404(key), error), error.status
    flash(say(said), "success")
    return redirect(url_for("admin.panels_of", key=key), 303)


def _page(cycle: Cycle, refusal: Refusal | None = None) -> str:
    found = store.of_cycle(db.session(), cycle.id)
    placed = {member.account_id for panel in found for member in panel.members}
    experts = accounts.with_role(db.session(), "evaluator")
    return render_template(
        "admin/panels.html", cycle=cycle, panels=found, refusal=refusal, loads=store.loads(db.session(), cycle.id),
        categories=panels.categories(cycle), free=[one for one in experts if one.id not in placed],
        taken=store.by_category(found), recusals=sheets.recusals(db.session(), cycle.id),
    )  # fmt: skip
