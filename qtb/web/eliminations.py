"""A judge proposes to eliminate a work of his, or withdraws that."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.domain.errors import Conflict, Refusal
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import blindness, eliminations, evaluations
from qtb.services.notes import MAX_NOTE
from qtb.store import eliminations as store
from qtb.store.unit import unit
from qtb.web.access import actor, audience

pages = Blueprint("eliminations", __name__, url_prefix="/evaluator")


@pages.route("/sheets/<int:sheet_id>/eliminate", methods=["GET", "POST"])
@audience("evaluator", cleans=True)
def propose(sheet_id: int) -> ResponseReturnValue:
    """Show how one's proposal stands, and take one."""
    if request.method == "GET":
        return _page(sheet_id)
    try:
        with unit(db.session()) as work:
            own = evaluations.sheet_of(work, sheet_id, actor())
            eliminations.propose(work, own, request.form.get("reason", ""), actor=actor(), now=g.now)
    except Refusal as error:
        return _page(sheet_id, error), error.status
    flash(say("elim.proposed"), "success")
    return redirect(url_for("evaluator.sheet", sheet_id=sheet_id), 303)


@pages.post("/sheets/<int:sheet_id>/eliminate/withdraw")
@audience("evaluator")
def withdraw(sheet_id: int) -> ResponseReturnValue:
    """Withdraw one's proposal."""
    with unit(db.session()) as work:
        own = evaluations.sheet_of(work, sheet_id, actor())
        row = store.mine(work, own.submission_id, actor().user_id)
        if row is None:
            raise Conflict("elim_over")
        eliminations.withdraw(work, row, actor=actor(), now=g.now)
    flash(say("elim.withdrawn"), "success")
    return redirect(url_for("eliminations.propose", sheet_id=sheet_id), 303)


def _page(sheet_id: int, refusal: Refusal | None = None) -> str:
    own = evaluations.sheet_of(db.session(), sheet_id, actor())
    return render_template(
        "evaluator/eliminate.html", sheet=own, work=blindness.seen(db.session(), [own])[own.id], refusal=refusal,
        reason=request.form.get("reason", ""), most=MAX_NOTE,
        row=store.mine(db.session(), own.submission_id, actor().user_id),
    )  # fmt: skip
