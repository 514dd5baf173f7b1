"""How far the judging of a year is, and the letters to its judges: what the organiser's board and reminders ask."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from qtb.store.accounts import Account, Membership, Unit
from qtb.store.cycles import Cycle
from qtb.store.evaluations import Sheet, awaited
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission

REMINDER = "judge_reminder"


def sheets(session: Session, cycle_id: int) -> Sequence[Row[Any]]:
    """Return the sheets of a year, each with its judge's name and where its work stands."""
    query: Any = (
        select(
            Sheet.id.label("sheet_id"), Sheet.evaluator_id, Sheet.kind, Sheet.total, Sheet.is_final, Sheet.recused_at,
            Sheet.assigned_at, Sheet.finished_at, Account.name, Submission.id, Submission.number, Submission.unit_id,
            Submission.recommender_id, Submission.state, Submission.state_since, Submission.suspended_at,
            Submission.category, Submission.eliminated,
        )
        .join(Submission, Submission.id == Sheet.submission_id)
        .join(Account, Account.id == Sheet.evaluator_id)
        .where(Submission.cycle_id == cycle_id)
    )  # fmt: skip
    found: Sequence[Row[Any]] = session.execute(query.order_by(Sheet.id)).all()
    return found


def reminded(session: Session, cycle_id: int) -> Mapping[int, datetime]:
    """Return when each judge of a year was last reminded by the organiser."""
    mine = Outbox.cycle_id == cycle_id, Outbox.letter == REMINDER, Outbox.account_id.is_not(None)
    query: Any = select(Outbox.account_id, func.max(Outbox.created_at)).where(*mine).group_by(Outbox.account_id)
    return {account_id: at for account_id, at in session.execute(query)}  # noqa: C416 (typed)


def known(session: Session, keys: Collection[str]) -> dict[str, datetime]:
    """Return when the letters with these keys were queued, by key."""
    query = select(Outbox.key, Outbox.created_at).where(Outbox.key.in_(sorted(keys)))
    return {key: at for key, at in session.execute(query)}  # noqa: C416 (typed)


def units_of(session: Session, judges: Collection[int]) -> dict[int, int]:
    """Return the unit in which each of these judges is one; who is one no more is left out."""
    mine = Membership.role == "evaluator", Membership.ended_at.is_(None), Membership.account_id.in_(sorted(judges))
    query: Any = select(Membership.account_id, func.min(Membership.unit_id)).join(Unit, Unit.id == Membership.unit_id)
    query = query.join(Account, Account.id == Membership.account_id).where(*mine, Unit.is_active, Account.is_active)
    return {one: unit_id for one, unit_id in session.execute(query.group_by(Membership.account_id))}  # noqa: C416


def open_works(session: Session, cycle: Cycle, judge: int) -> Sequence[Submission]:
    """Return the works of a year that a judge has yet to finish, by number; what is suspended waits apart."""
    mine = Sheet.evaluator_id == judge, awaited(cycle.definition), Submission.suspended_at.is_(None)
    query = select(Submission).join(Sheet, Sheet.submission_id == Submission.id)
    query = query.where(*mine, Submission.cycle_id == cycle.id)
    return session.scalars(query.distinct().order_by(Submission.number)).all()


def with_open(session: Session, cycle: Cycle, judges: Collection[int]) -> set[int]:
    """Return those of these judges who have a work of a year to finish."""
    mine = Sheet.evaluator_id.in_(sorted(judges)), awaited(cycle.definition), Submission.suspended_at.is_(None)
    query = select(Sheet.evaluator_id).join(Submission, Submission.id == Sheet.submission_id)
    return set(session.scalars(query.where(*mine, Submission.cycle_id == cycle.id).distinct()))


def numbered(session: Session, ids: Collection[int]) -> Sequence[Submission]:
    """Return works by number."""
    mine = select(Submission).where(Submission.id.in_(sorted(ids)))
    return session.scalars(mine.order_by(Submission.number)).all()
