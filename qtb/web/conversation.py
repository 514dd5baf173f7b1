"""The conversation inside a case."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.domain.errors import Refusal
from qtb.domain.roles import MOVERS
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import conversation
from qtb.store import messages
from qtb.store.messages import ALL, GRACE
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.cases import found
from qtb.web.keeping import hour

pages = Blueprint("conversation", __name__)


@pages.get("/submissions/<int:submission_id>/conversation")
@audience(*MOVERS)
def show(submission_id: int) -> ResponseReturnValue:
    """Show the messages, and note that they have been read."""
    page = _page(found(submission_id))
    thread = conversation.read(db.session(), found(submission_id), actor=actor())
    me, last_id = actor().user_id, max((one.id for one in thread), default=0)
    if me is not None and any(one.author_id != me for one in thread):
        with unit(db.session()) as work:
            messages.mark_read(work, submission_id, me, last_id)
    return page


@pages.post("/submissions/<int:submission_id>/conversation")
@audience(*MOVERS, cleans=True)
def write(submission_id: int) -> ResponseReturnValue:
    """Write a message."""
    body, reader = request.form.get("body", ""), request.form.get("reader", "")
    try:
        with unit(db.session()) as work:
            conversation.write(work, found(submission_id), body, reader=reader, actor=actor(), now=g.now)
    except Refusal as refusal:
        return _page(found(submission_id), body, reader, refusal), refusal.status
    return _done(submission_id, say("talk.sent"))


@pages.post("/submissions/<int:submission_id>/conversation/<int:message_id>/withdraw")
@audience(*MOVERS)
def withdraw(submission_id: int, message_id: int) -> ResponseReturnValue:
    """Take a message back."""
    try:
        with unit(db.session()) as work:
            conversation.withdraw(work, found(submission_id), message_id, actor=actor(), now=g.now)
    except Refusal as refusal:
        return _page(found(submission_id), refusal=refusal), refusal.status
    return _done(submission_id, say("talk.withdrawn", at=hour(g.now)))


def _page(submission: Submission, body: str = "", reader: str = ALL, refusal: Refusal | None = None) -> str:
    return render_template(
        "cases/conversation.html", submission=submission, body=body, reader=reader, refusal=refusal,
        thread=conversation.read(db.session(), submission, actor=actor()), my_id=actor().user_id,
        readers=conversation.readers(submission, actor()), most=conversation.MAX_BODY, grace=GRACE,
        read_to=messages.read_to(db.session(), submission.id, actor().user_id),
    )  # fmt: skip


def _done(submission_id: int, said: str) -> ResponseReturnValue:
    flash(said, "success")
    return redirect(url_for("conversation.show", submission_id=submission_id), 303)
