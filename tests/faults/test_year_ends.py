"""The 29th of February, the end of the year, and a next year whose working days nobody knows yet."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from qtb import clock
from qtb.domain.definition import Definition, from_files
from qtb.domain.timeline import canonical
from qtb.services import check, cycles, edges, health
from qtb.services.cycles import Planned
from qtb.store.ledger import Ledger
from qtb.store.unit import unit
from tests.faults.crowds import crowd, moved_once, stand
from tests.world import World, at

TICK = timedelta(microseconds=1)
LEAP = """
year: 2028
holidays:
  - {name: {zh: 元旦, en: New Year's Day}, first: 2028-01-01, last: 2028-01-03}
worked: []
"""


def definition(world: World, *, leap: bool) -> Definition:
    """The world's definition, with the working days of 2028 on request."""
    files = json.loads(world.cycle.definition.text)
    return from_files({**files, "calendar/2028.yaml": LEAP} if leap else files)


def year(world: World, key: str, *, leap: bool = False, **windows: tuple[str, str]) -> World:
    """Open another year with these windows, every other row with the one before it; the world stands in it."""
    window = next(iter(windows.values()))
    rows = []
    for seq, (row_key, kind) in enumerate(world.cycle.definition.timeline.rows.items(), start=1):
        window = windows.get(row_key, window)
        opens_at, closes_at = at(window[0]), at(window[1])
        held_at = closes_at - timedelta(hours=1) if kind.held else None
        rows.append(Planned(row_key, seq, row_key, opens_at, closes_at, held_at))
    world.now = min(row.opens_at for row in rows if row.opens_at) - timedelta(days=10)
    with unit(world.session):
        world.cycle = cycles.open_cycle(
            world.session, definition=definition(world, leap=leap), key=key, year=int(key), title=key, rows=rows,
            notice={}, actor=world.actor("olga"), now=world.now,
        )  # fmt: skip
    return world


def swept(world: World, now: datetime) -> list[tuple[str, int]]:
    """Sweep at an instant; nothing may fail."""
    world.now = now
    done = world.sweep()
    assert [one.failure for one in done if one.failure] == []
    return [(one.transition, one.n_moved) for one in done]


def test_a_row_that_closes_at_the_end_of_the_29th_of_february(world: World) -> None:
    world = year(world, "2028", leap=True, register=("2028-02-01", "2028-03-01"), declare=("2028-02-01", "2028-03-01"))
    ids = crowd(world, 20)
    assert edges.next_edge(world.session, now=at("2028-02-29 23:00")) == at("2028-03-01")
    assert clock.shown(at("2028-03-01"), "zh", is_end=True) == "2028年2月29日 24:00（上海时间）"
    assert swept(world, at("2028-02-29 00:00")) == []
    assert swept(world, at("2028-03-01") - TICK) == []
    assert swept(world, at("2028-03-01")) == [("lapse_unregistered", 20)]
    moved_once(world, "lapse_unregistered", ids)
    assert {row.due for one in ids for row in world.trail(one)} == {"", "2028-02-29T16:00:00.000000Z"}
    world.sound()


@pytest.mark.parametrize(
    ("since", "end"),
    [
        ("2028-02-10 12:00", "2028-03-03"),  # fifteen working days with the 29th among them
        ("2028-02-08 12:00", "2028-03-01"),  # the 29th is the last of them
        ("2028-02-29 00:00", "2028-03-22"),  # begun on the 29th, which is not counted
        ("2028-02-29 23:59", "2028-03-22"),
    ],
)
def test_a_silence_across_the_29th_of_february(world: World, since: str, end: str) -> None:
    world = year(
        world, "2028", leap=True, recommend=("2028-02-01", "2028-04-01"), evaluate=("2028-05-01", "2028-06-01")
    )
    (one,) = crowd(world, 1)
    world.now = at(since)
    stand(world, [one], "submitted")
    assert swept(world, at(end) - TICK) == []
    assert swept(world, at(end)) == [("pass_on", 1)]
    assert world.trail(one)[-1].due == canonical(at(end))


def test_a_row_that_closes_with_the_year_in_shanghai(world: World) -> None:
    turn = ("2024-12-01", "2025-01-01")
    world = year(world, "2025", register=turn, recommend=turn, evaluate=("2025-04-01", "2025-05-01"))
    ids = crowd(world, 30)
    draft, silent, cut_off = ids[:20], ids[20:25], ids[25:]
    for since, mine in (("2024-12-09 12:00", silent), ("2024-12-10 12:00", cut_off)):
        world.now = at(since)
        stand(world, mine, "submitted")
    assert swept(world, at("2025-01-01") - TICK) == [("pass_on", 5)]
    assert sorted(swept(world, at("2025-01-01"))) == [("lapse_unrecommended", 5), ("lapse_unregistered", 20)]
    moved_once(world, "lapse_unregistered", draft)
    moved_once(world, "pass_on", silent)
    moved_once(world, "lapse_unrecommended", cut_off)  # its silence would end as the row does
    # Eight hours before the year ends where the clocks show UTC.
    assert {row.due for one in draft for row in world.trail(one) if row.due} == {"2024-12-31T16:00:00.000000Z"}
    world.sound()


def test_a_silence_across_the_new_year_counts_both_years_holidays(world: World) -> None:
    world = year(world, "2025", recommend=("2024-12-01", "2025-03-01"), evaluate=("2025-04-01", "2025-05-01"))
    (one,) = crowd(world, 1)
    world.now = at("2024-12-20 12:00")
    stand(world, [one], "submitted")
    end = at("2025-01-14")  # 23–27, 30, 31 December; 2, 3, 6–10 and 13 January
    assert swept(world, end - TICK) == []
    assert swept(world, end) == [("pass_on", 1)]


def test_an_unknown_next_year_is_named_in_the_ledger_and_stops_nothing_else(world: World) -> None:
    world = year(
        world, "2026", recommend=("2026-12-01", "2027-03-01"), register=("2026-12-01", "2027-01-01"),
        evaluate=("2027-05-01", "2027-06-01"),
    )  # fmt: skip
    ids = crowd(world, 30)
    draft, known, unknown = ids[:10], ids[10:20], ids[20:]
    for since, mine in (("2026-12-01 12:00", known), ("2026-12-20 12:00", unknown)):
        world.now = at(since)
        stand(world, mine, "submitted")
    assert swept(world, at("2026-12-31 12:00")) == [("pass_on", 10)]
    moved_once(world, "pass_on", known)
    world.now = at("2027-01-10")
    done = {one.transition: (one.n_moved, one.failure) for one in world.sweep()}
    assert done["lapse_unregistered"] == (10, "")
    assert done["pass_on"][0] == 0
    assert "2027" in done["pass_on"][1]
    moved_once(world, "lapse_unregistered", draft)
    assert {world.state(one) for one in unknown} == {"submitted"}
    failed = world.session.scalars(select(Ledger).where(Ledger.failure != "")).all()
    assert [(one.transition, one.row_key, one.edge, one.at) for one in failed] == [
        ("pass_on", "recommend", "silent", world.now)
    ]
    assert "2027" in failed[0].failure
    health.alarm(world.session, real_now=clock.real(), now=world.now)  # the organiser's pages go on
    world.now = at("2027-03-01")  # its row's end comes all the same, and ends those whom the silence could not
    assert ("lapse_unrecommended", 10) in [(one.transition, one.n_moved) for one in world.sweep()]
    moved_once(world, "lapse_unrecommended", unknown)
    world.sound()


def test_a_year_opened_before_its_holidays_are_announced_makes_no_noise_until_somebody_waits(world: World) -> None:
    windows = {"register": ("2027-02-01", "2027-06-01"), "recommend": ("2027-04-01", "2027-07-01")}
    world = year(world, "2027", evaluate=("2027-07-01", "2027-09-01"), **windows)
    (team,) = crowd(world, 1)
    for instant in ("2027-01-25", "2027-04-30"):  # nobody stands where the silence begins
        assert swept(world, at(instant)) == []
    assert health.alarm(world.session, real_now=clock.real(), now=world.now).failure == ""
    stand(world, [team], "submitted")
    world.later(minutes=1)
    (done,) = world.sweep()
    assert done.transition == "pass_on"
    assert "2027" in done.failure
    assert [one for one in check.check(world.session, now=world.now).findings if one.code == "I3"] == []


def test_one_who_stands_there_before_the_row_opens_waits_for_no_working_days_yet(world: World) -> None:
    windows = {"register": ("2027-02-01", "2027-06-01"), "recommend": ("2027-04-01", "2027-07-01")}
    world = year(world, "2027", evaluate=("2027-07-01", "2027-09-01"), **windows)
    stand(world, crowd(world, 1), "submitted")
    assert swept(world, at("2027-03-31")) == []


def test_a_year_that_is_over_needs_no_working_days_of_later_ones(world: World) -> None:
    world.go("2024-12-31")
    assert swept(world, at("2031-01-01")) == []
    assert edges.overdue(world.session, now=world.now) == 0
