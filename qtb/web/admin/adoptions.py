"""A running year and the definition that has changed since: what adopting it would do, then done."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from qtb.adoption_words import change_words
from qtb.domain.errors import Invalid, Refusal
from qtb.extensions import db
from qtb.i18n import language, say
from qtb.services import adoption
from qtb.store.cycles import Cycle
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.parse import seen
from qtb.web.view import cycle_or_404

FIELD = "map."  # and the state, whose cases go where the field says


@pages.get("/cycles/<key>/adoption")
@audience("organiser")
def adopting(key: str) -> ResponseReturnValue:
    """Show what the definition in the programme's folder would do to a year, with the places chosen so far."""
    return _page(cycle_or_404(key), request.args)


@pages.post("/cycles/<key>/adoption")
@audience("organiser")
def adopt(key: str) -> ResponseReturnValue:
    """Let a year adopt the definition, if the plan is still the one that was shown."""
    form = request.form
    definition = adoption.proposed(cycle_or_404(key))  # before the unit: it reads files
    try:
        if form.get("sure") != "yes":
            raise Invalid("adopt_unsure")
        with unit(db.session()) as work:
            plan = adoption.adopt(
                work, cycle_or_404(key), definition, mapping=_mapping(form), shown=form.get("plan", ""),
                seen=seen(form.get("seen", "")), actor=actor(), now=g.now, reason=form.get("reason", ""),
            )  # fmt: skip
    except Refusal as error:
        return _page(cycle_or_404(key), form, error), error.status
    flash(say("adoption.done", cycle=key, n=sum(one.n for one in plan.moving)), "success")
    return redirect(url_for("admin.cycle", key=key), 303)


def _page(year: Cycle, given: MultiDict[str, str], refusal: Refusal | None = None) -> str:
    mapping = _mapping(given)
    plan = adoption.preview(db.session(), year, adoption.proposed(year), mapping=mapping, now=g.now)
    told = [(one.area, change_words(plan, one, language())) for one in plan.changes]
    return render_template(
        "admin/adopt.html", cycle=year, plan=plan, told=told, mapping=mapping, refusal=refusal, field=FIELD,
        reason=given.get("reason", ""),
    )  # fmt: skip


def _mapping(given: MultiDict[str, str]) -> dict[str, str]:
    return {name[len(FIELD) :]: to for name, to in given.items() if name.startswith(FIELD) and to}
