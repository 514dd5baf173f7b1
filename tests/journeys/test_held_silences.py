"""A silence over a suspension: the working days on which the unit could act are counted, no other ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from qtb.domain.timeline import canonical
from qtb.services import cycles
from qtb.services.cycles import Planned
from qtb.store.unit import unit
from tests.journeys.test_suspended import resume, suspend
from tests.world import ROWS, World, at

EIGHT_MONTHS = timedelta(days=245)
AUTUMN = {
    "register": ("2024-02-01", "2024-12-01"), "declare": ("2024-02-01", "2024-12-01"),
    "recommend": ("2024-09-01", "2024-12-01"),
}  # fmt: skip


@pytest.fixture
def autumn(world: World) -> World:
    """A year whose recommending units are at work in September, October and November."""
    rows = [_moved(row) for row in ROWS]
    with unit(world.session):
        world.cycle = cycles.open_cycle(
            world.session, definition=world.cycle.definition, key="autumn", year=2024, title="秋季申报", rows=rows,
            notice={}, actor=world.actor("olga"), now=world.now,
        )  # fmt: skip
    return world


def _moved(row: Planned) -> Planned:
    if row.key in AUTUMN:
        opens_at, closes_at = map(at, AUTUMN[row.key])
        return replace(row, opens_at=opens_at, closes_at=closes_at)
    if row.seq < 4:
        return row
    later = row.held_at and row.held_at + EIGHT_MONTHS
    return replace(row, opens_at=row.opens_at + EIGHT_MONTHS, closes_at=row.closes_at + EIGHT_MONTHS, held_at=later)


def held(world: World, since: str, until: str) -> int:
    """Hand a work in at the world's now and hold it meanwhile; return its id."""
    work = world.submitted()
    world.go(since)
    suspend(world, work)
    world.go(until)
    resume(world, work)
    return work


def passed_on(world: World, work: int, when: str) -> None:
    """Let the clock run up to an instant, at which the silence must end and not before."""
    world.now = at(when) - timedelta(seconds=1)
    world.sweep()
    assert world.state(work) == "submitted"
    world.later(seconds=1)
    world.sweep()
    assert world.state(work) == "escalated"
    assert world.trail(work)[-1].due == canonical(at(when))
    world.sound()


@pytest.mark.parametrize(
    ("submitted", "since", "until", "ends"),
    [
        # Nine working days are held, a Saturday among them, none of the five days off before: as many come back.
        ("2024-04-30 09:00", "2024-05-06 08:00", "2024-05-16 08:00", "2024-06-06"),
        # Of one working day a part, then the days off, which no silence counts: that day comes back whole.
        ("2024-04-10 09:00", "2024-04-30 18:00", "2024-05-06 08:00", "2024-05-07"),
        ("2024-04-11 09:00", "2024-05-01 09:00", "2024-05-05 20:00", "2024-05-07"),  # days off alone
        ("2024-04-28 09:00", "2024-04-28 10:00", "2024-05-11 10:00", "2024-05-31"),  # from the first day on
        ("2024-04-10 09:00", "2024-04-12 08:00", "2024-04-12 20:00", "2024-05-01"),  # within one day
    ],
)
def test_over_the_first_of_may(world: World, submitted: str, since: str, until: str, ends: str) -> None:
    world.now = at(submitted)
    passed_on(world, held(world, since, until), ends)


@pytest.mark.parametrize(
    ("since", "until", "ends"),
    [
        ("2024-09-28 09:00", "2024-09-28 18:00", "2024-10-24"),
        ("2024-10-01 09:00", "2024-10-07 18:00", "2024-10-24"),  # seven days off, not one of them counts
        ("2024-09-30 09:00", "2024-10-09 09:00", "2024-10-26"),  # a day before them and one after
        ("2024-10-11 09:00", "2024-10-14 09:00", "2024-10-26"),  # the Saturday is worked in another's stead
    ],
)
def test_over_the_first_of_october(autumn: World, since: str, until: str, ends: str) -> None:
    autumn.now = at("2024-09-27 09:00")
    passed_on(autumn, held(autumn, since, until), ends)


@pytest.mark.parametrize(
    ("since", "until", "ends"),
    [
        ("2024-03-25 09:00", "2024-03-28 09:00", "2024-04-24"),  # no silence had begun, the row was not open
        ("2024-03-25 09:00", "2024-04-10 09:00", "2024-05-01"),  # it opened meanwhile: the silence begins now
        ("2024-04-03 09:00", "2024-04-10 09:00", "2024-04-29"),  # one day had passed since it opened, four were held
    ],
)
def test_before_the_row_opens_no_silence_has_passed(world: World, since: str, until: str, ends: str) -> None:
    world.now = at("2024-03-20 09:00")
    passed_on(world, held(world, since, until), ends)


def test_held_twice(world: World) -> None:
    world.now = at("2024-04-30 09:00")
    work = held(world, "2024-05-07 09:00", "2024-05-09 09:00")
    world.go("2024-05-13 09:00")
    suspend(world, work)
    world.go("2024-05-15 09:00")
    resume(world, work)
    passed_on(world, work, "2024-05-30")
