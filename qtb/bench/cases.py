"""A year full of cases, written in bulk: each chunk by one statement, each case with a history that verifies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import CTE, ColumnElement, Integer, String, cast, func, insert, literal, select
from sqlalchemy.orm import Session

from qtb.domain.definition import Definition
from qtb.domain.evidence import GENESIS
from qtb.domain.roles import Actor
from qtb.services import accounts, cycles, definitions
from qtb.services.advance import advance
from qtb.services.cycles import Planned
from qtb.store import audit
from qtb.store.accounts import Unit
from qtb.store.audit import Entry
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit

CHUNK = 20_000  # the client's memory stays flat, however many there are
N_UNITS, N_RECOMMENDERS = 100, 10
ROOT = Actor(None, "bench", "cli", {"organiser": frozenset({0})})


@dataclass(frozen=True, slots=True)
class Year:
    """An open year and the units that take part."""

    cycle_id: int
    definition: Definition
    opens_at: datetime
    closes_at: datetime
    applicants: Sequence[int]
    recommenders: Sequence[int]

    @property
    def start(self) -> str:
        """The state in which a case begins."""
        return self.definition.workflow.start

    def actor(self, role: str) -> Actor:
        """Return somebody who holds a role for every unit."""
        return Actor(None, role, "web", {role: frozenset({*self.applicants, *self.recommenders})})

    def clock_move(self) -> str:
        """Return the move with which the clock ends what still stands at the start."""
        workflow = self.definition.workflow
        return next(key for key in workflow.clocked() if self.start in workflow.sources(key))

    def moves(self) -> Iterator[str]:
        """Yield people's moves along the path, from the start on."""
        workflow = self.definition.workflow
        for before, after in pairwise(workflow.path):
            rules = workflow.transitions.items()
            mine = (key for key, rule in rules if rule.by and rule.to == after and before in workflow.sources(key))
            if (key := next(mine, None)) is None:
                return
            yield key


def year(
    session: Session, *, opens_at: datetime, closes_at: datetime, n_applicants: int = N_UNITS,
    n_recommenders: int = N_RECOMMENDERS,
) -> Year:  # fmt: skip
    """Open a year whose windows are all this one."""
    definition, before = definitions.load("qtb"), opens_at - timedelta(days=30)
    rows = [
        Planned(key, seq, row.title.zh, opens_at, closes_at, closes_at - timedelta(hours=1) if row.held else None)
        for seq, (key, row) in enumerate(definition.timeline.rows.items(), 1)
    ]
    with unit(session):
        cycle = cycles.open_cycle(
            session, definition=definition, key="bench", year=opens_at.year, title="bench", rows=rows, notice={},
            actor=ROOT, now=before,
        )  # fmt: skip
        applicants = [_unit(session, "applicant", n, before).id for n in range(n_applicants)]
        recommenders = [_unit(session, "recommender", n, before).id for n in range(n_recommenders)]
        return Year(cycle.id, definition, opens_at, closes_at, applicants, recommenders)


def stand(session: Session, year: Year, n: int, *, category: str = "") -> None:
    """Let n complete cases stand at the start, their forms counted as filled."""
    now = year.opens_at + timedelta(days=1)
    for first in range(0, n, CHUNK):
        with unit(session):
            last_id = session.scalar(select(func.max(Submission.id))) or 0
            columns = _columns(year, _numbers(first, min(CHUNK, n - first)), now, category)
            session.execute(insert(Submission).from_select(list(columns), select(*columns.values())))
            begun = Entry("submission", "begin", year.actor("applicant"), now, to_state=year.start, role="applicant")
            audit.append(session, begun, select(Submission).where(Submission.id > last_id))
            audit.follow(session.connection(), begun)


def moved(session: Session, year: Year, transition: str, *, limit: int | None = None) -> int:
    """Make a person's move for all that qualify; return how many moved."""
    rule = year.definition.workflow.transitions[transition]
    with unit(session):
        cycle, now = session.get_one(Cycle, year.cycle_id), year.opens_at + timedelta(days=2)
        actor = year.actor(rule.by[0])
        return advance(session, transition, cycle=cycle, now=now, actor=actor, limit=limit).n_moved


def _unit(session: Session, kind: str, n: int, now: datetime) -> Unit:
    return accounts.add_unit(session, name=f"{kind} {n:03d}", kind=kind, actor=ROOT, now=now)


def _columns(year: Year, numbers: CTE, now: datetime, category: str) -> dict[str, ColumnElement[Any]]:
    n = numbers.c.n
    text = cast(n, String)
    return {
        "cycle_id": literal(year.cycle_id, Integer),
        "unit_id": min(year.applicants) + n % len(year.applicants),
        "recommender_id": min(year.recommenders) + n % len(year.recommenders),
        "number": literal("B") + text,
        "state": literal(year.start),
        "kind": literal(year.definition.workflow.states[year.start].kind),
        "state_since": literal(now, Submission.state_since.type),
        "created_at": literal(now, Submission.created_at.type),
        "version": literal(0), "head_hash": literal(GENESIS),
        "team_name": literal("班组 ") + text, "team_key": literal("班组") + text,
        "title": literal("质量改进成果 ") + text, "category": literal(category),
        "registration_complete": literal(True), "declaration_complete": literal(True),
        "experience_complete": literal(True),
    }  # fmt: skip


def _numbers(first: int, n: int) -> CTE:
    numbers = select(literal(first).label("n")).cte("numbers", recursive=True)
    return numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < first + n - 1))
