"""Instants: aware, in UTC, to the microsecond, in order; the same on both databases."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from qtb.store.outbox import Heartbeat
from qtb.store.unit import unit

EDGES = [
    datetime(2024, 5, 31, 16, 0, tzinfo=UTC), datetime(2024, 5, 31, 15, 59, 59, 999_999, tzinfo=UTC),
    datetime(2024, 5, 31, 16, 0, 0, 1, tzinfo=UTC), datetime(1990, 1, 1, tzinfo=UTC),
    datetime(2199, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), datetime(2024, 2, 29, 12, 30, tzinfo=UTC),
]  # fmt: skip


def _keep(session: Session, instants: dict[str, datetime]) -> None:
    with unit(session):
        session.add_all(Heartbeat(node=node, beat_at=at, swept_at=at) for node, at in instants.items())
    session.expire_all()


def test_an_instant_comes_back_as_it_went_in(session: Session) -> None:
    _keep(session, {str(n): at for n, at in enumerate(EDGES)})
    for n, at in enumerate(EDGES):
        found = session.get_one(Heartbeat, str(n)).beat_at
        assert (found, found.utcoffset()) == (at, timedelta(0))


@pytest.mark.parametrize("zone", [ZoneInfo("Asia/Shanghai"), timezone(timedelta(hours=-9, minutes=-30)), UTC])
def test_an_instant_of_any_zone_is_stored_as_utc(session: Session, zone: timezone) -> None:
    at = datetime(2024, 6, 1, 0, 0, 0, 7, tzinfo=zone)
    _keep(session, {"a": at})
    found = session.get_one(Heartbeat, "a").beat_at
    assert (found, found.utcoffset()) == (at, timedelta(0))


def test_an_instant_without_a_zone_is_refused(session: Session) -> None:
    with pytest.raises(StatementError, match="time zone"):
        _keep(session, {"a": datetime(2024, 6, 1)})
    session.rollback()
    with pytest.raises(StatementError, match="time zone"):
        session.scalar(select(Heartbeat.node).where(Heartbeat.beat_at < datetime(2024, 6, 1)))


def test_comparing_in_the_database_is_comparing_in_python(session: Session) -> None:
    rng = random.Random(3)
    start = datetime(2024, 5, 31, 15, 59, tzinfo=UTC)
    offsets = [timedelta(microseconds=rng.choice([0, 1, 999_999, 10**6, 60 * 10**6]) * n) for n in range(60)]
    instants = {str(n): start + offset for n, offset in enumerate(offsets)}
    _keep(session, instants)
    for now in (start, start + timedelta(microseconds=1), start + timedelta(seconds=30), *EDGES):
        for local in (now, now.astimezone(ZoneInfo("Asia/Shanghai"))):
            passed = set(session.scalars(select(Heartbeat.node).where(Heartbeat.beat_at <= local)))
            assert passed == {node for node, at in instants.items() if at <= now}
    order = list(session.scalars(select(Heartbeat.beat_at).order_by(Heartbeat.beat_at)))
    assert order == sorted(instants.values())
