"""What was published in a year: the works by level, and how many of each by category, district and recommender."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from qtb.domain.errors import Missing
from qtb.domain.shapes import Text
from qtb.domain.workflow import Figure
from qtb.store import answers
from qtb.store import published as store
from qtb.store.cycles import Cycle

Name = Text | str


@dataclass(frozen=True, slots=True)
class Line:
    """One value of what is counted by: its name, and how many works have each level, in the order of levels."""

    name: Name
    counts: tuple[int, ...]

    @property
    def n(self) -> int:
        """How many in all."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Tally:
    """The works counted by one thing; None for the whole or the recommending unit, which are named elsewhere."""

    by: str  # `all`, `recommender`, or a field's key
    label: Text | None
    lines: tuple[Line, ...]


def works(session: Session, cycle: Cycle) -> Sequence[Row[Any]]:
    """Return the published works, the highest level first. Raises Missing while there are none."""
    states = [name for name, state in cycle.definition.workflow.states.items() if state.listed]
    found = store.works(session, cycle.id, states, cycle.definition.rubric)
    if not found:
        raise Missing("results")
    return found


def tallies(session: Session, cycle: Cycle, found: Sequence[Row[Any]]) -> list[Tally]:
    """Return how many works have each level: in all, by the definition's figures, by recommending unit."""
    levels, kept = list(cycle.definition.rubric.levels), answers.of_many(session, [row.id for row in found])
    by_recommender = Counter((row.recommender_name or "", row.award_level) for row in found)
    return [
        Tally("all", None, (Line("", tuple(Counter(row.award_level for row in found)[level] for level in levels)),)),
        *(_by_field(cycle, figure, found, kept, levels) for figure in cycle.definition.workflow.figures),
        Tally("recommender", None, _lines([(name, name) for name in _names(by_recommender)], by_recommender, levels)),
    ]


def _by_field(
    cycle: Cycle, figure: Figure, found: Iterable[Row[Any]], kept: dict[int, dict[str, dict[str, Any]]],
    levels: Sequence[str],
) -> Tally:  # fmt: skip
    spec = cycle.definition.forms[figure.form].fields[figure.field]
    counted = Counter((kept[row.id].get(figure.form, {}).get(figure.field), row.award_level) for row in found)
    names: list[tuple[Any, Name]] = [(choice.key, choice.label) for choice in spec.choices]
    return Tally(figure.field, spec.label, _lines(names, counted, levels))


def _lines(names: Iterable[tuple[Any, Name]], counted: Counter[Any], levels: Sequence[str]) -> tuple[Line, ...]:
    lines = [Line(name, tuple(counted[key, level] for level in levels)) for key, name in names]
    return tuple(line for line in lines if line.n)


def _names(counted: Iterable[tuple[str, str]]) -> list[str]:
    return sorted({name for name, _ in counted if name})
