"""Windows are [opens, closes); extensions reach whom they name; an edge has come when its instant is not ahead."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from qtb.domain import timeline
from qtb.domain.decide import Case
from qtb.domain.timeline import Extension, Row, Timeline, canonical
from qtb.domain.workflow import Edge

TICK = timedelta(microseconds=1)
OPENS, CLOSES = datetime(2024, 2, 1, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC)
HELD = datetime(2024, 5, 20, 2, tzinfo=UTC)
ROWS = {
    "declare": Row("declare", 4, "成果申报", OPENS, CLOSES),
    "publish": Row("publish", 7, "活动成果发布", OPENS, CLOSES, HELD),
}
CASE, OTHER = Case(1, "x", 10, None, 0, {}), Case(2, "x", 11, None, 0, {})


def extended(*extensions: Extension) -> Timeline:
    """Return the rows with extensions."""
    return Timeline(ROWS, extensions)


@pytest.mark.parametrize(
    ("now", "is_open"),
    [(OPENS - TICK, False), (OPENS, True), (CLOSES - TICK, True), (CLOSES, False), (CLOSES + TICK, False)],
)
def test_a_window_holds_its_start_and_not_its_end(now: datetime, is_open: bool) -> None:
    assert extended().is_open("declare", CASE, now) is is_open
    assert timeline.within(OPENS, CLOSES, now) is is_open


def test_the_zone_of_now_does_not_matter() -> None:
    shanghai = timezone(timedelta(hours=8))
    assert extended().is_open("declare", CASE, OPENS.astimezone(shanghai))
    assert not extended().is_open("declare", CASE, CLOSES.astimezone(shanghai))


def test_an_edge_has_come_at_its_instant() -> None:
    assert [timeline.passed(CLOSES, now) for now in (CLOSES - TICK, CLOSES, CLOSES + TICK)] == [False, True, True]


@pytest.mark.parametrize(
    ("edge", "row", "instant"),
    [
        ("opens", "declare", OPENS),
        ("closes", "declare", CLOSES),
        ("held", "publish", HELD),
        ("held", "declare", CLOSES),
    ],
)
def test_the_instant_of_an_edge(edge: str, row: str, instant: datetime) -> None:
    assert extended().edge_at(Edge(row=row, edge=edge), CASE) == instant  # type: ignore[arg-type]
    assert extended().fixed_at(Edge(row=row, edge=edge)) == instant  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("extension", "case", "other"),
    [
        ({"submission_id": 1}, 9, 0),
        ({"submission_id": 2}, 0, 9),
        ({"unit_id": 10}, 9, 0),
        ({"unit_id": 11}, 0, 9),
        ({}, 9, 9),
        ({"submission_id": 3}, 0, 0),
        ({"unit_id": 12}, 0, 0),
    ],
)
def test_an_extension_reaches_whom_it_names(extension: dict[str, int], case: int, other: int) -> None:
    times = extended(Extension("declare", CLOSES + timedelta(days=9), **extension))
    assert times.closes_at("declare", CASE) == CLOSES + timedelta(days=case)
    assert times.closes_at("declare", OTHER) == CLOSES + timedelta(days=other)
    assert times.closes_at("publish", CASE) == CLOSES


def test_the_latest_extension_counts_and_an_earlier_end_does_not() -> None:
    times = extended(
        Extension("declare", CLOSES + timedelta(days=5), unit_id=10),
        Extension("declare", CLOSES + timedelta(days=9), submission_id=1),
        Extension("declare", CLOSES + timedelta(days=2)),
        Extension("declare", CLOSES - timedelta(days=30), submission_id=1),
    )
    assert times.closes_at("declare", CASE) == CLOSES + timedelta(days=9)
    assert times.closes_at("declare", OTHER) == CLOSES + timedelta(days=2)


def test_an_extension_moves_the_end_only() -> None:
    times = extended(Extension("publish", CLOSES + timedelta(days=9)))
    assert times.edge_at(Edge(row="publish", edge="opens"), CASE) == OPENS
    assert times.edge_at(Edge(row="publish", edge="held"), CASE) == HELD
    assert times.edge_at(Edge(row="publish", edge="closes"), CASE) == CLOSES + timedelta(days=9)
    assert times.is_open("publish", CASE, CLOSES)


def test_the_instants_at_which_anything_can_fall_due() -> None:
    later = CLOSES + timedelta(days=9)
    times = extended(Extension("declare", later, submission_id=1), Extension("publish", later + TICK))
    edges = [Edge(row="declare", edge="closes"), Edge(row="publish", edge="held"), Edge(row="declare", edge="closes")]
    assert times.edges(edges) == [HELD, CLOSES, later]
    assert times.edges(iter(edges)) == [HELD, CLOSES, later]


def test_an_end_that_nobody_has_is_no_edge() -> None:
    end, given = Edge(row="declare", edge="closes"), [CLOSES + timedelta(days=n) for n in (-3, 0, 2, 5, 9)]
    times = extended(*(Extension("declare", until, submission_id=1) for until in given))
    assert times.edges([end]) == [CLOSES, *given[2:]]
    later = replace(times, rows={**ROWS, "declare": replace(ROWS["declare"], closes_at=given[-1])})
    assert later.edges([end]) == [given[-1]]
    everybodys = (Extension("declare", until) for until in given[2:4])
    for_all = replace(times, extensions=(*times.extensions, *everybodys))
    assert for_all.edges([end]) == [CLOSES, *given[3:]]


def test_every_edge_that_is_put_on_record_is_somebodys() -> None:
    later = CLOSES + timedelta(days=9)
    times = extended(Extension("declare", later, unit_id=10), Extension("declare", CLOSES, unit_id=11))
    assert list(times.noted()) == [
        ("declare", "opens", OPENS), ("declare", "closes", CLOSES), ("declare", "closes", later),
        ("publish", "opens", OPENS), ("publish", "closes", CLOSES), ("publish", "held", HELD),
    ]  # fmt: skip


def test_the_canonical_text_of_an_instant_sorts_and_is_utc() -> None:
    shanghai = timezone(timedelta(hours=8))
    assert canonical(datetime(2024, 6, 1, tzinfo=shanghai)) == "2024-05-31T16:00:00.000000Z"
    instants = [OPENS, OPENS + TICK, OPENS + timedelta(seconds=1), CLOSES]
    assert sorted(map(canonical, instants)) == [canonical(at) for at in instants]
    assert {len(canonical(at)) for at in instants} == {27}
