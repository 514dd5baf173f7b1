"""The shapes of a change of dates and of what it would do, and the mark by which a plan is known again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from qtb.domain import evidence
from qtb.domain.decide import Case
from qtb.domain.row_order import Finding
from qtb.domain.timeline import Extension, Row, Timeline
from qtb.domain.workflow import Edge

MOST_NAMED = 20  # submissions that an effect names by number
GRAVE = ("at_once", "shuts")  # what cannot be looked at again once it is done


@dataclass(frozen=True, slots=True)
class Change:
    """A proposed change of a year's dates: rows, and later ends already given, as they would be; or one more.

    `own_row` is the row of a later end that is taken back: it ends otherwise for whom that reached.
    """

    rows: Mapping[str, Row] = field(default_factory=dict)
    extension: Extension | None = None
    ends: Mapping[Extension, Extension] = field(default_factory=dict)
    own_row: str = ""

    @property
    def row_keys(self) -> set[str]:
        """The rows of which something changes."""
        return {*self.rows, *(one.row_key for one in self.ends), *([self.extension.row_key] if self.extension else ())}

    def on(self, times: Timeline) -> Timeline:
        """Return the timeline as it would be."""
        given = [self.ends.get(one, one) for one in times.extensions]
        more = [self.extension] if self.extension else []
        return replace(times, rows={**times.rows, **self.rows}, extensions=(*given, *more))


class Member(NamedTuple):
    """One submission of a cohort."""

    id: int
    number: str
    unit_id: int
    recommender_id: int | None


@dataclass(frozen=True, slots=True)
class Cohort:
    """Submissions that dates mean the same to: one case stands for all its members."""

    case: Case
    members: Sequence[Member]


@dataclass(frozen=True, slots=True)
class Dated:
    """A date of a row that would change: an edge, or the grace that nobody is shown."""

    row_key: str
    edge: str
    before: datetime | timedelta | None
    after: datetime | timedelta | None


@dataclass(frozen=True, slots=True)
class End:
    """A later end already given that would move: of which row, whose (a number or a unit; empty: everybody's)."""

    row_key: str
    whom: str
    before: datetime
    after: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """When the clock next acts on a case, and by which move; none while its facts call for none yet."""

    at: datetime
    edge: Edge
    transition: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens to some submissions of one state, by the edge of a row.

    `moves`: their next edge falls at another instant. `becomes`: the clock's next move is another one. `at_once`: the
    clock would act on saving. `opens`, `shuts`: they come into or fall out of the row's window now. `stays`: what the
    clock has done is not undone. `was` names the move before where `transition` is another one.
    """

    kind: str
    state: str
    row_key: str
    edge: str = "closes"
    transition: str = ""
    before: datetime | None = None
    after: datetime | None = None
    n: int = 0
    numbers: tuple[str, ...] = ()
    was: str = ""
    was_edge: str = ""


@dataclass(frozen=True, slots=True)
class Reminded:
    """A reminder that would fall on another instant, and how many submissions it is about as they stand.

    `fate` says what becomes of it then: `later`, `at_once`, or `never` where its time would be over.
    """

    reminder: str
    days: int
    before: datetime
    after: datetime
    is_sent: bool
    fate: str
    n: int


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a change would do. What was promised otherwise: `letters`, `moot`, `ends`; who is `told`."""

    dates: tuple[Dated, ...]
    entries: tuple[tuple[str, bool], ...]  # windows that open or shut now for whoever comes: row, is open
    effects: tuple[Effect, ...]
    reminders: tuple[Reminded, ...]
    findings: tuple[Finding, ...]
    standing: tuple[Finding, ...]  # so before the change, and not made by it
    letters: tuple[tuple[str, int], ...] = ()
    moot: tuple[int, ...] = ()
    told: tuple[tuple[str, int], ...] = ()
    ends: tuple[End, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What makes the change impossible."""
        return tuple(one for one in self.findings if one.is_error)

    @property
    def is_grave(self) -> bool:
        """Tell whether somebody has to say that he means it."""
        return bool(self.findings) or any(one.kind in GRAVE for one in self.effects)

    @property
    def is_shown(self) -> bool:
        """Tell whether anything changes that those outside the organiser can see."""
        return any(one.edge != "grace" for one in self.dates) or any(not one.whom for one in self.ends)

    @property
    def mark(self) -> str:
        """A hash of what was shown. How many merely get another date is left out: people go on handing things in."""
        counted = [one if one.kind in GRAVE else replace(one, n=0, numbers=()) for one in self.effects]
        reminders = [replace(one, n=0) for one in self.reminders]
        kept = (self.dates, self.entries, counted, reminders, self.findings, self.moot, self.ends)
        return evidence.digest(json.dumps([[_plain(one) for one in part] for part in kept], default=str))


def counted(effect: Effect, numbers: Iterable[str]) -> Effect:
    """Return an effect with how many it is about and the first of them by number."""
    numbers = sorted(numbers)
    return replace(effect, n=len(numbers), numbers=tuple(numbers[:MOST_NAMED]))


def _plain(one: object) -> object:
    return asdict(one) if hasattr(one, "__dataclass_fields__") else one  # type: ignore[call-overload]
