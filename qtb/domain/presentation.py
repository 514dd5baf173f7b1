"""The presentation round: who is on the shortlist, in which order by lot, at what time, and when slides are due.

The draw can be made again by anybody: the SHA-256 of the seed, a line feed and the work's number, all as UTF-8, in
hexadecimal; the works stand in the order of these texts. A seed that nobody could choose (numbers of a public lottery,
dice thrown before witnesses) makes the order nobody's choice either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from qtb.domain.calendar import DAY, Calendar
from qtb.domain.errors import Invalid
from qtb.domain.ranking import n_places
from qtb.domain.reminders import due_at, over_at
from qtb.domain.rubric import Shortlist, Slides
from qtb.domain.shapes import Edge
from qtb.domain.workflow import Reminder

MOST_MINUTES = 240
MOST_BREAKS = 10
MOST_SEED = 64  # characters


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who should present, and the numbers by which anybody can check it.

    `tied` are all who stand equal across the last place: nobody's to part but the organiser's.
    """

    n_valid: int
    percent: Decimal
    n_places: int
    min_score: Decimal
    n_good: int
    chosen: tuple[str, ...]  # the best first
    tied: tuple[str, ...]
    last_score: Decimal | None
    next_score: Decimal | None


@dataclass(frozen=True, slots=True)
class Break:
    """A time in which nobody presents."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """When and where works are presented, and how long each takes."""

    starts_at: datetime
    minutes: int
    questions: int
    place: str
    breaks: tuple[Break, ...] = ()

    @property
    def length(self) -> timedelta:
        """How long one work takes, questions and answers with it."""
        return timedelta(minutes=self.minutes + self.questions)


def propose(results: Mapping[str, Decimal | None], rule: Shortlist) -> Proposal:
    """Return who should present; `results` by number, None where a work has no valid result."""
    valid = {number: score for number, score in results.items() if score is not None}
    good = [number for number, score in valid.items() if score >= rule.min_score]
    good.sort(key=lambda number: (-valid[number], number))
    places = (n_places(len(valid), rule.percent) or 0) if valid else 0
    chosen, tied = good[:places], []
    if len(good) > places and chosen and valid[good[places]] == valid[chosen[-1]]:
        edge = valid[chosen[-1]]
        tied = [number for number in good if valid[number] == edge]
        chosen = [number for number in chosen if valid[number] > edge]
    left = [number for number in good if number not in chosen]
    return Proposal(
        len(valid), rule.percent, places, rule.min_score, len(good), tuple(chosen), tuple(tied),
        valid[chosen[-1]] if chosen else None, valid[left[0]] if left else None,
    )  # fmt: skip


def ticket(seed: str, number: str) -> str:
    """Return a work's lot: the lower, the earlier it presents."""
    return hashlib.sha256(f"{seed}\n{number}".encode()).hexdigest()


def draw(numbers: Iterable[str], seed: str) -> list[str]:
    """Return works in the order that a seed draws, whatever order they are given in."""
    return sorted(numbers, key=lambda number: (ticket(seed, number), number))


def slots(n: int, day: Day) -> list[tuple[datetime, datetime]]:
    """Return from when until when each of n works has its turn; who would run into a break comes after it."""
    found, at = [], day.starts_at
    for _ in range(n):
        for one in sorted(day.breaks, key=lambda one: one.starts_at):
            if at < one.ends_at and at + day.length > one.starts_at:
                at = one.ends_at
        found.append((at, at + day.length))
        at += day.length
    return found


def checked(day: Day) -> Day:
    """Return a day that can be held. Raises Invalid with what is wrong with it."""
    if not (1 <= day.minutes <= MOST_MINUTES and 0 <= day.questions <= MOST_MINUTES):
        raise Invalid("slot_minutes", max=MOST_MINUTES)
    if len(day.breaks) > MOST_BREAKS or any(one.ends_at <= one.starts_at for one in day.breaks):
        raise Invalid("slot_breaks", max=MOST_BREAKS)
    return day


def slides_due(rule: Slides, starts_at: datetime, calendar: Calendar) -> datetime:
    """Return when slides are due: the end of the n-th working day before the day of the slot."""
    day = starts_at.astimezone(calendar.zone).date()
    return calendar.midnight(calendar.before(day, rule.working_days) + DAY)


def reminding(rule: Slides, due: datetime, calendar: Calendar, now: datetime) -> int | None:
    """Return which of the reminders of slides is due now, as its days before the date; None where none is."""
    told = Reminder(
        at=Edge(row="", edge="closes"), days=sorted(rule.remind, reverse=True), to="applicant", letter="slides_soon"
    )
    zone = calendar.zone
    found = [n for n in told.days if due_at(told, n, due, zone) <= now < over_at(told, n, due, zone)]
    return found[0] if found else None


def lots(numbers: Iterable[str], seed: str) -> dict[str, str]:
    """Return the lot of each work, in the drawn order, as it is shown to be checked."""
    return {number: ticket(seed, number) for number in draw(numbers, seed)}
