"""What a plan of who judges what means now: each pair with what stands against it, loads, and what is lacking."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.domain import assigning, conflicts
from qtb.domain.assigning import Short
from qtb.domain.errors import Reason
from qtb.services.assignment_ground import Ground, ground
from qtb.services.conflicts import worded
from qtb.store import assignments
from qtb.store.accounts import Account
from qtb.store.assignments import AssignmentPlan
from qtb.store.panels import Panel
from qtb.store.submissions import Submission


@dataclass(frozen=True, slots=True)
class Pair:
    """A work and a judge, where a file says so, and what stands against it; None where a file names none of ours."""

    work: Submission | None
    judge: Account | None
    errors: tuple[Reason, ...] = ()
    row: int = 0
    said: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Line:
    """A work, who has it already, who would get it, what is lacking, and whose conflicts stand in the way."""

    work: Submission
    panel: Panel | None
    had: tuple[Account, ...]
    new: tuple[Pair, ...]
    short: Short | None
    barred: tuple[tuple[Account, tuple[Reason, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Load:
    """A judge's works: those there are and those that would come, and at most how many there may be."""

    judge: Account
    panel: Panel | None
    n_had: int
    n_new: int
    most: int | None
    leads: bool = False

    @property
    def n(self) -> int:
        """All of them."""
        return self.n_had + self.n_new


@dataclass(frozen=True, slots=True)
class Shown:
    """A plan as it is shown; the mark names it together with what it rests on."""

    pairs: tuple[Pair, ...]
    lines: tuple[Line, ...]
    loads: tuple[Load, ...]
    mark: str

    @property
    def wrong(self) -> list[Pair]:
        """The pairs with an error."""
        return [pair for pair in self.pairs if pair.errors]

    @property
    def n_lacking(self) -> int:
        """How many sheets are lacking."""
        return sum(line.short.n for line in self.lines if line.short)


def look(session: Session, plan: AssignmentPlan) -> Shown:
    """Return what a plan means now."""
    base = ground(session, plan.cycle)
    pairs = _judged(base, list(_of_file(session, plan) if plan.file_name else _reckoned(session, base, plan)))
    new = Counter(pair.judge.id for pair in pairs if pair.judge)
    lines, loads = tuple(_lines(session, base, plan, pairs)), tuple(_loads(base, plan, new))
    return Shown(tuple(pairs), lines, loads, _mark(plan, pairs, lines, loads))


def _reckoned(session: Session, base: Ground, plan: AssignmentPlan) -> Iterator[Pair]:
    gone = {work_id for work_id, _ in plan.pairs} - base.works.keys()
    others = {one: session.get(Submission, one) for one in gone}
    people = assignments.people(session, {judge_id for _, judge_id in plan.pairs})
    for work_id, judge_id in plan.pairs:
        yield Pair(base.works.get(work_id) or others.get(work_id), people.get(judge_id))


def _of_file(session: Session, plan: AssignmentPlan) -> Iterator[Pair]:
    numbers = {line["number"] for line in plan.lines}
    mine = (Submission.cycle_id == plan.cycle_id, Submission.number.in_(sorted(numbers)))
    works = {work.number: work for work in session.scalars(select(Submission).where(*mine))}
    emails = {line["email"].lower() for line in plan.lines}
    people = {one.email: one for one in session.scalars(select(Account).where(Account.email.in_(sorted(emails))))}
    for line in plan.lines:
        work, judge = works.get(line["number"]), people.get(line["email"].lower())
        lacks = [
            *([Reason("assign_no_work", {"number": line["number"]})] if work is None else []),
            *([Reason("assign_no_judge", {"email": line["email"]})] if judge is None else []),
        ]
        yield Pair(work, judge, tuple(lacks), line["row"], (line["number"], line["email"]))


def _judged(base: Ground, pairs: Sequence[Pair]) -> list[Pair]:
    """Return the pairs with all that stands against each."""
    seen: set[tuple[int, int]] = set()
    loads = Counter(base.loads)
    found = []
    for pair in pairs:
        errors = list(pair.errors)
        if pair.work is not None and pair.judge is not None:
            both = (pair.work.id, pair.judge.id)
            loads[pair.judge.id] += 1
            errors += _against(base, pair.work, pair.judge, loads[pair.judge.id])
            errors += [Reason("assign_twice", {"name": pair.judge.name})] if both in seen else []
            seen.add(both)
        found.append(Pair(pair.work, pair.judge, tuple(errors), pair.row, pair.said))
    return found


