"""What a change of dates would do, reckoned before it is made: to cases, windows and reminders."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from qtb.domain import facts, machine
from qtb.domain.decide import Case
from qtb.domain.definition import Definition
from qtb.domain.errors import Invalid
from qtb.domain.plan_model import Change, Cohort, Dated, Due, Effect, Member, Plan, Reminded, counted
from qtb.domain.reminders import due_at, over_at
from qtb.domain.row_order import EVERYBODY, findings
from qtb.domain.timeline import Owned, Timeline, passed
from qtb.domain.workflow import Edge, Reminder


def compare(
    definition: Definition, change: Change, times: Timeline, *, cohorts: Iterable[Cohort], now: datetime,
    whom: Owned = EVERYBODY,
) -> Plan:  # fmt: skip
    """Say what a change would do to these cases; `whom` is whom an extension reaches."""
    after, cohorts = change.on(times), list(cohorts)
    before, found = findings(definition, times, whom), findings(definition, after, whom)
    return Plan(
        tuple(_dates(change, times, whom)),
        tuple(_entries(definition, times, after, whom, now)),
        tuple(_effects(definition, times, after, cohorts, now)),
        tuple(_reminders(definition, times, after, cohorts, now, whom)),
        tuple(one for one in found if one not in before),
        tuple(one for one in found if one in before),
    )


def due(definition: Definition, case: Case, times: Timeline) -> Due | None:
    """Return when the clock next acts on a case, grace and all; the earliest edge where no guard is met yet."""
    workflow = definition.workflow
    if not machine.is_awake(case):
        return None
    met: list[Due] = []
    ahead: list[Due] = []
    for key in workflow.clocked():
        rule = workflow.transitions[key]
        at = known_at(times, rule.at, case) if rule.at and case.state in workflow.sources(key) else None
        if at is not None and rule.at is not None and not _is_cut_off(times, rule.at, case, at):
            is_met = all(facts.answer(guard, case.facts) for guard in rule.when)
            (met if is_met else ahead).append(Due(at, rule.at, key if is_met else ""))
    return min(met or ahead, key=lambda one: one.at, default=None)


def _is_cut_off(times: Timeline, edge: Edge, case: Owned, at: datetime) -> bool:
    """Tell whether the row's end comes before a silence in it has ended."""
    return edge.edge == "silent" and at >= times.closes_at(edge.row, case)


def known_at(times: Timeline, edge: Edge, case: Owned) -> datetime | None:
    """Return an edge's instant; None for a row without dates and for working days that are not known."""
    try:
        return times.edge_at(edge, case) if edge.row in times.rows else None
    except Invalid:
        return None


def _dates(change: Change, times: Timeline, whom: Owned) -> Iterator[Dated]:
    for key, row in change.rows.items():
        old = times.rows.get(key)
        for edge, name in (("opens", "opens_at"), ("closes", "closes_at"), ("held", "held_at"), ("grace", "grace")):
            before = getattr(old, name) if old else None if edge != "grace" else timedelta(0)
            if before != getattr(row, name):
                yield Dated(key, edge, before, getattr(row, name))
    if key := change.own_row or (change.extension.row_key if change.extension else ""):
        ends = times.ends_at(key, whom), change.on(times).ends_at(key, whom)
        if ends[0] != ends[1]:
            yield Dated(key, "closes", *ends)


def _entries(
    definition: Definition, before: Timeline, after: Timeline, whom: Owned, now: datetime
) -> Iterator[tuple[str, bool]]:
    """Yield the windows in which new submissions are entered, where they open or shut at once."""
    workflow = definition.workflow
    for row_key in dict.fromkeys(edit.during for edit in workflow.states[workflow.start].edits if edit.during):
        was, is_now = (_is_open(times, row_key, whom, now) for times in (before, after))
        if was != is_now:
            yield row_key, is_now


def _is_open(times: Timeline, row_key: str, case: Owned, now: datetime) -> bool:
    return row_key in times.rows and times.is_open(row_key, case, now)


def _effects(
    definition: Definition, before: Timeline, after: Timeline, cohorts: Iterable[Cohort], now: datetime
) -> list[Effect]:
    found: dict[Effect, list[Member]] = defaultdict(list)
    for cohort in cohorts:
        for effect in _of_case(definition, cohort.case, before, after, now):
            found[effect] += cohort.members
    return [counted(effect, [one.number for one in members]) for effect, members in found.items()]


