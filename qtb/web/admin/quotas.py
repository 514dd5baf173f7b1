"""How many works each recommending unit may put forward in a year, and what lies beyond."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from qtb.domain.errors import Invalid, Missing, Refusal
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import quotas as service
from qtb.store import accounts
from qtb.store import recommendations as store
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.parse import whole
from qtb.web.view import cycle_or_404


@pages.route("/cycles/<key>/quotas", methods=["GET", "POST"])
@audience("organiser")
def quotas(key: str) -> ResponseReturnValue:
    """List the recommending units with their quotas; set one."""
    cycle, refusal = cycle_or_404(key), None
    if request.method == "POST":
        try:
            _set(key)
            flash(say("quota.set"), "success")
            return redirect(url_for("admin.quotas", key=key), 303)
        except Refusal as error:
            refusal, cycle = error, cycle_or_404(key)
    units = accounts.units(db.session(), "recommender", active=False)
    ids = [one.id for one in units]
    standings = service.standings(db.session(), cycle, ids)
    return render_template(
        "admin/quotas.html", cycle=cycle, units=units, standings=standings, refusal=refusal,
        used=store.used(db.session(), cycle, ids), over=_over(cycle, [one for one in ids if one in standings]),
    ), refusal.status if refusal else 200  # fmt: skip


def _set(key: str) -> None:
    text, chosen = request.form.get("n", "").strip(), whole(request.form.get("unit_id", ""))
    if text and whole(text) is None:
        raise Invalid("quota_number", max=service.MOST)
    with unit(db.session()) as work:
        cycle, group = cycle_or_404(key), work.get(Unit, chosen) if chosen else None
        if group is None:
            raise Missing("unit")
        mode = request.form.get("mode", "")
        service.set_quota(work, cycle, group, whole(text), mode=mode, actor=actor(), now=g.now)


def _over(cycle: Cycle, unit_ids: list[int]) -> dict[int, list[Submission]]:
    """Return the works beyond each unit's quota, the last rank first."""
    ids = {unit_id: service.over(db.session(), cycle, unit_id) for unit_id in unit_ids}
    every = [one for found in ids.values() for one in found]
    rows = {row.id: row for row in db.session().scalars(select(Submission).where(Submission.id.in_(every)))}
    return {unit_id: [rows[one] for one in found] for unit_id, found in ids.items()}
