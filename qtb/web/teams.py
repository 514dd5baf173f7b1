"""A team across years: what it was entered as, what it reached, and for the organiser the link of a renamed team."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.domain.errors import Missing, Refusal
from qtb.domain.roles import MOVERS
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import honours, teams
from qtb.store import honours as honour_rows
from qtb.store import teams as store
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.cases import found
from qtb.web.parse import whole

pages = Blueprint("teams", __name__)


@pages.get("/submissions/<int:submission_id>/team")
@audience(*MOVERS)
def show(submission_id: int) -> ResponseReturnValue:
    """Show the team's entries in earlier years."""
    return _page(submission_id)


@pages.post("/submissions/<int:submission_id>/team")
@audience("organiser")
def link(submission_id: int) -> ResponseReturnValue:
    """Join the team to its earlier name, or part them."""
    form = request.form
    try:
        with unit(db.session()) as work:
            row = found(submission_id)
            if form.get("act") == "unlink":
                teams.unlink(work, row, actor=actor(), now=g.now)
            else:
                earlier_id, reason = whole(form.get("earlier", "")), form.get("reason", "")
                teams.link(work, row, earlier_id, reason=reason, actor=actor(), now=g.now)
    except Refusal as error:
        return _page(submission_id, error), error.status
    flash(say("team.done"), "success")
    return redirect(url_for("teams.show", submission_id=submission_id), 303)


@pages.post("/submissions/<int:submission_id>/honours")
@audience("organiser", "applicant")
def change_honours(submission_id: int) -> ResponseReturnValue:
    """Enter, verify, or take out what the team was honoured with elsewhere."""
    form, act = request.form, request.form.get("act")
    honour_id = whole(form.get("honour", "")) or 0
    try:
        with unit(db.session()) as work:
            row = found(submission_id)
            if act == "verify":
                honours.verify(work, row, honour_id, actor=actor(), now=g.now)
            elif act == "drop":
                honours.drop(work, row, honour_id, actor=actor(), now=g.now)
            else:
                told = {name: form.get(name, "") for name in ("level", "name", "giver")}
                honours.enter(work, row, **told, year=whole(form.get("year", "")), actor=actor(), now=g.now)
    except Refusal as error:
        return _page(submission_id, error), error.status
    flash(say("honour.done"), "success")
    return redirect(url_for("teams.show", submission_id=submission_id), 303)


def _page(submission_id: int, refusal: Refusal | None = None) -> str:
    submission = found(submission_id)
    if not teams.may_read(submission, actor()):
        raise Missing("submission")
    is_organiser, text = actor().holds("organiser"), request.args.get("q", "").strip()[:100]
    offered = store.candidates(db.session(), submission, text) if is_organiser and text else []
    return render_template(
        "cases/team.html", submission=submission, refusal=refusal, q=text, offered=offered,
        entries=[(one, teams.level(one)) for one in teams.earlier(db.session(), submission)],
        linked=store.link_of(db.session(), submission) if is_organiser else None, is_organiser=is_organiser,
        honours=honour_rows.of_team(db.session(), submission), honour_levels=honours.LEVELS,
        may_enter=honours.may_enter(submission, actor()),
    )  # fmt: skip
