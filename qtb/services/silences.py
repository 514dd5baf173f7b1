"""Since when a silence counts: over days that were held, and over a step that was taken back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import dropwhile

from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Workflow
from qtb.store.history import History

SUSPENDED, RESUMED = "suspended", "resumed"  # kinds of entries, and letters
REROUTED = "recommender"  # another unit, before which the silence begins anew
SINCE = "since"


def counted(workflow: Workflow, state: str) -> set[str]:
    """Return the rows in which a silence is counted, by moves or reminders, while a submission stands in a state."""
    moves = [rule.at for key, rule in workflow.transitions.items() if state in workflow.sources(key)]
    reminded = [rule.at for rule in workflow.reminders.values() if state in workflow.named(rule.source)]
    return {one.row for one in (*moves, *reminded) if one and one.edge == "silent"}


def resumed(
    workflow: Workflow, times: Timeline, state: str, *, stood: datetime, since: datetime, now: datetime
) -> datetime:
    """Return from when a case stands as it did when it was suspended: of a silence, as many working days.

    `stood` is from when it stood there, `since` when it was suspended, `now` when it goes on.
    """
    silences = counted(workflow, state)
    opened = [times.rows[key].opens_at for key in silences if key in times.rows]
    began = max(stood, min(opened, default=now))
    if not opened or began > now:  # nothing is counted from here
        # An override may have put it here after it was suspended: only the days since then were lost here.
        # Never less than nothing: the machine's clock may have been set back meanwhile.
        return stood + max(now - max(since, stood), timedelta(0))
    return now if began >= since else times.calendar.resumed(began, since, now)


def back_since(workflow: Workflow, times: Timeline, entries: Iterable[History], now: datetime) -> datetime:
    """Return from when a case stands where it comes back to if its last step among entries, latest first, is undone.

    Where a silence is counted there, from when it stood there before: who takes a step back has not answered. Else
    from now on.
    """
    older = list(dropwhile(lambda row: not row.to_state, entries))[1:]
    state, stood, since = "", now, None
    for row in reversed(older):
        if row.to_state:
            state, stood = row.to_state, _told(row)
        elif row.kind == SUSPENDED:
            since = row.at
        elif row.kind == RESUMED and since is not None:
            stood, since = resumed(workflow, times, state, stood=stood, since=since, now=row.at), None
        elif row.kind == REROUTED:
            stood = row.at
    return stood if counted(workflow, state) else now


def _told(row: History) -> datetime:
    """Return from when a case stands where a step put it: by its entry, or as the entry says."""
    text = row.about().get(SINCE)
    return datetime.fromisoformat(str(text)) if text else row.at
