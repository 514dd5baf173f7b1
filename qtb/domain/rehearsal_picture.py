"""A rehearsed year as a picture: how many cases stood where, day by day, in bands upon one another. Geometry only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT, LEFT, HEAD, FOOT = 440, 320, 40, 8, 24  # user units of the SVG
N_LOOKS = 16  # patterns that the template knows
LABEL_HEIGHT, LABEL_SIGN = 15, 12.5  # what a label needs inside its band


@dataclass(frozen=True, slots=True)
class Band:
    """One state's band: its outline, which of the looks it has, its name, and where the name fits inside."""

    label: str
    points: str
    look: int
    x: float | None
    y: float | None


@dataclass(frozen=True, slots=True)
class Picture:
    """All that the template draws."""

    width: int
    height: int
    left: int
    base: float
    bands: tuple[Band, ...]
    months: tuple[tuple[float, int], ...]
    scale: tuple[tuple[float, int], ...]


def draw(report: Mapping[str, Any], lang: str) -> Picture:
    """Return the picture of a report as JSON holds it: bands in the definition's order, empty ones left out."""
    days: Sequence[Mapping[str, Any]] = report["days"]
    names = {key: one[lang] for key, one in report["labels"]["states"].items()}
    keys = [key for key in names if any(day["states"].get(key) for day in days)]
    most = max(1, *(sum(day["states"].values()) for day in days))
    step, base = (WIDTH - LEFT) / max(1, len(days) - 1), HEIGHT - FOOT

    def at(n: int, height: float) -> tuple[float, float]:
        return round(LEFT + n * step, 1), round(base - (base - HEAD) * height / most, 1)

    below, bands = [0] * len(days), []
    for look, key in enumerate(keys):
        above = [low + day["states"].get(key, 0) for low, day in zip(below, days, strict=True)]
        lower, upper = ([at(n, height) for n, height in enumerate(edge)] for edge in (below, above))
        bands.append(_band(names[key], look % N_LOOKS, lower, upper))
        below = above
    months = tuple((at(n, 0)[0], int(day["date"][5:7])) for n, day in enumerate(days) if day["date"].endswith("-01"))
    scale = tuple((at(0, height)[1], height) for height in (most // 2, most) if height)
    return Picture(WIDTH, HEIGHT, LEFT, base, tuple(bands), months[:12], scale)


def _band(label: str, look: int, lower: list[tuple[float, float]], upper: list[tuple[float, float]]) -> Band:
    points = " ".join(f"{x},{y}" for x, y in _turns(upper) + _turns(lower)[::-1])
    width = len(label) * (LABEL_SIGN if not label.isascii() else LABEL_SIGN * 0.55)
    n_days = max(1, int(width / ((WIDTH - LEFT) / max(1, len(lower) - 1))))
    for n in range(0, len(lower) - n_days, 3):
        top = max(y for _, y in upper[n : n + n_days])
        bottom = min(y for _, y in lower[n : n + n_days])
        if bottom - top >= LABEL_HEIGHT:
            return Band(label, points, look, lower[n][0] + 4, round((top + bottom) / 2 + 4.5, 1))
    return Band(label, points, look, None, None)


def _turns(line: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Leave out the points of a level stretch but its ends."""
    within = zip(line, line[1:], line[2:], strict=False)
    return [line[0], *(b for a, b, c in within if not a[1] == b[1] == c[1]), *line[1:][-1:]]