def _against(base: Ground, work: Submission, judge: Account, load: int) -> list[Reason]:
    if work.id not in base.works:
        return [Reason("not_judged", {"state": base.cycle.definition.workflow.states[work.state].label})]
    if judge.id not in base.judges:
        return [Reason("not_evaluator", {"name": judge.name})]
    if judge.id in base.given[work.id]:
        return [Reason("assign_had", {"name": judge.name})]
    found = list(worded(conflicts.between(base.judges[judge.id], base.facts[work.id]), judge.name))
    member = base.members.get(judge.id)
    if member is not None and member.most is not None and load > member.most:
        found.append(Reason("assign_most", {"name": judge.name, "most": member.most}))
    return found


def _lines(session: Session, base: Ground, plan: AssignmentPlan, pairs: Sequence[Pair]) -> Iterator[Line]:
    by_work: dict[int, list[Pair]] = {}
    for pair in pairs:
        if pair.work is not None:
            by_work.setdefault(pair.work.id, []).append(pair)
    asked = base.as_works(plan.asked.get("panel"), plan.asked.get("n", 0))
    both = [(pair.work.id, pair.judge.id) for pair in pairs if pair.work and pair.judge]
    short = {one.work: one for one in assigning.lacking(asked, base.as_judges(), both)}
    had = assignments.people(session, {one for ids in base.given.values() for one in ids})
    scope = {one.id for one in asked} if not plan.file_name else set()
    works = {**{one: base.works[one] for one in scope}, **{one: found[0].work for one, found in by_work.items()}}
    for work_id, work in sorted(works.items(), key=lambda item: item[1].number if item[1] else ""):
        assert work is not None
        own, lacks = tuple(had[one] for one in sorted(base.given.get(work_id, ()))), short.get(work_id)
        barred = tuple(_barred(base, work)) if lacks else ()
        yield Line(work, base.panel_of(work), own, tuple(by_work.get(work_id, ())), lacks, barred)


def _barred(base: Ground, work: Submission) -> Iterator[tuple[Account, tuple[Reason, ...]]]:
    """Yield the judges of the work's panel who may not be given it, with why: the organiser sees what to mend."""
    panel = base.panel_of(work)
    mine = {key for key, member in base.members.items() if panel is not None and member.panel_id == panel.id}
    for one in sorted(base.judges.keys() & base.people.keys() & mine):
        if why := worded(conflicts.between(base.judges[one], base.facts[work.id]), base.people[one].name):
            yield base.people[one], why


def _loads(base: Ground, plan: AssignmentPlan, new: Mapping[int, int]) -> Iterator[Load]:
    asked = plan.asked.get("panel")
    titles = {panel.id: panel for panel in base.panels}
    mine: Collection[int] = {one for one, member in base.members.items() if asked in (None, member.panel_id)}
    shown = ({*mine} if not plan.file_name else set()) | new.keys()
    for one in sorted(shown & base.people.keys(), key=lambda key: (_title(base, key), key)):
        member = base.members.get(one)
        panel = titles.get(member.panel_id) if member else None
        yield Load(
            base.people[one], panel, base.loads.get(one, 0), new.get(one, 0), member.most if member else None,
            bool(member and member.is_leader),
        )  # fmt: skip


def _title(base: Ground, judge_id: int) -> str:
    member = base.members.get(judge_id)
    return next((panel.title for panel in base.panels if member and panel.id == member.panel_id), "")


def _mark(plan: AssignmentPlan, pairs: Sequence[Pair], lines: Sequence[Line], loads: Sequence[Load]) -> str:
    told: list[Any] = [
        plan.id, plan.version,
        [[one.row, one.said, one.work and one.work.id, one.judge and one.judge.id, [e.key for e in one.errors]]
         for one in pairs],
        [[one.work.id, one.work.category, [had.id for had in one.had]] for one in lines],
        [[one.judge.id, one.n_had, one.most] for one in loads],
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()
