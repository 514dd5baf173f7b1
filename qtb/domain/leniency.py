"""A second opinion on scores: how harsh or lenient each judge is, and who stands where without any one of them.

Nothing of this changes a result. Leniency is the judge's part in the additive model total = work + judge, fitted by
least squares in turns (work means, then judge means) until nothing moves any more; within a group of judges who share
works the parts add up to zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from statistics import fmean

from qtb.domain.aggregation import Score
from qtb.domain.ranking import Ranking

ROUNDS = 200
STILL = 1e-6
CENT = Decimal("0.01")
Scores = Mapping[str, Sequence[Score]]  # by work


def leniency(scores: Scores) -> dict[str, Decimal]:
    """Return for each judge by how many points he scores above (or below) the others on the same works."""
    given = {
        (work, one.judge): float(one.total)
        for work, each in sorted(scores.items())
        for one in each
        if one.is_valid and one.total is not None
    }
    by_work, by_judge = _grouped(given, 0), _grouped(given, 1)
    part = dict.fromkeys(by_judge, 0.0)
    for _ in range(ROUNDS):
        level = {work: fmean(given[key] - part[key[1]] for key in keys) for work, keys in by_work.items()}
        found = {judge: fmean(given[key] - level[key[0]] for key in keys) for judge, keys in by_judge.items()}
        moved = max((abs(found[judge] - part[judge]) for judge in part), default=0.0)
        part = found
        if moved < STILL:
            break
    return {judge: Decimal(str(round(each, 6))).quantize(CENT) for judge, each in _centred(part, by_work).items()}


def corrected(scores: Sequence[Score], parts: Mapping[str, Decimal], most: Decimal) -> list[Score]:
    """Return a work's scores as they would be if all judges were equally lenient; within the sheet's bounds."""
    return [
        one if one.total is None else replace(one, total=min(most, max(Decimal(0), one.total - parts[one.judge])))
        for one in scores
    ]


def fragile(scores: Scores, whole: Ranking, ranked: Callable[[Scores], Ranking]) -> dict[str, dict[str, str]]:
    """Return the works whose level hangs on one judge: for each, the level it would have without him, by judge.

    `ranked` reckons a ranking from scores.
    """
    levels = {place.work.key: place.level for place in whole.places if place.rank}
    found: dict[str, dict[str, str]] = {}
    for judge in sorted({one.judge for each in scores.values() for one in each if one.is_valid}):
        his = {work for work, each in scores.items() if any(one.judge == judge for one in each)}
        without = {w: [one for one in each if one.judge != judge] if w in his else each for w, each in scores.items()}
        for place in ranked(without).places:
            if place.work.key in his and levels.get(place.work.key, place.level) != place.level:
                found.setdefault(place.work.key, {})[judge] = place.level
    return found


def _grouped(given: Mapping[tuple[str, str], float], by: int) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for key in given:
        found.setdefault(key[by], []).append(key)
    return found


def _centred(part: Mapping[str, float], by_work: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, float]:
    """Return the parts less the mean of each group of judges who share works, directly or by way of others."""
    group = {judge: {judge} for judge in part}
    for keys in by_work.values():
        joined = set().union(*(group[judge] for _, judge in keys))
        for judge in joined:
            group[judge] = joined
    return {judge: each - fmean(part[other] for other in sorted(group[judge])) for judge, each in part.items()}
