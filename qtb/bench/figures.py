"""What a measurement says, and how two ways are measured beside each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

# What every figure has, in the order in which it is shown.
SHARED = ("bench", "what", "database", "rows", "runs", "floor_seconds", "seconds", "ratio", "target", "ok")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing: `ratio` of our median to the floor's, or another number in `more`, that `target` limits.

    Seconds are wall-clock, except where a bench says CPU (`move`, `pages`). `more` holds what only one bench has and
    stands beside the rest in the JSON.
    """

    bench: str
    what: str
    database: str
    rows: int
    runs: int
    target: float | None
    ok: bool
    floor_seconds: float | None = None
    seconds: float | None = None
    ratio: float | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def flat(self) -> dict[str, Any]:
        """Return the figure as one JSON object, numbers cut to what they tell."""
        own = {name: getattr(self, name) for name in SHARED}
        return {name: _rounded(value) for name, value in {**own, **self.more}.items()}


def beside(
    bench: str, what: str, *, database: str, rows: int, floors: Sequence[float], ours: Sequence[float], target: float,
    **more: Any,
) -> Figure:  # fmt: skip
    """Return the figure of two ways that took turns: the ratio of their medians."""
    floor, own = median(floors), median(ours)
    ratio = own / floor
    return Figure(bench, what, database, rows, len(ours), target, ratio <= target, floor, own, ratio, more)


def in_turns(runs: int, floor: Callable[[int], float], ours: Callable[[int], float]) -> tuple[list[float], list[float]]:
    """Measure two ways in turns, the first one changing, so that what slows the machine down slows both."""
    floors, own = [], []
    for run in range(runs):
        if run % 2:
            own.append(ours(run))
            floors.append(floor(run))
        else:
            floors.append(floor(run))
            own.append(ours(run))
    return floors, own


def _rounded(value: Any) -> Any:
    return float(f"{value:.4g}") if isinstance(value, float) else value
