"""The versions of a form, a team's or a unit's: each as it stood after one save, with who saved it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import JSON, ColumnElement, ForeignKey, Select, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from qtb.store.accounts import Account
from qtb.store.types import Instant

LATEST = 20


class Saved:
    """The columns of a version. `request_key` says from which drawing of the page it came."""

    number: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    saved_at: Mapped[datetime] = mapped_column(Instant)
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    request_key: Mapped[str] = mapped_column(String(64), default="")


class Version(Protocol):
    """A version as it is read."""

    number: Any
    saved_at: Any
    values: Any


Told = tuple[Version, str | None]  # with the name of who saved it; None where a command did


@dataclass(frozen=True, slots=True)
class Versions:
    """All versions of one form."""

    session: Session
    table: type[Saved]
    mine: tuple[ColumnElement[bool], ...]

    def told(self) -> Sequence[Told]:
        """Return them, latest first."""
        return [(row, name) for row, name in self.session.execute(self._query())]

    def latest(self) -> Told | None:
        """Return the last one."""
        found = self.session.execute(self._query().limit(1)).first()
        return (found[0], found[1]) if found else None

    def one(self, number: int) -> Told | None:
        """Return one by its number."""
        found = self.session.execute(self._query().where(self.table.number == number)).first()
        return (found[0], found[1]) if found else None

    def saved_from(self, account_id: int | None, request_key: str) -> int:
        """Return the last one that somebody saved from one drawing of the page; 0 for none."""
        if not request_key or account_id is None:
            return 0
        own = self.table.account_id == account_id, self.table.request_key == request_key
        return self.session.scalar(select(func.max(self.table.number)).where(*self.mine, *own)) or 0

    def saved_keys(self, account_id: int | None) -> list[str]:
        """Return the drawings of the page from which somebody saved, the latest twenty."""
        own = self.table.account_id == account_id, self.table.request_key != ""
        query = select(self.table.request_key).where(*self.mine, *own).order_by(self.table.number.desc())
        return list(self.session.scalars(query.limit(LATEST)))

    def _query(self) -> Select[Any, Any]:
        return (
            select(self.table, Account.name)
            .outerjoin(Account, Account.id == self.table.account_id)
            .where(*self.mine)
            .order_by(self.table.number.desc())
        )
