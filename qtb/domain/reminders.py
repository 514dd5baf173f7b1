"""When a reminder's step is due: from so many days before its edge until the next step, or the edge itself.

So at most one step of a reminder is due for a case at any moment: after an outage one letter leaves and not three,
and none after the edge. All is reckoned by the ends that are shown; the grace after them is told to nobody.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Edge, Reminder

ABOVE = "above"  # in `to`: the recommenders of the unit above the silent one; without them the organiser
DAY = timedelta(days=1)


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
    next_step = max((n for n in rule.days if n < days), default=0)
    return [at for at in times.edges([rule.at]) if at - days * DAY <= now < at - next_step * DAY]
