"""Ranking a unit's works: by dragging, by numbers or by arrows, saved as one order."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.domain.errors import Invalid, Missing, Refusal
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import rankings
from qtb.store import lists
from qtb.store import recommendations as store
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web import years
from qtb.web.access import actor, audience
from qtb.web.parse import whole

pages = Blueprint("ranking", __name__, url_prefix="/recommender/ranking")

UP, DOWN = -1, 1


@pages.route("", methods=["GET", "POST"])
@audience("recommender")
def rank() -> ResponseReturnValue:
    """Show a unit's works in their order; save another order."""
    year = years.chosen(db.session(), request.values.get("cycle", ""), g.now)
    if year is None:
        raise Missing("cycle")
    unit_id = _unit_id()
    refusal = None
    if request.method == "POST":
        try:
            _save(year, unit_id)
            flash(say("rank.saved"), "success")
            return redirect(url_for("ranking.rank", cycle=year.key, unit=unit_id), 303)
        except Refusal as error:
            refusal = error
            year = years.named(db.session(), year.key)
    return _shown(year, unit_id, refusal), refusal.status if refusal else 200


def _save(year: Cycle, unit_id: int) -> None:
    """Save the order that the page asks for: the typed numbers, or one work moved by an arrow."""
    texts = request.form.get("seen_order", "").split(",")
    listed = [number for text in texts if (number := whole(text)) is not None]
    order = None
    for name, step in (("up", UP), ("down", DOWN)):
        one = whole(request.form.get(name, ""))
        if one in listed:
            order = rankings.moved(listed, one, listed.index(one) + 1 + step)
    order = order or rankings.numbered(listed, _numbers(listed))
    with unit(db.session()) as work:
        cycle, group = work.get_one(Cycle, year.id), work.get_one(Unit, unit_id)
        rankings.rank(work, cycle, group, order, seen=listed, actor=actor(), now=g.now)


def _numbers(listed: list[int]) -> dict[int, int]:
    """Return the ranks that were typed. Raises Invalid for what is none, or where two works were moved to one rank."""
    found: dict[int, int] = {}
    for place, one in enumerate(listed, 1):
        text = request.form.get(f"rank-{one}", str(place)).strip()
        number = whole(text)
        if number is None or not 1 <= number <= len(listed):
            raise Invalid("rank_number", text=text[:20], n=len(listed))
        if number == place:
            continue  # one that stays makes room for one that is moved to its place
        if number in found.values():
            raise Invalid("rank_twice", rank=number)
        found[one] = number
    return found


def _unit_id() -> int:
    mine = sorted(actor().units["recommender"])
    chosen = whole(request.values.get("unit", ""))
    return chosen if chosen in mine else mine[0]


def _shown(year: Cycle, unit_id: int, refusal: Refusal | None) -> str:
    ranks = store.ranks(year, [unit_id])
    rows = lists.ranked(db.session(), ranks, Submission.recommender_id == unit_id)
    typed = request.form if isinstance(refusal, Invalid) else {}
    return render_template(
        "recommender/ranking.html", cycle=year, unit_id=unit_id, rows=rows, refusal=refusal, typed=typed
    )
