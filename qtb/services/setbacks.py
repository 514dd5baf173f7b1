"""What the clock has set aside ends when it is owed no more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, false
from sqlalchemy.orm import Session

from qtb.domain.definition import Definition
from qtb.domain.errors import Invalid
from qtb.domain.roles import CLOCK
from qtb.domain.timeline import Timeline
from qtb.services import edges
from qtb.store import facts, ledger
from qtb.store.unit import unit


def end(session: Session, *, now: datetime) -> None:
    """End what is set aside and has moved after all, or need not any more: suspended, or its end is another by now."""
    aside = ledger.moves_aside(session)
    known = {cycle.id: (cycle.definition, times) for cycle, times in edges.timelines(session)} if aside else {}
    for cycle_id, transition in aside:
        owed = _owed(*known[cycle_id], transition, now)
        over = ledger.not_owed(cycle_id, transition, owed) if owed is not None else None
        if over is not None and ledger.any_of(session, over):  # asked first, so that most minutes write nothing
            with unit(session):
                ledger.end(session, over, now=now)


def _owed(
    definition: Definition, times: Timeline, transition: str, now: datetime
) -> list[ColumnElement[bool]] | None:
    """Return the clauses of those whom a move is owed; None where working days are not known."""
    rule = definition.workflow.transitions.get(transition)
    if rule is None or rule.at is None or rule.at.row not in times.rows:
        return [false()]
    try:
        return facts.qualifies(definition, transition, times=times, actor=CLOCK, now=now)
    except Invalid:
        return None
