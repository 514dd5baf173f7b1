"""What is done in the grace of a row is marked as late, each submission by its own end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Transition
from qtb.store.history import Entry
from qtb.store.submissions import Submission


def parted(
    session: Session, entry: Entry, times: Timeline, rule: Transition, ids: Sequence[int]
) -> list[tuple[Entry, Sequence[int]]]:
    """Return a move's entry with the submissions it is about: once, or as late for those open only by the grace.

    Both are of one batch.
    """
    row = times.rows.get(rule.during or "")
    if row is None or not row.grace or entry.at < row.closes_at:
        return [(entry, ids)]
    rows = session.scalars(select(Submission).where(Submission.id.in_(ids)))
    late = {one.id for one in rows if times.is_late(row.key, one, entry.at)}
    marked = replace(entry, details={**entry.details, "late": True})
    parts = (marked, [one for one in ids if one in late]), (entry, [one for one in ids if one not in late])
    return [(one, mine) for one, mine in parts if mine]
