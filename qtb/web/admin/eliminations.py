"""What judges propose to eliminate: confirmed or refused with a reason, and taken back."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.domain.errors import Missing, Refusal
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import eliminations
from qtb.store import eliminations as store
from qtb.store.cycles import Cycle
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.reads import recorded
from qtb.web.view import cycle_or_404

ACTS = {"confirm": eliminations.confirm, "refuse": eliminations.refuse, "back": eliminations.take_back}


@pages.get("/cycles/<key>/eliminations")
@audience("organiser")
def eliminations_of(key: str) -> ResponseReturnValue:
    """Show what judges propose to eliminate in a year."""
    return _page(cycle_or_404(key))


@pages.post("/cycles/<key>/eliminations/<int:elimination_id>")
@audience("organiser", cleans=True)
def answer_elimination(key: str, elimination_id: int) -> ResponseReturnValue:
    """Confirm, refuse, or take back."""
    cycle_id, wanted = cycle_or_404(key).id, request.form.get("act", "")
    if wanted not in ACTS:
        raise Missing("http_404")
    try:
        with unit(db.session()) as work:
            row = eliminations.of(work, elimination_id, cycle_id)
            ACTS[wanted](work, row, request.form.get("reason", ""), actor=actor(), now=g.now)
    except Refusal as error:
        return _page(cycle_or_404(key), error, elimination_id), error.status
    flash(say(f"elim.done_{wanted}"), "success")
    return redirect(url_for("admin.eliminations_of", key=key), 303)


def _page(cycle: Cycle, refusal: Refusal | None = None, at: int = 0) -> str:
    recorded("eliminations", cycle)
    return render_template(
        "admin/eliminations.html", cycle=cycle, rows=store.of_cycle(db.session(), cycle.id), refusal=refusal, at=at,
        typed=request.form.get("reason", ""),
    )  # fmt: skip
