"""The recommending unit's pages: its queue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, Select, case

from qtb.domain.row_order import Whom
from qtb.domain.workflow import Group
from qtb.extensions import db
from qtb.services import quotas
from qtb.store import lists
from qtb.store import recommendations as store
from qtb.store.cycles import Cycle, Pin
from qtb.store.submissions import Submission
from qtb.web import batch, years
from qtb.web.access import actor, audience
from qtb.web.parse import whole
from qtb.web.todo import held_by, tasks

MOST_TASKS = 10  # of what waits, before the rest is asked for: the list below shows the same works
pages = Blueprint("recommender", __name__, url_prefix="/recommender")


@pages.get("/")
@audience("recommender")
def queue() -> ResponseReturnValue:
    """Show the works put before the person's units: those that wait for an answer first."""
    session, year = db.session(), years.chosen(db.session(), request.args.get("cycle", ""), g.now)
    units = sorted(actor().units["recommender"])
    counts = lists.counts(session, _counting(year.id, tuple(units))) if year else {}
    groups = _groups(year, counts)
    asked = whole(request.args.get("group", ""))
    chosen = asked if asked is not None and asked < len(groups) else None  # no such group: all
    states = _states(year, chosen)
    query = request.args.get("q", "").strip()[:100]
    return render_template(
        "recommender/queue.html", cycle=year, years=years.cycles(session), groups=groups, chosen=chosen, q=query,
        counts=counts, page=_page(year, units, states, query, counts), todo=tasks(session, actor(), g.now),
        most=MOST_TASKS, quotas=quotas.standings(session, year, units) if year else {}, until=_ends(year),
        moves=batch.moves(year), deadline=_deadline(year, units),
    )  # fmt: skip


def _groups(year: Cycle | None, counts: dict[str, int]) -> list[tuple[int, Group, int]]:
    """Return the groups of the definition with how many stand in each."""
    workflow = year.definition.workflow if year else None
    found = enumerate(workflow.queue) if workflow else ()
    return [(n, one, sum(counts.get(state, 0) for state in _named(year, one))) for n, one in found]


def _named(year: Cycle | None, group: Group) -> list[str]:
    return year.definition.workflow.named(group.source) if year else []


def _states(year: Cycle | None, chosen: int | None) -> list[str]:
    """Return the states of the chosen group; none where none is chosen, which means all."""
    groups = year.definition.workflow.queue if year else []
    return _named(year, groups[chosen]) if chosen is not None else []


def _page(
    year: Cycle | None, units: Sequence[int], states: Sequence[str], query: str, counts: dict[str, int]
) -> lists.Page:
    """Return the page asked for."""
    if year is None:
        return lists.Page([], 0, 1)
    session, number = db.session(), request.args.get("page", type=int, default=1)
    known = _listed(Pin(year.id, year.definition), tuple(units), tuple(states))
    if query:  # typed by hand: worded for this once
        known = known.where(lists.matching(query))
        counts = lists.counts(session, _counting(year.id, tuple(units)).where(lists.matching(query)))
    n_all = sum(counts.get(state, 0) for state in states or counts)
    return lists.known_page(session, known, number=number, n_all=n_all)


@lru_cache(maxsize=1_024)
def _listed(year: Pin, units: tuple[int, ...], states: tuple[str, ...]) -> Select[Any]:
    """Return the query of the list, kept for the next visit: what waits for an answer first, then by rank."""
    ranks = store.ranks(year, units)
    clauses = [_ours(units), lists.among_own(year.id), *([Submission.state.in_(states)] if states else [])]
    waits = case((Submission.state.in_(held_by(year, "recommender")), 0), else_=1)
    order = (waits, case((ranks.c.rank.is_(None), 1), else_=0), ranks.c.rank, Submission.id.desc())
    return lists.listed(*clauses, order=order, ranks=ranks)


@lru_cache(maxsize=1_024)
def _counting(year_id: int, units: tuple[int, ...]) -> Select[str, int]:
    """Return the query of how many stand in which state, kept like the list's."""
    return lists.counting(_ours(units), lists.among_own(year_id))


def _ours(units: Sequence[int]) -> ColumnElement[bool]:
    return Submission.recommender_id.in_(units) & (Submission.kind != "start")


def _deadline(year: Cycle | None, units: Sequence[int]) -> datetime | None:
    """Return by when the units recommend, the earliest of their own ends, while it lies ahead."""
    rule = year.definition.workflow.ranking if year else None
    if year is None or rule is None:
        return None
    times = years.of(db.session(), year.id).times
    until = min(times.ends_at(rule.during, Whom(recommender_id=one)) for one in units)
    return until if until > g.now else None


def _ends(year: Cycle | None) -> Any:
    """Return what says of a row until when it can be acted on: its due date, or the end of its row."""
    rule = year.definition.workflow.ranking if year else None
    if year is None or rule is None:
        return lambda row: None
    times = years.of(db.session(), year.id).times
    workflow = year.definition.workflow
    edges = [(key, workflow.transitions[key].at) for key in workflow.clocked()]
    ending = {state for key, at in edges if at and at.row == rule.during for state in workflow.sources(key)}

    def until(row: Any) -> datetime | None:
        end = times.ends_at(rule.during, row) if row.state in ending else None
        return row.due_at or end

    return until
