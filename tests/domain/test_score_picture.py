"""The picture of judges' totals: quarters, the scale, and that nothing lies outside."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from qtb.domain.score_picture import HEAD, LEFT, RIGHT, ROW, WIDTH, draw, spread

TOTALS = st.lists(st.decimals(0, 100, places=1), min_size=1, max_size=30)


def test_quarters_lie_between_the_nearest_totals() -> None:
    five = spread([Decimal(one) for one in (90, 60, 70, 80)])
    assert five is not None
    told = (five.n, five.low, five.first, five.middle, five.third, five.high)
    assert told == (4, 60, Decimal("67.50"), 75, Decimal("82.50"), 90)
    assert spread([]) is None


def test_nobody_finished_is_no_picture_and_one_total_is_one_point() -> None:
    assert draw({"甲": []}, 100, "全体") is None
    picture = draw({"甲": [Decimal(80)], "乙": []}, 100, "全体")
    assert picture is not None
    assert [one.name for one in picture.judges] == ["甲"]
    assert picture.judges[0].low == picture.judges[0].high
    assert len(picture.judges[0].points) == 1


@given(st.dictionaries(st.sampled_from("甲乙丙丁"), TOTALS, min_size=1))
def test_everything_lies_on_the_scale_and_in_its_row(totals: dict[str, list[Decimal]]) -> None:
    picture = draw(totals, 100, "全体")
    assert picture is not None
    for n, one in enumerate((picture.field, *picture.judges)):
        assert LEFT <= one.low <= one.first <= one.middle <= one.third <= one.high <= WIDTH - RIGHT
        for x, y in one.points:
            assert LEFT <= x <= WIDTH - RIGHT
            assert HEAD + ROW * n <= y <= HEAD + ROW * (n + 1)
    assert sum(len(one.points) for one in picture.judges) == sum(map(len, totals.values()))
