"""Giving many works to judges: reckoned or read of a file, looked at, edited, applied whole and as shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from qtb.domain import assigning
from qtb.domain.errors import Conflict, Invalid, Missing
from qtb.domain.roles import Actor
from qtb.services import assignment_ground, assignment_lines, evaluations, judge_letters
from qtb.services.assignment_lines import Shown
from qtb.services.cycles import only_organiser
from qtb.store import assignments, audit, cycles
from qtb.store.assignments import AssignmentPlan
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import lock

MOST_JUDGES = 15  # of one work


def needed(cycle: Cycle) -> int:
    """Return how many finished sheets the moves of a programme ask for; at least one."""
    rules = cycle.definition.workflow.transitions.values()
    asked = [guard.value for rule in rules for guard in rule.when if guard.fact == "n_sheets_final"]
    return max([1, *(value for value in asked if type(value) is int)])


def meant(cycle: Cycle) -> int:
    """Return how many judges a work is meant to have: what the rubric says, and never fewer than the moves ask for."""
    definition = cycle.definition
    return max(needed(cycle), definition.rubric.sheets[definition.counted].judges or 0)


def ask(
    session: Session, cycle: Cycle, *, n: int, panel_id: int | None, seed: int, actor: Actor, now: datetime
) -> AssignmentPlan:
    """Reckon who should judge what, `n` judges for each work of a panel (None: of all), and keep the plan."""
    only_organiser(actor)
    if not 1 <= n <= MOST_JUDGES:
        raise Invalid("assignment_n", max=MOST_JUDGES)
    base = assignment_ground.ground(session, cycle)
    if panel_id is not None and panel_id not in {panel.id for panel in base.panels}:
        raise Missing("panel")
    shares = assigning.share(base.as_works(panel_id, n), base.as_judges(), seed=seed)
    asked = {"n": n, "panel": panel_id, "seed": seed}
    return _keep(session, cycle, asked, pairs=[list(pair) for pair in shares.pairs], actor=actor, now=now)


def read(
    session: Session, cycle: Cycle, *, name: str, lines: Sequence[dict[str, Any]], actor: Actor, now: datetime
) -> AssignmentPlan:
    """Keep what a file says, to be looked at before it is applied."""
    only_organiser(actor)
    return _keep(session, cycle, {}, name=name[:200], lines=lines, actor=actor, now=now)


def edit(
    session: Session, plan: AssignmentPlan, *, add: tuple[int, int] | None = None,
    remove: tuple[int, int] | None = None, seen: int, actor: Actor,
) -> None:  # fmt: skip
    """Put a pair into a plan that was reckoned, or take one out. Raises Conflict where somebody else was faster."""
    only_organiser(actor)
    lock(session, plan)
    _refuse_applied(plan)
    if plan.version != seen:
        raise Conflict("stale")
    pairs = [list(pair) for pair in plan.pairs]
    if remove is not None and list(remove) in pairs:
        pairs.remove(list(remove))
    if add is not None and list(add) not in pairs:
        _refuse_unknown(session, plan, add)
        pairs = sorted([*pairs, list(add)])
    plan.pairs, plan.version = pairs, plan.version + 1


def apply(session: Session, plan: AssignmentPlan, *, shown: str, actor: Actor, now: datetime) -> int:
    """Give all works of a plan as it was shown, or none; return how many sheets were made.

    Raises Conflict where the plan or what it rests on is another by now, Invalid where something stands against it.
    """
    only_organiser(actor)
    cycles.hold(session, plan.cycle)
    lock(session, plan)
    _refuse_applied(plan)
    found = assignment_lines.look(session, plan)
    named = {(pair.work.id, pair.judge.id) for pair in found.pairs if pair.work and pair.judge}
    assignments.hold(session, judges={judge for _, judge in named}, works={work for work, _ in named})
    found = assignment_lines.look(session, plan)
    _refuse(found, shown)
    kind = plan.cycle.definition.counted
    for line in found.lines:
        judges = [pair.judge.id for pair in line.new if pair.judge]
        if judges:
            evaluations.give_sheets(session, line.work, judges, kind=kind, actor=actor, now=now)
    changes = {"plan": plan.id, "sheets": len(found.pairs), "file": plan.file_name}
    audit.record(session, plan.cycle, "plan_applied", actor=actor, now=now, role="organiser", changes=changes)
    judge_letters.given(session, plan.cycle, named, f"plan{plan.id}", now=now)
    plan.applied_at = now
    return len(found.pairs)


def give_by_hand(
    session: Session, cycle: Cycle, pairs: Collection[tuple[int, int]], *, kind: str = "", actor: Actor, now: datetime
) -> int:
    """Give works to judges one by one, all or none; return how many pairs are new. `pairs`: (work, judge).

    Raises Missing, Invalid, or NotNow with the conflicts. A limit binds plans only: here the organiser knows better.
    """
    only_organiser(actor)
    cycles.hold(session, cycle)
    assignments.hold(session, judges={judge for _, judge in pairs}, works={work for work, _ in pairs})
    made, act = set[tuple[int, int]](), ""
    for work_id, judge_id in sorted(pairs):
        work = session.get(Submission, work_id)
        if work is None or work.cycle_id != cycle.id:
            raise Missing("submission")
        judge, before = evaluations.evaluator(session, judge_id), work.version
        evaluations.assign(session, work, judge, kind=kind, actor=actor, now=now)
        if work.version != before:  # a second time changes nothing, and tells nothing
            made.add((work_id, judge_id))
            act = act or f"work{work_id}.{work.version}"
    judge_letters.given(session, cycle, made, act, now=now)
    return len(made)


def _keep(
    session: Session, cycle: Cycle, asked: dict[str, Any], *, actor: Actor, now: datetime, name: str = "",
    pairs: Sequence[list[int]] = (), lines: Sequence[dict[str, Any]] = (),
) -> AssignmentPlan:  # fmt: skip
    plan = AssignmentPlan(
        cycle_id=cycle.id, asked=asked, pairs=list(pairs), lines=list(lines), file_name=name, made_by=actor.user_id,
        made_at=now,
    )  # fmt: skip
    session.add(plan)
    session.flush()
    return plan


def _refuse_applied(plan: AssignmentPlan) -> None:
    if plan.applied_at is not None:
        raise Conflict("assignment_done", at=plan.applied_at)


def _refuse_unknown(session: Session, plan: AssignmentPlan, pair: tuple[int, int]) -> None:
    work = session.get(Submission, pair[0])
    if work is None or work.cycle_id != plan.cycle_id:
        raise Missing("submission")
    evaluations.evaluator(session, pair[1])


def _refuse(found: Shown, shown: str) -> None:
    if found.mark != shown:
        raise Conflict("assignment_changed")
    if found.wrong:
        raise Invalid("assignment_wrong", n=len(found.wrong))
    if not found.pairs:
        raise Invalid("assignment_nothing")
