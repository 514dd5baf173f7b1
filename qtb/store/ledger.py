"""The ledger of the clock: every edge of every row, when it was due, when it was done, what it moved, what failed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    and_,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from qtb.domain import timeline
from qtb.domain.workflow import Edge
from qtb.store.history import History
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId


class Ledger(Base):
    """One line: an edge that was noticed (no transition), one slice of a move at it, or a slice that failed.

    A line for each slice, not a sum for each edge: several schedulers would wait for each other to write one row.
    """

    __tablename__ = "ledger"
    __table_args__ = (
        UniqueConstraint("cycle_id", "row_key", "edge", "due", "transition", "batch_id"),
        Index(None, "cycle_id", "at"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"))
    row_key: Mapped[str] = mapped_column(String(40))
    edge: Mapped[str] = mapped_column(String(10))
    due: Mapped[str] = mapped_column(String(27))  # canonical text, as history has it
    transition: Mapped[str] = mapped_column(String(40), default="")
    batch_id: Mapped[str] = mapped_column(String(32), default="")
    at: Mapped[datetime] = mapped_column(Instant)
    n_moved: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str] = mapped_column(String(300), default="")


class Setback(Base):
    """A submission that the clock could not move: set aside so that it stops nobody else, and tried again later."""

    __tablename__ = "setback"
    __table_args__ = (Index(None, "ended_at"),)

    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    transition: Mapped[str] = mapped_column(String(40), primary_key=True)
    due: Mapped[str] = mapped_column(String(27))
    failed_at: Mapped[datetime] = mapped_column(Instant)
    retry_at: Mapped[datetime] = mapped_column(Instant)
    n_tries: Mapped[int] = mapped_column(default=1)
    error: Mapped[str] = mapped_column(String(300))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)  # it moved after all, or no longer had to

    submission: Mapped[Submission] = relationship()


def noticed(session: Session, cycle_id: int) -> set[tuple[str, str, str]]:
    """Return (row, edge, due) of every edge of a cycle that is on record as passed."""
    rows = session.execute(
        select(Ledger.row_key, Ledger.edge, Ledger.due).where(Ledger.cycle_id == cycle_id, Ledger.transition == "")
    )
    return {(row_key, edge, due) for row_key, edge, due in rows}


def notice(session: Session, cycle_id: int, passed: Sequence[tuple[str, str, str]], *, now: datetime) -> None:
    """Put edges on record as passed; another scheduler may have done so a moment ago."""
    for row_key, edge, due in passed:
        _upsert(session, cycle_id, row_key, edge, due, transition="", at=now, failure="", changes=())


def enter(session: Session, cycle_id: int, edge: Edge, transition: str, batch_id: str) -> int:
    """Put a slice on record in the unit that moves it; return the id of the last submission in it.

    A line for each instant at which its moves were due.
    """
    counted = select(History.due, func.min(History.at), func.count(), func.max(History.subject_id))
    moved = session.execute(counted.where(History.batch_id == batch_id).group_by(History.due)).all()
    slice_ = {
        "cycle_id": cycle_id, "row_key": edge.row, "edge": edge.edge, "transition": transition, "batch_id": batch_id
    }  # fmt: skip
    session.execute(insert(Ledger), [{**slice_, "due": due, "at": at, "n_moved": n} for due, at, n, _ in moved])
    return max(last_id for *_, last_id in moved)


def fail(
    session: Session, cycle_id: int, edge: Edge, transition: str, *, due: datetime | None, now: datetime, failure: str
) -> None:
    """Put on record that a move could not be made at all, and when that was last so."""
    text = timeline.canonical(due) if due else ""
    _upsert(
        session, cycle_id, edge.row, edge.edge, text, transition=transition, at=now, failure=failure[:300],
        changes=("at", "failure"),
    )  # fmt: skip


def set_aside(
    session: Session, submission_id: int, transition: str, *, due: datetime, now: datetime, retry_in: timedelta,
    error: str,
) -> None:  # fmt: skip
    """Set a submission aside for a move, or keep it aside after one more try."""
    key = {"submission_id": submission_id, "transition": transition}
    first = {**key, "due": "", "failed_at": now, "retry_at": now, "n_tries": 0, "error": ""}
    # Several schedulers may meet the same fault at once: one makes the line, and they count in turn.
    session.execute(_inserting(session)(Setback).values(first).on_conflict_do_nothing())
    kept = session.get_one(Setback, key, with_for_update=True, populate_existing=True)
    kept.n_tries, kept.failed_at, kept.ended_at = kept.n_tries + 1, now, None
    kept.due, kept.retry_at, kept.error = timeline.canonical(due), now + retry_in * kept.n_tries, error[:300]


def not_aside(transition: str, now: Any) -> ColumnElement[bool]:
    """Return the clause of the submissions that are not set aside for this move at the moment."""
    return ~exists().where(
        Setback.submission_id == Submission.id, Setback.transition == transition,
        Setback.ended_at.is_(None), Setback.retry_at > now,
    )  # fmt: skip


def setbacks(session: Session) -> Sequence[Setback]:
    """Return what is set aside, the oldest first."""
    return session.scalars(select(Setback).where(Setback.ended_at.is_(None)).order_by(Setback.failed_at)).all()


def ids_aside(session: Session, cycle_id: int, transition: str) -> set[int]:
    """Return which submissions of a year are set aside for a move, also those whose next try is due."""
    mine = Submission.cycle_id == cycle_id, Setback.transition == transition, Setback.ended_at.is_(None)
    return set(session.scalars(select(Setback.submission_id).join(Setback.submission).where(*mine)))


def cases_aside(cycle_id: int) -> Select[Any]:
    """Return the query of a year's submissions of which something is set aside."""
    aside = exists().where(Setback.submission_id == Submission.id, Setback.ended_at.is_(None))
    return select(Submission).where(Submission.cycle_id == cycle_id, aside)


