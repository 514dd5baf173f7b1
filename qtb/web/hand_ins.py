"""What a recommending unit hands in for a year: forms to fill, sign and print; for the organiser, who has done so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from qtb.documents import form_content, statistics_xlsx, works_list
from qtb.documents.form_content import Filled
from qtb.domain import form_check
from qtb.domain.errors import Missing, NotNow, Refusal
from qtb.domain.fields import FormSpec
from qtb.extensions import db
from qtb.forms import dynamic
from qtb.i18n import say
from qtb.services import drafts, hand_ins
from qtb.services.answers import Incorrect
from qtb.services.merging import Clash
from qtb.store import files
from qtb.store import hand_ins as store
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.hand_ins import HandIn
from qtb.store.unit import unit
from qtb.web import answers, keeping, years
from qtb.web.access import actor, audience
from qtb.web.sending import WRITERS, sent
from qtb.web.view import cycle_or_404

pages = Blueprint("hand_ins", __name__)

KINDS = ("pdf", "docx", "xlsx")
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
    cycle, own = cycle_or_404(key), own_unit(unit_id)
    spec = spec_of(cycle, form)
    if request.method == "POST":
        return _save(cycle, own, form, spec)
    kept = store.of(db.session(), cycle.id, own.id).get(form)
    draft = drafts.mine(db.session(), hand_ins.place(cycle, own, form), actor=actor())
    version = kept.version if kept else 0
    values = kept.values if kept else form_check.proposed(spec, hand_ins.said(db.session(), cycle, own.id))
    carried = keeping.hidden(version=version, since="", draft=draft)
    page = dynamic.build(spec, {**keeping.merged_with(values, draft), **carried}, options(cycle, own))
    return _page(
        cycle, own, form, page, refusal=None, draft_at=draft.kept_at if draft else None,
        is_overtaken=draft is not None and draft.seen < version,
    )  # fmt: skip


@pages.route("/recommender/years/<key>/<int:unit_id>/<form>/hand-in", methods=["GET", "POST"])
@audience("recommender")
def hand_in(key: str, unit_id: int, form: str) -> ResponseReturnValue:
    """Say what handing in means, and do it."""
    cycle, own = cycle_or_404(key), own_unit(unit_id)
    spec, kept = spec_of(cycle, form), store.of(db.session(), cycle.id, own.id).get(form)
    refusal, status = closed(cycle, form, own, kept), 200
    if request.method == "POST":
        try:
            with unit(db.session()) as work:
                year, mine = work.get_one(Cycle, cycle.id), work.get_one(Unit, own.id)
                hand_ins.hand_in(work, cycle=year, unit=mine, form=form, actor=actor(), now=g.now)
            flash(say("hand_in.done", form=spec.title), "success")
            return redirect(url_for("hand_ins.due", cycle=key), 303)
        except Refusal as error:
            refusal, status = error, error.status
            cycle, own = cycle_or_404(key), own_unit(unit_id)
            kept = store.of(db.session(), cycle.id, own.id).get(form)
    raw = kept.values if kept else {}
    checked = hand_ins.check(db.session(), cycle, form, own.id, raw, now=g.now)
    return render_template(
        "hand_ins/hand_in.html", cycle=cycle, unit=own, key=form, spec=spec, kept=kept, refusal=refusal,
        choices=options(cycle, own), lacking=hand_ins.lacking(spec, checked), works=_works(kept, spec) if kept else (),
    ), status  # fmt: skip


@pages.get("/hand-ins/<int:hand_in_id>.<kind>")
@audience("recommender", "organiser")
def paper(hand_in_id: int, kind: str) -> ResponseReturnValue:
    """Send a unit's form as a paper, the statistics as a sheet too."""
    kept = readable(hand_in_id)
    if kind not in KINDS:
        raise Missing("form")
    definition = kept.cycle.definition
    spec = definition.forms[kept.form]
    works = _works(kept, spec)
    if kind == "xlsx":
        table = works_list.table(spec.works, definition.forms, works) if spec.works else None
        body = statistics_xlsx.written(spec, kept.values, table, title=f"{kept.cycle.title} {kept.unit.name}")
    else:
        filled = Filled(definition.forms, {kept.form: kept.values}, options(kept.cycle, kept.unit))
        sheet = form_content.paper(
            kept.form, filled, programme=kept.cycle.title, number=kept.cycle.key, unit=kept.unit.name
        )
        sheet = works_list.behind(sheet, spec.works, definition.forms, works) if spec.works else sheet
        body = WRITERS[kind](sheet)
    return sent(body, f"{kept.cycle.key} {kept.unit.name} {spec.title.zh}", kind)


def _state(cycle: Cycle, form: str, own: Unit, kept: HandIn | None) -> dict[str, Any]:
    times = years.of(db.session(), cycle.id).times
    return {
        "form": form, "spec": cycle.definition.forms[form], "kept": kept,
        "until": hand_ins.until(cycle, form, own.id, times=times),
        "reason": hand_ins.refusal(cycle, form, own.id, times=times, kept=kept, now=g.now),
    }  # fmt: skip


