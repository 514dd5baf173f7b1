"""From the judges' scores of one work to one: highest and lowest left out, the mean rounded half up, once.

The rules are those of the association's score programme: a recusal never counts as zero, a missing score neither, and
where all scores are equal still one high and one low are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from qtb.domain.errors import Invalid
from qtb.domain.rubric import Doubt, Rubric
from qtb.domain.shapes import Key


@dataclass(frozen=True, slots=True)
class Score:
    """What one judge gave a work; without a total he has not scored it, and recused he never will."""

    judge: str
    total: Decimal | None
    is_recused: bool = False

    @property
    def is_valid(self) -> bool:
        """Tell whether it counts."""
        return self.total is not None and not self.is_recused


@dataclass(frozen=True, slots=True)
class Result:
    """What the scores of one sheet come to. Judges are named by their keys; `mean` is None without a valid score.

    `flags` are `few` (fewer valid scores than the sheet asks for), `spread` and `far` (see `Doubt`); `far` names whom.
    """

    scores: tuple[Score, ...]
    n_valid: int
    n_used: int
    dropped_high: tuple[str, ...]
    dropped_low: tuple[str, ...]
    mean: Decimal | None
    flags: tuple[str, ...]
    far: tuple[str, ...] = ()

    @property
    def is_result(self) -> bool:
        """Tell whether there are scores enough for a result."""
        return self.mean is not None and "few" not in self.flags

    def fate(self, score: Score) -> str:
        """Return what became of a score: recused, missing, high, low or used."""
        if not score.is_valid:
            return "recused" if score.is_recused else "missing"
        return "high" if score.judge in self.dropped_high else "low" if score.judge in self.dropped_low else "used"


def aggregate(scores: Iterable[Score], rubric: Rubric, sheet: Key) -> Result:
    """Return what the scores of one work on one sheet come to; their order does not matter.

    Raises Invalid where a judge scores twice or a total lies outside the sheet's.
    """
    given = tuple(sorted(scores, key=lambda one: one.judge))
    _refuse_wrong(given, rubric.sheets[sheet].max)
    rule = rubric.aggregate
    valid = sorted((one for one in given if one.is_valid), key=_by_total)
    drops = len(valid) >= rule.drop_from
    low = valid[: rule.drop_low] if drops else []
    high = valid[len(valid) - rule.drop_high :] if drops else []
    used = valid[len(low) : len(valid) - len(high)]
    mean = rounded(_mean(used), rule.digits) if used else None
    far = _far(valid, _mean(used), rubric.doubt) if used else ()
    flags = _flags(valid, used, rubric.doubt, rubric.sheets[sheet].min_valid)
    return Result(
        given, len(valid), len(used), tuple(one.judge for one in reversed(high)), tuple(one.judge for one in low), mean,
        (*flags, *(["far"] if far else [])), far,
    )  # fmt: skip


def composite(means: Mapping[Key, Decimal | None], rubric: Rubric) -> Decimal | None:
    """Return the one score of a work from the results of its sheets; None while a part of it is missing.

    Of the rubric's compositions the first one counts that asks for no sheet the work has no result of.
    """
    for one in rubric.composed():
        if one.has is None or means.get(one.has) is not None:
            parts = [(means.get(sheet), weight) for sheet, weight in one.weights.items()]
            whole = [Fraction(mean) * Fraction(weight) for mean, weight in parts if mean is not None]
            return rounded(sum(whole, Fraction(0)), rubric.aggregate.digits) if len(whole) == len(parts) else None
    return None


def rounded(value: Fraction, digits: int) -> Decimal:
    """Return a value with so many decimals, half up; exactly, however many digits it has before."""
    scale = 10**digits
    up = (abs(value) * scale + Fraction(1, 2)).__floor__()
    return Decimal(up if value >= 0 else -up).scaleb(-digits).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _refuse_wrong(scores: Sequence[Score], most: Decimal) -> None:
    judges = [one.judge for one in scores]
    if len(set(judges)) != len(judges):
        raise Invalid("judge_twice", judge=next(one for one in judges if judges.count(one) > 1))
    for one in scores:
        if one.total is not None and not 0 <= one.total <= most:
            raise Invalid("total_range", judge=one.judge, total=one.total, max=most)


def _by_total(score: Score) -> tuple[Decimal, str]:
    return score.total or Decimal(0), score.judge


def _mean(scores: Sequence[Score]) -> Fraction:
    return sum((Fraction(one.total or 0) for one in scores), Fraction(0)) / max(1, len(scores))


def _far(valid: Sequence[Score], mean: Fraction, doubt: Doubt) -> tuple[str, ...]:
    return tuple(one.judge for one in valid if abs(Fraction(one.total or 0) - mean) > Fraction(doubt.off_mean))


def _flags(valid: Sequence[Score], used: Sequence[Score], doubt: Doubt, min_valid: int) -> list[str]:
    totals = [one.total for one in used if one.total is not None]
    few = ["few"] if len(valid) < min_valid else []
    return [*few, *(["spread"] if totals and max(totals) - min(totals) > doubt.spread else [])]
