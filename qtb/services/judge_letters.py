"""Letters to judges: works given, a work taken away, leading a panel, and the organiser's reminders.

One letter gathers all that one act gives one judge, and names works by number alone: who stands behind them is said
where the judge signs in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from qtb import clock
from qtb.store import cycles, judging
from qtb.store.cycles import Cycle
from qtb.store.outbox import Outbox
from qtb.store.panels import Panel
from qtb.store.submissions import Submission

GIVEN, TAKEN, LEADS, REMINDER = "works_given", "work_taken", "panel_leader", judging.REMINDER
MOST_NAMED = 200  # works in one letter; how many there are is said in any case


def post(
    session: Session, cycle: Cycle, letter: str, keyed: Mapping[int, str], about: Mapping[int, dict[str, Any]], *,
    now: datetime,
) -> list[int]:  # fmt: skip
    """Queue a letter for each judge, by the judge's key; return for whom: those who are judges no more get none."""
    units = judging.units_of(session, keyed)
    session.add_all(
        Outbox(
            key=key, batch_id="", unit_id=units[judge], cycle_id=cycle.id, account_id=judge, effect="mail",
            letter=letter, to_role="evaluator", created_at=now, next_at=now, about={"judge": about[judge]},
        )
        for judge, key in keyed.items() if judge in units
    )  # fmt: skip
    return sorted(units)


def given(
    session: Session, cycle: Cycle, pairs: Iterable[tuple[int, int]], key: str, *, now: datetime
) -> None:
    """Tell each judge once which works came to him by one act. `pairs`: (work, judge)."""
    works: dict[int, list[int]] = {}
    for work, judge in sorted(pairs):
        works.setdefault(judge, []).append(work)
    keyed = {judge: f"{GIVEN}:{key}:{judge}" for judge in works}
    post(session, cycle, GIVEN, keyed, {judge: {"works": several} for judge, several in works.items()}, now=now)


def taken(session: Session, work: Submission, judge: int, reason: str, *, now: datetime) -> None:
    """Tell a judge that a work is his no more; the work's version names the act, since ids return."""
    about = {judge: {"works": [work.id], "reason": reason}}
    post(session, work.cycle, TAKEN, {judge: f"{TAKEN}:{work.id}.{work.version}:{judge}"}, about, now=now)


def leads(session: Session, cycle: Cycle, panel: Panel, judge: int, *, now: datetime) -> None:
    """Tell a judge that he leads a panel; the year's version names the act, which has been recorded."""
    key = f"{LEADS}:{cycle.id}.{cycle.version}:{judge}"
    post(session, cycle, LEADS, {judge: key}, {judge: {"panel": panel.title}}, now=now)


def is_mine(row: Outbox) -> bool:
    """Tell whether a letter is one of these."""
    return "judge" in row.about


def is_moot(session: Session, row: Outbox) -> bool:
    """Tell whether a reminder finds nothing left to finish."""
    return row.letter == REMINDER and not _works(session, row)


def values(session: Session, row: Outbox, lang: str, base_url: str) -> dict[str, str]:
    """Return the placeholders' values in one language: works as they were given, or as they wait now."""
    about, works = row.about["judge"], _works(session, row)
    lines = [f"{n}. {work.number}" for n, work in enumerate(works[:MOST_NAMED], 1)]
    more = [f"… +{len(works) - MOST_NAMED}"] if len(works) > MOST_NAMED else []
    return {
        "works": "\n".join([*lines, *more]), "n_works": str(len(works)), "move_note": str(about.get("reason", "")),
        "panel": str(about.get("panel", "")), "until": _until(session, row, works, lang),
        "link": f"{base_url}/evaluator/" if base_url else "",
    }  # fmt: skip


def _works(session: Session, row: Outbox) -> Sequence[Submission]:
    if row.letter == REMINDER:
        cycle = session.get_one(Cycle, row.cycle_id)
        return judging.open_works(session, cycle, row.account_id or 0)
    return judging.numbered(session, row.about["judge"].get("works", ()))


def _until(session: Session, row: Outbox, works: Sequence[Submission], lang: str) -> str:
    """Return when the first of the works must be finished; empty where none is judged now."""
    times = cycles.timeline_of(session, row.cycle_id or 0)
    states = session.get_one(Cycle, row.cycle_id).definition.workflow.states
    rows = ((states[work.state].judged, work) for work in works if work.state in states)
    ends = [times.ends_at(key, work) for key, work in rows if key and key in times.rows]
    return clock.shown(min(ends), lang, is_end=True) if ends else ""
