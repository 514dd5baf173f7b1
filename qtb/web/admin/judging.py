"""The board of a year's judging: how far it is, who is late, and a reminder by one click."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.domain.errors import Missing, Refusal
from qtb.extensions import db
from qtb.i18n import language, say
from qtb.services import blindness, judge_reminders, judging, recusals
from qtb.services.judging import Board
from qtb.store.cycles import Cycle
from qtb.store.evaluations import Sheet
from qtb.store.unit import unit
from qtb.web import years
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.reads import recorded
from qtb.web.view import cycle_or_404


@pages.get("/cycles/<key>/judging")
@audience("organiser")
def judging_of(key: str) -> ResponseReturnValue:
    """Show how far the judging of a year is."""
    return _page(cycle_or_404(key))


@pages.post("/cycles/<key>/judging")
@audience("organiser")
def remind_judges(key: str) -> ResponseReturnValue:
    """Remind one judge, a panel, or all who are late."""
    cycle_id = cycle_or_404(key).id
    try:
        judges = judging.whom(_board(cycle_or_404(key)), request.form.get("who", ""))
        with unit(db.session()) as work:
            cycle = work.get_one(Cycle, cycle_id)
            done = judge_reminders.remind(work, cycle, judges, actor=actor(), now=g.now)
    except Refusal as error:
        return _page(cycle_or_404(key), error), error.status
    flash(say("judging.reminded", n=len(done.judges)), "success")
    if done.had:
        flash(say("judging.had", n=len(done.had)), "info")
    return redirect(url_for("admin.judging_of", key=key), 303)


@pages.post("/cycles/<key>/sheets/<int:sheet_id>/away")
@audience("organiser")
def take_away(key: str, sheet_id: int) -> ResponseReturnValue:
    """Take an unfinished work away from a judge."""
    return _acted(key, sheet_id, recusals.take_away, "judging.taken")


@pages.post("/cycles/<key>/sheets/<int:sheet_id>/again")
@audience("organiser")
def lift_recusal(key: str, sheet_id: int) -> ResponseReturnValue:
    """Let a judge take a work up again that he stood back from."""
    return _acted(key, sheet_id, recusals.lift, "judging.lifted")


def _acted(key: str, sheet_id: int, act: Callable[..., None], done: str) -> ResponseReturnValue:
    """Do something about a sheet of a year with the reason that was sent, and go back to its judge."""
    cycle_id = cycle_or_404(key).id
    with unit(db.session()) as work:
        sheet = work.get(Sheet, sheet_id)
        if sheet is None or sheet.submission.cycle_id != cycle_id:
            raise Missing("sheet")
        judge = sheet.evaluator_id
        act(work, sheet, request.form.get("reason", ""), actor=actor(), now=g.now)
    flash(say(done), "success")
    return redirect(url_for("admin.judge", key=key, account_id=judge), 303)


@pages.post("/cycles/<key>/blind")
@audience("organiser")
def set_blind(key: str) -> ResponseReturnValue:
    """Hide the applicant from the judges of a kind of sheet, or show it."""
    cycle_id, kind, blind = cycle_or_404(key).id, request.form.get("sheet", ""), bool(request.form.get("blind"))
    try:
        with unit(db.session()) as work:
            cycle, reason = work.get_one(Cycle, cycle_id), request.form.get("reason", "")
            blindness.change(work, cycle, kind, blind, reason=reason, actor=actor(), now=g.now)
    except Refusal as error:
        return _page(cycle_or_404(key), error), error.status
    title = cycle_or_404(key).definition.rubric.sheets[kind].title.get(language())
    flash(say("blind.done_on" if blind else "blind.done_off", sheet=title), "success")
    return redirect(url_for("admin.judging_of", key=key), 303)


def _board(cycle: Cycle) -> Board:
    session, times = db.session(), years.of(db.session(), cycle.id).times
    return judging.board(session, cycle, times, everybody=say("judging.field"), now=g.now)


def _page(cycle: Cycle, refusal: Refusal | None = None) -> str:
    recorded("board", cycle)
    return render_template(
        "admin/judging.html", cycle=cycle, board=_board(cycle), refusal=refusal, days=judging.SOON.days,
        blind={kind: blindness.is_blind(cycle, kind) for kind in cycle.definition.rubric.sheets},
    )  # fmt: skip
