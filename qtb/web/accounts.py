"""Signing in (recommenders at their own address), signing up, setting up, one-time links."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session

from qtb import clock
from qtb.domain.errors import Refusal
from qtb.extensions import db
from qtb.forms.accounts import PasswordForm, SignInForm, SignUpForm
from qtb.i18n import say
from qtb.services import accounts
from qtb.services.accounts import Person
from qtb.store.unit import unit
from qtb.web import access
from qtb.web.access import PUBLIC, SIGNED_IN, audience

pages = Blueprint("accounts", __name__)


@pages.route("/sign-in", methods=["GET", "POST"])
@audience(PUBLIC)
def sign_in() -> ResponseReturnValue:
    """Let applicants, evaluators and the organiser in."""
    return _sign_in("applicant")


@pages.route("/recommender/sign-in", methods=["GET", "POST"])
@audience(PUBLIC)
def recommender_sign_in() -> ResponseReturnValue:
    """Let recommending units in at the address that the notice prints for them."""
    return _sign_in("recommender")


@pages.post("/sign-out")
@audience(SIGNED_IN)
def sign_out() -> ResponseReturnValue:
    """End this sign-in."""
    token = str(current_user.id)
    with unit(db.session()) as work:
        accounts.sign_out(work, token, now=clock.real())
    logout_user()
    lang = session.get("lang")
    session.clear()
    if lang:
        session["lang"] = lang
    return redirect(url_for("public.home"), 303)


@pages.route("/sign-up", methods=["GET", "POST"])
@audience(PUBLIC)
def sign_up() -> ResponseReturnValue:
    """Let a unit make its own account."""
    form = SignUpForm()

    def make(work: Session) -> int:
        return accounts.sign_up(work, _person(form), now=clock.real(), address=request.remote_addr or "").id

    return _entering(form, make, "public/sign_up.html", setup=False)


@pages.route("/setup/<token>", methods=["GET", "POST"])
@audience(PUBLIC)
def set_up(token: str) -> ResponseReturnValue:
    """Make the organiser of an empty system, once."""
    form = SignUpForm()
    accounts.invited(db.session(), token, now=clock.real())

    def make(work: Session) -> int:
        return accounts.set_up(work, _person(form), token=token, now=clock.real()).id

    return _entering(form, make, "public/sign_up.html", setup=True)


@pages.route("/invitations/<token>", methods=["GET", "POST"])
@audience(PUBLIC)
def invitation(token: str) -> ResponseReturnValue:
    """Set the password behind a one-time link."""
    form = PasswordForm()
    account = accounts.invited(db.session(), token, now=clock.real())
    shown = {"name": account.name, "email": account.email} if account else {}

    def make(work: Session) -> int:
        return accounts.accept(work, token, form.password.data, now=clock.real()).id

    return _entering(form, make, "public/password.html", account=shown)


def _sign_in(door: str) -> ResponseReturnValue:
    form = SignInForm()

    def known() -> int:
        return accounts.check_password(db.session(), form.email.data, form.password.data)

    return _entering(form, known, "public/sign_in.html", door=door)


def _entering(form: FlaskForm, make: Callable[..., int], template: str, **shown: object) -> ResponseReturnValue:
    """Sign in the account that `make` returns; a refusal is shown beside what was typed."""
    refusal, status = None, 200
    if form.validate_on_submit():
        try:
            return _enter(_opened(make), door=str(shown.get("door", "")))
        except Refusal as error:
            refusal, status = error, error.status
    elif form.is_submitted():
        status = 422
    return render_template(template, form=form, refusal=refusal, **shown), status


def _opened(make: Callable[..., int]) -> str:
    # A password takes a tenth of a second to check: outside the unit, or every other writer would wait for it.
    account_id = None if signature(make).parameters else make()
    with unit(db.session()) as work:
        made = make(work) if account_id is None else account_id
        return accounts.sign_in(work, made, now=clock.real(), address=request.remote_addr or "")


def _enter(token: str, *, door: str) -> ResponseReturnValue:
    person = access.load(token)
    if person is None:
        return redirect(url_for("accounts.sign_in"), 303)
    wanted = session.pop("next", None)
    lang = session.get("lang")
    session.clear()  # a fresh session: nothing that was planted before the sign-in lives on
    if lang:
        session["lang"] = lang
    session.permanent = True
    login_user(person)
    if door == "recommender" and not person.actor.holds("recommender"):
        flash(say("signin.wrong_door"), "warning")
        return redirect(access.home(), 303)  # what was wanted there is a recommender's page
    return redirect(wanted if wanted and access.admits(person.actor, wanted) else access.home(), 303)


def _person(form: SignUpForm) -> Person:
    return Person(form.unit_name.data, form.name.data, form.email.data, form.password.data)
