"""Which units take part through a recommending unit: this year's teams, and those of the years before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, and_, case, func, or_, select
from sqlalchemy.orm import Session

from qtb.store.accounts import Account, Unit
from qtb.store.cycles import Cycle
from qtb.store.history import History
from qtb.store.submissions import Submission


def units(
    session: Session, cycle: Cycle, recommender_ids: Sequence[int], undeclared: Sequence[str], invited: Iterable[int]
) -> Sequence[Row[Any]]:
    """Return the units that have named these recommenders or were invited, those without a team this year first.

    Each with `id`, `name`, and how many teams it has this year (`n_teams`), how many of them stand in one of the
    `undeclared` states (`n_undeclared`), and how many it had before (`n_before`). A draft is nobody's but the unit's.
    """
    is_now = Submission.cycle_id == cycle.id
    n_teams = func.sum(case((is_now, 1), else_=0))
    n_undeclared = func.sum(case((is_now & Submission.state.in_(undeclared), 1), else_=0))
    n_before = func.sum(case((Submission.cycle_id != cycle.id, 1), else_=0))
    named = and_(
        Submission.unit_id == Unit.id, Submission.recommender_id.in_(recommender_ids), Submission.kind != "start",
        Submission.cycle_id.in_(select(Cycle.id).where(Cycle.year <= cycle.year)),
    )  # fmt: skip
    query: Any = (
        select(
            Unit.id, Unit.name, n_teams.label("n_teams"), n_undeclared.label("n_undeclared"), n_before.label("n_before")
        )
        .outerjoin(Submission, named)
        .where(or_(Submission.id.is_not(None), Unit.id.in_(list(invited))))
        .group_by(Unit.id, Unit.name)
        .order_by(n_teams, n_undeclared.desc(), Unit.name)
    )
    found: Sequence[Row[Any]] = session.execute(query).all()
    return found


def invited(session: Session, recommender_ids: Sequence[int]) -> dict[int, int]:
    """Return the units that these recommenders have asked to take part, each with its first person's account."""
    mine = (History.subject == "unit", History.subject_id.in_(recommender_ids), History.kind == "invited_unit")
    told = [one.about()["changes"] for one in session.scalars(select(History).where(*mine).order_by(History.id))]
    return {one["unit"]: one["account"] for one in told}


def without_password(session: Session, account_ids: Iterable[int]) -> set[int]:
    """Return which of these accounts still wait for the first password."""
    waiting = (Account.id.in_(list(account_ids)), Account.password_hash.is_(None), Account.is_active)
    return set(session.scalars(select(Account.id).where(*waiting)))
