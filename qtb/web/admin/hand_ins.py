"""Which recommending unit has handed in what for a year; what is in can be opened again."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.domain.errors import Missing, Refusal
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import hand_ins
from qtb.store import accounts
from qtb.store import hand_ins as store
from qtb.store.cycles import Cycle
from qtb.store.hand_ins import HandIn
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.view import cycle_or_404


@pages.get("/cycles/<key>/hand-ins")
@audience("organiser")
def handed_in(key: str) -> ResponseReturnValue:
    """Show which unit has handed in what."""
    return _overview(cycle_or_404(key), None), 200


@pages.post("/cycles/<key>/hand-ins/<int:hand_in_id>/reopen")
@audience("organiser")
def reopen_hand_in(key: str, hand_in_id: int) -> ResponseReturnValue:
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
    return redirect(url_for("admin.handed_in", key=key), 303)


def _overview(cycle: Cycle, refusal: Refusal | None) -> str:
    kept = store.by_unit(db.session(), cycle.id)
    units = accounts.units(db.session(), "recommender")
    return render_template(
        "admin/hand_ins.html", cycle=cycle, forms=hand_ins.forms(cycle), units=units, kept=kept, refusal=refusal
    )
