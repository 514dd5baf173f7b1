"""One move for several works of the queue: what it will do and who is told, then all of them or none."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.domain import decide
from qtb.domain.errors import Conflict, Invalid, Missing, NotNow, Reason, Refusal
from qtb.domain.workflow import Transition
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import quotas
from qtb.services.advance import advance
from qtb.store import facts, lists
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web import years
from qtb.web.access import actor, audience
from qtb.web.parse import optional_end, whole

pages = Blueprint("batch", __name__, url_prefix="/recommender/batch")

MOST = 200


class Some(Conflict):
    """Some of several works cannot make the move, so none did; the page says of each why."""

    def __init__(self, n: int) -> None:
        super().__init__("batch_some", n=n)


def moves(year: Cycle | None) -> dict[str, Transition]:
    """Return the moves of a year that a recommending unit makes."""
    found = year.definition.workflow.transitions if year else {}
    return {key: rule for key, rule in found.items() if "recommender" in rule.by}


@pages.get("")
@audience("recommender")
def confirm() -> ResponseReturnValue:
    """Say what the move will do to each of the selected works, before it is made."""
    year, key = _asked()
    rows = _selected(year)
    if not rows:
        flash(say("batch.none"), "warning")
        return redirect(url_for("recommender.queue", cycle=year.key), 303)
    return _page(year, key, rows)


@pages.post("")
@audience("recommender")
def make() -> ResponseReturnValue:
    """Make the move for all of the selected works, or for none."""
    year, key = _asked()
    cycle_key = year.key
    try:
        with unit(db.session()) as work:
            rows = _selected(year)
            _refuse_gone(rows)
            due_at = optional_end(request.form.get("due", ""), say("due.label"))
            done = advance(
                work, key, cycle=year, now=g.now, actor=actor(), ids=[row.id for row in rows],
                note=request.form.get("note", ""), due_at=due_at,
            )  # fmt: skip
    except Refusal as error:
        year = years.named(db.session(), cycle_key)
        rows = _selected(year)
        n_against = sum(1 for why in _reasons(year, key, rows).values() if why)
        told = Some(n_against) if isinstance(error, NotNow) and n_against else error
        return _page(year, key, rows, told), error.status
    rule = moves(years.named(db.session(), cycle_key))[key]
    flash(say("batch.done", n=done.n_moved, done=rule.done), "success")
    return redirect(url_for("recommender.queue", cycle=cycle_key), 303)


def _asked() -> tuple[Cycle, str]:
    year, key = years.chosen(db.session(), request.values.get("cycle", ""), g.now), request.values.get("move", "")
    if year is None:
        raise Missing("cycle")
    if key not in moves(year):
        raise Missing("transition", name=key[:40])
    return year, key


def _refuse_gone(rows: Sequence[Submission]) -> None:
    """Refuse where nothing is selected, or some of it is no longer the person's: the page then shows what is left."""
    if not rows:
        raise Invalid("batch_nothing")
    n_gone = len(set(request.values.getlist("work"))) - len(rows)
    if n_gone:
        raise Conflict("batch_gone", n=n_gone)


def _selected(year: Cycle) -> Sequence[Submission]:
    """Return the selected works of the year that the person may see."""
    ids = {number for text in request.values.getlist("work") if (number := whole(text)) is not None and number < 2**53}
    if len(ids) > MOST:
        raise Invalid("batch_size", max=MOST)
    query = lists.WHOLE.where(Submission.cycle_id == year.id, Submission.id.in_(ids), lists.visible(actor()))
    return db.session().scalars(query.order_by(Submission.id)).all()


def _reasons(year: Cycle, key: str, rows: Sequence[Submission]) -> dict[int, tuple[Reason, ...]]:
    times = years.of(db.session(), year.id).times
    asked = {"timeline": times, "actor": actor(), "now": g.now}
    return {row.id: decide.explain(year.definition, key, facts.as_case(row), **asked) for row in rows}


def _page(year: Cycle, key: str, rows: Sequence[Submission], refusal: Refusal | None = None) -> str:
    rule, quota = moves(year)[key], year.definition.workflow.quota
    units = sorted(actor().units["recommender"])
    counted = quota is not None and key in quota.moves
    return render_template(
        "recommender/batch.html", cycle=year, key=key, rule=rule, rows=rows, reasons=_reasons(year, key, rows),
        refusal=refusal, note=request.form.get("note", ""), due=request.form.get("due", ""),
        quotas=quotas.standings(db.session(), year, units) if counted else {},
    )  # fmt: skip
