"""A judge's sheet as the organiser sees it: how it came about, and reopening it with a reason."""

from __future__ import annotations

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from qtb.domain.errors import Missing, Refusal
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import sheets as reopening
from qtb.store.evaluations import Sheet
from qtb.store.unit import unit
from qtb.web import sheets
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages


@pages.route("/sheets/<int:sheet_id>", methods=["GET", "POST"])
@audience("organiser")
def sheet(sheet_id: int) -> ResponseReturnValue:
    """Show the versions of a sheet; reopen it."""
    if request.method == "GET":
        return _page(sheet_id)
    try:
        with unit(db.session()) as work:
            found, reason = _found(sheet_id), request.form.get("reason", "")
            reopening.reopen(work, found, reason, actor=actor(), now=g.now)
            back = url_for("cases.show", submission_id=found.submission_id)
    except Refusal as error:
        return _page(sheet_id, error), error.status
    flash(say("sheet.reopened"), "success")
    return redirect(back, 303)


def _page(sheet_id: int, refusal: Refusal | None = None) -> str:
    found = _found(sheet_id)
    return sheets.versions(
        found, is_staff=True, refusal=refusal, reason=request.form.get("reason", ""), may_reopen=found.is_final
    )


def _found(sheet_id: int) -> Sheet:
    found = db.session().get(Sheet, sheet_id)
    if found is None:
        raise Missing("sheet")
    return found
