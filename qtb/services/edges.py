"""Questions about the clock's edges: what is owed, what is overdue or undecided, what comes next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, false, func, literal, or_, select, union, union_all
from sqlalchemy.orm import Session

from qtb.domain.definition import Definition
from qtb.domain.errors import Invalid
from qtb.domain.reminders import shown
from qtb.domain.roles import CLOCK
from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Edge
from qtb.store import audit, facts, ledger, years
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.types import Instant

FIRST = datetime(1, 1, 1, tzinfo=UTC)
Years = Sequence[tuple[Cycle, Timeline]]
SOMEBODY = select(
    select(Submission.id)
    .where(Submission.cycle_id == bindparam("cycle"), Submission.state.in_(bindparam("states", expanding=True)))
    .exists()
)


@dataclass(frozen=True, slots=True)
class Owed:
    """A clock move whose edge has come for some: the instant, or why that cannot be reckoned."""

    cycle_id: int
    cycle: str
    transition: str
    edge: Edge
    due_at: datetime | None
    definition_hash: str  # by whose rules: a year can adopt others before the move is made
    refusal: Invalid | None = field(default=None, compare=False)


def timelines(session: Session) -> list[tuple[Cycle, Timeline]]:
    """Return every cycle with its timeline, read anew: the clock acts on them, and believes nothing that was kept."""
    return [(year.cycle, year.times) for year in years.dated(session, anew=True)]


def owed(session: Session, *, now: datetime) -> list[Owed]:
    """Return every clock move whose edge has come, the earliest first; those that cannot be reckoned before all."""
    found = _due(timelines(session), now)
    session.rollback()
    return found


def owing(session: Session, *, now: datetime) -> list[Owed]:
    """Return of `owed` what some submission waits for, once for each instant at which it fell due, in their order."""
    dated = timelines(session)
    known = {cycle.id: (cycle.definition, times) for cycle, times in dated}
    found = [one for every in _due(dated, now) for one in _waited_for(session, every, *known[every.cycle_id], now)]
    session.rollback()
    return _in_order(found)


def overdue(session: Session, *, now: datetime) -> int:
    """Return how many submissions wait for a clock move whose edge has passed, those set aside not counted."""
    return session.scalar(n_overdue(timelines(session), now)) or 0


def n_overdue(dated: Years, now: datetime, *, most: int | None = None) -> Select[int]:
    """Ask how many submissions are overdue; the instant of those set aside is the parameter `now`.

    A walk for each move, each along its index: with one clause for all of them SQLite reads every row of the year.
    No walk goes further than one beyond `most`: a larger answer only says that there are more. What has changed since
    `now`, itself or its year, is not overdue yet: a guard can come true weeks after its edge, and waits for the sweep.
    """
    instant = bindparam("now", now, type_=Instant())
    owed: list[Select[int]] = [select(Submission.id).where(false())]
    for cycle, times in dated:
        unchanged = exists().where(Cycle.id == cycle.id, audit.unchanged_since(Cycle, instant))
        for key in cycle.definition.workflow.clocked():
            clauses = _clauses(cycle.definition, key, times, now)
            here = (
                Submission.cycle_id == cycle.id, *clauses, ledger.not_aside(key, instant), unchanged,
                audit.unchanged_since(Submission, instant),
            )  # fmt: skip
            walk = select(Submission.id).where(*here).limit(most + 1 if most is not None else None)
            owed += [select(walk.subquery().c.id)] if clauses else []
    return select(func.count()).select_from(union(*owed).subquery())  # who waits for two moves is one


def undecided(session: Session, *, now: datetime) -> int:
    """Return how many works wait for a decision although an instant at which it should have taken effect has passed."""
    return _count(session, undecided_where(timelines(session), now))


def undecided_where(dated: Years, now: datetime) -> ColumnElement[bool]:
    """Return the clause of the works that lack their decision, or the consent to it."""
    waiting: list[ColumnElement[bool]] = [false()]
    for cycle, times in dated:
        workflow = cycle.definition.workflow
        for key in workflow.clocked():
            rule, sources = workflow.transitions[key], workflow.sources(key)
            decided = [state for state in sources if workflow.states[state].decided]
            out = sources if {"eliminated", "consent_held"} <= {guard.fact for guard in rule.when} else ()
            is_past = rule.at and rule.at.row in times.rows and (decided or out) and times.fixed_at(rule.at) <= now
            if is_past:
                here = Submission.state.in_(decided) | (Submission.state.in_(out) & Submission.eliminated)
                waiting.append((Submission.cycle_id == cycle.id) & here)
    return or_(*waiting) & ((Submission.award_level == "") | Submission.consent_held)


def next_edge(session: Session, *, now: datetime, dated: Years | None = None) -> datetime | None:
    """Return the next instant at which the clock must wake; silences end at midnight and wait a minute."""
    known = timelines(session) if dated is None else dated
    later = (at for cycle, times in known for at in times.edges(_fixed(cycle, times)) if at > now)
    return min(later, default=None)


def next_deadline(session: Session, *, now: datetime, dated: Years | None = None) -> datetime | None:
    """Return the next instant of any row of any cycle, as it is shown: without grace, and with silences that end."""
    known = timelines(session) if dated is None else dated
    later = [at for _, times in known for *_, at in shown(times).noted() if at > now]
    return min([*later, *_silences(session, known, now)], default=None)


def _fixed(cycle: Cycle, times: Timeline) -> list[Edge]:
    """Return the edges of the clock's moves that do not hang on how long a case has stood where it stands."""
    return [edge for _, edge in _edges(cycle, times) if edge.edge != "silent"]


