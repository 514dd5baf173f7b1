"""Known works scored before real ones: how far a judge is from what was agreed, and whether he drifts later on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from qtb.domain.aggregation import rounded

LEAST = 6  # sheets of a judge from which a drift is told: two in each third
DIGITS = 2


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a judge is from what was agreed: in total (lenient above zero), by item, on the mean of the items."""

    total: Decimal
    items: Mapping[str, Decimal]
    mean: Decimal

    def is_near(self, near: Decimal) -> bool:
        """Tell whether the total lies within so many points."""
        return abs(self.total) <= near


def distance(given: Mapping[str, str], reference: Mapping[str, str]) -> Distance:
    """Return the distance of points from the reference's, over the items that both have."""
    items = {key: Decimal(given[key]) - Decimal(reference[key]) for key in reference if key in given}
    apart = sum((Fraction(abs(one)) for one in items.values()), Fraction(0))
    return Distance(sum(items.values(), Decimal(0)), items, rounded(apart / max(1, len(items)), DIGITS))


def deviations(scores: Mapping[str, Mapping[str, Decimal]]) -> dict[str, dict[str, Fraction]]:
    """Return by judge and work how far he is above the others' mean, if there are any; `scores` by work, judge."""
    found: dict[str, dict[str, Fraction]] = {}
    for work, given in scores.items():
        total = sum((Fraction(one) for one in given.values()), Fraction(0))
        for judge, own in given.items():
            if len(given) > 1:
                others = (total - Fraction(own)) / (len(given) - 1)
                found.setdefault(judge, {})[work] = Fraction(own) - others
    return found


def drift(apart: Sequence[Fraction]) -> Decimal | None:
    """Return by how much the last third lies above the first, in points; None for too few. `apart` in order of time."""
    if len(apart) < LEAST:
        return None
    third = len(apart) // 3
    first, last = apart[:third], apart[-third:]
    return rounded((sum(last, Fraction(0)) - sum(first, Fraction(0))) / third, DIGITS)
