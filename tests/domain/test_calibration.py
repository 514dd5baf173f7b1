"""How far a judge is from what was agreed, and whether he drifts."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some

from qtb.domain import calibration

HALVES = some.integers(0, 40).map(lambda n: str(Decimal(n) / 2))
POINTS = some.dictionaries(some.sampled_from("ABCDEF"), HALVES, min_size=1)
GIVEN = some.dictionaries(some.sampled_from("xyz"), some.integers(0, 100).map(Decimal), min_size=1)
TOTALS = some.dictionaries(some.sampled_from("abcd"), GIVEN)


def test_the_distance_is_told_in_total_by_item_and_on_their_mean() -> None:
    found = calibration.distance({"A": "8.5", "B": "6"}, {"A": "7", "B": "7.5"})
    assert (found.total, found.mean) == (0, Decimal("1.50"))
    assert found.items == {"A": Decimal("1.5"), "B": Decimal("-1.5")}
    assert calibration.distance({"A": "9"}, {"A": "3", "C": "5"}).total == 6


@pytest.mark.parametrize(("total", "is_near"), [("12", True), ("2", True), ("12.5", False), ("1.5", False)])
def test_near_lies_within_so_many_points_on_both_sides(total: str, is_near: bool) -> None:
    assert calibration.distance({"A": total}, {"A": "7"}).is_near(Decimal(5)) is is_near


@given(POINTS)
def test_nobody_is_apart_from_himself(points: dict[str, str]) -> None:
    found = calibration.distance(points, points)
    assert (found.total, found.mean) == (0, 0)


def test_a_judge_is_held_against_the_others_of_the_same_work() -> None:
    scores = {"1": {"x": Decimal(90), "y": Decimal(80), "z": Decimal(70)}, "2": {"x": Decimal(50)}}
    assert calibration.deviations(scores) == {"x": {"1": 15}, "y": {"1": 0}, "z": {"1": -15}}


@given(TOTALS)
def test_the_order_of_sheets_never_matters(scores: dict[str, dict[str, Decimal]]) -> None:
    other = {work: dict(reversed(given.items())) for work, given in reversed(scores.items())}
    assert calibration.deviations(scores) == calibration.deviations(other)


@given(TOTALS)
def test_what_judges_of_a_work_are_apart_adds_up_to_nothing(scores: dict[str, dict[str, Decimal]]) -> None:
    found = calibration.deviations(scores)
    for work in scores:
        assert sum((given[work] for given in found.values() if work in given), Fraction(0)) == 0


@pytest.mark.parametrize(
    ("apart", "told"),
    [
        ([0, 0, 0, 0, 0], None), ([0, 0, 5, 5, 3, 3], "3.00"), ([4, 2, 9, 9, 0, 0], "-3.00"),
        ([1, 1, 1, 1, 1, 1, 1], "0.00"), ([0, 0, 1, 1, 0, 1], "0.50"),
    ],
)  # fmt: skip
def test_the_drift_is_the_last_third_against_the_first(apart: list[int], told: str | None) -> None:
    assert calibration.drift([Fraction(one) for one in apart]) == (Decimal(told) if told else None)
