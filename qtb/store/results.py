"""What a year's results are reckoned from, its works and their sheets; and levels given to many works at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, exists, false, func, insert, or_, select, update
from sqlalchemy.orm import Session

from qtb.store import audit
from qtb.store.accounts import Account, Unit
from qtb.store.audit import Entry
from qtb.store.evaluations import Award, Sheet
from qtb.store.history import History
from qtb.store.submissions import Submission


def works(session: Session, cycle_id: int, states: Sequence[str]) -> Sequence[Row[Any]]:
    """Return a year's works that stand in these states or have a sheet, in the order of their numbers."""
    has_sheet = exists().where(Sheet.submission_id == Submission.id)
    query: Any = (
        select(
            Submission.id, Submission.number, Submission.team_name, Submission.title, Submission.category,
            Submission.state, Submission.award_level, Submission.suspended_at, Submission.eliminated,
            Unit.name.label("unit_name"), func.coalesce(Award.own, false()).label("own"),
        )
        .join(Unit, Unit.id == Submission.unit_id)
        .outerjoin(Award, Award.submission_id == Submission.id)
        .where(Submission.cycle_id == cycle_id, or_(Submission.state.in_(states), has_sheet))
    )  # fmt: skip
    found: Sequence[Row[Any]] = session.execute(query.order_by(Submission.number)).all()
    return found


def sheets(session: Session, cycle_id: int) -> Sequence[Row[Any]]:
    """Return the sheets of a year's works with the names of their evaluators."""
    query: Any = (
        select(
            Sheet.submission_id, Sheet.evaluator_id, Sheet.kind, Sheet.total, Sheet.scores, Sheet.is_final,
            Sheet.recused_at, Account.name,
        )
        .join(Submission, Submission.id == Sheet.submission_id)
        .join(Account, Account.id == Sheet.evaluator_id)
        .where(Submission.cycle_id == cycle_id)
    )  # fmt: skip
    found: Sequence[Row[Any]] = session.execute(query.order_by(Sheet.id)).all()
    return found


def give_level(
    session: Session, entry: Entry, level: str, ids: Sequence[int], *, held: bool, now: datetime
) -> int:
    """Let works have a proposed level ("" for none yet), with an entry in the history of each; return how many.

    `held`: whether their publication waits for a consent.
    """
    n_written = audit.append(session, entry, select(Submission).where(Submission.id.in_(ids)))
    audit.follow(session.connection(), entry)
    mine = update(Submission).where(Submission.id.in_(ids)).values(award_level=level, consent_held=held)
    session.execute(mine.execution_options(synchronize_session=False))
    session.execute(delete(Award).where(Award.submission_id.in_(ids)))
    if level:
        row = {"level": level, "proposed_by": entry.actor.user_id, "proposed_at": now}
        session.execute(insert(Award), [{**row, "submission_id": one} for one in ids])
    session.expire_all()
    return n_written


def entries(session: Session, cycle_id: int, kind: str) -> Sequence[Row[Any]]:
    """Return the entries of one kind in the histories of a year's works, oldest first, each with its work's names."""
    mine = History.subject == "submission", History.kind == kind, Submission.cycle_id == cycle_id
    query: Any = select(History, Submission.number, Submission.team_name, Account.name.label("who"))
    query = query.join(Submission, Submission.id == History.subject_id)
    query = query.outerjoin(Account, Account.id == History.actor_id).where(*mine)
    found: Sequence[Row[Any]] = session.execute(query.order_by(History.id)).all()
    return found


def hold(session: Session, ids: Sequence[int]) -> None:
    """Hold works until the unit ends, in the order of their ids."""
    mine = select(Submission.id).where(Submission.id.in_(ids)).order_by(Submission.id)
    session.execute(mine.with_for_update(key_share=True))


def unchanged(session: Session, ids: Sequence[int], level: str, *, since: datetime) -> list[tuple[int, str]]:
    """Return those of these works, each with its state, that still have the level which they were given together.

    Whoever was given one later, be it the same, was decided otherwise; eliminated ones keep theirs.
    """
    query: Any = select(Submission.id, Submission.state).join(Award, Award.submission_id == Submission.id)
    same = Award.level == level, Award.proposed_at == since, ~Award.own, ~Submission.eliminated
    rows = session.execute(query.where(Submission.id.in_(ids), *same).order_by(Submission.id))
    return [(row.id, row.state) for row in rows]
