"""Windows and edges: the only schedule. Windows are [opens, closes) as aware UTC instants."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from qtb.domain.calendar import Calendar
from qtb.domain.shapes import Edge

TICK = timedelta(microseconds=1)  # what a database keeps
NO_END = datetime(1990, 1, 1, tzinfo=UTC)  # of an extension that was taken back: it gives nothing to any row


@dataclass(frozen=True, slots=True)
class Row:
    """One dated line of the cycle's timeline, as confirmed by the organiser."""

    key: str
    seq: int
    title: str
    opens_at: datetime
    closes_at: datetime
    held_at: datetime | None = None
    party: str = ""
    grace: timedelta = timedelta(0)  # not shown: what comes in it is taken, and marked as late

    @property
    def shuts_at(self) -> datetime:
        """When the door shuts: the end that is shown, and the grace after it."""
        return self.closes_at + self.grace


@dataclass(frozen=True, slots=True)
class Extension:
    """A later end of one row, for one submission, one unit, or (both None) all."""

    row_key: str
    until: datetime
    submission_id: int | None = None
    unit_id: int | None = None


class Owned(Protocol):
    """What an edge can be reckoned for: a submission's id, its unit's, and since when it stands where it stands."""

    @property
    def id(self) -> Any:
        """The submission."""

    @property
    def unit_id(self) -> Any:
        """The unit that entered it."""

    @property
    def recommender_id(self) -> Any:
        """The recommending unit that it is put before."""

    @property
    def state_since(self) -> Any:
        """When it came into its state."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The rows of one cycle by key, the extensions granted, and the working days that silences are counted in."""

    rows: Mapping[str, Row]
    extensions: tuple[Extension, ...] = field(default=())
    calendar: Calendar = field(default=Calendar((), "UTC"), compare=False)

    def ends_at(self, row_key: str, case: Owned) -> datetime:
        """Return the row's end as it is shown for this case: the latest of its own and the extensions that reach it."""
        ends = [one.until for one in self.extensions if one.row_key == row_key and reaches(one, case)]
        return max([self.rows[row_key].closes_at, *ends])

    def ends_for_all(self, row_key: str) -> datetime:
        """Return the row's end as it is shown to everybody: the latest of its own and the extensions for all."""
        given = (one for one in self.extensions if one.row_key == row_key)
        ends = [one.until for one in given if one.submission_id is None and one.unit_id is None]
        return max([self.rows[row_key].closes_at, *ends])

    def closes_at(self, row_key: str, case: Owned) -> datetime:
        """Return when the row's door shuts for this case: the end that is shown, and the grace."""
        return self.ends_at(row_key, case) + self.rows[row_key].grace

    def edge_at(self, edge: Edge, case: Owned) -> datetime:
        """Return the instant of an edge for this case. Raises Invalid("calendar_year") for unknown working days."""
        if edge.edge == "closes":
            return self.closes_at(edge.row, case)
        if edge.edge == "silent":
            return self.calendar.ends_at(max(self.rows[edge.row].opens_at, case.state_since), edge.working_days)
        return self.fixed_at(edge)

    def shown_at(self, edge: Edge, case: Owned) -> datetime:
        """Return the instant of an edge as everybody may know it: without the grace."""
        return self.ends_at(edge.row, case) if edge.edge == "closes" else self.edge_at(edge, case)

    def fixed_at(self, edge: Edge) -> datetime:
        """Return an edge's instant without extensions: of a silence, the first at which it can fall for any case.

        A row without an instant is held when it closes.
        """
        row = self.rows[edge.row]
        if edge.edge == "silent":
            return self.calendar.ends_at(row.opens_at, edge.working_days)
        if edge.edge == "opens":
            return row.opens_at
        return (row.held_at or row.closes_at) if edge.edge == "held" else row.shuts_at

    def cutoff(self, edge: Edge, closes_at: datetime, now: datetime) -> datetime:
        """Return before when a silence must have begun to have ended by now, and before its row closed.

        Without the row's end a sweep after an outage would take a silence for older than the deadline before it.
        """
        return self.calendar.cutoff(min(now, closes_at - TICK), edge.working_days)

    def last_silence(self, edge: Edge, now: datetime) -> datetime:
        """Return when the silence of whoever stands where he stands by now will have ended, if its row lets it."""
        return self.calendar.ends_at(max(self.rows[edge.row].opens_at, now), edge.working_days)

    def has_come(self, edge: Edge, case: Owned, now: datetime) -> bool:
        """Tell whether an edge has come for this case."""
        if edge.edge == "silent":
            cutoff = self.cutoff(edge, self.closes_at(edge.row, case), now)
            return bool(silent(self.rows[edge.row].opens_at, case.state_since, cutoff))
        return bool(passed(self.edge_at(edge, case), now))

    def is_open(self, row_key: str, case: Owned, now: datetime) -> bool:
        """Tell whether the row is open for this case."""
        return bool(within(self.rows[row_key].opens_at, self.closes_at(row_key, case), now))

    def is_late(self, row_key: str, case: Owned, now: datetime) -> bool:
        """Tell whether the row is open for this case only by its grace."""
        return self.is_open(row_key, case, now) and self.ends_at(row_key, case) <= now

    def bearing_on(self, ids: Collection[int]) -> Timeline:
        """Return the timeline without the extensions that were given to submissions other than these."""
        mine = tuple(one for one in self.extensions if one.submission_id is None or one.submission_id in ids)
        return replace(self, extensions=mine)

    def edges(self, edges: Iterable[Edge]) -> list[datetime]:
        """Return the instants at which these edges fall, each once, in order; of silences only the first."""
        edges = list(edges)
        closing = {edge.row for edge in edges if edge.edge == "closes"}
        return sorted({self.fixed_at(edge) for edge in edges}.union(*map(self.later_ends, closing)))

    def noted(self) -> Iterator[tuple[str, str, datetime]]:
        """Yield every edge of every row: row, edge, instant."""
        for row in self.rows.values():
            yield row.key, "opens", row.opens_at
            yield from ((row.key, "closes", at) for at in sorted({row.shuts_at} | self.later_ends(row.key)))
            if row.held_at:
                yield row.key, "held", row.held_at

    def later_ends(self, row_key: str) -> set[datetime]:
        """Return the ends, grace and all, that extensions give to anybody: none where the row ends later for all."""
        row, for_all = self.rows[row_key], self.ends_for_all(row_key)
        given = {one.until for one in self.extensions if one.row_key == row_key and one.until >= for_all}
        return {until + row.grace for until in given if until > row.closes_at}


def reaches(extension: Extension, case: Owned) -> bool:
    """Tell whether an extension applies to a case."""
    if extension.submission_id is not None:
        return bool(extension.submission_id == case.id)
    return extension.unit_id is None or extension.unit_id in (case.unit_id, case.recommender_id)


def within(opens_at: Any, closes_at: Any, now: datetime) -> Any:
    """Apply the window rule: values give a bool, columns a clause."""
    return (opens_at <= now) & (closes_at > now)


def silent(opens_at: datetime, since: Any, cutoff: Any) -> Any:
    """Apply the silence rule: the case's last step and the row's opening lie before a cutoff. Values or columns."""
    return (since < cutoff) & (opens_at < cutoff)


def passed(instant: Any, now: datetime) -> Any:
    """Apply the edge rule: an edge has come when its instant is not in the future. Values or columns."""
    return instant <= now


def canonical(instant: datetime) -> str:
    """Write an instant in the one form that history hashes: UTC, microseconds, Z."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
