"""The stage of a rehearsed year: people and clock act on it, instant by instant, in a throw-away database.

All who take the same step at one instant go through the door together; the clock's part is the real sweep. What
happened is read out of history and outbox, not out of what was planned.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qtb.domain import errors, reminders
from qtb.domain.errors import Invalid
from qtb.domain.facts import FACTS
from qtb.domain.rehearsal import Behaviour, Step
from qtb.domain.rehearsal_times import DAY
from qtb.domain.roles import Actor
from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Edge
from qtb.services import submissions
from qtb.services.advance import put
from qtb.services.edges import next_edge
from qtb.services.rehearsal_door import Crowd
from qtb.services.rehearsal_findings import Journal
from qtb.services.rehearsal_year import Year
from qtb.services.reminders import remind
from qtb.services.sweep import sweep
from qtb.store.cycles import Cycle
from qtb.store.history import Entry, History
from qtb.store.submissions import Submission
from qtb.store.throwaway import enter, set_facts
from qtb.store.unit import unit

SLICE = 5_000  # ids in one call of the door
BEGIN = ""  # the transition of a team's entry, in refusals
# Not the column as such: SQLite would take its index and walk all of history for what was written last.
IS_CASE = func.coalesce(History.subject, "") == "submission"


@dataclass
class Stage:
    """The year under way: who waits to do what, where each case stands, and what was refused so far."""

    session: Session
    year: Year
    cycle: Cycle
    times: Timeline
    behaviour: Behaviour
    actors: dict[str, Actor]
    experts: Sequence[int]
    journal: Journal = field(init=False)
    crowd: Crowd = field(init=False)
    entering: Counter[datetime] = field(default_factory=Counter)
    plans: dict[datetime, list[tuple[int, Step]]] = field(default_factory=lambda: defaultdict(list))
    stands: dict[int, str] = field(default_factory=dict)
    n_entered: int = 0
    n_read: int = 0  # the last entry of history that was looked at
    _instants: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.journal = Journal(self.behaviour.zone)
        self.crowd = Crowd(self.session, self.cycle, self.times, self.journal)

    def wake(self, at: datetime) -> None:
        """Have something done at an instant."""
        heapq.heappush(self._instants, at)

    def run(self, told: Callable[[float], None]) -> None:
        """Go through the year from instant to instant."""
        now = self.year.begins_at
        begins_at, span = now, (self.year.ends_at - now) / DAY
        midnight, edge = self._midnight(now), next_edge(self.session, now=now)
        mornings = self._mornings(midnight - DAY)
        while now < self.year.ends_at:
            now = min([midnight, *self._instants[:1], *([edge] if edge else [])])
            if now == midnight:
                self.journal.close_day(self.session, self._day(now - DAY), self.cycle.id)
                mornings = self._mornings(midnight)
                midnight += DAY
                told((now - begins_at) / DAY / span)
            if now == edge or (now == midnight - DAY and self._may_be_overdue(now)):
                self._sweep(now)
            if now in mornings and self._is_reminding(now):
                self._remind(now)
            if now == edge:
                edge = next_edge(self.session, now=now)
            while self._instants and self._instants[0] == now:
                heapq.heappop(self._instants)
            self._act(now)

    def _may_be_overdue(self, now: datetime) -> bool:
        """Tell whether anybody stands where a clock move begins whose edge has come: the database takes long to ask."""
        workflow, standing = self.cycle.definition.workflow, set(self.stands.values())
        return any(
            self._has_come(key, at, now) and standing.intersection(workflow.sources(key))
            for key in workflow.clocked() for at in (workflow.transitions[key].at,) if at is not None
        )  # fmt: skip

    def _has_come(self, transition: str, at: Edge, now: datetime) -> bool:
        """Tell whether a clock move's edge can have come for anybody; where working days are not known, report that."""
        try:
            return self.times.fixed_at(at) <= now
        except Invalid as unknown:
            self.journal.failures.append(f"{transition}: {errors.told(unknown)}")
            return False

    def _mornings(self, midnight: datetime) -> set[datetime]:
        """Wake at the hours of a day at which reminders leave, and return them."""
        found = {midnight + hour * reminders.HOUR for hour in reminders.hours(self.cycle.definition.workflow)}
        for at in found:
            if at >= self.year.begins_at:
                self.wake(at)
        return found

    def _midnight(self, now: datetime) -> datetime:
        return now.astimezone(self.behaviour.zone).replace(hour=0, minute=0, second=0, microsecond=0) + DAY

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.behaviour.zone).date()

    def _sweep(self, now: datetime) -> None:
        swept = sweep(self.session, now=now)
        self.journal.failures += [f"{one.transition}: {one.failure}" for one in swept if one.failure]
        self._look(now)

    def _is_reminding(self, now: datetime) -> bool:
        """Tell whether any reminder could be due today: asking each of them every day takes long."""
        standing, times = set(self.stands.values()), reminders.shown(self.times)
        workflow = self.cycle.definition.workflow
        return any(
            (rule.hand_ins or standing.intersection(workflow.named(rule.source)))
            and reminders.is_awaited(rule, times, now)
            and (rule.at.edge == "silent" or any(reminders.falling(rule, n, times, now) for n in rule.days))
            for rule in workflow.reminders.values()
        )

    def _remind(self, now: datetime) -> None:
        done = remind(self.session, now=now)
        self.journal.failures += [f"{one.reminder}: {one.failure}" for one in done if one.failure]

    def _act(self, now: datetime) -> None:
        """Let everybody do what he has set himself for this instant, group by group."""
        n_new, plans = self.entering.pop(now, 0), self.plans.pop(now, [])
        if n_new:
            self._enter(n_new, now)
        known: dict[tuple[tuple[str, Any], ...], list[int]] = defaultdict(list)
        tried: dict[tuple[str, str], list[int]] = defaultdict(list)
        for submission_id, step in plans:
            if step.unaware or self.stands[submission_id] == step.state:
                if step.facts and self.stands[submission_id] == step.state:
                    known[step.facts].append(submission_id)
                if step.transition:
                    tried[step.transition, step.role].append(submission_id)
        with unit(self.session):
            for values, ids in known.items():
                kind = self.cycle.definition.counted
                set_facts(self.session, ids, dict(values), evaluators=self.experts, kind=kind, now=now)
        for (transition, role), ids in tried.items():
            for start in range(0, len(ids), SLICE):
                self.crowd.tried(transition, self.actors[role], sorted(ids[start : start + SLICE]), now)
        self._look(now)

    def _enter(self, n: int, now: datetime) -> None:
        """Enter teams, or note that their unit came too late."""
        actor, chance = self.actors["applicant"], self.behaviour.chance
        units, recommenders = (sorted(self.actors[role].units[role]) for role in ("applicant", "recommender"))
        workflow = self.cycle.definition.workflow
        row_key = workflow.entered
        refusal = submissions.entry_refusal(self.session, self.cycle, units[0], now=now)
        if refusal is not None:
            self.journal.refuse(now, BEGIN, refusal.key, row_key, n)
            return
        places = [(chance.choice(units), chance.choice(recommenders)) for _ in range(n)]
        entry = Entry("submission", "begin", actor, now, to_state=workflow.start, role="applicant")
        with unit(self.session):
            # Not by begin(): one at a time, ten thousand take as long as all the rest of the year.
            ids = enter(self.session, places, cycle_id=self.cycle.id, first=self.n_entered + 1, now=now)
            put(self.session, entry, cycle=self.cycle, rows=select(Submission), ids=ids)
        self.n_entered += n

    def _look(self, now: datetime) -> None:
        """Read what history says since the last look, and plan what people will do about those that moved.

        Case by case: in which order one statement writes its entries is the database's, and may differ each time.
        """
        columns = [getattr(Submission, key) for key in FACTS]
        query = (
            select(History.id, Submission.id, History.to_state, *columns)
            .join(Submission, Submission.id == History.subject_id)
            .where(History.id > self.n_read, IS_CASE, History.to_state == Submission.state)
            .order_by(Submission.id, History.id)
        )
        rows = self.session.execute(query).all()
        self.session.rollback()
        self.n_read = max((row[0] for row in rows), default=self.n_read)
        for _, submission_id, state, *values in rows:
            self.stands[submission_id] = state
            for step in self.behaviour.steps(state, now, dict(zip(FACTS, values, strict=True))):
                self.plans[step.at].append((submission_id, step))
                self.wake(step.at)