def _of_case(
    definition: Definition, case: Case, before: Timeline, after: Timeline, now: datetime
) -> Iterator[Effect]:
    if not machine.is_awake(case):
        return
    old, new = due(definition, case, before), due(definition, case, after)
    if new and new != old:
        yield _acted(case.state, old, new, now)
    for row_key in _windows(definition, case.state):
        was, is_now = (_is_open(times, row_key, case, now) for times in (before, after))
        if was != is_now:
            yield Effect("opens" if is_now else "shuts", case.state, row_key)


def _acted(state: str, old: Due | None, new: Due, now: datetime) -> Effect:
    """Return what becomes of the clock's next act on a case of a state: another instant, another act, or at once."""
    is_other = bool(old and old.transition and new.transition and old.transition != new.transition)
    is_owed = bool(new.transition) and passed(new.at, now) and not (old and passed(old.at, now))
    kind = "at_once" if is_owed else "becomes" if is_other else "moves"
    found = Effect(kind, state, new.edge.row, new.edge.edge, new.transition, old.at if old else None, new.at)
    return replace(found, was=old.transition, was_edge=old.edge.edge) if old and is_other else found


def _windows(definition: Definition, state: str) -> list[str]:
    """Return the rows during which people can do something to a case in this state."""
    workflow = definition.workflow
    where = workflow.states[state]
    moves = [rule.during for key, rule in workflow.transitions.items() if state in workflow.sources(key)]
    return list(dict.fromkeys(filter(None, [*moves, *(edit.during for edit in where.edits), where.judged])))


def _reminders(
    definition: Definition, before: Timeline, after: Timeline, cohorts: Sequence[Cohort], now: datetime, whom: Owned
) -> Iterator[Reminded]:
    """Yield the reminders that move: those for everybody, and those of cases and units with dates of their own."""
    for key, reminder in definition.workflow.reminders.items():
        sources, n_cases = set(definition.workflow.named(reminder.source)), Counter[tuple[datetime, datetime]]()
        mine = _handing_in(whom, cohorts) if reminder.hand_ins else EVERYBODY
        if pair := _instants(before, after, reminder.at, mine):
            n_cases[pair] = 0  # said even while nobody stands there
        for cohort in cohorts:
            is_mine = cohort.case.state in sources and machine.is_awake(cohort.case)
            if is_mine and (pair := _instants(before, after, reminder.at, cohort.case)):
                n_cases[pair] += len(cohort.members)
        for (old, new), n in n_cases.items():
            for days in reminder.days:
                was, is_now = (due_at(reminder, days, at, after.calendar.zone) for at in (old, new))
                fate = _fate(reminder, days, new, after, now)
                yield Reminded(key, days, was, is_now, passed(was, now), fate, n)


def _handing_in(whom: Owned, cohorts: Sequence[Cohort]) -> Owned:
    """Return whom a reminder of hand-ins may reach: a unit that recommends; one case's end is no unit's."""
    recommending = {member.recommender_id for cohort in cohorts for member in cohort.members}
    return whom if not whom.id and whom.unit_id in recommending else EVERYBODY


def _fate(reminder: Reminder, days: int, at: datetime, times: Timeline, now: datetime) -> str:
    """Say what becomes of a step that falls so many days before an edge: it has its time until the next one."""
    zone = times.calendar.zone
    if not passed(due_at(reminder, days, at, zone), now):
        return "later"
    is_in_time = reminder.at.edge == "silent" or not passed(over_at(reminder, days, at, zone), now)
    return "at_once" if is_in_time else "never"


def _instants(before: Timeline, after: Timeline, edge: Edge, case: Owned) -> tuple[datetime, datetime] | None:
    """Return the edge's instants as they are shown, if they differ."""
    old, new = (_shown_at(times, edge, case) for times in (before, after))
    return (old, new) if old and new and old != new else None


def _shown_at(times: Timeline, edge: Edge, case: Owned) -> datetime | None:
    if edge.edge == "silent" and case == EVERYBODY:
        return times.fixed_at(edge) if known_at(times, edge, case) else None
    return times.shown_at(edge, case) if known_at(times, edge, case) else None
