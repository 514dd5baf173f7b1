"""Acting for an applicant's unit: the organiser begins, is shown on every page that it is so, and ends it."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from qtb.domain.errors import Missing
from qtb.extensions import db
from qtb.services import behalf
from qtb.store import accounts
from qtb.web.access import BEHALF, SIGNED_IN, actor, audience, home
from qtb.web.parse import whole
from qtb.web.public import is_ours
from qtb.web.view import cycle_or_404

pages = Blueprint("behalf", __name__)


@pages.get("/admin/cycles/<key>/behalf")
@audience("organiser")
def choose(key: str) -> ResponseReturnValue:
    """Choose the unit for which a team is entered."""
    units = accounts.units(db.session(), "applicant")
    return render_template("admin/behalf.html", cycle=cycle_or_404(key), units=units)


@pages.post("/admin/behalf")
@audience("organiser")
def begin() -> ResponseReturnValue:
    """Act for a unit from now on, on the unit's own pages."""
    unit = behalf.unit_of(db.session(), whole(request.form.get("unit_id", "")), actor=actor())
    if unit is None:
        raise Missing("unit")
    session[BEHALF] = [actor().user_id, unit.id]
    back = request.form.get("back", "")
    return redirect(back if is_ours(back) else url_for("applicant.home"), 303)


@pages.post("/behalf/end")
@audience(SIGNED_IN)
def end() -> ResponseReturnValue:
    """Be oneself again."""
    acted = session.pop(BEHALF, None)  # whose pages are whose was decided when the request began: only organisers act
    back = request.form.get("back", "")
    return redirect(back if is_ours(back) else url_for("admin.home") if acted else home(), 303)
