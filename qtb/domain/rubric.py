"""Score sheets as data: items with a maximum and a step, and the check of what an evaluator gave."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator

from qtb.domain.errors import Reason
from qtb.domain.workflow import Key, Strict, Text


def _decimal(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise ValueError("not a number") from None


Amount = Annotated[Decimal, BeforeValidator(_decimal)]


class Item(Strict):
    """One scored item."""

    label: Text
    guide: Text
    max: Amount


class Sheet(Strict):
    """One kind of score sheet."""

    title: Text
    items: dict[Key, Item]

    @property
    def max(self) -> Decimal:
        """The most that a sheet can come to."""
        return sum((item.max for item in self.items.values()), Decimal(0))


class Level(Strict):
    """A level that can be awarded."""

    label: Text
    min_score: Amount


class Rubric(Strict):
    """`rubric.yaml`: the sheets, the step of a score, the levels from high to low."""

    code: str
    step: Amount
    sheets: dict[Key, Sheet]
    levels: dict[Key, Level]


def check(rubric: Rubric, sheet: Key, raw: Mapping[str, str]) -> tuple[dict[str, str], dict[str, Reason], list[str]]:
    """Return (scores as decimal text, errors by item, items still without a score).

    An item's score lies between 0 and its maximum in steps of `rubric.step`.
    """
    scores: dict[str, str] = {}
    errors: dict[str, Reason] = {}
    missing: list[str] = []
    for key, item in rubric.sheets[sheet].items.items():
        text = (raw.get(key) or "").strip()
        if not text:
            missing.append(key)
            continue
        score = _score(text)
        if score is None or not 0 <= score <= item.max or score % rubric.step:
            errors[key] = Reason("score", {"max": item.max, "step": rubric.step})
        else:
            scores[key] = str(score)
    return scores, errors, missing


def total(scores: Mapping[str, str]) -> Decimal:
    """Return the sum of a sheet's scores."""
    return sum((Decimal(score) for score in scores.values()), Decimal(0))


def _score(text: str) -> Decimal | None:
    if len(text) > 8:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
