"""What a recommending unit hands in for a year: forms to fill, sign and print; for the organiser, who has done so."""

from __future__ import annotations

import io
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from qtb.documents import dossier, form_content, form_docx, form_pdf, statistics_xlsx
from qtb.documents.form_content import Filled
from qtb.domain import form_check
from qtb.domain.errors import Missing, NotNow, Refusal
from qtb.extensions import db
from qtb.forms import dynamic
from qtb.i18n import say
from qtb.services import hand_ins
from qtb.store import accounts
from qtb.store import hand_ins as store
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.hand_ins import HandIn
from qtb.store.unit import unit
from qtb.web import answers, years
from qtb.web.access import actor, audience
from qtb.web.parse import seen
from qtb.web.view import cycle_or_404

pages = Blueprint("hand_ins", __name__)

TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
HAND_IN = "hand_in"


@pages.get("/recommender/hand-ins")
@audience("recommender")
def due() -> ResponseReturnValue:
    """Show what the person's units hand in for the year, until when, and how far that is."""
    cycle = years.chosen(db.session(), request.args.get("cycle", ""), g.now)
    mine = sorted(actor().units["recommender"])
    units = store.of_units(db.session(), cycle.id, mine) if cycle else {}
    told = [
        (own, [_state(cycle, key, own, kept.get(key)) for key in hand_ins.forms(cycle)])
        for own, kept in units.items()
        if cycle
    ]
    return render_template("hand_ins/due.html", cycle=cycle, due=told)


@pages.route("/recommender/years/<key>/<int:unit_id>/<form>", methods=["GET", "POST"])
@audience("recommender", cleans=True)
def fill(key: str, unit_id: int, form: str) -> ResponseReturnValue:
    """Fill a unit's form for a year, beginning with what the system knows."""
    cycle, own = cycle_or_404(key), _own(unit_id)
    spec, kept = _spec(cycle, form), store.of(db.session(), cycle.id, own.id).get(form)
    said = hand_ins.said(db.session(), cycle, own.id)
    values = kept.values if kept else form_check.proposed(spec, said)
    page = dynamic.build(spec, {**values, "seen": str(kept.version if kept else 0)}, _options(cycle, own))
    refusal, status = None, 200
    if page.is_submitted():
        try:
            with unit(db.session()) as work:
                raw, version = dynamic.raw(page, spec), seen(str(page["seen"].data or ""))
                year, mine = work.get_one(Cycle, cycle.id), work.get_one(Unit, own.id)
                hand_ins.save(work, cycle=year, unit=mine, form=form, raw=raw, actor=actor(), now=g.now, seen=version)
            return _saved(key, unit_id, form)
        except Refusal as error:
            refusal, status = answers.shown_refusal(page, error), error.status
            cycle, own = cycle_or_404(key), _own(unit_id)
            kept = store.of(db.session(), cycle.id, own.id).get(form)
            page["seen"].data = str(kept.version if kept else 0)
    closed = _closed(cycle, form, own, kept)
    return render_template(
        "hand_ins/fill.html", cycle=cycle, unit=own, key=form, spec=spec, page=page, refusal=refusal or closed,
        closed=closed, values=values, said=said, figures=_figures(cycle, own, form),
    ), status  # fmt: skip


@pages.route("/recommender/years/<key>/<int:unit_id>/<form>/hand-in", methods=["GET", "POST"])
@audience("recommender")
def hand_in(key: str, unit_id: int, form: str) -> ResponseReturnValue:
    """Say what handing in means, and do it."""
    cycle, own = cycle_or_404(key), _own(unit_id)
    spec, kept = _spec(cycle, form), store.of(db.session(), cycle.id, own.id).get(form)
    refusal, status = _closed(cycle, form, own, kept), 200
    if request.method == "POST":
        try:
            with unit(db.session()) as work:
                year, mine = work.get_one(Cycle, cycle.id), work.get_one(Unit, own.id)
                hand_ins.hand_in(work, cycle=year, unit=mine, form=form, actor=actor(), now=g.now)
            flash(say("hand_in.done", form=spec.title), "success")
            return redirect(url_for("hand_ins.due", cycle=key), 303)
        except Refusal as error:
            refusal, status = error, error.status
            cycle, own = cycle_or_404(key), _own(unit_id)
            kept = store.of(db.session(), cycle.id, own.id).get(form)
    return render_template(
        "hand_ins/hand_in.html", cycle=cycle, unit=own, key=form, spec=spec, kept=kept, refusal=refusal,
        choices=_options(cycle, own),
    ), status  # fmt: skip


