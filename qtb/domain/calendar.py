"""Working days: the week, less the public holidays, plus the weekend days that are worked in their stead.

Both are announced each year and cannot be computed, so they are data, a file for each year. A year without a file is
an error: a guess would be wrong by days and nobody would see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, model_validator

from qtb.domain.errors import Invalid
from qtb.domain.shapes import Strict, Text

DAY = timedelta(days=1)
MAX_DAYS = 250  # working days in a year


def _as_date(value: Any) -> Any:
    return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else value


Day = Annotated[date, BeforeValidator(_as_date)]


class Holiday(Strict):
    """A public holiday, from its first to its last day off."""

    name: Text
    first: Day
    last: Day

    def days(self) -> Iterator[date]:
        """Yield each of its days."""
        for n in range((self.last - self.first).days + 1):
            yield self.first + n * DAY


class Year(Strict):
    """`calendar/<year>.yaml`: what differs from the plain week in one year."""

    year: int = Field(ge=1990, le=2200)
    holidays: list[Holiday]
    worked: list[Day]

    @model_validator(mode="after")
    def _is_of_the_year(self) -> Year:
        for holiday in self.holidays:
            if not (holiday.first.year == holiday.last.year == self.year and holiday.first <= holiday.last):
                raise ValueError(f"{holiday.name.en} does not lie in {self.year}, or ends before it begins")
        if any(day.year != self.year for day in self.worked):
            raise ValueError(f"a worked day does not lie in {self.year}")
        return self


class Calendar:
    """The working days of the years that are known, in one time zone."""

    def __init__(self, years: Iterable[Year], zone: str) -> None:
        years = list(years)
        self.zone = ZoneInfo(zone)
        self.years = frozenset(one.year for one in years)
        self._off = {day for one in years for holiday in one.holidays for day in holiday.days()}
        self._worked = {day for one in years for day in one.worked}

    def is_working(self, day: date) -> bool:
        """Tell whether a day is worked. Raises Invalid("calendar_year") for a year without a file."""
        if day.year not in self.years:
            raise Invalid("calendar_year", year=day.year)
        return day in self._worked or (day.weekday() < 5 and day not in self._off)

    def after(self, day: date, n_days: int) -> date:
        """Return the `n_days`-th working day after a day; the day itself is not counted. 1 is the next one."""
        while n_days:
            day += DAY
            n_days -= self.is_working(day)
        return day

    def before(self, day: date, n_days: int) -> date:
        """Return the `n_days`-th working day before a day; the day itself is not counted."""
        while n_days:
            day -= DAY
            n_days -= self.is_working(day)
        return day

    def ends_at(self, since: datetime, n_days: int) -> datetime:
        """Return the instant at which `n_days` whole working days have passed since the day of `since`."""
        return self.midnight(self.after(since.astimezone(self.zone).date(), n_days) + DAY)

    def cutoff(self, now: datetime, n_days: int) -> datetime:
        """Return the instant before which something must have begun for `n_days` working days to have passed by now.

        `since < cutoff(now, n)` is `ends_at(since, n) <= now`, in the form that an index can answer.
        """
        return _cutoff(self, now.astimezone(self.zone).date(), n_days)

    def resumed(self, since: datetime, stopped_at: datetime, now: datetime) -> datetime:
        """Return from when as many working days have passed by `now` as had passed since `since` when it was stopped.

        The day it was stopped on counts no more, the one it goes on counts; where no working day was lost, `since`.
        """
        local = since.astimezone(self.zone)
        began, stopped, today = (one.astimezone(self.zone).date() for one in (since, stopped_at, now))
        if not any(self._between(max(began + DAY, stopped), today)):
            return since
        n_passed = sum(self._between(began + DAY, stopped))
        return datetime.combine(self.before(today, n_passed) - DAY, local.timetz())

    def _between(self, first: date, end: date) -> Iterator[bool]:
        """Yield of each day from the first one to the one before `end` whether it is worked."""
        return (self.is_working(first + n * DAY) for n in range((end - first).days))

    def midnight(self, day: date) -> datetime:
        """Return the instant at which a day begins."""
        return datetime.combine(day, time(), self.zone)


@lru_cache(maxsize=256)
def _cutoff(calendar: Calendar, today: date, n_days: int) -> datetime:
    return calendar.midnight(calendar.before(today, n_days))
