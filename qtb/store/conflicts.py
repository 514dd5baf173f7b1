"""Conflicts of interest that were declared, and what is known of judges and works by which others are found."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from qtb.domain import conflicts
from qtb.domain.roles import UNIT_KINDS
from qtb.store import accounts, answers
from qtb.store.accounts import Account, Membership, Unit
from qtb.store.evaluations import Sheet
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId

PARTS = re.compile(r"[、,，;；/\s]+")
LONGEST = 100  # a longer answer is a text and no list of names


class Declared(Base):
    """A conflict of interest that somebody declared: with all works of a unit, or with one work.

    With `clears` the contrary: that the name on a work's forms is another person's.
    """

    __tablename__ = "conflict"
    __table_args__ = (
        Index(None, "account_id"),
        CheckConstraint("(unit_id IS NULL) <> (submission_id IS NULL)", name="one_subject"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submission.id"))
    reason: Mapped[str] = mapped_column(String(500))
    declared_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    declared_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    clears: Mapped[bool] = mapped_column(default=False)

    account: Mapped[Account] = relationship(foreign_keys=[account_id])
    declarer: Mapped[Account | None] = relationship(foreign_keys=[declared_by])
    unit: Mapped[Unit | None] = relationship()
    submission: Mapped[Submission | None] = relationship()


def declared(session: Session, ids: Collection[int], *, ended: bool = False) -> Sequence[Declared]:
    """Return what these people declared, latest first; `ended`: what was withdrawn too."""
    query = select(Declared).where(Declared.account_id.in_(sorted(ids))).order_by(Declared.id.desc())
    query = query.options(joinedload(Declared.account), joinedload(Declared.unit), joinedload(Declared.submission),
                          joinedload(Declared.declarer))  # fmt: skip
    return session.scalars(query if ended else query.where(Declared.ended_at.is_(None))).all()


def judges(session: Session, ids: Collection[int]) -> dict[int, conflicts.Judge]:
    """Return what is known of people, by id. The organiser's own units bind nobody: all judges are their members."""
    chosen, parents = sorted(ids), _parents(session)
    held = select(Membership.account_id, Membership.unit_id, Membership.ended_at).join(Membership.unit)
    held = held.where(Membership.account_id.in_(chosen), Unit.kind != UNIT_KINDS["organiser"])
    now, former = _sets(chosen), _sets(chosen)
    for account_id, unit_id, ended_at in session.execute(held):
        (former if ended_at else now)[account_id].add(unit_id)
    units, works, recused, others = _sets(chosen), _sets(chosen), _sets(chosen), _sets(chosen)
    for one in session.scalars(select(Declared).where(Declared.account_id.in_(chosen), Declared.ended_at.is_(None))):
        kept = others if one.clears else units if one.unit_id else works
        kept[one.account_id].add(one.unit_id or one.submission_id or 0)
    stood_back = (Sheet.evaluator_id.in_(chosen), Sheet.recused_at.is_not(None))
    for account_id, submission_id in session.execute(
        select(Sheet.evaluator_id, Sheet.submission_id).where(*stood_back)
    ):
        recused[account_id].add(submission_id)
    names = session.execute(select(Account.id, Account.name).where(Account.id.in_(chosen)))
    return {
        key: conflicts.Judge(
            key, accounts.name_key(name), frozenset(now[key]), _line(now[key], parents),
            frozenset(former[key] - now[key]), frozenset(units[key]), frozenset(works[key]), frozenset(recused[key]),
            frozenset(others[key]),
        )
        for key, name in names
    }  # fmt: skip


def works(session: Session, ids: Collection[int]) -> dict[int, conflicts.Work]:
    """Return what is known of works, by id."""
    chosen, parents = sorted(ids), _parents(session)
    columns = select(Submission.id, Submission.unit_id, Submission.recommender_id).where(Submission.id.in_(chosen))
    given = answers.of_many(session, chosen)
    return {
        key: conflicts.Work(
            key, unit_id, recommender_id, _line({unit_id, *([recommender_id] if recommender_id else [])}, parents),
            frozenset(accounts.name_key(name) for form in given[key].values() for name in _names(form)),
        )
        for key, unit_id, recommender_id in session.execute(columns)
    }  # fmt: skip


def _sets(ids: Sequence[int]) -> dict[int, set[int]]:
    return {one: set() for one in ids}


def _parents(session: Session) -> dict[int, int]:
    pairs = session.execute(select(Unit.id, Unit.parent_id).where(Unit.parent_id.is_not(None)))
    return {unit_id: parent_id for unit_id, parent_id in pairs if parent_id}


def _line(units: Collection[int], parents: Mapping[int, int]) -> frozenset[int]:
    found: set[int] = set()
    for unit_id in units:
        above: int | None = unit_id
        while above is not None and above not in found:
            found.add(above)
            above = parents.get(above)
    return frozenset(found)


def _names(value: Any) -> Iterator[str]:
    """Yield what may be names in an answer: short texts and their parts, those of rows too."""
    if isinstance(value, str) and len(value) <= LONGEST:
        yield from filter(None, {value, *PARTS.split(value)})
    elif isinstance(value, (dict, list)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _names(one)
