"""Works that look alike: the list of a year, two side by side, and the word that they are no duplicates."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.domain.errors import Refusal
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import duplicates
from qtb.store import duplicates as store
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.cases import found
from qtb.web.view import cycle_or_404

MOST = 200  # pairs on a page, the most alike first


@pages.get("/cycles/<key>/duplicates")
@audience("organiser")
def duplicates_of(key: str) -> ResponseReturnValue:
    """Show the pairs that look alike, and those that are said to be no duplicates."""
    year = cycle_or_404(key)
    pairs, cleared = (store.found(db.session(), year.id, cleared=done, limit=MOST) for done in (False, True))
    n_open = store.n_open(db.session(), year.id)
    return render_template("admin/duplicates.html", cycle=year, pairs=pairs, cleared=cleared, n_open=n_open, most=MOST)


@pages.post("/cycles/<key>/duplicates")
@audience("organiser")
def compare(key: str) -> ResponseReturnValue:
    """Compare the year's works with all works."""
    with unit(db.session()) as work:
        n_open = duplicates.search(work, cycle_or_404(key), actor=actor(), now=g.now)
    flash(say("duplicate.compared", n=n_open), "success")
    return redirect(url_for("admin.duplicates_of", key=key), 303)


@pages.route("/duplicates/<int:low_id>/<int:high_id>", methods=["GET", "POST"])
@audience("organiser")
def duplicate(low_id: int, high_id: int) -> ResponseReturnValue:
    """Show two works side by side; take the word that they are no duplicates."""
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            with unit(db.session()) as work:
                reason = request.form.get("reason", "")
                duplicates.clear(work, (low_id, high_id), reason=reason, actor=actor(), now=g.now)
            flash(say("duplicate.cleared_done"), "success")
            return redirect(url_for("admin.duplicates_of", key=found(high_id).cycle.key), 303)
        except Refusal as error:
            refusal = error
    pair = duplicates.of(db.session(), (low_id, high_id))
    one, other = found(low_id), found(high_id)
    beside = duplicates.side_by_side(db.session(), one, other)
    page = render_template(
        "admin/duplicate.html", pair=pair, one=one, other=other, beside=beside, refusal=refusal
    )
    return page, refusal.status if refusal else 200