def moves_aside(session: Session) -> list[tuple[int, str]]:
    """Return (year, move) of all that is set aside, each once."""
    found = select(Submission.cycle_id, Setback.transition).join(Setback.submission).where(Setback.ended_at.is_(None))
    return [(cycle_id, transition) for cycle_id, transition in session.execute(found.distinct())]


def not_owed(cycle_id: int, transition: str, owed: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Return the clause of what is set aside of a move in a year though the clock no longer owes it: not `owed`."""
    mine = Submission.id == Setback.submission_id, Submission.cycle_id == cycle_id
    return and_(
        Setback.ended_at.is_(None), Setback.transition == transition, exists().where(*mine),
        ~exists().where(*mine, *owed),
    )  # fmt: skip


def any_of(session: Session, which: ColumnElement[bool]) -> bool:
    """Tell whether there is any setback of these."""
    return bool(session.scalar(select(select(Setback.submission_id).where(which).exists())))


def end(session: Session, which: ColumnElement[bool], *, now: datetime) -> None:
    """End these setbacks; the caller is in a unit."""
    session.execute(update(Setback).where(which).values(ended_at=now).execution_options(synchronize_session=False))


def release(session: Session, submission_id: int, *, now: datetime) -> int:
    """Let what is set aside of a submission be tried at the next sweep; return how many moves that is."""
    mine = (Setback.submission_id == submission_id) & Setback.ended_at.is_(None)
    done: Any = session.execute(update(Setback).where(mine).values(retry_at=now))
    return int(done.rowcount)


def release_all(session: Session, batch_id: str, *, now: datetime) -> None:
    """Let what is set aside of the submissions that a batch of history is about be tried at the next sweep."""
    told = select(History.subject_id).where(History.batch_id == batch_id)
    mine = Setback.submission_id.in_(told) & Setback.ended_at.is_(None)
    changed = update(Setback).where(mine).values(retry_at=now)
    session.execute(changed.execution_options(synchronize_session=False))


def _upsert(
    session: Session, cycle_id: int, row_key: str, edge: str, due: str, *, transition: str, at: datetime, failure: str,
    changes: tuple[str, ...],
) -> None:  # fmt: skip
    line = _inserting(session)(Ledger).values(
        cycle_id=cycle_id, row_key=row_key, edge=edge, due=due, transition=transition, batch_id="", at=at, n_moved=0,
        failure=failure,
    )  # fmt: skip
    key = ["cycle_id", "row_key", "edge", "due", "transition", "batch_id"]
    if not changes:
        session.execute(line.on_conflict_do_nothing(index_elements=key))
    else:
        set_ = {name: line.excluded[name] for name in changes}
        session.execute(line.on_conflict_do_update(index_elements=key, set_=set_))


def _inserting(session: Session) -> Any:
    return postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
