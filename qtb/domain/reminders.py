"""When a reminder's step is due: from an hour at least so many days before its edge until the next step, or the edge.

So at most one step of a reminder is due for a case at any moment: after an outage one letter leaves and not three,
and none after the edge. All is reckoned by the ends that are shown; the grace after them is told to nobody.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo

from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Edge, Reminder, Workflow

ABOVE = "above"  # in `to`: the recommenders of the unit above the silent one; without them the organiser
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def shown(times: Timeline) -> Timeline:
    """Return the timeline as everybody may know it: without the grace."""
    return replace(times, rows={key: replace(row, grace=timedelta(0)) for key, row in times.rows.items()})


def is_awaited(rule: Reminder, times: Timeline, now: datetime) -> bool:
    """Tell whether the reminder can be due for anybody: what nobody can act on need not be pressed for.

    So a year that is over asks for no working days, which its calendar may not know.
    """
    row = times.rows.get(rule.at.row)
    if row is None or rule.at.edge in ("opens", "held"):
        return row is not None
    return row.opens_at <= now < times.edges([Edge(row=row.key, edge="closes")])[-1]


def falling(rule: Reminder, days: int, times: Timeline, now: datetime) -> list[datetime]:
    """Return the edges for which this step is due now; `times` is the timeline as it is shown."""
    zone = times.calendar.zone
    edges = times.edges([rule.at])
    return [at for at in edges if due_at(rule, days, at, zone) <= now < over_at(rule, days, at, zone)]


def due_at(rule: Reminder, days: int, at: datetime, zone: tzinfo) -> datetime:
    """Return when a step leaves: at its hour, the last that lies so many days before the edge.

    About a silence, which ends at a midnight: the first one after it.
    """
    local = (at - days * DAY).astimezone(zone)
    found = local.replace(hour=rule.hour, minute=0, second=0, microsecond=0)
    if rule.at.edge == "silent":
        return (found if found >= local else found + DAY).astimezone(UTC)
    return (found if found <= local else found - DAY).astimezone(UTC)


def over_at(rule: Reminder, days: int, at: datetime, zone: tzinfo) -> datetime:
    """Return until when a step may leave: the next one leaves in its place, or the edge is there."""
    later = max((n for n in rule.days if n < days), default=0)
    return due_at(rule, later, at, zone) if later else at


def told_by(rule: Reminder, now: datetime) -> datetime:
    """Return by when a silence must have ended to be told of by now."""
    return now - rule.hour * HOUR


def hours(workflow: Workflow) -> set[int]:
    """Return the hours at which reminders leave."""
    return {rule.hour for rule in workflow.reminders.values()}
