"""The leaders' deliberation 合议: a level other than the ranking's, with reason and names; never a score."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from qtb.domain.errors import Invalid
from qtb.domain.roles import Actor
from qtb.services import evaluations, notes
from qtb.store import results as store
from qtb.store.submissions import Submission

KIND = "deliberated"
MAX_NAMES = 200


def deliberate(
    session: Session, submission: Submission, level: str, *, reason: str, names: str, actor: Actor, now: datetime
) -> None:
    """Let a work have the level that the leaders agreed on ("none" for none), with their reason and who they were.

    Raises Denied, Conflict (not to be decided now), Invalid (unknown level, no reason, no names).
    """
    reason, names = notes.short(reason), notes.text(names, MAX_NAMES, lines=False)
    if not reason:
        raise Invalid("reason_required")
    if not names:
        raise Invalid("names_required")
    evaluations.give(session, submission, level, KIND, own=True, actor=actor, now=now, note=reason, names=names)


def records(session: Session, cycle_id: int) -> Sequence[Row[Any]]:
    """Return a year's deliberations, oldest first: each entry with the number and the team of its work."""
    return store.entries(session, cycle_id, KIND)
