"""From a rehearsed year's history and outbox to its report, and what in it the organiser should look at."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qtb.domain.rehearsal_report import Day, Findings, Occupied, Refused, Report
from qtb.domain.rehearsal_times import DAY
from qtb.domain.roles import ROLES
from qtb.domain.workflow import Workflow
from qtb.services import check as self_check
from qtb.services import edges, letters
from qtb.services.rehearsal_year import Year
from qtb.store.history import History
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission, counts_by_state

Counts = dict[date, Counter[str]]


@dataclass
class Journal:
    """What only the stage itself can know: refusals leave no entry, and how many stand where is true for a moment."""

    zone: ZoneInfo
    refused: Counter[tuple[date, str, str, str]] = field(default_factory=Counter)
    standing: dict[date, dict[str, int]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def refuse(self, at: datetime, transition: str, why: str, row_key: str, n: int) -> None:
        """Note that so many were refused a step for one reason."""
        self.refused[at.astimezone(self.zone).date(), transition, why, row_key] += n

    def close_day(self, session: Session, day: date, cycle_id: int) -> None:
        """Count how many cases stand where at the end of a day."""
        self.standing[day] = dict(sorted(counts_by_state(session, cycle_id).items()))
        session.rollback()


def reported(session: Session, year: Year, journal: Journal, *, n: int, seed: int) -> Report:
    """Return the report of a year that is over."""
    zone = ZoneInfo(year.definition.workflow.programme.zone)
    moves = _by_day(session, zone, History.at, History.transition, History.kind == "move")
    entered = _by_day(session, zone, History.at, History.kind, (History.kind == "begin"))
    posted = _by_day(session, zone, Outbox.created_at, Outbox.letter)
    days = [
        Day(
            day, entered[day].total(), _sorted(moves[day]), _sorted(posted[day]), _refusals(journal, day), standing
        )
        for day, standing in journal.standing.items()
    ]
    n_entered, last = sum(day.entered for day in days), days[-1]
    totals = Day(last.date, n_entered, _total(moves), _total(posted), _refusals(journal), last.states)
    checked = self_check.check(session, now=year.ends_at)
    findings = _findings(session, year, journal, days, checked.findings)
    return Report(
        year.key, year.title, year.definition.workflow.programme.key, n, seed, tuple(days), totals, findings,
        checked.n_history, checked.n_letters,
    )  # fmt: skip


def _by_day(session: Session, zone: ZoneInfo, at: Any, key: Any, *clauses: Any) -> Counts:
    found: Counts = defaultdict(Counter)
    for instant, name, n in session.execute(select(at, key, func.count()).where(*clauses).group_by(at, key)):
        found[instant.astimezone(zone).date()][name] += n
    return found


def _refusals(journal: Journal, day: date | None = None) -> tuple[Refused, ...]:
    found: Counter[tuple[str, str, str]] = Counter()
    for (on, *what), n in journal.refused.items():
        if day is None or on == day:
            found[what[0], what[1], what[2]] += n
    return tuple(Refused(*what, n) for what, n in sorted(found.items()))


def _findings(
    session: Session, year: Year, journal: Journal, days: Sequence[Day], checked: Sequence[self_check.Finding]
) -> Findings:
    now, workflow = year.ends_at, year.definition.workflow
    last = days[-1].states
    refused: Counter[str] = Counter()
    for (_, _, _, row), n in journal.refused.items():
        refused[row] += n
    return Findings(
        undecided=edges.undecided(session, now=now),
        occupied=tuple(
            Occupied(key, last[key], state.rests)
            for key, state in workflow.states.items()
            if key in last and state.kind != "end"
        ),
        idle_rows=tuple(_idle_rows(year, workflow, days)),
        refused_rows=_sorted(refused),
        unaddressed=_unaddressed(session),
        failures=tuple(sorted(set(journal.failures))),
        audit=sum(one.what in self_check.BROKEN for one in checked),  # what audit.verify found, which the check runs
        check=tuple(f"{one.code} {one.what} {one.row}" for one in checked),
    )


def _idle_rows(year: Year, workflow: Workflow, days: Sequence[Day]) -> list[str]:
    """Return the rows that gate a move and in whose window no case ever stood where somebody could have acted."""
    zone, found = ZoneInfo(workflow.programme.zone), []
    for row in year.rows:
        moves = {key for key, rule in workflow.transitions.items() if rule.during == row.key}
        states = {state for key in moves for state in workflow.sources(key)}
        states |= {key for key, state in workflow.states.items() if state.judged == row.key}
        states |= {key for key, state in workflow.states.items() if any(edit.during == row.key for edit in state.edits)}
        if not states or row.opens_at is None or row.closes_at is None:
            continue
        first, last = row.opens_at.astimezone(zone).date() - DAY, row.closes_at.astimezone(zone).date()
        within = [day for day in days if first <= day.date <= last]
        if not any(day.states.keys() & states or day.moves.keys() & moves for day in within):
            found.append(row.key)
    return found


def _unaddressed(session: Session) -> int:
    """Return how many letters nobody would receive: asked once for each unit and role."""
    n_lost = 0
    for role in session.scalars(select(Outbox.to_role).distinct().order_by(Outbox.to_role)).all():
        relation = ROLES.get(role)
        unit_id = func.coalesce(getattr(Submission, relation), Outbox.unit_id) if relation else Outbox.unit_id
        joined = select(func.min(Outbox.id), func.count()).outerjoin(Submission, Submission.id == Outbox.submission_id)
        query = joined.where(Outbox.to_role == role).group_by(unit_id)
        for outbox_id, n in session.execute(query).all():
            n_lost += 0 if letters.recipients(session, session.get_one(Outbox, outbox_id)) else n
    return n_lost


def _total(counts: Counts) -> dict[str, int]:
    return _sorted(sum(counts.values(), Counter()))


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))
