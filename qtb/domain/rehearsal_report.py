"""What a rehearsal found, as values: by date, in total, and what the organiser should look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from qtb.domain.definition import Definition
from qtb.domain.workflow import Text


@dataclass(frozen=True, slots=True)
class Refused:
    """How often a move was refused for one reason; `row` is the timeline row that it needs, "" for none."""

    transition: str
    reason: str
    row: str
    n: int


@dataclass(frozen=True, slots=True)
class Day:
    """One day: moves, letters and refusals on it, teams entered, and how many cases stood where at its end."""

    date: date
    entered: int
    moves: Mapping[str, int]
    letters: Mapping[str, int]
    refusals: tuple[Refused, ...]
    states: Mapping[str, int]

    @property
    def is_quiet(self) -> bool:
        """Tell whether nothing happened."""
        return not (self.entered or self.moves or self.letters or self.refusals)


@dataclass(frozen=True, slots=True)
class Occupied:
    """Cases that stand at the end of the year in a state that is no end; `rests` where the definition allows it."""

    state: str
    n: int
    rests: bool


@dataclass(frozen=True, slots=True)
class Findings:
    """What the organiser should look at; empty and 0 is well."""

    undecided: int
    occupied: tuple[Occupied, ...]
    idle_rows: tuple[str, ...]  # windows in which nobody could act
    refused_rows: Mapping[str, int]  # refusals by row
    unaddressed: int  # letters that nobody would receive
    failures: tuple[str, ...]  # what the clock could not do
    audit: int
    check: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A rehearsed year. The same year, number and seed give the same report but for `seconds`."""

    key: str
    title: str
    programme: str
    n_submissions: int
    seed: int
    days: tuple[Day, ...]
    totals: Day
    findings: Findings
    n_history: int
    n_letters: int
    seconds: float = field(default=0, compare=False)

    def as_json(self, definition: Definition) -> dict[str, Any]:
        """Return the report for JSON, with the labels of what it names so that it can be read by itself.

        `{key, title, programme, n_submissions, seed, n_history, n_letters, seconds,
        days: [{date, entered, moves: {transition: n}, letters: {letter: n},
        refusals: [{transition, reason, row, n}], states: {state: n}}], totals: {as a day},
        findings: {undecided, occupied: [{state, n, rests}], idle_rows: [row], refused_rows: {row: n}, unaddressed,
        failures: [text], audit, check: [text]},
        labels: {states, transitions, rows: {key: {zh, en}}}, path: [state]}`
        """
        found = asdict(self)
        for day in (*found["days"], found["totals"]):
            day["date"] = day["date"].isoformat()
        workflow = definition.workflow
        labels = {
            "states": {key: state.label for key, state in workflow.states.items()},
            "transitions": {key: rule.label for key, rule in workflow.transitions.items()},
            "rows": {key: kind.title for key, kind in definition.timeline.rows.items()},
        }
        return {**found, "labels": {name: _texts(one) for name, one in labels.items()}}


def _texts(labels: Mapping[str, Text]) -> dict[str, dict[str, str]]:
    return {key: {"zh": text.zh, "en": text.en} for key, text in labels.items()}
