"""The public notice after publication: how long anybody may object, to what, and by when an answer is due."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from pydantic import Field

from qtb.domain.errors import Invalid, Reason
from qtb.domain.shapes import Edge, Key, Strict, Text
from qtb.domain.timeline import Timeline, within

# What an objection comes to; an empty outcome: nothing yet.
DISMISSED, REJECTED, UPHELD = "dismissed", "rejected", "upheld"


class WritesTo(Strict):
    """The fields of the form that name whoever objects, and an address."""

    name: Key
    email: Key


class Objections(Strict):
    """The public notice: who stands in these states may be objected to, by name, for so many working days.

    It begins at an instant; each objection that is taken up is answered within `answer_days` working days. `upheld` is
    the move that follows where it is right. Whoever objects is written to where `writes_to` says.
    """

    form: Key
    since: Edge
    working_days: int = Field(ge=1, le=60)
    answer_days: int = Field(ge=1, le=120)
    against: list[Key] = Field(min_length=1)
    upheld: Key
    writes_to: WritesTo | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """When the public notice begins and ends: [opens_at, closes_at), whole working days after the day it begins."""

    opens_at: datetime
    closes_at: datetime

    def is_open(self, now: datetime) -> bool:
        """Tell whether anybody may object now."""
        return bool(within(self.opens_at, self.closes_at, now))


def window(rule: Objections | None, times: Timeline, published_at: datetime | None = None) -> Window | None:
    """Return the public notice; None without a rule for it, or while the row it begins with has no dates.

    What was `published_at` later than its row says (it waited for a consent, say) is on notice from then on: else the
    time to object could be over before there is anything to object to.

    Raises Invalid("calendar_year") where the working days of its row's year are not known.
    """
    if rule is None or rule.since.row not in times.rows:
        return None
    opens_at = times.fixed_at(rule.since)
    closes_at = times.calendar.ends_at(opens_at, rule.working_days)
    if published_at is not None and published_at > opens_at:
        with suppress(Invalid):  # the working days of that year are not known: no page fails for it
            closes_at = times.calendar.ends_at(published_at, rule.working_days)
    return Window(opens_at, closes_at)


def refusal(state: Text, found: Window, now: datetime, *, is_against: bool) -> Reason | None:
    """Return why nobody may object to a work now; `is_against` tells whether its state is one objected to."""
    if now < found.opens_at:
        return Reason("objection_early", {"at": found.opens_at})
    if now >= found.closes_at:
        return Reason("objection_late", {"at": found.closes_at})
    return None if is_against else Reason("objection_state", {"state": state})


def answer_by(rule: Objections, times: Timeline, accepted_at: datetime) -> datetime:
    """Return by when an objection that was taken up must be answered."""
    return times.calendar.ends_at(accepted_at, rule.answer_days)
