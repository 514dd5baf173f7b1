"""When made-up people act: once a day while a row is open, and more often before its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from qtb.domain.decide import Case
from qtb.domain.definition import Definition
from qtb.domain.errors import Invalid
from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Edge, Transition

DAY = timedelta(days=1)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
HOUR = 10  # of the day, when people act who are not pressed
LAST_DAY = tuple(timedelta(minutes=n) for n in (540, 240, 60, 1))  # before the end: when those act who are


def moments(opens_at: datetime, closes_at: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the instants at which people act in a window."""
    found = {closes_at - before for before in LAST_DAY}
    at = opens_at.astimezone(zone).replace(hour=HOUR, minute=0, second=0, microsecond=0)
    while at < closes_at:
        found.add(at.astimezone(UTC))
        at += DAY
    return sorted(at for at in found if opens_at <= at < closes_at)


@dataclass
class Hours:
    """The windows of one year as people know them: with the extensions for all, without the graces."""

    definition: Definition
    times: Timeline
    _open: dict[str, list[datetime]] = field(default_factory=dict)
    _clocked: dict[str, list[Transition]] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """Where the programme's clock hangs."""
        return ZoneInfo(self.definition.workflow.programme.zone)

    def of(self, row_key: str) -> Sequence[datetime]:
        """Return the instants at which people act while a row is open."""
        if row_key not in self._open:
            self._open[row_key] = moments(self.times.rows[row_key].opens_at, self.ends_at(row_key), self.zone)
        return self._open[row_key]

    def ends_at(self, row_key: str) -> datetime:
        """Return the end of a row."""
        later = [one.until for one in self.times.extensions if one.row_key == row_key]
        return max([self.times.rows[row_key].closes_at, *later])

    def clock_takes(self, state: str, since: datetime, *, guarded: bool) -> datetime:
        """Return when the clock ends a state whatever the facts are, or (`guarded`) the first time at which it may."""
        if state not in self._clocked:
            workflow = self.definition.workflow
            moves = [key for key in workflow.clocked() if state in workflow.sources(key)]
            self._clocked[state] = [workflow.transitions[key] for key in moves]
        rules, case = self._clocked[state], Case(0, state, 0, None, 0, {}, since)
        edges = [rule.at for rule in rules if guarded or not rule.when]
        return min((self._edge_at(edge, case) for edge in edges if edge), default=NEVER)

    def _edge_at(self, edge: Edge, case: Case) -> datetime:
        try:
            return self.times.edge_at(edge, case)
        except Invalid:  # working days of a year that are not known yet; the sweep says so
            return NEVER
