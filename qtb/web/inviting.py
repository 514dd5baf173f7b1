"""The units of a recommending unit: who takes part, who has not declared yet, and asking another one."""

from __future__ import annotations

from flask import Blueprint, current_app, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb import clock
from qtb.domain.errors import Missing, Refusal
from qtb.extensions import db
from qtb.services import inviting
from qtb.store import participation
from qtb.store.accounts import Unit
from qtb.store.unit import unit
from qtb.web import years
from qtb.web.access import actor, audience

pages = Blueprint("inviting", __name__, url_prefix="/recommender/units")


@pages.get("")
@audience("recommender")
def page() -> ResponseReturnValue:
    """Show which units take part through the person's own."""
    return _shown()


@pages.post("")
@audience("recommender")
def invite() -> ResponseReturnValue:
    """Ask a unit to take part; the link for its first person is shown once."""
    asked = {name: request.form.get(name, "") for name in ("unit_name", "name", "email")}
    try:
        with unit(db.session()) as work:
            host = work.get_one(Unit, min(actor().units["recommender"]))
            found = inviting.invite(work, host, **asked, actor=actor(), now=g.now, real_now=clock.real())
    except Refusal as error:
        return _shown(error), error.status
    return _shown(link=_link(found.token))


@pages.post("/<int:unit_id>/link")
@audience("recommender")
def again(unit_id: int) -> ResponseReturnValue:
    """Show a new link for a unit that was invited and has not come in, once."""
    try:
        with unit(db.session()) as work:
            host = _host_of(unit_id)
            found = inviting.again(work, host, unit_id=unit_id, actor=actor(), now=g.now, real_now=clock.real())
    except Refusal as error:
        return _shown(error), error.status
    return _shown(link=_link(found.token))


def _host_of(unit_id: int) -> Unit:
    """Return which of the person's units invited that one."""
    for host_id in sorted(actor().units["recommender"]):
        if unit_id in participation.invited(db.session(), [host_id]):
            return db.session().get_one(Unit, host_id)
    raise Missing("unit")


def _link(token: str) -> str:
    base = str(current_app.config["BASE_URL"] or request.url_root).rstrip("/")
    return base + url_for("accounts.invitation", token=token)


def _shown(refusal: Refusal | None = None, link: str = "") -> str:
    year = years.chosen(db.session(), request.values.get("cycle", ""), g.now)
    if year is None:
        raise Missing("cycle")
    before = year.definition.workflow.path[:2]
    mine = sorted(actor().units["recommender"])
    asked = participation.invited(db.session(), mine)
    rows = participation.units(db.session(), year, mine, before, asked)
    waiting = participation.without_password(db.session(), asked.values())
    return render_template(
        "recommender/units.html", cycle=year, years=years.cycles(db.session()), rows=rows, refusal=refusal, link=link,
        typed={} if link else request.form, asked=asked,
        waiting_for_password={one for one, account_id in asked.items() if account_id in waiting},
    )  # fmt: skip
