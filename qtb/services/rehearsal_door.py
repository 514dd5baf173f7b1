"""The door as the people of a rehearsed year find it: many try a move at once, and what is refused is noted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
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
class Crowd:
    """The people at the door, and the journal of whom it was not opened to."""

    session: Session
    cycle: Cycle
    times: Timeline
    journal: Journal

    def tried(self, transition: str, actor: Actor, ids: Sequence[int], now: datetime) -> None:
        """Try a move for many: at once those whom only a rule of eligibility could stop, and if it does, in groups."""
        hopeful = self._hopeful(transition, actor, ids, now)
        if hopeful and self._advance(transition, actor, hopeful, now) is not None:
            hopeful = ()
        others = sorted(set(ids).difference(hopeful))
        if not others:
            return
        self._judge(transition, others, now)
        able = self._able(transition, actor, others, now)
        if able:
            self._note(transition, self._advance(transition, actor, able, now), len(able), now)
        for group in self._alike(transition, actor, sorted(set(others).difference(able)), now):
            self._one_by_one(transition, actor, group, now)

    def _hopeful(self, transition: str, actor: Actor, ids: Sequence[int], now: datetime) -> Sequence[int]:
        """Return who qualifies by all but the rules, and clear what these came to before: the door judges anew.

        One alone is asked nothing: the door answers as fast.
        """
        if len(ids) == 1:
            return ids
        if self._is_judged(transition):
            with unit(self.session):
                counting.count_blocks(self.session, 0, ids)
        return self._able(transition, actor, ids, now)

    def _one_by_one(self, transition: str, actor: Actor, group: Sequence[int], now: datetime) -> None:
        """Try those with one reason against them until one is refused, which answers for the rest.

        The first may pass: judged alone, nobody before it in the group uses up what its unit may declare.
        """
        for n_passed in range(len(group)):
            refusal = self._advance(transition, actor, group[n_passed : n_passed + 1], now)
            if refusal is not None:
                self._note(transition, refusal, len(group) - n_passed, now)
                return

    def _note(self, transition: str, refusal: Reason | None, n: int, now: datetime) -> None:
        if refusal is not None:
            row_key = self.cycle.definition.workflow.transitions[transition].during or ""
            self.journal.refuse(now, transition, refusal.key, row_key, n)

    def _able(self, transition: str, actor: Actor, ids: Sequence[int], now: datetime) -> Sequence[int]:
        able = facts.qualifies(self.cycle.definition, transition, times=self.times, actor=actor, now=now)
        rows = select(Submission.id).where(Submission.id.in_(ids), *able)
        return self.session.scalars(rows.order_by(Submission.id)).all()

    def _alike(
        self, transition: str, actor: Actor, ids: Sequence[int], now: datetime
    ) -> Iterable[Sequence[int]]:
        """Return those against whom something stands, group by group of those with one state and one reason."""
        found: dict[tuple[str, ...], list[int]] = defaultdict(list)
        rows = select(Submission).where(Submission.id.in_(ids)).order_by(Submission.id)
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
