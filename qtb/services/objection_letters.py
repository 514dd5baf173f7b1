"""Letters to whoever objected, at the address that stands on the objection: that person has no account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from qtb import clock
from qtb.store import outbox
from qtb.store.objections import Objection
from qtb.store.outbox import Outbox

ROLE = "objector"
RECEIVED, TAKEN_UP, ANSWERED = "objector_received", "objector_taken", "objector_answered"


@dataclass(frozen=True, slots=True)
class Objector:
    """Whom such a letter is for."""

    name: str
    email: str


def tell(session: Session, row: Objection, letter: str, *, now: datetime) -> None:
    """Put a letter into the queue, where the objection names an address; the caller is in a unit."""
    if _of(row) is not None:
        key, about = f"objection:{row.id}:{letter}", {"objection": row.id}
        outbox.post(session, key, "", row.submission_id, letter, ROLE, now=now, about=about)


def is_mine(row: Outbox) -> bool:
    """Tell whether a letter is for whoever objected."""
    return row.to_role == ROLE


def recipients(session: Session, row: Outbox) -> Sequence[Objector]:
    """Return whom a letter is for: one, or nobody."""
    found = _of(session.get_one(Objection, row.about["objection"]))
    return [found] if found else []


def values(session: Session, row: Outbox, lang: str, base_url: str) -> dict[str, str]:
    """Return the placeholders' values in one language: how the objection stands now."""
    about = session.get_one(Objection, row.about["objection"])
    return {
        "code": about.code, "link": f"{base_url}/objections/{about.code}" if base_url else "",
        "due": clock.shown(about.answer_by, lang, is_end=True) if about.answer_by else "",
        "outcome": about.outcome,  # the template words it
        "reply": str(about.values.get("reply", "")),
    }  # fmt: skip


def _of(row: Objection) -> Objector | None:
    rule = row.cycle.definition.workflow.objections
    if rule is None or rule.writes_to is None:
        return None
    name, email = (str(row.values.get(field) or "") for field in (rule.writes_to.name, rule.writes_to.email))
    return Objector(name, email) if email else None
