"""The guiding bodies' pages: the list that lies before them, and their answer; they change nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.documents import consent_paper, form_pdf
from qtb.documents.form_content import LANG
from qtb.domain.errors import Invalid, Missing, Refusal
from qtb.extensions import db
from qtb.i18n import language, say
from qtb.services import consents, panels
from qtb.store import consents as store
from qtb.store.consents import Consent, Laying
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.parse import whole
from qtb.web.reads import recorded
from qtb.web.sending import sent

ANSWERS = {"yes": True, "no": False}
pages = Blueprint("guiding", __name__, url_prefix="/guiding")


@pages.get("/")
@audience("guiding")
def home() -> ResponseReturnValue:
    """Show the lists that lie before the person's bodies."""
    return render_template("guiding/home.html", lists=consents.before(db.session(), actor()))


@pages.route("/<int:laying_id>", methods=["GET", "POST"])
@audience("guiding")
def laid(laying_id: int) -> ResponseReturnValue:
    """Show a list, and take a body's answer."""
    row = _row(laying_id)
    if request.method == "GET":
        return _page(row)
    said, body = request.form.get("answer", ""), whole(request.form.get("body", "")) or 0
    try:
        if said not in ANSWERS:
            raise Invalid("consent_answer")
        with unit(db.session()) as work:
            mine = work.get_one(Laying, laying_id)
            note = request.form.get("note", "")
            consents.answer(work, mine, body, ANSWERS[said], note=note, actor=actor(), now=g.now)
    except Refusal as error:
        return _page(_row(laying_id), error), error.status
    flash(say("consent.given" if ANSWERS[said] else "consent.refused"), "success")
    return redirect(url_for("guiding.laid", laying_id=laying_id), 303)


@pages.get("/<int:laying_id>.<kind>")
@audience("guiding")
def paper(laying_id: int, kind: str) -> ResponseReturnValue:
    """Send a list with the answers of the person's bodies."""
    row = _row(laying_id)
    refuse_kind(kind)
    recorded("consent", row.cycle)
    row = _row(laying_id)
    return sent_list(row, _mine(row), kind)


def refuse_kind(kind: str) -> None:
    """Raise Missing for a kind of paper that there is not, before a reading is recorded."""
    if kind not in ("pdf", "xlsx"):
        raise Missing("http_404")


def sent_list(row: Laying, body: Sequence[Consent] | None, kind: str) -> ResponseReturnValue:
    """Send a list with a body's answers, or with all, as PDF; or alone as a workbook."""
    cycle = row.cycle
    named = {choice.key: choice.label.get(LANG) for choice in panels.categories(cycle)}
    if kind == "pdf":
        organiser = cycle.definition.workflow.programme.organiser.get(LANG)
        made = form_pdf.written(consent_paper.paper(row, body, named, organiser=organiser))
    else:
        made = consent_paper.workbook(row, named)
    return sent(made, f"{cycle.key} {say('consent.works')}", kind)


def _mine(row: Laying) -> list[Consent]:
    own = actor().units[consents.rule_of(row.cycle)]
    return [one for one in row.consents if one.unit_id in own]


def _row(laying_id: int) -> Laying:
    found = next((one for one in consents.before(db.session(), actor()) if one.id == laying_id), None)
    if found is None:
        raise Missing("http_404")
    return found


def _page(row: Laying, refusal: Refusal | None = None) -> str:
    laying_id, cycle = row.id, row.cycle
    recorded("consent", cycle)
    row = _row(laying_id)
    named = {choice.key: choice.label.get(language()) for choice in panels.categories(row.cycle)}
    return render_template(
        "guiding/laid.html", row=row, rubric=row.cycle.definition.rubric, categories=named, refusal=refusal,
        mine=_mine(row), is_spent=not store.n_ahead(db.session(), row),
        waits_from=consents.waits_from(db.session(), row.cycle),
    )  # fmt: skip
