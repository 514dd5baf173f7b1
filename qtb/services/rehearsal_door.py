"""The door as the people of a rehearsed year find it: many try a move at once, and what is refused is noted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from qtb.domain import decide
from qtb.domain.errors import Reason, Refusal
from qtb.domain.roles import Actor
from qtb.domain.timeline import Timeline
from qtb.services import eligibility
from qtb.services.advance import advance
from qtb.services.rehearsal_findings import Journal
from qtb.store import eligibility as counting
from qtb.store import facts
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit

NOTE = "-"  # where a note is required; nobody reads it


@dataclass(frozen=True)
class Door:
    """Where people knock, and the journal of whom it was not opened to."""

    session: Session
    cycle: Cycle
    times: Timeline
    journal: Journal

    def tried(self, transition: str, actor: Actor, ids: Sequence[int], now: datetime) -> None:
        """Try a move for many: at once those whom no rule of eligibility has to stop, then the others in groups."""
        hopeful = self._hopeful(transition, actor, ids, now)
        if hopeful and self._advance(transition, actor, hopeful, now) is not None:
            hopeful = ()
        others = sorted(set(ids).difference(hopeful))
        for tried, n in self._groups(transition, actor, others, now) if others else ():
            refusal = self._advance(transition, actor, tried, now)
            if refusal is not None:
                row_key = self.cycle.definition.workflow.transitions[transition].during or ""
                self.journal.refuse(now, transition, refusal.key, row_key, n)

    def _hopeful(self, transition: str, actor: Actor, ids: Sequence[int], now: datetime) -> Sequence[int]:
        """Return who qualifies by all but the rules: the door judges those, and twice takes as long."""
        if len(ids) == 1:
            return ids
        if self._is_judged(transition):
            with unit(self.session):
                counting.count_blocks(self.session, 0, ids)
        return self._able(transition, actor, ids, now)

    def _groups(
        self, transition: str, actor: Actor, ids: Sequence[int], now: datetime
    ) -> Iterator[tuple[Sequence[int], int]]:
        """Yield who goes through the door together, and for how many the answer stands: all who qualify by all rules,
        and of the others one of each group that is refused for one reason."""
        self._judge(transition, ids, now)
        able = self._able(transition, actor, ids, now)
        if able:
            yield able, len(able)
        others = select(Submission).where(Submission.id.in_(set(ids).difference(able))).order_by(Submission.id)
        for refused in self._refused(transition, actor, others, now):
            yield refused[:1], len(refused)

    def _able(self, transition: str, actor: Actor, ids: Sequence[int], now: datetime) -> Sequence[int]:
        able = facts.qualifies(self.cycle.definition, transition, times=self.times, actor=actor, now=now)
        rows = select(Submission.id).where(Submission.id.in_(ids), *able)
        return self.session.scalars(rows.order_by(Submission.id)).all()

    def _refused(self, transition: str, actor: Actor, rows: Select[Any], now: datetime) -> Iterable[Sequence[int]]:
        """Return the ids of those who will be refused, group by group of those with one state and one reason."""
        found: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for row in self.session.scalars(rows):
            case, definition = facts.as_case(row), self.cycle.definition
            why = decide.explain(definition, transition, case, timeline=self.times, actor=actor, now=now)
            found[row.state, *(one.key for one in why)].append(row.id)
        return found.values()

    def _judge(self, transition: str, ids: Sequence[int], now: datetime) -> None:
        """Keep what the rules of eligibility come to: what the door counted is gone with its refusal."""
        if self._is_judged(transition):
            with unit(self.session):
                eligibility.renew(self.session, self.cycle, transition, ids, now=now)

    def _is_judged(self, transition: str) -> bool:
        return eligibility.judged_at(self.cycle.definition, transition) is not None

    def _advance(self, transition: str, actor: Actor, ids: Sequence[int], now: datetime) -> Reason | None:
        """Go through the door; return why it was refused, or None."""
        rule = self.cycle.definition.workflow.transitions[transition]
        try:
            with unit(self.session):
                advance(
                    self.session, transition, cycle=self.cycle, now=now, actor=actor, ids=ids,
                    note=NOTE if rule.note == "required" else "",
                )  # fmt: skip
        except Refusal as refusal:
            return _telling(refusal.reasons)
        return None


def _telling(reasons: Sequence[Reason]) -> Reason:
    """Return the reason that says most: one that cites a row, or else the first."""
    return next((one for one in reasons if "row" in one.args), reasons[0])
