"""What a browser sends is read, or refused with the form that was meant."""

from __future__ import annotations

from datetime import date

import pytest

from qtb.domain.errors import Invalid
from qtb.web import parse


def test_a_day_that_cannot_be_read_is_told_as_a_day() -> None:
    assert parse.optional_day("2024-05-31", "期限") == date(2024, 5, 31)
    with pytest.raises(Invalid) as caught:
        parse.optional_day("31/5/2024", "期限")
    assert (caught.value.key, caught.value.args_) == ("day", {"what": "期限"})


@pytest.mark.parametrize("text", ["1989-12-31T23:59", "2201-01-01T00:00"])
def test_a_time_out_of_range_is_told_the_range(text: str) -> None:
    for read in (parse.instant, parse.optional_day):
        with pytest.raises(Invalid) as caught:
            read(text, "期限")
        assert (caught.value.key, caught.value.args_) == (
            "instant_years", {"what": "期限", "first": 1990, "last": 2200}
        )  # fmt: skip
