"""Who presents, in which order, when, and by when slides are due: vectors that anybody can reckon by hand."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from qtb.domain import presentation
from qtb.domain.calendar import Calendar, Holiday, Year
from qtb.domain.errors import Invalid
from qtb.domain.presentation import Break, Day
from qtb.domain.rubric import Shortlist, Slides
from qtb.domain.shapes import Text
from tests.world import at

VECTOR = ["2024-0003", "2024-0004", "2024-0001", "2024-0002"]
FIRST_LOT = "d8d4ee0d2dc09939bc98845863b9245d89d0210197a2f6b120a88e7853e65925"
RULE = Shortlist(sheet="PRE", after="MAT", min_score=Decimal(85), percent=Decimal(12))
NATIONAL_DAY = Holiday(name=Text(zh="国庆节", en="National Day"), first=at("2024-10-01 08:00").date(),
                       last=at("2024-10-07 08:00").date())  # fmt: skip
CALENDAR = Calendar([Year(year=2024, holidays=[NATIONAL_DAY], worked=[at("2024-10-12 08:00").date()])], "Asia/Shanghai")
SLIDES = Slides(form="slides", working_days=5)


def results(*scores: str | None) -> dict[str, Decimal | None]:
    return {f"N{n:02d}": Decimal(score) if score else None for n, score in enumerate(scores, 1)}


def test_places_are_a_share_of_the_valid_works_rounded_down() -> None:
    sums = presentation.propose(results(*["90"] * 1, *["86"] * 1, *["85"], *["60"] * 23, None, None), RULE)
    assert (sums.n_valid, sums.n_places, sums.n_good) == (26, 3, 3)
    assert sums.chosen == ("N01", "N02", "N03")
    assert presentation.propose(results("90", "86", "85", *["60"] * 21), RULE).chosen == ("N01", "N02")  # 24 × 12 %


def test_there_is_one_place_at_least_and_none_without_a_valid_work() -> None:
    assert presentation.propose(results("90", "88"), RULE).chosen == ("N01",)
    nothing = presentation.propose(results(None, None), RULE)
    assert (nothing.n_places, nothing.chosen, nothing.last_score) == (0, (), None)


def test_nobody_is_proposed_below_the_score() -> None:
    sums = presentation.propose(results("84.99", "80"), RULE)
    assert (sums.n_places, sums.n_good, sums.chosen, sums.tied) == (1, 0, (), ())


def test_a_tie_across_the_edge_is_named_whole_and_left_to_the_organiser() -> None:
    sums = presentation.propose(results("95", "88", "88", "88", *["60"] * 13), RULE)
    assert (sums.n_places, sums.chosen, sums.tied) == (2, ("N01",), ("N02", "N03", "N04"))
    assert (sums.last_score, sums.next_score) == (Decimal(95), Decimal(88))


def test_a_tie_that_fits_is_no_tie() -> None:
    sums = presentation.propose(results("88", "88", "86", *["60"] * 14), RULE)
    assert (sums.chosen, sums.tied) == (("N01", "N02"), ())


def test_the_draw_is_the_documented_one() -> None:
    numbers = ["2024-0001", "2024-0002", "2024-0003", "2024-0004"]
    by_hand = sorted(numbers, key=lambda one: hashlib.sha256(b"lottery 7 19 23\n" + one.encode()).hexdigest())
    assert presentation.draw(reversed(numbers), "lottery 7 19 23") == by_hand
    assert by_hand == VECTOR
    assert presentation.ticket("lottery 7 19 23", "2024-0001") == FIRST_LOT


def test_another_seed_draws_another_order_of_the_same_works() -> None:
    numbers = [f"2024-{n:04d}" for n in range(40)]
    one, two = presentation.draw(numbers, "one"), presentation.draw(numbers, "two")
    assert one != two
    assert sorted(one) == sorted(two) == numbers
    assert list(presentation.lots(numbers, "one")) == one


def day(start: str = "2024-08-09 09:00", *breaks: tuple[str, str], minutes: int = 15) -> Day:
    return Day(at(start), minutes, 5, "会议厅", tuple(Break(at(first), at(last)) for first, last in breaks))


def test_slots_follow_each_other_and_wait_for_breaks() -> None:
    found = presentation.slots(4, day("2024-08-09 09:00", ("2024-08-09 09:30", "2024-08-09 10:00")))
    begun = [starts_at for starts_at, _ in found]
    assert begun == [at(f"2024-08-09 {hour}") for hour in ("09:00", "10:00", "10:20", "10:40")]
    assert all(ends_at - starts_at == timedelta(minutes=20) for starts_at, ends_at in found)


def test_a_break_may_begin_where_a_slot_ends_and_a_night_is_a_break() -> None:
    night = ("2024-08-09 09:40", "2024-08-10 09:00")
    begun = [starts_at for starts_at, _ in presentation.slots(3, day("2024-08-09 09:00", night))]
    assert begun == [at("2024-08-09 09:00"), at("2024-08-09 09:20"), at("2024-08-10 09:00")]


@pytest.mark.parametrize(
    "wrong",
    [
        day(minutes=0), day(minutes=241), day("2024-08-09 09:00", ("2024-08-09 10:00", "2024-08-09 10:00")),
        day("2024-08-09 09:00", *[("2024-08-09 10:00", "2024-08-09 10:05")] * 11),
    ],
)  # fmt: skip
def test_a_day_that_cannot_be_held_is_refused(wrong: Day) -> None:
    with pytest.raises(Invalid):
        presentation.checked(wrong)


@pytest.mark.parametrize(
    ("slot", "due"),
    [
        ("2024-08-16 09:00", "2024-08-10"),  # Friday: 15, 14, 13, 12, and the 9th to its end
        ("2024-08-16 23:30", "2024-08-10"),
        ("2024-10-14 09:00", "2024-10-09"),  # Saturday the 12th is worked
        ("2024-10-09 09:00", "2024-09-26"),  # National Day lies between
    ],
)
def test_slides_are_due_at_the_end_of_the_fifth_working_day_before(slot: str, due: str) -> None:
    assert presentation.slides_due(SLIDES, at(slot), CALENDAR) == at(due)


@pytest.mark.parametrize(
    ("now", "step"),
    [
        ("2024-08-06 08:59", None), ("2024-08-06 09:00", 3), ("2024-08-08 08:59", 3), ("2024-08-08 09:00", 1),
        ("2024-08-09 23:59", 1), ("2024-08-10", None),
    ],
)  # fmt: skip
def test_one_reminder_is_due_at_a_time(now: str, step: int | None) -> None:
    due: datetime = at("2024-08-10")
    assert presentation.reminding(SLIDES, due, CALENDAR, at(now)) == step
