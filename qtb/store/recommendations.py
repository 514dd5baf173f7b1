"""A recommending unit's order of its works, and how many it may put forward in a year."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Select, String, Subquery, bindparam, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from qtb.store.cycles import Pinned
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant

LAST = 10**9  # works that nobody has placed yet come last, in the order in which they were entered


class Recommendation(Base):
    """Where a unit has placed a work. Ranks are counted from the places, so that none is missing or shared."""

    __tablename__ = "recommendation"

    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    recommender_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    place: Mapped[int]
    placed_at: Mapped[datetime] = mapped_column(Instant)


class UnitQuota(Base):
    """How many works a recommending unit may put forward in a year; an empty mode is the definition's."""

    __tablename__ = "unit_quota"

    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    n: Mapped[int]
    mode: Mapped[str] = mapped_column(String(10), default="")


PLACE = (func.coalesce(Recommendation.place, LAST), Submission.id)


# Worded once: the one is asked at every move that a quota counts, the other on every page of the queue.
_QUOTAS = (
    select(UnitQuota)
    .where(
        UnitQuota.cycle_id == bindparam("cycle"),
        UnitQuota.unit_id.in_(
            select(Submission.recommender_id).where(Submission.id.in_(bindparam("ids", expanding=True)))
        ),
    )
    .order_by(UnitQuota.unit_id)
    .with_for_update()
)
_WITH_USE = select(
    UnitQuota,
    select(func.count())
    .where(
        Submission.cycle_id + 0 == bindparam("cycle"), Submission.recommender_id == UnitQuota.unit_id,
        Submission.state.in_(bindparam("counts", expanding=True)),
    )
    .scalar_subquery(),
).where(
    UnitQuota.cycle_id == bindparam("cycle"), UnitQuota.unit_id.in_(bindparam("units", expanding=True))
)  # fmt: skip


def works(cycle: Pinned, recommender_ids: Sequence[int]) -> Select[int]:
    """Select the ids of units' ranked works of a year; a place that another unit gave is none."""
    return (
        select(Submission.id)
        .outerjoin(
            Recommendation,
            (Recommendation.submission_id == Submission.id)
            & (Recommendation.recommender_id == Submission.recommender_id),
        )
        .where(
            Submission.cycle_id + 0 == cycle.id, Submission.recommender_id.in_(recommender_ids),
            Submission.state.in_(cycle.definition.workflow.ranked()),
        )
    )  # fmt: skip


def ranks(cycle: Pinned, recommender_ids: Sequence[int]) -> Subquery:
    """Return the ids of units' ranked works of a year, each with its `rank` among its unit's."""
    counted = func.row_number().over(partition_by=Submission.recommender_id, order_by=PLACE)
    return works(cycle, recommender_ids).add_columns(counted.label("rank")).subquery()


def ranked(session: Session, cycle: Pinned, recommender_id: int) -> list[int]:
    """Return the ids of a unit's ranked works of a year, the first rank first."""
    return list(session.scalars(works(cycle, [recommender_id]).order_by(*PLACE)))


def quotas(session: Session, cycle_id: int, ids: Sequence[int]) -> list[UnitQuota]:
    """Return the quotas of the units that have these before them, held: two who use one up follow each other."""
    return list(session.scalars(_QUOTAS, {"cycle": cycle_id, "ids": list(ids)}))


def with_use(session: Session, cycle: Pinned, unit_ids: Sequence[int]) -> list[tuple[UnitQuota, int]]:
    """Return the quotas of units in a year, each with how many works count against it."""
    quota = cycle.definition.workflow.quota
    given = {"cycle": cycle.id, "units": list(unit_ids), "counts": quota.counts if quota else []}
    rows = session.execute(_WITH_USE, given)
    return [(one, n) for one, n in rows]


def used(session: Session, cycle: Pinned, unit_ids: Sequence[int]) -> dict[int, int]:
    """Return how many works of a year count against each unit's quota."""
    quota = cycle.definition.workflow.quota
    states = quota.counts if quota else []
    query = select(Submission.recommender_id, func.count()).where(
        Submission.cycle_id + 0 == cycle.id, Submission.recommender_id.in_(unit_ids), Submission.state.in_(states)
    )
    rows = session.execute(query.group_by(Submission.recommender_id))
    return {unit_id: n for unit_id, n in rows if unit_id is not None}
