"""Score sheets as data: items with a maximum and a step, and the check of what an evaluator gave."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from qtb.domain.errors import Reason
from qtb.domain.field_values import read_number
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
    """One kind of score sheet; a result needs at least `min_valid` valid ones.

    `blind` hides the applicant from whoever fills it, unless a year says otherwise. `others` lets a judge who has
    finished his own read the others' sheets of the work, without their names.
    """

    title: Text
    min_valid: int = Field(default=1, ge=1, le=99)
    judges: int | None = Field(default=None, ge=1, le=99)  # how many are meant to score a work
    blind: bool = False
    others: bool = False
    items: dict[Key, Item]

    @property
    def max(self) -> Decimal:
        """The most that a sheet can come to."""
        return sum((item.max for item in self.items.values()), Decimal(0))


class Level(Strict):
    """A level that can be awarded: from which score, to how many of a hundred valid works, to which at least.

    `needs` is a sheet without whose result nobody has the level. `least_each` places are kept for each category that
    has works good enough.
    """

    label: Text
    min_score: Amount
    cap_percent: Amount | None = None
    needs: Key | None = None
    least_each: int = Field(default=0, ge=0, le=99)


class Aggregate(Strict):
    """How the valid scores of one work become one: so many highest and lowest are left out, from so many on."""

    drop_high: int = Field(default=1, ge=0, le=9)
    drop_low: int = Field(default=1, ge=0, le=9)
    drop_from: int = Field(default=3, ge=1, le=99)  # with fewer valid scores none is left out
    digits: int = Field(default=2, ge=0, le=6)

    @model_validator(mode="after")
    def _leaves_one(self) -> Aggregate:
        if self.drop_from <= self.drop_high + self.drop_low:
            raise ValueError("`drop_from` scores must leave one when the highest and lowest are left out")
        return self


class Doubt(Strict):
    """What calls for deliberation: a spread between the used scores, a score far from the mean."""

    spread: Amount = Decimal(15)
    off_mean: Amount = Decimal(20)


class Composite(Strict):
    """How the results of several sheets become one score, for a work that has the result of a sheet, or for others."""

    has: Key | None = None
    weights: dict[Key, Amount] = Field(min_length=1)


class Slides(Strict):
    """The form with the slides: closed so many working days before the day of the slot, reminders before that."""

    form: Key
    working_days: int = Field(default=5, ge=0, le=60)
    remind: list[int] = Field(default=[3, 1], min_length=1)


class Shortlist(Strict):
    """Which works are presented: the best of a sheet's results from a score on, so many of a hundred valid ones.

    `minutes` and `questions` are how long one work takes, unless a day's order says otherwise.
    """

    sheet: Key  # filled at the presentation
    after: Key  # its results decide
    min_score: Amount
    percent: Amount
    minutes: int = Field(default=15, ge=1, le=240)
    questions: int = Field(default=5, ge=0, le=240)
    slides: Slides | None = None

    @model_validator(mode="after")
    def _is_a_share(self) -> Shortlist:
        if not 0 < self.percent <= 100:
            raise ValueError("`percent` lies above 0 and is at most 100")
        return self


class Calibration(Strict):
    """Before real works a judge scores so many known ones; within `near` points of what was agreed is near."""

    sheet: Key
    works: int = Field(default=2, ge=1, le=20)
    near: Amount = Decimal(5)


class Rubric(Strict):
    """`rubric.yaml`: the sheets, the step of a score, the levels from high to low."""

    code: str
    step: Amount
    sheets: dict[Key, Sheet]
    levels: dict[Key, Level]
    aggregate: Aggregate = Aggregate()
    doubt: Doubt = Doubt()
    composite: list[Composite] = []  # the first that fits; without any, the first sheet is the whole score
    shortlist: Shortlist | None = None  # without one nothing is presented
    calibration: Calibration | None = None  # without one nobody is calibrated
    ties: list[Key] = []  # items of the first sheet, or other sheets, that part equal scores, the first one first

    def composed(self) -> list[Composite]:
        """Return how a score is composed, the first that fits; of the first sheet alone where nothing is said."""
        return self.composite or [Composite(weights={next(iter(self.sheets)): Decimal(1)})]

    @model_validator(mode="after")
    def _names_resolve(self) -> Rubric:
        first = next(iter(self.sheets.values()), None)
        named = {key for one in self.composite for key in (*one.weights, *([one.has] if one.has else []))}
        named |= {level.needs for level in self.levels.values() if level.needs}
        named |= {self.shortlist.sheet, self.shortlist.after} if self.shortlist else set()
        named |= {self.calibration.sheet} if self.calibration else set()
        if unknown := sorted(named - set(self.sheets)):
            raise ValueError(f"no sheet is called {', '.join(unknown)}")
        known = {*self.sheets, *(first.items if first else ())}
        if unknown := sorted(set(self.ties) - known):
            raise ValueError(f"no item of the first sheet and no sheet is called {', '.join(unknown)}")
        if any(sum(one.weights.values()) != 1 for one in self.composite):
            raise ValueError("the weights of a composite add up to 1")
        return self


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
    return read_number(text) if len(text) <= 8 else None
