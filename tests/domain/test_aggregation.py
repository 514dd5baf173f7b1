"""From judges' scores to one: the test vectors of the rules, and what must be so for any scores."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtb.domain.aggregation import Result, Score, aggregate, composite, rounded
from qtb.domain.definition import Definition
from qtb.domain.errors import DefinitionError, Invalid
from tests.domain.sample import edited, real

JUDGES = "abcdefgh"


def result(*totals: str | None, recused: str = "") -> Result:
    """Return what these totals of judges a, b, c, … come to; the judges in `recused` are."""
    scores = [
        Score(judge, None if total is None else Decimal(total), judge in recused)
        for judge, total in zip(JUDGES, totals, strict=False)
    ]
    return aggregate(scores, real().rubric, "MAT")


@pytest.mark.parametrize(
    ("totals", "recused", "valid", "used", "mean"),
    [
        (["90", "80", "85"], "", 3, 1, "85.00"),
        (["90", "80"], "", 2, 2, "85.00"),
        (["80", "80", "80"], "", 3, 1, "80.00"),
        ([], "", 0, 0, None),
        (["88.5", "91", "86.25", "90", "79"], "b", 4, 2, "87.38"),
        (["88.5", None, "86.25", "90", "79"], "", 4, 2, "87.38"),
        (["70.005", "70.005"], "", 2, 2, "70.01"),
        (["0", "0", "0", "100"], "", 4, 2, "0.00"),
        (["90"], "a", 0, 0, None),
    ],
)
def test_the_vectors_of_the_rules(
    totals: list[str | None], recused: str, valid: int, used: int, mean: str | None
) -> None:
    found = result(*totals, recused=recused)
    assert (found.n_valid, found.n_used, None if found.mean is None else str(found.mean)) == (valid, used, mean)
    assert found.is_result == (valid >= 3)


def test_of_equal_scores_one_high_and_one_low_are_left_out() -> None:
    found = result("80", "80", "80", "80")
    assert (found.dropped_high, found.dropped_low) == (("d",), ("a",))
    assert [found.fate(one) for one in found.scores] == ["low", "used", "used", "high"]
    few = result("80", None, "81", recused="c")
    assert [few.fate(one) for one in few.scores] == ["used", "missing", "recused"]


def test_two_sheets_are_composed_by_their_weights() -> None:
    rubric = real().rubric
    assert composite({"MAT": Decimal("88.00"), "PRE": Decimal("92.50")}, rubric) == Decimal("89.35")
    assert composite({"MAT": Decimal("88.00"), "PRE": None}, rubric) == Decimal("88.00")
    assert composite({"MAT": None, "PRE": Decimal("92.50")}, rubric) is None
    assert composite({}, rubric) is None


def test_what_calls_for_deliberation_is_flagged() -> None:
    assert result("90", "80", "85").flags == ()
    assert result("90", "80").flags == ("few",)
    assert result("95", "90", "74.5", "63").flags == ("spread",)  # kept: 90 and 74.5
    assert result("95", "89.5", "74.5", "73").flags == ()  # kept: 15 points apart, and no more
    lone = result("90", "90", "90", "69.5")
    assert (lone.flags, lone.far) == (("far",), ("d",))
    assert result("90", "90", "90", "70").flags == ()  # 20 points off the mean, and no more


def test_wrong_scores_are_refused_by_name() -> None:
    rubric = real().rubric
    with pytest.raises(Invalid, match="judge_twice"):
        aggregate([Score("a", Decimal(1)), Score("a", Decimal(2))], rubric, "MAT")
    for total in ("-0.5", "100.5"):
        with pytest.raises(Invalid, match="total_range"):
            aggregate([Score("a", Decimal(total))], rubric, "MAT")


def test_rounding_is_half_up_and_exact() -> None:
    for value, shown in (("70.005", "70.01"), ("70.00499999999999999999999999999999", "70.00"), ("-0.005", "-0.01")):
        assert str(rounded(Fraction(value), 2)) == shown
    assert str(rounded(Fraction(2, 3), 2)) == "0.67"
    assert str(rounded(Fraction(5, 2), 0)) == "3"


TOTALS = st.lists(
    st.tuples(st.integers(0, 200).map(lambda n: Decimal(n) / 2), st.sampled_from(["", "recused", "missing"])),
    max_size=8,
)


def _scores(given_: list[tuple[Decimal, str]]) -> list[Score]:
    return [
        Score(judge, None if fate == "missing" else total, fate == "recused")
        for judge, (total, fate) in zip(JUDGES, given_, strict=False)
    ]


@given(TOTALS, st.randoms())
def test_the_order_of_sheets_never_matters(totals: list[tuple[Decimal, str]], chance: object) -> None:
    scores = _scores(totals)
    mixed = scores[:]
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert aggregate(scores, real().rubric, "MAT") == aggregate(mixed, real().rubric, "MAT")


@given(TOTALS)
def test_recused_and_missing_scores_never_count(totals: list[tuple[Decimal, str]]) -> None:
    scores = _scores(totals)
    counted = [one for one in scores if one.is_valid]
    whole, bare = (aggregate(some, real().rubric, "MAT") for some in (scores, counted))
    assert (whole.mean, whole.n_valid, whole.n_used, whole.flags) == (bare.mean, bare.n_valid, bare.n_used, bare.flags)


@given(TOTALS, st.integers(0, 7), st.integers(1, 40))
def test_a_higher_score_never_lowers_the_result(totals: list[tuple[Decimal, str]], which: int, by: int) -> None:
    scores = _scores(totals)
    before = aggregate(scores, real().rubric, "MAT").mean
    if which >= len(scores) or not scores[which].is_valid or before is None:
        return
    one = scores[which]
    raised = min(Decimal(100), (one.total or Decimal(0)) + Decimal(by) / 2)
    after = aggregate([*scores[:which], Score(one.judge, raised), *scores[which + 1 :]], real().rubric, "MAT").mean
    assert after is not None
    assert after >= before


@given(TOTALS)
def test_the_result_lies_between_the_scores(totals: list[tuple[Decimal, str]]) -> None:
    valid = [one.total for one in _scores(totals) if one.is_valid and one.total is not None]
    mean = aggregate(_scores(totals), real().rubric, "MAT").mean
    assert (mean is None) == (not valid)
    if mean is not None:
        assert min(valid) <= mean <= max(valid)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('{MAT: "0.7", PRE: "0.3"}', '{MAT: "0.7", PRE: "0.4"}', "add up to 1"),
        ("{has: PRE, weights", "{has: LIVE, weights", "no sheet is called LIVE"),
        ("    needs: PRE", "    needs: LIVE", "no sheet is called LIVE"),
        ("ties: [M7_RESULTS,", "ties: [M9_NONE,", "M9_NONE"),
        ("drop_from: 3", "drop_from: 2", "must leave one"),
    ],
)
def test_a_rubric_that_cannot_be_reckoned_with_is_refused(old: str, new: str, said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        _edited(old, new)


def _edited(old: str, new: str) -> Definition:
    return edited(old, new, "rubric.yaml")
