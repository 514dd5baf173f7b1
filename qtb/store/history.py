"""The table of history, what its rows have in common, and the canonical text that is hashed."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from qtb.domain import evidence, timeline
from qtb.domain.roles import Actor
from qtb.store.accounts import Account, Unit
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId

SUBJECTS: dict[str, type[Any]] = {"submission": Submission, "cycle": Cycle, "unit": Unit, "account": Account}
ADOPT = "adopt"  # the kind of entry of a case that follows its year's new definition
# The columns that are the same in every row of a batch.
CONSTANTS = (
    "subject", "batch_id", "kind", "transition", "actor_id", "role", "via", "to_state", "at", "row_key",
    "salt", "details",
)  # fmt: skip


class History(Base):
    """One entry in the history of one subject."""

    __tablename__ = "history"
    __table_args__ = (
        UniqueConstraint("subject", "subject_id", "seq"),
        Index(None, "batch_id"),
        Index(None, "at"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    subject: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int] = mapped_column(RowId)
    seq: Mapped[int]
    batch_id: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(20))
    transition: Mapped[str] = mapped_column(String(40), default="")
    from_state: Mapped[str] = mapped_column(String(40), default="")
    to_state: Mapped[str] = mapped_column(String(40), default="")
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    role: Mapped[str] = mapped_column(String(20), default="")
    via: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(Instant)
    due: Mapped[str] = mapped_column(String(27), default="")  # canonical text: it is hashed as it stands
    row_key: Mapped[str] = mapped_column(String(40), default="")
    details: Mapped[str] = mapped_column(Text)
    salt: Mapped[str] = mapped_column(String(32))
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    def about(self) -> dict[str, Any]:
        """Return the details: note, changes, address."""
        found: dict[str, Any] = json.loads(self.details)
        return found


# Made once: json.dumps makes an encoder at each call.
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


@dataclass(frozen=True, slots=True)
class Entry:
    """What the rows of one batch have in common."""

    subject: str
    kind: str
    actor: Actor
    at: datetime
    transition: str = ""
    to_state: str = ""
    role: str = ""
    row_key: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    drawn: str = field(default_factory=lambda: secrets.token_hex(24))  # one draw for both: it costs as much as a write

    @property
    def batch_id(self) -> str:
        """What the rows of the batch have in common."""
        return self.drawn[:32]

    def columns(self) -> dict[str, Any]:
        """Return the values of CONSTANTS."""
        told = {"address": self.actor.address, "behalf": self.actor.behalf}
        about = {**self.details, **{key: value for key, value in told.items() if value}, **self._principals()}
        return {
            "subject": self.subject, "batch_id": self.batch_id, "kind": self.kind, "transition": self.transition,
            "actor_id": self.actor.user_id, "role": self.role, "via": self.actor.via,
            "to_state": self.to_state, "at": self.at, "row_key": self.row_key, "salt": self.drawn[32:],
            "details": _encode(about) if about else "{}",
        }  # fmt: skip

    def _principals(self) -> dict[str, Any]:
        """Return for whom a deputy acts, by the unit in which he does."""
        found = self.actor.stands_for
        if not found:
            return {}
        held = [found.get(self.role, {})] if self.role else list(found.values())
        names = {str(unit_id): name for one in held for unit_id, name in one.items()}
        return {"for": names} if names else {}


def evidence_of(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is hashed of a batch's own columns, by the keys of the canonical text."""
    return {
        "v": evidence.FORMAT, "subject": columns["subject"], "kind": columns["kind"],
        "transition": columns["transition"], "batch": columns["batch_id"], "actor": columns["actor_id"],
        "role": columns["role"], "via": columns["via"], "at": timeline.canonical(columns["at"]),
        "to": columns["to_state"], "row": columns["row_key"],
        "details": evidence.sealed(columns["salt"], columns["details"]),
    }  # fmt: skip


def canonical(row: History) -> str:
    """Return the canonical text of a stored entry."""
    columns = {column.key: getattr(row, column.key) for column in History.__table__.columns}
    return evidence.canonical(
        {
            **evidence_of(columns), "subject_id": row.subject_id, "seq": row.seq, "prev": row.prev_hash,
            "from": row.from_state, "due": row.due,
        }
    )  # fmt: skip
