"""When a reminder leaves: in the morning, at least so many days ahead, at the hour that the definition names."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from qtb.domain import reminders
from qtb.domain.errors import DefinitionError
from qtb.domain.workflow import Edge, Reminder
from tests.domain.sample import edited, real
from tests.world import at

ZONE = ZoneInfo("Asia/Shanghai")


def rule(edge: str = "closes", hour: int | None = None) -> Reminder:
    """Return a reminder of three steps, of a silence of one."""
    at_edge = Edge.model_validate({"row": "declare", "edge": edge, "working_days": 5 if edge == "silent" else 0})
    days = {} if edge == "silent" else {"days": [14, 3, 1]}
    hours = {} if hour is None else {"hour": hour}
    given = {"at": at_edge, "from": ["registered"], "to": "applicant", "letter": "declare_soon", **days, **hours}
    return Reminder.model_validate(given)


@pytest.mark.parametrize(
    ("edge", "days", "hour", "ends", "leaves"),
    [
        ("closes", 1, None, "2024-06-01", "2024-05-30 09:00"),  # 24:00 of 31 May: a whole day ahead
        ("closes", 14, None, "2024-06-01", "2024-05-17 09:00"),
        ("closes", 1, None, "2024-05-31 12:00", "2024-05-30 09:00"),
        ("closes", 1, None, "2024-05-31 09:00", "2024-05-30 09:00"),
        ("closes", 1, None, "2024-05-31 08:59", "2024-05-29 09:00"),
        ("closes", 1, 0, "2024-06-01", "2024-05-31"),
        ("closes", 1, 23, "2024-05-31 12:00", "2024-05-29 23:00"),
        ("silent", 0, None, "2024-05-21", "2024-05-21 09:00"),
        ("silent", 0, 0, "2024-05-21", "2024-05-21"),
    ],
)
def test_it_leaves_at_its_hour(edge: str, days: int, hour: int | None, ends: str, leaves: str) -> None:
    assert reminders.due_at(rule(edge, hour), days, at(ends), ZONE) == at(leaves)


def test_a_step_is_over_when_the_next_one_leaves_and_the_last_at_the_edge() -> None:
    ends = at("2024-06-01")
    found = [reminders.over_at(rule(), days, ends, ZONE) for days in (14, 3, 1)]
    assert found == [at("2024-05-28 09:00"), at("2024-05-30 09:00"), ends]


@pytest.mark.parametrize("hour", ["24", "-1", "nine", "9:30"])
def test_an_hour_that_is_none_is_refused_with_its_line(hour: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        edited("  register_soon:\n", f"  register_soon:\n    hour: {hour}\n")
    (finding,) = refused.value.findings
    assert "reminders.register_soon.hour" in finding
    assert finding.startswith("workflow.yaml:")


def test_the_programme_writes_at_nine() -> None:
    assert reminders.hours(real().workflow) == {9}
