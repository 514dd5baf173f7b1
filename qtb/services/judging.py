"""How far the judging of a year is: by panel and by judge, who is late, which works lack scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from qtb.domain import score_picture
from qtb.domain.errors import Missing
from qtb.domain.score_picture import Picture
from qtb.domain.timeline import Timeline
from qtb.store import assignments, judging, panels
from qtb.store.cycles import Cycle
from qtb.store.panels import Panel, PanelMember

SOON = timedelta(days=7)  # whoever has works open so near to their end is late already


@dataclass
class Tally:
    """Sheets counted: those given and still held, finished, open, overdue, due soon, stood back from."""

    n_given: int = 0
    n_final: int = 0
    n_open: int = 0
    n_overdue: int = 0
    n_soon: int = 0
    n_recused: int = 0

    @property
    def is_late(self) -> bool:
        """Tell whether something is overdue, or due soon and not finished."""
        return self.n_overdue + self.n_soon > 0


@dataclass
class Judge(Tally):
    """One judge: sheets, last sign of work, the last reminder, the totals given."""

    id: int = 0
    name: str = ""
    panel: Panel | None = None
    leads: bool = False
    last_at: datetime | None = None
    reminded_at: datetime | None = None
    totals: list[Decimal] = field(default_factory=list)

    @property
    def spread(self) -> score_picture.Spread | None:
        """The five numbers of the totals."""
        return score_picture.spread(self.totals)


@dataclass(frozen=True, slots=True)
class Short:
    """A work with fewer valid scores than a result needs; `will_do` once those still open are in."""

    id: int
    number: str
    n_valid: int
    n_open: int
    needed: int

    @property
    def will_do(self) -> bool:
        """Tell whether the sheets that are open would do."""
        return self.n_valid + self.n_open >= self.needed


@dataclass(frozen=True, slots=True)
class Board:
    """All of it; judges with the latest first, works that lack judges before those that wait.

    `n_spared` sheets are unfinished and not waited for: their works are eliminated.
    """

    whole: Tally
    panels: tuple[tuple[Panel | None, Tally], ...]
    judges: tuple[Judge, ...]
    short: tuple[Short, ...]
    picture: Picture | None
    n_spared: int = 0

    @property
    def late(self) -> list[Judge]:
        """Those who are late, the latest first."""
        return [one for one in self.judges if one.is_late]


def board(session: Session, cycle: Cycle, times: Timeline, *, everybody: str, now: datetime) -> Board:
    """Return how far the judging of a year is now. `everybody` names the row of all totals. Nothing is written."""
    rows, groups = judging.sheets(session, cycle.id), panels.of_cycle(session, cycle.id)
    first, last = cycle.definition.counted, judging.reminded(session, cycle.id)
    found = _judges(rows, groups, last)
    whole, by_panel = Tally(), {panel.id: Tally() for panel in groups}
    for row in rows:
        judge = found[row.evaluator_id]
        tallies = [whole, judge, *([by_panel[judge.panel.id]] if judge.panel else [])]
        _count(tallies, row, _ends_at(cycle, times, row), now)
        judge.last_at = max(filter(None, (judge.last_at, row.finished_at, row.recused_at)), default=None)
        if row.is_final and row.kind == first and row.total is not None:
            judge.totals.append(row.total)
    judges = sorted(found.values(), key=lambda one: (-one.n_overdue, -one.n_soon, -one.n_open, one.name, one.id))
    told = tuple((panel, by_panel[panel.id]) for panel in groups)
    named = {_named(one, judges): one.totals for one in judges}
    picture = score_picture.draw(named, int(cycle.definition.rubric.sheets[first].max), everybody)
    n_spared = sum(row.eliminated and not row.is_final and row.recused_at is None for row in rows)
    return Board(whole, told, tuple(judges), tuple(_short(session, cycle, rows, first)), picture, n_spared)


def whom(board: Board, who: str) -> list[int]:
    """Return the judges that a word names: `late`, `panel-7`, or `7`. Raises Missing."""
    if who == "late":
        return [one.id for one in board.late]
    kind, _, number = who.rpartition("-")
    panels_of = {one.id: str(one.panel.id) if one.panel else "" for one in board.judges}
    named = panels_of if kind == "panel" else {one: str(one) for one in panels_of if not kind}
    mine = [one for one, key in named.items() if key == number and number]
    if not mine:
        raise Missing("account")
    return mine


def _judges(rows: Iterable[Any], groups: Sequence[Panel], last: Mapping[int, datetime]) -> dict[int, Judge]:
    """Return everybody who is in a panel or has a sheet."""
    found: dict[int, Judge] = {}
    for panel in groups:
        for one in panel.members:
            found[one.account_id] = _member(panel, one)
    for row in rows:
        found.setdefault(row.evaluator_id, Judge(id=row.evaluator_id, name=row.name))
    for judge in found.values():
        judge.reminded_at = last.get(judge.id)
    return found


def _member(panel: Panel, one: PanelMember) -> Judge:
    return Judge(id=one.account_id, name=one.account.name, panel=panel, leads=one.is_leader)


def _count(tallies: Iterable[Tally], row: Any, ends_at: datetime | None, now: datetime) -> None:
    is_open = not row.is_final and row.recused_at is None and not row.eliminated
    for one in tallies:
        one.n_recused += row.recused_at is not None
        one.n_given += row.recused_at is None
        one.n_final += row.is_final
        one.n_open += is_open
        if is_open and ends_at is not None:
            one.n_overdue += ends_at <= now
            one.n_soon += now < ends_at <= now + SOON


def _ends_at(cycle: Cycle, times: Timeline, row: Any) -> datetime | None:
    """Return when a sheet must be finished; None where its work is judged no longer, or suspended."""
    state = cycle.definition.workflow.states.get(row.state)
    if state is None or state.judged not in times.rows or state.judged is None or row.suspended_at is not None:
        return None
    if row.kind not in cycle.definition.sheets_of(row.state):
        return None
    return times.ends_at(state.judged, row)


def _short(session: Session, cycle: Cycle, rows: Sequence[Any], first: str) -> list[Short]:
    needed = cycle.definition.rubric.sheets[first].min_valid
    valid: dict[int, int] = {}
    ahead: dict[int, int] = {}
    for row in rows:
        if row.kind == first and row.recused_at is None:
            counted = valid if row.is_final else ahead
            counted[row.id] = counted.get(row.id, 0) + 1
    works = assignments.judged(session, cycle, first)
    found = [Short(one.id, one.number, valid.get(one.id, 0), ahead.get(one.id, 0), needed) for one in works]
    return sorted((one for one in found if one.n_valid < needed), key=lambda one: (one.will_do, one.number))


def _named(one: Judge, judges: Sequence[Judge]) -> str:
    """Return a judge's name, with a number where another bears it too."""
    return one.name if sum(other.name == one.name for other in judges) == 1 else f"{one.name} #{one.id}"
