"""The year of the activity, and of each row that names none: from the rows around it, never against their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from qtb.domain.dates import Reading, read_dates
from qtb.domain.notice_model import Draft


def activity_year(found: Sequence[Draft], known: int | None) -> int | None:
    """Give the year that the rows' own dates name; `known` is the title's, which wins when the rows name it too."""
    headed = {d.year for d in found if d.year}
    firsts = [years[0] for d in found if (years := read_dates(d.text, whole=d.whole).years)]
    named = set(firsts) | headed
    if not named:
        return None
    if known in named or (known is not None and _is_lead_in(found, known)):
        return known
    counts = Counter(firsts or headed)
    return min(counts, key=lambda y: (-counts[y], y))


def _is_lead_in(found: Sequence[Draft], known: int) -> bool:
    """Tell whether the rows only prepare, late in the year before, what the title's year holds."""
    readings = [read_dates(d.text, whole=d.whole, year=known) for d in found]
    dated = [i for i, r in enumerate(readings) if r.years]
    bare = [i for i, r in enumerate(readings) if r.start and not r.years]
    return bool(bare and dated) and all(set(readings[i].years) == {known - 1} for i in dated) and max(dated) < min(bare)


def settled(
    readings: Sequence[Reading], again: Sequence[Draft], year: int | None, known: int | None
) -> list[tuple[int | None, str]]:
    """Give each row the year its bare dates stand in, and a code where that was inferred."""
    years: list[tuple[int | None, str]] = [(draft.year or year, "") for draft in again]
    crossing = _crossing(readings, again)
    last: tuple[int, int] | None = None  # year and month of the last row that names its year
    turn: date | None = None  # the end of the last row that runs into another year
    for i, reading in enumerate(readings):
        if reading.start and (reading.years or reading.start.year != year):
            last = (reading.start.year, reading.start.month)
        elif last and reading.start and not again[i].year and year is not None and not _is_all_year(reading):
            later = _later(reading, last, (year, known))
            if later:
                years[i] = (later, "year_inferred")
        if turn and year is not None and not reading.years and not again[i].year and _follows(reading, turn):
            years[i] = (turn.year, "year_inferred")
        if reading.start and reading.end and reading.end.year > reading.start.year and len(reading.years) < 3:
            turn = reading.end
        if crossing is not None and i >= crossing and not reading.years and not again[i].year and year is not None:
            years[i] = (year + 1, "year_crossed")
    return years


def _is_all_year(reading: Reading) -> bool:
    # 全年 keeps no place in the order of rows.
    start, end = reading.start, reading.end
    return bool(start and end and (start.month, start.day, end.month, end.day) == (1, 1, 12, 31))


def _follows(reading: Reading, turn: date) -> bool:
    """Tell whether a bare row continues behind the turn of the year rather than falling back before it."""
    start, end = reading.start, reading.end or reading.start
    return bool(start and end and start.year < turn.year and turn.month <= start.month <= 6 and end.month <= 8)


def _later(reading: Reading, last: tuple[int, int], options: tuple[int, int | None]) -> int | None:
    """Give another year when the row would else stand before an earlier row that names its year."""
    year, known = options
    month = reading.start.month if reading.start else 0
    if (year, month) >= last or year >= last[0]:
        return None
    wanted = [y for y in {last[0], last[0] + 1, known or 0} if y > year and (y, month) >= last]
    return min(wanted, default=None) if (last[0], month) >= last or known in wanted else None


def _crossing(readings: Sequence[Reading], again: Sequence[Draft]) -> int | None:
    """Find the row from which a list that ran forward to the year's end starts anew: 11月, 12月, 1月."""
    months = [r.start.month if r.start and not r.years else None for r in readings]
    if (
        any(r.years for r in readings)
        or len({d.year for r in readings for d in (r.start, r.end) if d}) > 1
        or any(d.year for d in again)
        or len(months) < 3
        or None in months
    ):
        return None
    plain = [m for m in months if m is not None]
    drops = [i for i in range(1, len(plain)) if plain[i] < plain[i - 1]]
    if len(drops) != 1 or plain[drops[0] - 1] < 10 or plain[drops[0]] > 4 or plain[-1] >= plain[0]:
        return None
    return drops[0]
