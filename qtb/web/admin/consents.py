"""Laying a year's levels before the guiding bodies, their answers, and going on without one."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from qtb.domain.errors import Missing, Refusal
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import consent_reminders, consents
from qtb.store import consents as store
from qtb.store.consents import Laying
from qtb.store.cycles import Cycle
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.guiding import refuse_kind, sent_list
from qtb.web.parse import whole
from qtb.web.reads import recorded
from qtb.web.view import cycle_or_404


@pages.get("/cycles/<key>/consents")
@audience("organiser")
def consents_of(key: str) -> ResponseReturnValue:
    """Show whether a year's levels lie before the bodies, and what these have answered."""
    return _page(cycle_or_404(key))


@pages.post("/cycles/<key>/consents")
@audience("organiser")
def lay(key: str) -> ResponseReturnValue:
    """Lay the levels as they stand before the bodies."""

    def done(work: Session, cycle: Cycle) -> str:
        row = consents.lay(work, cycle, actor=actor(), now=g.now)
        return say("consent.laid", n=len(row.works), bodies=len(row.consents))

    return _done(key, done)


@pages.post("/cycles/<key>/consents/waive")
@audience("organiser")
def waive_consent(key: str) -> ResponseReturnValue:
    """Go on without a body."""

    def done(work: Session, cycle: Cycle) -> str:
        body, reason = whole(request.form.get("body", "")) or 0, request.form.get("reason", "")
        consents.waive(work, _laid(work, cycle), body, reason=reason, actor=actor(), now=g.now)
        return say("consent.waived")

    return _done(key, done)


@pages.post("/cycles/<key>/consents/remind")
@audience("organiser")
def remind_body(key: str) -> ResponseReturnValue:
    """Write to a body's people once more."""

    def done(work: Session, cycle: Cycle) -> str:
        row, body = _laid(work, cycle), whole(request.form.get("body", "")) or 0
        return say("consent.reminded", n=consent_reminders.remind(work, row, body, actor=actor(), now=g.now))

    return _done(key, done)


@pages.post("/cycles/<key>/consents/back")
@audience("organiser")
def take_list_back(key: str) -> ResponseReturnValue:
    """Take the list back, so that levels may change."""

    def done(work: Session, cycle: Cycle) -> str:
        reason = request.form.get("reason", "")
        consents.take_back(work, _laid(work, cycle), reason=reason, actor=actor(), now=g.now)
        return say("consent.back")

    return _done(key, done)


@pages.get("/cycles/<key>/consents.<kind>")
@audience("organiser")
def consents_paper(key: str, kind: str) -> ResponseReturnValue:
    """Send the list that lies before the bodies, with all their answers."""
    cycle = cycle_or_404(key)
    _laid(db.session(), cycle)
    refuse_kind(kind)
    recorded("consents", cycle)
    row = _laid(db.session(), cycle_or_404(key))
    return sent_list(row, None, kind)


def _laid(work: Session, cycle: Cycle) -> Laying:
    found = consents.laid(work, cycle.id)
    if found is None:
        raise Missing("http_404")
    return found


def _done(key: str, act: Callable[[Session, Cycle], str]) -> ResponseReturnValue:
    cycle_id = cycle_or_404(key).id
    try:
        with unit(db.session()) as work:
            told = act(work, work.get_one(Cycle, cycle_id))
    except Refusal as error:
        return _page(cycle_or_404(key), error), error.status
    flash(told, "success")
    return redirect(url_for("admin.consents_of", key=key), 303)


def _page(cycle: Cycle, refusal: Refusal | None = None) -> str:
    consents.rule_of(cycle)
    recorded("consents", cycle)
    session = db.session()
    lists = store.of_cycle(session, cycle.id)
    last = lists[0] if lists else None
    return render_template(
        "admin/consents.html", cycle=cycle, row=last, refusal=refusal, rubric=cycle.definition.rubric,
        is_spent=last is not None and last.ended_at is None and not store.n_ahead(session, last), earlier=lists[1:],
        waits_from=consents.waits_from(session, cycle),
    )  # fmt: skip
