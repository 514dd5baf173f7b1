"""The verification of every chain, beside a bare scan of the same rows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from statistics import median

from sqlalchemy import URL

from qtb.bench import cases, floors
from qtb.bench.figures import Figure, beside, in_turns
from qtb.bench.ground import Ground, session_on
from qtb.store import audit, verification

OPENS, CLOSES = datetime(2024, 2, 1, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC)
TARGET, MILLION = 2.0, 5.0
CHAIN = 4  # entries a case: it begins, and three people's moves


def speed(ground: Ground, *, rows: int, runs: int) -> Iterator[Figure]:
    """Measure the verification of about so many entries."""
    url = ground.made("verify")
    try:
        n = _fill(url, max(1, rows // CHAIN))
        floor, ours = in_turns(runs, lambda _: _scan(url, n), lambda _: _verify(url, n))
    finally:
        ground.dropped(url)
    yield beside(
        "verify", "verify", database=ground.kind, rows=n, floors=floor, ours=ours, target=TARGET,
        per_second=round(n / median(ours)),
    )  # fmt: skip
    million = median(ours) / n * 1e6
    more = {"million_seconds": million}
    yield Figure("verify", "million", ground.kind, n, runs, MILLION, million <= MILLION, more=more)


def _fill(url: URL, n_cases: int) -> int:
    with session_on(url) as session:
        year = cases.year(session, opens_at=OPENS, closes_at=CLOSES)
        cases.stand(session, year, n_cases)
        for key in islice(year.moves(), CHAIN - 1):
            assert cases.moved(session, year, key) == n_cases
        return audit.count(session)


def _scan(url: URL, n: int) -> float:
    with floors.bare(url) as bare:
        began = time.perf_counter()
        assert floors.scan(bare) == n
        return time.perf_counter() - began


def _verify(url: URL, n: int) -> float:
    with session_on(url) as session:
        session.connection()
        began = time.perf_counter()
        found = verification.verify(session)
        seconds = time.perf_counter() - began
    if found != (n, []):
        raise RuntimeError("a filled history does not verify; its time says nothing")
    return seconds
