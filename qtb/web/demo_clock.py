"""The demo's clock, set forward by whoever looks at the demo."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, abort, current_app, flash, redirect, request
from flask.typing import ResponseReturnValue

from qtb import clock, demo_clock
from qtb.demo_clock import NothingAhead, Target
from qtb.domain.errors import Invalid
from qtb.extensions import db
from qtb.i18n import in_words, language, say
from qtb.services.outbox import Post
from qtb.web.access import PUBLIC, audience
from qtb.web.parse import instant
from qtb.web.public import is_ours

pages = Blueprint("demo_clock", __name__)

BY = {"day": timedelta(days=1), "week": timedelta(weeks=1)}


@pages.post("/demo/clock")
@audience(PUBLIC)
def set_clock() -> ResponseReturnValue:
    """Let the demo's clock go forward and say what happened on the way; outside a demo there is no such address."""
    if not current_app.config["DEMO"]:
        abort(404)
    target, post = _target(request.form.get("to", "")), Post.of(current_app.config)
    try:
        done = demo_clock.travel(db.session(), target, post=post)
    except NothingAhead as none:
        flash(in_words(none.reasons[0]), "warning")  # no mistake of whoever pressed: the page he was on, and why
    else:
        at = clock.shown(done.now, language())
        flash(say("demo.travelled", at=at, moved=done.n_moved, letters=done.n_letters), "success")
    back = request.form.get("back", "/")
    return redirect(back if is_ours(back) else "/", 303)


def _target(to: str) -> Target:
    if to == "edge":
        return demo_clock.to_next_deadline
    if to in BY:
        return demo_clock.after(BY[to])
    if to != "at":
        raise Invalid("demo_where")
    return demo_clock.at(instant(request.form.get("at", ""), say("demo.at")))
