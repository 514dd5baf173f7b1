"""The people of a unit: who belongs to it, who stands in for whom; its admins invite and end."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb import clock
from qtb.domain.errors import Invalid, Missing, Refusal
from qtb.domain.roles import MOVERS
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import members
from qtb.store.accounts import Membership, Unit
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.parse import optional_instant, whole

pages = Blueprint("members", __name__, url_prefix="/unit/members")


@pages.get("")
@audience(*MOVERS)
def page() -> ResponseReturnValue:
    """Show who belongs to the person's unit, or for the organiser to any."""
    return _shown(_group())


@pages.post("/invite")
@audience(*MOVERS)
def invite() -> ResponseReturnValue:
    """Let a person into the unit; a new account's link is shown once."""
    group = _group()
    try:
        with unit(db.session()) as work:
            asked = {name: request.form.get(name, "") for name in ("name", "email")}
            found = members.invite(work, group, **asked, actor=actor(), now=g.now, real_now=clock.real())
    except Refusal as error:
        return _shown(_group(), error), error.status
    return _told(found)


@pages.post("/<int:membership_id>/deputy")
@audience(*MOVERS)
def deputy(membership_id: int) -> ResponseReturnValue:
    """Let somebody stand in for a member until an instant."""
    try:
        with unit(db.session()) as work:
            until = optional_instant(request.form.get("until", ""), say("deputy.until"))
            if until is None:
                raise Invalid("deputy_until", days=members.MOST_DAYS)
            asked = {name: request.form.get(name, "") for name in ("name", "email")}
            found = members.stand_in(
                work, _membership(membership_id), **asked, until=until, actor=actor(), now=g.now,
                real_now=clock.real(),
            )  # fmt: skip
    except Refusal as error:
        return _shown(_group(), error), error.status
    return _told(found)


@pages.post("/<int:membership_id>/link")
@audience(*MOVERS)
def link(membership_id: int) -> ResponseReturnValue:
    """Show a new link for a member who has no password yet, once."""
    try:
        with unit(db.session()) as work:
            found = members.link(work, _membership(membership_id), actor=actor(), now=g.now, real_now=clock.real())
    except Refusal as error:
        return _shown(_group(), error), error.status
    return _told(found)


@pages.post("/<int:membership_id>/<any(end, admin, member):act>")
@audience(*MOVERS)
def change(membership_id: int, act: str) -> ResponseReturnValue:
    """End a membership or a deputy's time, or let a member manage the unit's people or no longer."""
    try:
        with unit(db.session()) as work:
            membership = _membership(membership_id)
            if act == "end":
                members.end(work, membership, actor=actor(), now=g.now)
            else:
                members.set_admin(work, membership, act == "admin", actor=actor(), now=g.now)
    except Refusal as error:
        return _shown(_group(), error), error.status
    flash(say("members.changed"), "success")
    return redirect(url_for("members.page", unit=request.form.get("unit")), 303)


def _group() -> Unit:
    """Return the unit that the page is about: one of the person's, or for the organiser any."""
    mine = sorted({one for role in MOVERS for one in actor().units.get(role, ())})
    asked = whole(request.values.get("unit", "")) or mine[0]
    group = db.session().get(Unit, asked) if asked < 2**53 else None
    if group is None or (asked not in mine and not actor().holds("organiser")):
        raise Missing("unit")
    return group


def _membership(membership_id: int) -> Membership:
    found = db.session().get(Membership, membership_id)
    if found is None or not members.may_manage(db.session(), found.unit_id, actor()):
        raise Missing("membership")
    return found


def _told(found: members.Invited) -> ResponseReturnValue:
    if not found.token:
        flash(say("members.added", name=found.name), "success")
        return redirect(url_for("members.page", unit=request.form.get("unit")), 303)
    path = url_for("accounts.invitation", token=found.token)
    return _shown(_group(), link=str(current_app.config["BASE_URL"] or request.url_root).rstrip("/") + path)


def _shown(group: Unit, refusal: Refusal | None = None, link: str = "") -> str:
    mine = sorted({one for role in MOVERS for one in actor().units.get(role, ())})
    return render_template(
        "recommender/members.html", group=group, rows=members.of(db.session(), group.id, g.now), refusal=refusal,
        link=link, manages=members.may_manage(db.session(), group.id, actor()), typed=request.form,
        units=[one for one in (db.session().get(Unit, one) for one in mine) if one is not None],
    )  # fmt: skip
