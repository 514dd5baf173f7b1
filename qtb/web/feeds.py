"""Calendar feeds: a year's for everybody, a person's behind an address of its own, and the page that shows it."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from qtb import clock
from qtb.documents import feeds
from qtb.documents.feeds import Reader
from qtb.extensions import db
from qtb.i18n import LANGUAGES, language, say
from qtb.services import feeds as addresses
from qtb.store.unit import unit
from qtb.web import years
from qtb.web.access import PUBLIC, SIGNED_IN, actor, audience
from qtb.web.view import cycle_or_404

pages = Blueprint("feeds", __name__)

KEPT = timedelta(days=366)  # a year that is over stays in the calendars of those who were part of it for so long
PUBLIC_AGE = 300  # seconds
SECRET = {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}


@pages.get("/cycles/<key>/calendar.ics")
@audience(PUBLIC)
def year(key: str) -> ResponseReturnValue:
    """Send the rows of a year."""
    cycle = cycle_or_404(key)
    # With a cookie the answer may set one, which no shared cache may hand to somebody else.
    shared = "private" if request.cookies else "public"
    headers = {"Cache-Control": f"{shared}, max-age={PUBLIC_AGE}"}
    body = feeds.public(db.session(), years.of(db.session(), cycle.id), lang=_lang())
    return _file(body, f"qtb-{cycle.key}.ics", headers)


@pages.get("/calendar/<token>.ics")
@audience(PUBLIC)
def personal(token: str) -> ResponseReturnValue:
    """Send what concerns the person whose token it is; nobody is signed in by it."""
    owner = addresses.reader(db.session(), token, secret=current_app.config["SECRET_KEY"], now=g.now)
    told = [one for one in years.told(db.session()) if years.is_unfinished(one, g.now - KEPT)]
    reader = Reader(owner, _lang(), lambda number: _absolute(url_for("cases.show", submission_id=number)))
    return _file(feeds.personal(db.session(), told, reader), "qtb.ics", SECRET)


@pages.get("/calendar")
@audience(SIGNED_IN)
def page() -> ResponseReturnValue:
    """Show the person's address and how to subscribe to it."""
    token = addresses.token(current_user.account, secret=current_app.config["SECRET_KEY"])
    english = "en" if language() == "en" else None
    address = _absolute(url_for("feeds.personal", token=token, lang=english))
    return render_template("calendar.html", address=address), {"Referrer-Policy": "no-referrer"}


@pages.post("/calendar/renew")
@audience(SIGNED_IN)
def renew() -> ResponseReturnValue:
    """Give the person a new address; the old one is dead at once."""
    with unit(db.session()) as work:
        addresses.renew(work, int(actor().user_id or 0), actor=actor(), now=clock.real())
    flash(say("calendar.renewed"), "success")
    return redirect(url_for("feeds.page"), 303)


def _file(body: bytes, name: str, headers: dict[str, str]) -> Response:
    disposition = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(body, content_type="text/calendar; charset=utf-8", headers={**disposition, **headers})


def _lang() -> str:
    # Calendars send no choice of their own and any browser's languages: the address says it.
    asked = request.args.get("lang", "")
    return asked if asked in LANGUAGES else LANGUAGES[0]


def _absolute(path: str) -> str:
    """Return an address with the configured host where there is one, not what the request claims."""
    return str(current_app.config["BASE_URL"] or request.url_root).rstrip("/") + path
