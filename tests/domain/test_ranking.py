"""Order, ties, places and what each cut says of itself."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtb.domain.ranking import NOBODY, Ranking, Work, n_places, rank
from qtb.domain.rubric import Level, Rubric
from tests.domain.sample import real


def work(key: str, score: str | None, *ties: str, category: str = "A", shown: bool = True) -> Work:
    results = frozenset({"MAT", "PRE"} if shown else {"MAT"})
    parted = tuple(Decimal(one) for one in ties)
    return Work(key, category, None if score is None else Decimal(score), parted, results)


def levels(found: Ranking) -> dict[str, str]:
    return {place.work.key: place.level for place in found.places}


def rubric(**levels_: dict[str, object]) -> Rubric:
    """Return the real rubric with other levels."""
    base = real().rubric
    kept = {key: Level(label=base.levels["PROGRESS"].label, **given) for key, given in levels_.items()}  # type: ignore[arg-type]
    return base.model_copy(update={"levels": kept})


@pytest.mark.parametrize(
    ("n", "cap", "places"), [(100, "6", 6), (99, "6", 5), (10, "6", 1), (0, "6", 1), (356, "42", 149), (7, None, None)]
)
def test_places_are_rounded_down_and_at_least_one(n: int, cap: str | None, places: int | None) -> None:
    assert n_places(n, Decimal(cap) if cap else None) == places


def test_levels_are_given_from_the_best_down_within_score_and_places() -> None:
    works = [work(f"{n:02}", str(99 - n)) for n in range(20)]  # 99 … 80
    found = rank(works, real().rubric)
    by_level = {key: [one for one, level in levels(found).items() if level == key] for key in real().rubric.levels}
    assert by_level["BENCHMARK"] == ["00"]  # 6 % of 20 is one
    assert by_level["EXCELLENT"] == [f"{n:02}" for n in range(1, 9)]  # 42 % of 20 is eight
    assert len(by_level["PROGRESS"]) == 11
    first, second, _ = found.cuts
    assert (first.n_valid, first.n_places, first.n_good, first.n_placed) == (20, 1, 15, 1)
    assert (first.last_score, first.next_score) == (Decimal(99), Decimal(98))
    assert (second.n_places, second.last_score, second.next_score) == (8, Decimal(91), Decimal(90))


def test_who_has_not_presented_has_no_level_that_needs_it() -> None:
    found = rank([work("1", "95", shown=False), work("2", "90")], real().rubric)
    assert levels(found) == {"1": "EXCELLENT", "2": "BENCHMARK"}


def test_too_low_a_score_or_none_gets_nothing_and_none_counts_for_no_place() -> None:
    found = rank([work("1", "59.99"), work("2", None), work("3", "60.00")], real().rubric)
    assert levels(found) == {"3": "PROGRESS", "1": NOBODY, "2": NOBODY}
    assert [place.rank for place in found.places] == [1, 2, None]
    assert found.cuts[0].n_valid == 2


def test_equal_scores_are_parted_by_the_items_in_their_order() -> None:
    found = rank([work("1", "90", "13", "12"), work("2", "90", "13", "13"), work("3", "90", "14", "1")], real().rubric)
    assert [(place.work.key, place.rank) for place in found.places] == [("3", 1), ("2", 2), ("1", 3)]


def test_a_tie_across_the_last_place_is_left_to_the_leaders() -> None:
    works = [work("1", "95", "13"), work("2", "90", "12"), work("3", "90", "12"), work("4", "80", "12")]
    found = rank(works, rubric(TOP={"min_score": 70, "cap_percent": 50}, REST={"min_score": 60}))
    assert levels(found) == {"1": "TOP", "2": NOBODY, "3": NOBODY, "4": "REST"}
    assert [place.work.key for place in found.places if place.is_tied] == ["2", "3"]
    assert found.cuts[0].tied == ("2", "3")
    assert [place.rank for place in found.places] == [1, 2, 2, 4]


def test_a_tie_within_the_places_needs_nobody() -> None:
    works = [work("1", "90", "12"), work("2", "90", "12"), work("3", "80", "12")]
    found = rank(works, rubric(TOP={"min_score": 70, "cap_percent": 70}))
    assert levels(found) == {"1": "TOP", "2": "TOP", "3": NOBODY}
    assert not any(place.is_tied for place in found.places)


def test_places_kept_for_each_category_go_to_its_best() -> None:
    works = [work(str(n), str(95 - n), category="A") for n in range(6)] + [work("9", "71", category="B")]
    found = rank(works, rubric(TOP={"min_score": 70, "cap_percent": 50, "least_each": 1}))
    assert [key for key, level in levels(found).items() if level == "TOP"] == ["0", "1", "9"]
    assert (found.cuts[0].n_places, found.cuts[0].n_kept) == (3, 2)
    good_enough = rank(works, rubric(TOP={"min_score": 75, "cap_percent": 50, "least_each": 1}))
    assert [key for key, level in levels(good_enough).items() if level == "TOP"] == ["0", "1", "2"]


WORKS = st.lists(
    st.builds(
        lambda n, score, tie, category, shown: work(f"{n:05}", score, str(tie), category=category, shown=shown),
        st.integers(0, 99_999),
        st.one_of(st.none(), st.integers(40, 100).map(str)),
        st.integers(0, 3),
        st.sampled_from("ABC"),
        st.booleans(),
    ),
    unique_by=lambda one: one.key,
    max_size=40,
)


@given(WORKS, st.randoms())
def test_what_must_be_so_for_any_works(works: list[Work], chance: object) -> None:
    found = rank(works, real().rubric)
    mixed = works[:]
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert rank(mixed, real().rubric) == found
    assert sorted(place.work.key for place in found.places) == sorted(one.key for one in works)
    for key, level in real().rubric.levels.items():
        mine = [place for place in found.places if place.level == key]
        cut = next(one for one in found.cuts if one.level == key)
        assert len(mine) == cut.n_placed
        assert cut.n_places is None or len(mine) <= cut.n_places
        assert all(place.work.score is not None and place.work.score >= level.min_score for place in mine)
        assert all(level.needs is None or level.needs in place.work.results for place in mine)
    assert all(place.level == NOBODY for place in found.places if place.is_tied)


@given(WORKS)
def test_nobody_is_passed_over_for_a_worse_one(works: list[Work]) -> None:
    order = [*real().rubric.levels, NOBODY]
    found = [place for place in rank(works, real().rubric).places if place.rank and not place.is_tied]
    alike = [place for place in found if "PRE" in place.work.results]
    positions = [order.index(place.level) for place in alike]
    assert positions == sorted(positions)
