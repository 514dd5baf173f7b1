"""Working days: against an independent table of the years announced, and the rules by which days are counted."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as some

from qtb.domain import timeline
from qtb.domain.calendar import DAY, Calendar
from qtb.domain.errors import Invalid
from tests.domain.sample import real
from tests.world import at

CALENDAR = real().calendar
SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST, LAST = date(2023, 1, 1), date(2026, 12, 31)
# Away from both ends, so that 250 working days can be counted in either direction.
INSTANTS = some.datetimes(datetime(2024, 3, 1), datetime(2025, 9, 30)).map(lambda one: one.replace(tzinfo=SHANGHAI))
N_DAYS = some.integers(1, 250)


@pytest.mark.parametrize("year", range(FIRST.year, LAST.year + 1))
def test_every_day_is_as_announced(year: int) -> None:
    days = [date(year, 1, 1) + n * DAY for n in range(366)]
    differ = [day for day in days if day.year == year and CALENDAR.is_working(day) != chinese_calendar.is_workday(day)]
    assert differ == []


@pytest.mark.parametrize("day", [FIRST - DAY, LAST + DAY])
def test_a_year_that_was_not_announced_is_no_guess(day: date) -> None:
    for asked in (
        lambda: CALENDAR.is_working(day), lambda: CALENDAR.after(day - DAY, 1), lambda: CALENDAR.before(day + DAY, 1)
    ):  # fmt: skip
        with pytest.raises(Invalid) as refusal:
            asked()
        assert refusal.value.reasons[0].key == "calendar_year"
        assert refusal.value.reasons[0].args == {"year": day.year}


def test_a_count_that_stays_within_the_known_years_needs_no_more() -> None:
    assert CALENDAR.after(date(2026, 12, 30), 1) == date(2026, 12, 31)
    with pytest.raises(Invalid):
        CALENDAR.after(date(2026, 12, 30), 2)


@pytest.mark.parametrize(
    ("since", "n", "ends"),
    [
        ("2024-04-03 10:00", 1, "2024-04-08"),  # three days off, then a Sunday that is worked
        ("2024-04-03 23:59", 5, "2024-04-12"),
        ("2024-04-26 10:00", 1, "2024-04-29"),  # the Sunday before the holiday is worked
        ("2024-04-30 10:00", 6, "2024-05-12"),  # and the Saturday after it
        ("2024-02-09 10:00", 1, "2024-02-19"),
        ("2024-09-30 10:00", 5, "2024-10-13"),
        ("2024-05-10 00:00", 1, "2024-05-12"),  # a Friday; the Saturday is worked
    ],
)
def test_silences_over_holidays(since: str, n: int, ends: str) -> None:
    assert CALENDAR.ends_at(at(since), n) == at(ends)
    assert CALENDAR.cutoff(at(ends), n) > at(since)
    assert CALENDAR.cutoff(at(ends) - timedelta(seconds=1), n) <= at(since)


@given(INSTANTS.map(lambda one: one.date()), N_DAYS)
def test_after_counts_exactly_so_many_working_days(day: date, n: int) -> None:
    end = CALENDAR.after(day, n)
    assert CALENDAR.is_working(end)
    assert sum(CALENDAR.is_working(day + k * DAY) for k in range(1, (end - day).days + 1)) == n
    begin = CALENDAR.before(day, n)
    assert CALENDAR.is_working(begin)
    assert sum(CALENDAR.is_working(begin + k * DAY) for k in range((day - begin).days)) == n


@given(INSTANTS, INSTANTS, some.integers(1, 60))
def test_the_cutoff_says_what_the_end_says(since: datetime, now: datetime, n: int) -> None:
    assert (since < CALENDAR.cutoff(now, n)) == (CALENDAR.ends_at(since, n) <= now)


@given(INSTANTS, some.integers(1, 60), some.integers(-1, 1))
def test_and_so_at_the_very_end(since: datetime, n: int, off: int) -> None:
    now = CALENDAR.ends_at(since, n) + off * timedelta(microseconds=1)
    assert (since < CALENDAR.cutoff(now, n)) == (off >= 0)


@given(INSTANTS, INSTANTS, INSTANTS, some.integers(1, 60))
def test_the_silence_rule_is_the_later_of_both_beginnings(
    opens_at: datetime, since: datetime, now: datetime, n: int
) -> None:
    ends_at = CALENDAR.ends_at(max(opens_at, since), n)
    assert timeline.silent(opens_at, since, CALENDAR.cutoff(now, n)) == (ends_at <= now)


@given(INSTANTS, INSTANTS, INSTANTS, some.integers(1, 60))
def test_a_stopped_count_leaves_out_the_days_it_stood(
    first: datetime, second: datetime, third: datetime, n: int
) -> None:
    since, stopped_at, now = sorted((first, second, third))
    worked = _worked(since.date() + DAY)
    counted = [day for day in worked if not stopped_at.date() <= day < now.date()]
    resumed = CALENDAR.resumed(since, stopped_at, now)
    if n > sum(day < stopped_at.date() for day in worked):
        assert CALENDAR.ends_at(resumed, n).date() == counted[n - 1] + DAY
    else:  # it had ended before
        assert CALENDAR.ends_at(resumed, n) <= now
    assert since <= resumed <= now
    assert CALENDAR.resumed(since, now, stopped_at) == since  # a clock that was set back takes nothing away


def _worked(first: date) -> list[date]:
    return [day for day in (first + k * DAY for k in range((LAST - first).days)) if CALENDAR.is_working(day)]


def test_an_end_is_a_midnight_of_the_programmes_zone() -> None:
    # 20:00 UTC is the next day in Shanghai.
    since = datetime.fromisoformat("2024-05-13T20:00:00+00:00")
    assert CALENDAR.ends_at(since, 1) == at("2024-05-16")


def test_without_any_year_nothing_is_known() -> None:
    with pytest.raises(Invalid):
        Calendar((), "UTC").is_working(date(2024, 1, 2))