def _edges(cycle: Cycle, times: Timeline) -> Iterator[tuple[str, Edge]]:
    workflow = cycle.definition.workflow
    for key in workflow.clocked():
        edge = workflow.transitions[key].at
        if edge is not None and edge.row in times.rows:
            yield key, edge


def _silences(session: Session, dated: Years, now: datetime) -> list[datetime]:
    """Return of each move that follows a silence when the first one ahead ends."""
    asked: list[Select[Any]] = []
    reckoned: list[tuple[Timeline, Edge]] = []
    for cycle, times in dated:
        for key, edge in _edges(cycle, times):
            if edge.edge == "silent":
                with suppress(Invalid):  # working days that nobody knows: the sweep puts that into the ledger
                    asked.append(_first_silent(cycle, times, key, edge, now).add_columns(literal(len(asked))))
                    reckoned.append((times, edge))
    found: Iterable[Any] = session.execute(union_all(*asked)) if asked else []
    return [_ends_at(*reckoned[n], since=since) for since, n in found if since is not None]


def _first_silent(cycle: Cycle, times: Timeline, key: str, edge: Edge, now: datetime) -> Select[Any]:
    """Ask since when those whose silence will end next have stood where they stand."""
    last, ended = times.last_silence(edge, now), times.calendar.cutoff(now, edge.working_days)
    mine = facts.qualifies(cycle.definition, key, times=times, actor=CLOCK, now=last)
    ahead = [] if times.rows[edge.row].opens_at >= ended else [Submission.state_since >= ended]
    return select(func.min(Submission.state_since)).where(Submission.cycle_id == cycle.id, *mine, *ahead)


def _ends_at(times: Timeline, edge: Edge, *, since: datetime) -> datetime:
    return times.calendar.ends_at(max(times.rows[edge.row].opens_at, since), edge.working_days)


def _count(session: Session, clause: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Submission).where(clause)) or 0


def _due(dated: Years, now: datetime) -> list[Owed]:
    found = (one for cycle, times in dated for one in _first_edges(cycle, times))
    return _in_order([one for one in found if one.due_at is None or one.due_at <= now])


def _first_edges(cycle: Cycle, times: Timeline) -> Iterator[Owed]:
    for key, edge in _edges(cycle, times):
        try:
            yield Owed(cycle.id, cycle.key, key, edge, times.fixed_at(edge), cycle.definition_hash)
        except Invalid as refusal:  # working days of a year without a calendar
            yield Owed(cycle.id, cycle.key, key, edge, None, cycle.definition_hash, refusal)


def _waited_for(
    session: Session, one: Owed, definition: Definition, times: Timeline, now: datetime
) -> Iterator[Owed]:
    """Yield a clock move for each instant at which it fell due for somebody who still waits for it."""
    if not _stands(session, one, definition):  # a glance; to word the question itself takes ten times as long
        return
    try:
        mine = facts.qualifies(definition, one.transition, times=times, actor=CLOCK, now=now)
        due = facts.due_text(one.edge, times, now)
    except Invalid as refusal:  # working days that nobody knows: nobody misses them before somebody waits for them
        if times.rows[one.edge.row].opens_at <= now:
            yield replace(one, due_at=None, refusal=refusal)
        return
    here = (Submission.cycle_id == one.cycle_id, *mine, ledger.not_aside(one.transition, now))
    if isinstance(due, str):
        found: Iterable[str] = [due] if session.scalar(select(select(Submission.id).where(*here).exists())) else []
    else:
        found = session.scalars(select(due).where(*here).distinct())
    yield from (replace(one, due_at=datetime.fromisoformat(text)) for text in found)


def _stands(session: Session, one: Owed, definition: Definition) -> bool:
    """Tell whether anybody stands where a move begins."""
    sources = list(definition.workflow.sources(one.transition))
    return bool(session.scalar(SOMEBODY, {"cycle": one.cycle_id, "states": sources}))


def _in_order(found: list[Owed]) -> list[Owed]:
    return sorted(found, key=lambda one: (one.due_at or FIRST, one.cycle_id, one.transition))


def _clauses(definition: Definition, key: str, times: Timeline, now: datetime) -> list[ColumnElement[bool]]:
    edge = definition.workflow.transitions[key].at
    try:
        if edge is None or edge.row not in times.rows or times.fixed_at(edge) > now:
            return []
        return list(facts.qualifies(definition, key, times=times, actor=CLOCK, now=now))
    except Invalid:  # the sweep puts it into the ledger
        return []
