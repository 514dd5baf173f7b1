"""Score sheets: each score within its item, in steps, in decimals; the sum exact."""

from __future__ import annotations

from decimal import Decimal

import pytest

from qtb.domain import rubric
from tests.domain.sample import real

RUBRIC = real().rubric
ITEMS = RUBRIC.sheets["MAT"].items


def one(text: str, item: str = "M8_FEATURE") -> tuple[str | None, bool]:
    """Return (score kept, whether it was wrong) of one item out of 5."""
    scores, errors, _ = rubric.check(RUBRIC, "MAT", {item: text})
    return scores.get(item), item in errors


@pytest.mark.parametrize(
    ("text", "kept"),
    [("0", "0"), ("5", "5"), ("4.5", "4.5"), (" 3 ", "3"), ("0.50", "0.50"), ("5.0", "5.0"), ("４", "4")],
)
def test_a_score_within_the_item_is_kept(text: str, kept: str) -> None:
    assert one(text) == (kept, False)


@pytest.mark.parametrize(
    "text",
    [
        "5.5",
        "-0.5",
        "0.25",
        "4.49",
        "five",
        "NaN",
        "Infinity",
        "-1",
        "1e9",
        "1,5",
        "9" * 5_000,
        "0.000001",
        "五",
        "--1",
        "1/2",
        "\u0663",
        "1e0",
        "1_0",
        ".5",
        "\x00",
    ],
)
def test_a_score_that_cannot_be_is_refused(text: str) -> None:
    assert one(text) == (None, True)


@pytest.mark.parametrize("text", ["", "   "])
def test_no_score_is_missing_and_not_zero(text: str) -> None:
    scores, errors, missing = rubric.check(RUBRIC, "MAT", {"M8_FEATURE": text})
    assert (scores, errors) == ({}, {})
    assert missing == list(ITEMS)


def test_items_that_do_not_exist_are_left_out() -> None:
    scores, errors, missing = rubric.check(RUBRIC, "MAT", {"M9_NOTHING": "5", **dict.fromkeys(ITEMS, "1")})
    assert (scores.keys(), errors, missing) == (ITEMS.keys(), {}, [])


def test_the_most_of_all_items_is_the_most_of_the_sheet() -> None:
    scores, _, _ = rubric.check(RUBRIC, "MAT", {key: str(item.max) for key, item in ITEMS.items()})
    assert rubric.total(scores) == RUBRIC.sheets["MAT"].max == Decimal(100)


def test_the_sum_is_exact() -> None:
    assert rubric.total({str(n): "0.1" for n in range(10)}) == Decimal("1.0")
    assert rubric.total({}) == 0


def test_a_refusal_names_the_maximum_and_the_step() -> None:
    _, errors, _ = rubric.check(RUBRIC, "MAT", {"M3_BASIC": "20.5"})
    assert (errors["M3_BASIC"].key, errors["M3_BASIC"].args) == ("score", {"max": Decimal(20), "step": Decimal("0.5")})


def test_levels_come_from_high_to_low() -> None:
    lowest = [level.min_score for level in RUBRIC.levels.values()]
    assert lowest == sorted(lowest, reverse=True)
    assert len(lowest) == 3
