"""The date by which the next one should act, said with a move: in time for the row, told in the move's entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import dropwhile
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.domain.errors import Invalid
from qtb.domain.workflow import Transition
from qtb.store import cycles
from qtb.store.cycles import Pinned
from qtb.store.history import ADOPT, Entry, History
from qtb.store.submissions import Submission

DUE = "due_at"


def told(
    session: Session, entry: Entry, rule: Transition, due_at: datetime | None, *, cycle: Pinned, ids: Sequence[int]
) -> Entry:
    """Return the entry with the date. Raises Invalid where one is wanted or unwanted, past, or beyond the row's end."""
    if due_at is None and rule.due != "required":
        return entry
    if due_at is None or rule.due == "none":
        raise Invalid("due_required" if due_at is None else "due_unwanted", move=rule.label)
    if due_at <= entry.at:
        raise Invalid("due_past", at=due_at)
    if rule.during is not None:
        times = cycles.timeline_of(session, cycle.id)
        rows = session.scalars(select(Submission).where(Submission.id.in_(ids), Submission.cycle_id == cycle.id))
        ends = [times.ends_at(rule.during, row) for row in rows if rule.during in times.rows]
        if ends and due_at > min(ends):
            raise Invalid("due_beyond", at=due_at, until=min(ends))
    return replace(entry, details={**entry.details, **details(due_at)})


def details(due_at: datetime | None) -> dict[str, str]:
    """Return a date as an entry's details tell it."""
    return {DUE: due_at.isoformat()} if due_at else {}


def of(details: Mapping[str, Any]) -> datetime | None:
    """Return the date that an entry's details tell."""
    text = details.get(DUE)
    return datetime.fromisoformat(str(text)) if text else None


def before(entries: Iterable[History]) -> datetime | None:
    """Return the date that held before the last step among entries, latest first: as it was said or moved since."""
    older = dropwhile(lambda row: not row.to_state, entries)
    next(older, None)
    for row in older:
        found = of(row.about())
        if found or (row.to_state and row.kind != ADOPT):  # adopting leaves it as it is
            return found
    return None
