"""Calendar files: what one library writes is what another one reads, whatever the texts hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtb.documents.icalendar import Event, written
from tests.calendars import named, opened, rings_at
from tests.world import SHANGHAI, at

END = at("2024-06-01")
DEADLINE = Event(
    "declare-closes@test", 3, at("2024-01-15"), "截止：成果申报", END - timedelta(minutes=30), END, ("一", "二"),
    "https://example.org/a?b=1,2;c", END - timedelta(days=1),
)  # fmt: skip
DAYS = {"starts": date(2024, 2, 21), "ends": date(2024, 3, 1), "remind_at": None}
SPAN = replace(DEADLINE, uid="briefing-span@test", summary="说明会", **DAYS)  # type: ignore[arg-type]


def test_instants_keep_their_zone_and_end_at_24_00_of_their_day() -> None:
    body = written("日历", [DEADLINE], lang="zh")
    event = named(opened(body), "截止：成果申报")
    assert (event.start, event.end) == (at("2024-05-31 23:30"), at("2024-06-01"))
    assert event.start.tzinfo == SHANGHAI
    assert b"DTSTART;TZID=Asia/Shanghai:20240531T233000\r\n" in body
    assert (event.sequence, event.dtstamp, event.transparency) == (3, at("2024-01-15"), "TRANSPARENT")
    assert event.url == DEADLINE.url
    assert rings_at(event) == at("2024-05-31")


def test_the_zone_is_described_in_the_file() -> None:
    body = written("日历", [DEADLINE], lang="zh")
    (zone,) = opened(body).timezones
    assert zone.tz_id == "Asia/Shanghai"
    last = max(zone.standard + zone.daylight, key=lambda one: one.dtstart)
    assert last.tz_offset_to.offset == timedelta(hours=8)


def test_whole_days_have_no_zone_and_their_end_is_not_included() -> None:
    event = named(opened(written("日历", [SPAN], lang="zh")), "说明会")
    assert (event.start, event.end, event.alarm) == (date(2024, 2, 21), date(2024, 3, 1), [])


def test_the_calendar_has_a_name_and_says_how_often_to_ask() -> None:
    text = written("质量信得过班组 · 我的日程", [DEADLINE], lang="zh").decode()
    for line in ("X-WR-CALNAME:质量信得过班组 · 我的日程", "X-WR-TIMEZONE:Asia/Shanghai", "X-PUBLISHED-TTL:PT6H",
                 "REFRESH-INTERVAL;VALUE=DURATION:PT6H", "VERSION:2.0"):  # fmt: skip
        assert f"\r\n{line}\r\n" in text


FAMILY = "👨\u200d👩\u200d👧 一家 🏅"


@pytest.mark.parametrize(
    "text", ["班组，一;二\\三", "第一行\n第二行", FAMILY * 20, "汉" * 200, "BEGIN:VEVENT", "a:b;c=\"d\"", "%s %(n)s"]
)
def test_texts_come_back_as_they_were(text: str) -> None:
    event = replace(DEADLINE, summary=text, lines=(text, "二"))
    (found,) = opened(written(text, [event], lang="zh")).events
    assert (found.summary, found.description) == (text, f"{text}\n二")


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_nothing_typed_adds_a_line_or_an_event(text: str) -> None:
    body = written(text, [replace(DEADLINE, summary=text, lines=(text,))], lang="zh")
    plain = written("x", [replace(DEADLINE, summary="x", lines=("x",))], lang="zh")
    assert _names(body) == _names(plain)
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    assert not any(byte < 32 for byte in body.replace(b"\r\n", b""))


def test_the_same_events_are_the_same_bytes() -> None:
    assert written("日历", [DEADLINE, SPAN], lang="zh") == written("日历", [DEADLINE, SPAN], lang="zh")


def test_an_instant_of_any_zone_is_written_in_shanghai_time() -> None:
    elsewhere = replace(DEADLINE, starts=DEADLINE.starts.astimezone(SHANGHAI))  # type: ignore[attr-defined]
    assert isinstance(elsewhere.starts, datetime)
    assert written("日历", [elsewhere], lang="zh") == written("日历", [DEADLINE], lang="zh")


def _names(body: bytes) -> list[bytes]:
    """Return what each line begins with, folded lines joined."""
    return [line.partition(b":")[0] for line in body.replace(b"\r\n ", b"").split(b"\r\n")]
