"""Recommending published works to the next round: the order by rule, the choice, the list to take away."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.documents import nominations_xlsx
from qtb.domain.errors import Refusal
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import nominations
from qtb.store.cycles import Cycle
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.parse import whole
from qtb.web.sending import sent
from qtb.web.view import cycle_or_404


@pages.get("/cycles/<key>/nominations")
@audience("organiser")
def nominations_of(key: str) -> ResponseReturnValue:
    """Show who may be recommended, and who is."""
    return _page(cycle_or_404(key))


@pages.post("/cycles/<key>/nominations")
@audience("organiser", cleans=True)
def nominate(key: str) -> ResponseReturnValue:
    """Recommend the works that are ticked."""
    cycle_id, ids = cycle_or_404(key).id, {n for text in request.form.getlist("work")[:1_000] if (n := whole(text))}
    try:
        with unit(db.session()) as work:
            shown, reason = request.form.get("shown", ""), request.form.get("reason", "")
            year = work.get_one(Cycle, cycle_id)
            done = nominations.choose(work, year, ids, shown=shown, reason=reason, actor=actor(), now=g.now)
    except Refusal as error:
        return _page(cycle_or_404(key), error, ids), error.status
    flash(say("nomination.done", n=done.n), "success")
    if done.blank:
        flash(say("nomination.blank", numbers=say("list.and").join(done.blank)), "warning")
    return redirect(url_for("admin.nominations_of", key=key), 303)


@pages.post("/cycles/<key>/nominations/places")
@audience("organiser")
def set_places(key: str) -> ResponseReturnValue:
    """Say how many may be recommended."""
    cycle_id = cycle_or_404(key).id
    try:
        with unit(db.session()) as work:
            text = request.form.get("places", "")
            nominations.set_places(work, work.get_one(Cycle, cycle_id), text, actor=actor(), now=g.now)
    except Refusal as error:
        return _page(cycle_or_404(key), error), error.status
    flash(say("nomination.places_set"), "success")
    return redirect(url_for("admin.nominations_of", key=key), 303)


@pages.get("/cycles/<key>/nominations.xlsx")
@audience("organiser")
def nominations_sheet(key: str) -> ResponseReturnValue:
    """Send the list as a workbook."""
    cycle = cycle_or_404(key)
    body = nominations_xlsx.written(nominations.standing(db.session(), cycle), cycle.definition.rubric)
    return sent(body, f"{cycle.key} {say('nomination.title')}", "xlsx")


def _page(cycle: Cycle, refusal: Refusal | None = None, ticked: set[int] | None = None) -> str:
    found, rule = nominations.standing(db.session(), cycle), nominations.rule_of(cycle)
    chosen = set(found.chosen) or {one.work.id for one in found.candidates if one.is_proposed}
    return render_template(
        "admin/nominations.html", cycle=cycle, found=found, rule=rule, refusal=refusal,
        ticked=chosen if ticked is None else ticked, rubric=cycle.definition.rubric,
        form=cycle.definition.forms[rule.form], typed=request.form,
    )  # fmt: skip