def _save(cycle: Cycle, own: Unit, form: str, spec: FormSpec) -> ResponseReturnValue:
    place, page = hand_ins.place(cycle, own, form), dynamic.build(spec, {}, options(cycle, own))
    given, key = keeping.filled(page, spec, form), cycle.key
    try:
        with unit(db.session()) as work:
            year, mine = work.get_one(Cycle, place.cycle_id), work.get_one(Unit, place.unit_id)
            hand_ins.save(work, cycle=year, unit=mine, filled=given, actor=actor(), now=g.now)
        return _saved(key, place.unit_id, form)
    except Refusal as error:
        kept_at = keeping.keep_refused(place, page, spec)
        cycle, own = cycle_or_404(key), own_unit(place.unit_id)
        if isinstance(error, Clash):
            crumb = url_for("hand_ins.due", cycle=key), say("hand_in.due")
            return answers.merge_page(spec, error, crumb=crumb, choices=options(cycle, own)), error.status
        if isinstance(error, Incorrect) and error.merged:
            page = answers.merged(spec, page, error.merged, options(cycle, own))
        return _page(cycle, own, form, page, refusal=answers.shown_refusal(page, error), draft_at=kept_at), error.status


def _page(cycle: Cycle, own: Unit, form: str, page: FlaskForm, *, refusal: Refusal | None, **drafted: Any) -> str:
    spec, kept = cycle.definition.forms[form], store.of(db.session(), cycle.id, own.id).get(form)
    checked = hand_ins.check(db.session(), cycle, form, own.id, dynamic.raw(page, spec), now=g.now)
    url = url_for("drafts.keep_hand_in", key=cycle.key, unit_id=own.id, form=form)
    beside = keeping.shown(hand_ins.place(cycle, own, form), spec, checked, url=url, copies=False, **drafted)
    shut = closed(cycle, form, own, kept)
    return render_template(
        "hand_ins/fill.html", cycle=cycle, unit=own, key=form, spec=spec, page=page, refusal=refusal or shut,
        closed=shut, values=kept.values if kept else {}, said=hand_ins.said(db.session(), cycle, own.id),
        figures=_figures(cycle, own, form), keeping=beside, kept=kept, **_files(cycle, own, form, kept),
    )  # fmt: skip


def _saved(key: str, unit_id: int, form: str) -> ResponseReturnValue:
    if request.form.get("then") == HAND_IN:
        return redirect(url_for("hand_ins.hand_in", key=key, unit_id=unit_id, form=form), 303)
    flash(say("case.saved"), "success")
    return redirect(url_for("hand_ins.fill", key=key, unit_id=unit_id, form=form), 303)


def readable(hand_in_id: int) -> HandIn:
    """Return a unit's form that the person may read. Raises Missing."""
    kept = db.session().get(HandIn, hand_in_id)
    if kept is None or not may_read(kept):
        raise Missing("form")
    return kept


def own_unit(unit_id: int) -> Unit:
    """Return a unit that the person is of. Raises Missing."""
    found = db.session().get(Unit, unit_id)
    if found is None or unit_id not in actor().units["recommender"]:
        raise Missing("unit")
    return found


def spec_of(cycle: Cycle, form: str) -> Any:
    if form not in hand_ins.forms(cycle):
        raise Missing("form")
    return cycle.definition.forms[form]


def closed(cycle: Cycle, form: str, own: Unit, kept: HandIn | None) -> Refusal | None:
    times = years.of(db.session(), cycle.id).times
    reason = hand_ins.refusal(cycle, form, own.id, times=times, kept=kept, now=g.now)
    return NotNow((reason,)) if reason else None


def _works(kept: HandIn, spec: FormSpec) -> Sequence[works_list.Listed]:
    """Return the works that are listed behind a form: those of the day on which it was handed in, or of today."""
    if spec.works is None:
        return ()
    if kept.works is not None:
        return [(said, answers) for said, answers in kept.works]
    return hand_ins.listed(db.session(), kept.cycle, kept.unit_id, spec.works)


def _files(cycle: Cycle, own: Unit, form: str, kept: HandIn | None) -> dict[str, Any]:
    """Return the files that stand on a unit's form, and where others are sent."""
    keys = [key for key, one in cycle.definition.forms[form].fields.items() if one.type == "file"]
    uploads = {
        field: url_for("files.hand_in", key=cycle.key, unit_id=own.id, form=form, field=field) for field in keys
    }
    return {"uploads": uploads, "standing": files.answers(db.session(), kept, form) if uploads and kept else {}}


def _figures(cycle: Cycle, own: Unit, form: str) -> HandIn | None:
    """Return the unit's other form that holds its figures, to be shown beside a text about them."""
    others = store.of(db.session(), cycle.id, own.id)
    return next((kept for key, kept in others.items() if key != form and cycle.definition.forms[key].explains), None)


def options(cycle: Cycle, own: Unit) -> dict[str, list[tuple[str, str]]]:
    """Return the choices of ref fields: the unit's teams."""
    works = store.works(db.session(), cycle.id, own.id, cycle.definition.workflow.path[1:])
    return {"team": [(str(one.id), f"{one.team_name} · {one.title}".strip(" ·")) for one in works]}


def may_read(kept: HandIn) -> bool:
    return actor().holds("organiser") or kept.unit_id in actor().units.get("recommender", ())