@pages.get("/hand-ins/<int:hand_in_id>.<kind>")
@audience("recommender", "organiser")
def paper(hand_in_id: int, kind: str) -> ResponseReturnValue:
    """Send a unit's form as a paper, the statistics as a sheet too."""
    kept = db.session().get(HandIn, hand_in_id)
    if kept is None or not _may_read(kept) or kind not in TYPES:
        raise Missing("form")
    definition = kept.cycle.definition
    spec = definition.forms[kept.form]
    works = store.works(db.session(), kept.cycle_id, kept.unit_id, definition.workflow.path[3:])
    if kind == "xlsx":
        body = statistics_xlsx.written(spec, kept.values, works, title=f"{kept.cycle.title} {kept.unit.name}")
    else:
        filled = Filled(definition.forms, {kept.form: kept.values}, _options(kept.cycle, kept.unit))
        sheet = form_content.paper(
            kept.form, filled, programme=kept.cycle.title, number=kept.cycle.key, unit=kept.unit.name
        )
        body = form_pdf.written(sheet) if kind == "pdf" else form_docx.written(sheet)
    name = dossier.name(f"{kept.cycle.key} {kept.unit.name} {spec.title.zh}")
    return send_file(io.BytesIO(body), TYPES[kind], as_attachment=kind != "pdf", download_name=f"{name}.{kind}")


@pages.get("/admin/cycles/<key>/hand-ins")
@audience("organiser")
def overview(key: str) -> ResponseReturnValue:
    """Show which unit has handed in what."""
    return _overview(cycle_or_404(key), None), 200


@pages.post("/admin/cycles/<key>/hand-ins/<int:hand_in_id>/reopen")
@audience("organiser")
def reopen(key: str, hand_in_id: int) -> ResponseReturnValue:
    """Let a unit change what it has handed in."""
    try:
        with unit(db.session()) as work:
            kept = work.get(HandIn, hand_in_id)
            if kept is None:
                raise Missing("form")
            hand_ins.reopen(work, kept, actor=actor(), now=g.now, reason=request.form.get("reason", ""))
    except Refusal as error:
        return _overview(cycle_or_404(key), error), error.status
    flash(say("hand_in.reopened"), "success")
    return redirect(url_for("hand_ins.overview", key=key), 303)


def _state(cycle: Cycle, form: str, own: Unit, kept: HandIn | None) -> dict[str, Any]:
    rule, times = cycle.definition.workflow.hand_ins[form], years.of(db.session(), cycle.id).times
    return {
        "form": form, "spec": cycle.definition.forms[form], "kept": kept, "until": times.rows[rule.during].closes_at,
        "reason": hand_ins.refusal(cycle, form, own.id, times=times, kept=kept, now=g.now),
    }  # fmt: skip


def _overview(cycle: Cycle, refusal: Refusal | None) -> str:
    kept = store.by_unit(db.session(), cycle.id)
    units = accounts.units(db.session(), "recommender")
    return render_template(
        "hand_ins/overview.html", cycle=cycle, forms=hand_ins.forms(cycle), units=units, kept=kept, refusal=refusal
    )


def _saved(key: str, unit_id: int, form: str) -> ResponseReturnValue:
    if request.form.get("then") == HAND_IN:
        return redirect(url_for("hand_ins.hand_in", key=key, unit_id=unit_id, form=form), 303)
    flash(say("case.saved"), "success")
    return redirect(url_for("hand_ins.fill", key=key, unit_id=unit_id, form=form), 303)


def _own(unit_id: int) -> Unit:
    found = db.session().get(Unit, unit_id)
    if found is None or unit_id not in actor().units["recommender"]:
        raise Missing("unit")
    return found


def _spec(cycle: Cycle, form: str) -> Any:
    if form not in hand_ins.forms(cycle):
        raise Missing("form")
    return cycle.definition.forms[form]


def _closed(cycle: Cycle, form: str, own: Unit, kept: HandIn | None) -> Refusal | None:
    times = years.of(db.session(), cycle.id).times
    reason = hand_ins.refusal(cycle, form, own.id, times=times, kept=kept, now=g.now)
    return NotNow((reason,)) if reason else None


def _figures(cycle: Cycle, own: Unit, form: str) -> HandIn | None:
    """Return the unit's other form that holds its figures, to be shown beside a text about them."""
    others = store.of(db.session(), cycle.id, own.id)
    return next((kept for key, kept in others.items() if key != form and cycle.definition.forms[key].explains), None)


def _options(cycle: Cycle, own: Unit) -> dict[str, list[tuple[str, str]]]:
    works = store.works(db.session(), cycle.id, own.id, cycle.definition.workflow.path[1:])
    return {"team": [(str(one.id), f"{one.team_name} · {one.title}".strip(" ·")) for one in works]}


def _may_read(kept: HandIn) -> bool:
    return actor().holds("organiser") or kept.unit_id in actor().units.get("recommender", ())
