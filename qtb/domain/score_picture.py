"""Each judge's totals against all totals of the year: boxes and points over one scale. Geometry only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate

WIDTH, LEFT, RIGHT, ROW, HEAD, FOOT = 640, 120, 16, 30, 8, 24  # user units of the SVG
LABEL, LETTER = 8, 0.6  # Chinese signs that fit beside a row, and how wide a letter is beside one
STACK = 3.2  # how far points of one total lie apart


@dataclass(frozen=True, slots=True)
class Spread:
    """Five numbers that stand for many: least, quarters, most."""

    n: int
    low: Decimal
    first: Decimal
    middle: Decimal
    third: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Strip:
    """One row of the picture: a box from quarter to quarter, a line from end to end, a point for each total."""

    name: str
    label: str
    spread: Spread
    y: float
    low: float
    first: float
    middle: float
    third: float
    high: float
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """All that the template draws; `field` is the first row, of all totals."""

    width: int
    height: int
    left: int
    base: int
    field: Strip
    judges: tuple[Strip, ...]
    scale: tuple[tuple[float, int], ...]


def spread(totals: Sequence[Decimal]) -> Spread | None:
    """Return the five numbers of totals; None of none. Quarters lie between the two nearest totals."""
    if not totals:
        return None
    ordered = sorted(totals)
    found = [_quantile(ordered, n) for n in (1, 2, 3)]
    return Spread(len(ordered), ordered[0], found[0], found[1], found[2], ordered[-1])


def draw(totals: Mapping[str, Sequence[Decimal]], most: int, everybody: str) -> Picture | None:
    """Return the picture of judges' totals by name, in the order given; None where nobody has finished a sheet."""
    given = {name: several for name, several in totals.items() if several}
    field = [one for several in given.values() for one in several]
    if not field:
        return None
    least = min(int(min(field)) // 10 * 10, most - 10)
    rows = [_strip(everybody, field, 0, least, most)]
    rows += [_strip(name, several, n, least, most) for n, (name, several) in enumerate(given.items(), 1)]
    base = HEAD + ROW * len(rows)
    step = 10 if most - least <= 60 else 20
    scale = tuple((_x(Decimal(mark), least, most), mark) for mark in range(least, most + 1, step))
    return Picture(WIDTH, base + FOOT, LEFT, base, rows[0], tuple(rows[1:]), scale)


def _strip(name: str, totals: Sequence[Decimal], n: int, least: int, most: int) -> Strip:
    five = spread(totals)
    assert five is not None
    y = HEAD + ROW * n + ROW / 2
    low, first, middle, third, high = (
        _x(one, least, most) for one in (five.low, five.first, five.middle, five.third, five.high)
    )
    seen: dict[float, int] = {}
    points = []
    for one in sorted(totals):
        x = _x(one, least, most)
        seen[x] = seen.get(x, 0) + 1
        side = seen[x] // 2 * (1 if seen[x] % 2 else -1)  # equal totals lie above and below one another
        points.append((x, round(y + max(-10.0, min(10.0, side * STACK)), 1)))
    return Strip(name, _label(name), five, y, low, first, middle, third, high, tuple(points) if n else ())


def _label(name: str) -> str:
    """Return as much of a name as fits beside its row."""
    widths = list(accumulate(LETTER if sign.isascii() else 1 for sign in name))
    return name if not name or widths[-1] <= LABEL else name[: sum(width <= LABEL - 1 for width in widths)] + "…"


def _quantile(ordered: Sequence[Decimal], quarter: int) -> Decimal:
    place = Decimal(quarter * (len(ordered) - 1)) / 4
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return (ordered[below] + (ordered[above] - ordered[below]) * (place - below)).quantize(Decimal("0.01"))


def _x(value: Decimal, least: int, most: int) -> float:
    width = WIDTH - LEFT - RIGHT
    return round(LEFT + float(value - least) / max(1, most - least) * width, 1)
