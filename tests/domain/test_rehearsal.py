"""The made-up people of a rehearsal: what they do follows from the definition, the timeline and the seed."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from qtb.domain import rehearsal_picture
from qtb.domain.facts import FACTS
from qtb.domain.rehearsal import Behaviour, Step
from qtb.domain.rehearsal_times import moments
from qtb.domain.timeline import Extension, Timeline
from tests.domain import sample
from tests.world import at

ZONE = ZoneInfo("Asia/Shanghai")
NONE_YET: dict[str, Any] = {key: kind() for key, kind in FACTS.items()}


def people(seed: int = 1, times: Timeline | None = None) -> Behaviour:
    """Return the people of the 2024 notice's year."""
    return Behaviour(sample.real(), times or sample.times(), Random(seed))


def many(state: str, since: datetime, **known: Any) -> list[list[Step]]:
    """Return what is planned for a thousand cases that come into a state."""
    behaviour = people()
    return [behaviour.steps(state, since, {**NONE_YET, **known}) for _ in range(1000)]


def test_people_act_once_a_day_and_often_at_the_end() -> None:
    found = moments(at("2024-03-01"), at("2024-03-04"), ZONE)
    assert found[:2] == [at("2024-03-01 10:00"), at("2024-03-02 10:00")]
    assert found[-1] == at("2024-03-03 23:59")
    assert len(found) == 7
    assert found == sorted(set(found))


def test_a_window_of_an_hour_has_a_moment_and_an_empty_one_none() -> None:
    assert moments(at("2024-03-01 09:00"), at("2024-03-01 09:30"), ZONE) == [at("2024-03-01 09:29")]
    assert moments(at("2024-03-01 09:00"), at("2024-03-01 09:00"), ZONE) == []


def test_teams_are_entered_in_the_window_and_a_few_too_late() -> None:
    found = people().entries(1000)
    late = [one for one in found if one >= at("2024-06-01")]
    assert min(found) >= at("2024-02-01")
    assert 0 < len(late) < 40
    assert found == people().entries(1000)
    assert found != people(2).entries(1000)


def test_the_main_way_is_taken_most_the_others_rarely_and_some_do_nothing() -> None:
    planned = many("submitted", at("2024-04-02"))
    taken = [step.transition for steps in planned for step in steps[-1:]]
    assert taken.count("recommend") > 700
    assert 20 < taken.count("return") < 200
    assert 1 < taken.count("decline") < 60
    assert 5 < sum(not steps for steps in planned) < 80


def test_facts_become_so_with_the_move_or_are_lacking() -> None:
    planned = many("draft", at("2024-02-10"))
    tries = [dict(step.facts) for steps in planned for step in steps if step.transition == "register"]
    assert sum(one.get("registration_complete") is True for one in tries) > 800
    assert sum(one.get("registration_complete") is False for one in tries) > 40


def test_those_who_come_too_late_do_not_know_that_the_clock_was_faster() -> None:
    late = [step for steps in many("registered", at("2024-05-20")) for step in steps if step.unaware]
    assert late
    assert all(step.at > at("2024-06-01") and step.transition == "submit" for step in late)


def test_an_extension_for_all_gives_people_more_time() -> None:
    times = sample.times()
    longer = Timeline(times.rows, (Extension("declare", at("2024-06-16")),))
    steps = [one for _ in range(300) for one in people(times=longer).steps("registered", at("2024-05-30"), NONE_YET)]
    assert steps
    assert any(at("2024-06-01") < step.at < at("2024-06-16") and not step.unaware for step in steps) or len(steps) < 300


def test_judges_hand_in_enough_sheets_or_too_few() -> None:
    planned = [[dict(step.facts) for step in steps if step.facts] for steps in many("recommended", at("2024-06-20"))]
    ends = [known[1] for known in planned]
    assert {one["n_sheets_final"] for one in ends} == {0, 1, 2, 3}
    assert sum(one == {"n_sheets_final": 3, "n_sheets_open": 0} for one in ends) > 700
    assert any(one["n_sheets_open"] == 1 and one["n_sheets_final"] == 3 for one in ends)


def test_a_level_is_proposed_before_the_instant_or_forgotten() -> None:
    planned = many("evaluated", at("2024-08-01"))
    levels = [dict(steps[0].facts)["award_level"] for steps in planned if steps]
    assert set(levels) == {"none", *sample.real().rubric.levels}
    assert 5 < sum(not steps for steps in planned) < 80
    assert all(step.at < at("2024-08-20 10:00") for steps in planned for step in steps)


def test_what_the_facts_forbid_is_tried_by_the_hopeful_only() -> None:
    unwilling = many("awarded", at("2024-08-20 10:00"), share_consent="none")
    willing = many("awarded", at("2024-08-20 10:00"), share_consent="full")
    tried = [[one for steps in group for one in steps if one.transition == "share"] for group in (unwilling, willing)]
    assert 0 < len(tried[0]) < 150 < 800 < len(tried[1])


def test_nobody_does_anything_about_what_has_ended() -> None:
    assert not any(many("withdrawn", at("2024-05-01")))


def test_the_picture_stacks_the_states_in_their_order() -> None:
    day = timedelta(days=1)
    dates = [(at("2024-01-31 12:00") + n * day).date().isoformat() for n in range(40)]
    days = [{"date": date, "states": {"b": n, "a": 40 - n}} for n, date in enumerate(dates)]
    labels = {"states": {key: {"zh": "甲" + key, "en": key} for key in ("a", "b", "c")}}
    picture = rehearsal_picture.draw({"days": days, "labels": labels}, "zh")
    assert [band.label for band in picture.bands] == ["甲a", "甲b"]
    assert [band.look for band in picture.bands] == [0, 1]
    assert picture.months[0][1] == 2
    assert [n for _, n in picture.scale] == [20, 40]
    assert all(band.x is not None for band in picture.bands)
    corners = [tuple(map(float, point.split(","))) for point in picture.bands[1].points.split()]
    assert all(picture.left <= x <= picture.width and 0 <= y <= picture.base for x, y in corners)


def test_a_picture_of_nothing_can_be_drawn() -> None:
    days = [{"date": "2024-01-01", "states": {}}]
    picture = rehearsal_picture.draw({"days": days, "labels": {"states": {}}}, "en")
    assert picture.bands == ()
