"""Who is asking, and whether this address is for them: every route declares its audience or the app does not start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask_login import UserMixin, current_user
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.wrappers import Response

from qtb import clock
from qtb.domain.errors import Denied, Invalid
from qtb.domain.field_values import FieldError, clean
from qtb.domain.roles import ROLES, Actor
from qtb.extensions import db, login
from qtb.services import behalf
from qtb.services.accounts import token_hash
from qtb.store import accounts

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC, SIGNED_IN = "public", "signed_in"
AUDIENCES = {PUBLIC, SIGNED_IN, *ROLES}
NOBODY = Actor(None, "", "web")
# Fields that no person types: checked here even where a view looks after what people typed by itself.
TECHNICAL = ("cycle", "programme", "request_key", "seen", "since", "takes", "against", "then")
BEHALF = "behalf"  # in the cookie: which organiser acts for which unit
MOST_PARTS = 10_000  # of a form in one piece: a form with all its rows has some thousand


class SignedIn(UserMixin):  # type: ignore[misc]
    """The person behind a live sign-in; its id is the sign-in's token, so that it can be ended from either side."""

    def __init__(self, token: str, account: accounts.Account, actor: Actor) -> None:
        self.id, self.account, self.actor = token, account, actor
        self.acts_for: accounts.Unit | None = None  # the unit that an organiser acts for


def audience(*who: str, cleans: bool = False, uploads: bool = False) -> Callable[[View], View]:
    """Declare for whom a view is. With `cleans` it looks after control characters in its form by itself.

    With `uploads` it takes as much as the largest file that a form may ask for.
    """
    if not set(who) <= AUDIENCES:
        raise ValueError(f"unknown audience {who}")

    def declare(view: View) -> View:
        view.audience, view.cleans, view.uploads = frozenset(who), cleans, uploads  # type: ignore[attr-defined]
        return view

    return declare


def init_app(app: Flask) -> None:
    """Load the person and the clock before each request and keep out whom a page is not for."""
    login.init_app(app)
    login.user_loader(load)
    app.before_request(_tell_time)
    app.before_request(_make_room)
    app.before_request(_refuse_huge_form)
    app.before_request(_refuse_odd_text)
    app.before_request(_admit)


def refuse_undeclared(app: Flask) -> None:
    """Raise RuntimeError naming every route without a declared audience."""
    bare = [name for name, view in app.view_functions.items() if not getattr(view, "audience", None)]
    if bare:
        raise RuntimeError(f"routes without an audience: {', '.join(sorted(bare))}")


def actor() -> Actor:
    """Return who is asking; somebody without any role when nobody is signed in."""
    # A page asks forty times: where the library has put the person, else through its proxy, at three times the cost.
    person = g.get("_login_user") or current_user._get_current_object()
    return person.actor if isinstance(person, SignedIn) else NOBODY


def home() -> str:
    """Return the address of the first page for the person's roles."""
    mine = actor()
    for role, endpoint in HOMES.items():
        if mine.holds(role):
            return url_for(endpoint)
    return url_for("public.home")


HOMES = {
    "organiser": "admin.home",
    "recommender": "recommender.queue",
    "evaluator": "evaluator.works",
    "guiding": "guiding.home",
    "applicant": "applicant.home",
}


def load(token: str) -> SignedIn | None:
    """Return the person behind a live sign-in."""
    real = clock.real()
    rows = accounts.signed_in(db.session(), token_hash(token), real, g.get("now") or real)
    if not rows:
        return None
    account = rows[0][0]
    units: dict[str, set[int]] = {}
    stands_for: dict[str, dict[int, str]] = {}
    for _, role, unit_id, principal in rows:
        if role and unit_id:
            units.setdefault(role, set()).add(unit_id)
            if principal:
                stands_for.setdefault(role, {})[unit_id] = principal
    held = {role: frozenset(ids) for role, ids in units.items()}
    address = request.remote_addr or ""
    who = Actor(account.id, account.name, "web", held, address, stands_for=stands_for)
    return _acting(SignedIn(token, account, who))


def _acting(person: SignedIn) -> SignedIn:
    """Let an organiser who acts for a unit be nothing but that unit's person until it ends."""
    who, unit_id = session.get(BEHALF) or (None, None)
    if who == person.account.id and (group := behalf.unit_of(db.session(), unit_id, actor=person.actor)):
        person.acts_for, person.actor = group, behalf.acting(group, actor=person.actor)
    return person


def _tell_time() -> None:
    g.now = clock.now(db.session(), demo=bool(current_app.config["DEMO"]))


def _make_room() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "uploads", False):
        request.max_content_length = int(current_app.config["MAX_UPLOAD"])
        request.max_form_parts = MOST_PARTS  # without a script a file brings its whole form along


def _refuse_huge_form() -> None:
    """Refuse what would take long to take apart; the library's own limits are for forms in several pieces only.

    JSON too: the form library would read it, deep as it may be, and with halves of characters in it.
    """
    if request.is_json:
        raise UnsupportedMediaType
    if request.mimetype != "application/x-www-form-urlencoded":
        return
    most = int(current_app.config["MAX_FORM_MEMORY_SIZE"])
    if (request.content_length or 0) > most or request.get_data().count(b"&") >= MOST_PARTS:
        raise RequestEntityTooLarge


def _refuse_odd_text() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    texts = [*request.args.keys(), *request.args.values(), *map(str, (request.view_args or {}).values())]
    own = getattr(view, "cleans", False)
    texts += [text for key in request.form if not own or key in TECHNICAL for text in (key, *request.form.getlist(key))]
    for text in texts:
        try:
            clean(text, lines=True)
        except FieldError as error:
            raise Invalid(error.reason.key, **error.reason.args) from None


def here() -> str:
    """Return the address of the page that is shown: one that was being filled in is drawn anew; empty for no page."""
    if request.method == "GET":
        return request.full_path
    rule = request.url_rule
    return request.path if rule is not None and "GET" in (rule.methods or ()) else ""


def admits(who: Actor, address: str) -> bool:
    """Tell whether an address of ours is a page for somebody."""
    try:
        endpoint, _ = current_app.create_url_adapter(request).match(urlsplit(address).path, "GET")  # type: ignore[union-attr]
    except HTTPException:
        return False
    for_whom: frozenset[str] = getattr(current_app.view_functions[endpoint], "audience", frozenset())
    return not for_whom.isdisjoint((PUBLIC, SIGNED_IN)) or any(who.holds(role) for role in for_whom)


def _admit() -> Response | None:
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None:
        return None
    who: frozenset[str] = getattr(view, "audience", frozenset())
    if PUBLIC in who:
        return None
    if not current_user.is_authenticated:
        if back := here():
            session["next"] = back
        return redirect(url_for("accounts.recommender_sign_in" if who == {"recommender"} else "accounts.sign_in"))
    if SIGNED_IN in who or any(actor().holds(role) for role in who):
        return None
    if (unit := current_user.acts_for) is not None and "organiser" in who:
        raise Denied("audience_behalf", unit=unit.name)
    raise Denied("audience", roles=tuple(role for role in ROLES if role in who))
