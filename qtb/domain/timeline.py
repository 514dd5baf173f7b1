"""Windows and edges: the only schedule. Windows are [opens, closes) as aware UTC instants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from qtb.domain.workflow import Edge


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


@dataclass(frozen=True, slots=True)
class Extension:
    """A later end of one row, for one submission, one unit, or (both None) all."""

    row_key: str
    until: datetime
    submission_id: int | None = None
    unit_id: int | None = None


class Owned(Protocol):
    """What an extension can be matched against: a submission's id and its unit's."""

    @property
    def id(self) -> Any:
        """The submission."""

    @property
    def unit_id(self) -> Any:
        """The unit that entered it."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The rows of one cycle by key, and the extensions granted."""

    rows: Mapping[str, Row]
    extensions: tuple[Extension, ...] = field(default=())

    def closes_at(self, row_key: str, case: Owned) -> datetime:
        """Return the end of the row for this case: the latest of its own end and the extensions that reach it."""
        ends = [one.until for one in self.extensions if one.row_key == row_key and reaches(one, case)]
        return max([self.rows[row_key].closes_at, *ends])

    def edge_at(self, edge: Edge, case: Owned) -> datetime:
        """Return the instant of an edge for this case."""
        if edge.edge == "closes":
            return self.closes_at(edge.row, case)
        return self.fixed_at(edge)

    def fixed_at(self, edge: Edge) -> datetime:
        """Return an edge's instant without extensions; a row without an instant is held when it closes."""
        row = self.rows[edge.row]
        if edge.edge == "opens":
            return row.opens_at
        return (row.held_at or row.closes_at) if edge.edge == "held" else row.closes_at

    def is_open(self, row_key: str, case: Owned, now: datetime) -> bool:
        """Tell whether the row is open for this case."""
        return bool(within(self.rows[row_key].opens_at, self.closes_at(row_key, case), now))

    def edges(self, edges: Iterable[Edge]) -> list[datetime]:
        """Return every instant at which one of these edges can fall for any case, in order, each once."""
        edges = list(edges)
        found = {self.fixed_at(edge) for edge in edges}
        closing = {edge.row for edge in edges if edge.edge == "closes"}
        found |= {one.until for one in self.extensions if one.row_key in closing}
        return sorted(found)


def reaches(extension: Extension, case: Owned) -> bool:
    """Tell whether an extension applies to a case."""
    if extension.submission_id is not None:
        return bool(extension.submission_id == case.id)
    return extension.unit_id is None or bool(extension.unit_id == case.unit_id)


def within(opens_at: Any, closes_at: Any, now: datetime) -> Any:
    """Apply the window rule: values give a bool, columns a clause."""
    return (opens_at <= now) & (closes_at > now)


def passed(instant: Any, now: datetime) -> Any:
    """Apply the edge rule: an edge has come when its instant is not in the future. Values or columns."""
    return instant <= now


def canonical(instant: datetime) -> str:
    """Write an instant in the one form that history hashes: UTC, microseconds, Z."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
