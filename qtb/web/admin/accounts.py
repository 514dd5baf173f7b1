"""People and units, as the organiser keeps them."""

from __future__ import annotations

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import or_, select
from sqlalchemy.orm import selectinload

from qtb import clock
from qtb.domain.errors import Missing, Refusal
from qtb.domain.roles import UNIT_KINDS
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import accounts
from qtb.services.units import set_above
from qtb.store import accounts as store
from qtb.store import lists
from qtb.store.accounts import Account, Membership, Unit
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.parse import whole


@pages.get("/users")
@audience("organiser")
def users() -> ResponseReturnValue:
    """List the accounts with their roles."""
    return _users()


@pages.post("/users")
@audience("organiser")
def add_user() -> ResponseReturnValue:
    """Make an account in a unit and show its one-time link."""
    form = request.form
    try:
        with unit(db.session()) as work:
            group = _unit(form.get("unit_id", ""))
            name, email = form.get("name", ""), form.get("email", "")
            account = accounts.add_account(work, name=name, email=email, actor=actor(), now=g.now)
            accounts.grant(work, account, group, form.get("role", ""), actor=actor(), now=g.now)
            token = accounts.invite(work, account, actor=actor(), now=clock.real())
    except Refusal as error:
        return _users(error), error.status
    return _users(link=_link(token))


@pages.post("/users/<int:account_id>/<act>")
@audience("organiser")
def change_user(account_id: int, act: str) -> ResponseReturnValue:
    """Invite again, keep out, or let in."""
    token = None
    with unit(db.session()) as work:
        account = work.get(Account, account_id)
        if account is None or act not in ("invite", "disable", "enable"):
            raise Missing("account")
        if act == "invite":
            token = accounts.invite(work, account, actor=actor(), now=clock.real())
        else:
            accounts.set_active(work, account, act == "enable", actor=actor(), now=clock.real())
    if token:
        return _users(link=_link(token))
    flash(say(f"admin.user_{act}d"), "success")
    return redirect(url_for("admin.users"), 303)


@pages.post("/memberships/<int:membership_id>/end")
@audience("organiser")
def end_membership(membership_id: int) -> ResponseReturnValue:
    """Take a role away."""
    with unit(db.session()) as work:
        accounts.end_membership(work, membership_id, actor=actor(), now=clock.real())
    flash(say("admin.role_ended"), "success")
    return redirect(url_for("admin.users"), 303)


@pages.post("/users/<int:account_id>/roles")
@audience("organiser")
def grant(account_id: int) -> ResponseReturnValue:
    """Give a role."""
    with unit(db.session()) as work:
        account = work.get(Account, account_id)
        if account is None:
            raise Missing("account")
        group = _unit(request.form.get("unit_id", ""))
        accounts.grant(work, account, group, request.form.get("role", ""), actor=actor(), now=g.now)
    flash(say("admin.role_granted"), "success")
    return redirect(url_for("admin.users"), 303)


@pages.route("/units", methods=["GET", "POST"])
@audience("organiser")
def units() -> ResponseReturnValue:
    """List the units; add one."""
    refusal = None
    if request.method == "POST":
        try:
            with unit(db.session()) as work:
                name, kind = request.form.get("name", ""), request.form.get("kind", "")
                accounts.add_unit(work, name=name, kind=kind, actor=actor(), now=g.now)
            flash(say("admin.unit_added"), "success")
            return redirect(url_for("admin.units"), 303)
        except Refusal as error:
            refusal = error
    rows = select(Unit).options(selectinload(Unit.memberships)).order_by(Unit.kind, Unit.name, Unit.id)
    found = lists.paged(db.session(), rows, number=request.args.get("page", type=int, default=1))
    kinds = list(dict.fromkeys(UNIT_KINDS.values()))
    recommending = {one.id: one.name for one in store.units(db.session(), "recommender")}
    page = render_template(
        "admin/units.html", page=found, kinds=kinds, refusal=refusal, typed=request.form, recommending=recommending
    )
    return page, refusal.status if refusal else 200


@pages.post("/units/above")
@audience("organiser")
def unit_above() -> ResponseReturnValue:
    """Say which unit stands above a recommending unit, or that none does."""
    with unit(db.session()) as work:
        below, above = _unit(request.form.get("unit_id", "")), request.form.get("above_id", "")
        set_above(work, below, _unit(above) if above else None, actor=actor(), now=g.now)
    flash(say("admin.above_set"), "success")
    return redirect(url_for("admin.units"), 303)


def _users(refusal: Refusal | None = None, link: str = "") -> str:
    query = request.args.get("q", "").strip()[:100]
    rows = select(Account).options(selectinload(Account.memberships).joinedload(Membership.unit))
    if query:
        named = (column.icontains(query, autoescape=True) for column in (Account.name, Account.email))
        rows = rows.where(or_(*named))
    number = request.args.get("page", type=int, default=1)
    found = lists.paged(db.session(), rows.order_by(Account.name, Account.id), number=number)
    groups = db.session().scalars(select(Unit).where(Unit.is_active).order_by(Unit.kind, Unit.name)).all()
    return render_template(
        "admin/users.html", page=found, units=groups, roles=UNIT_KINDS, refusal=refusal, link=link, q=query,
        typed=request.form,
    )  # fmt: skip


def _link(token: str) -> str:
    """Return the address of a one-time link; the configured one where there is one, not what the request claims."""
    path = url_for("accounts.invitation", token=token)
    return str(current_app.config["BASE_URL"] or request.url_root).rstrip("/") + path


def _unit(text: str) -> Unit:
    group = db.session().get(Unit, whole(text) or 0)
    if group is None:
        raise Missing("unit")
    return group
