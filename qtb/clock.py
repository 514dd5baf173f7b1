"""The one clock: real time, or in a demo a clock of its own that started inside the notice's year."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from qtb.store.outbox import Setting

ZONE = ZoneInfo("Asia/Shanghai")
OFFSET = "clock_offset_us"


def real() -> datetime:
    """Return the machine's time: for sign-ins, links and signs of life, never for the timeline."""
    return datetime.now(UTC)


def now(session: Session, *, demo: bool) -> datetime:
    """Return the programme's time."""
    if not demo:
        return real()
    setting = session.get(Setting, OFFSET)
    return real() + timedelta(microseconds=int(setting.value) if setting else 0)


def set_to(session: Session, instant: datetime) -> None:
    """Let the demo's clock read `instant` now and go on from there; the caller is in a unit."""
    offset = (instant - real()) // timedelta(microseconds=1)
    session.merge(Setting(key=OFFSET, value=str(offset)))


@lru_cache(maxsize=4_096)  # a list says the same few dates again and again
def shown(instant: datetime, lang: str, *, is_end: bool = False) -> str:
    """Return an instant in the programme's zone, the zone named; an end at midnight is 24:00 of the day before."""
    local = instant.astimezone(ZONE)
    hour = f"{local:%H:%M}"
    if is_end and hour == "00:00":
        local, hour = local - timedelta(days=1), "24:00"
    if lang == "en":
        return f"{local.day} {local:%b} {local.year}, {hour} (Shanghai)"
    return f"{local.year}年{local.month}月{local.day}日 {hour}（上海时间）"


@lru_cache(maxsize=4_096)
def day(instant: datetime, lang: str, *, is_end: bool = False) -> str:
    """Return the day of an instant in the programme's zone; the end of a window belongs to the day before."""
    local = (instant - timedelta(microseconds=1) if is_end else instant).astimezone(ZONE)
    return f"{local.day} {local:%b} {local.year}" if lang == "en" else f"{local.year}年{local.month}月{local.day}日"
