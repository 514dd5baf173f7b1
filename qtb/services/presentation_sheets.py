"""Sheets of the presentation: a panel's judges get all works on the shortlist, one work is checked on site."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from qtb.domain import conflicts as rules
from qtb.domain import evidence
from qtb.domain.errors import Conflict, Invalid, Missing, NotNow, Reason
from qtb.domain.roles import Actor
from qtb.services import conflicts, evaluations, notes
from qtb.services.cycles import only_organiser
from qtb.services.shortlist import rule_of
from qtb.store import assignments, audit, cycles, panels
from qtb.store import conflicts as known
from qtb.store import presentation as store
from qtb.store.accounts import Account
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission

GIVEN, ORDERED = "presentation_sheets", "site_check"


@dataclass(frozen=True, slots=True)
class Refused:
    """A judge who may not judge a work, and why."""

    work: Submission
    judge: Account
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be given: pairs of work and judge, who is refused, how many are there already; and its digest."""

    new: tuple[tuple[Submission, Account], ...]
    refused: tuple[Refused, ...]
    n_had: int
    digest: str


def plan(session: Session, cycle: Cycle, panel_ids: Collection[int]) -> Plan:
    """Return what giving the works on the shortlist to these panels would do. Raises Missing, Invalid (nobody)."""
    kind = rule_of(cycle).sheet
    judges = _judges(session, cycle, panel_ids)
    works = [one.submission for one in store.slots(session, cycle.id) if _is_filled(cycle, one.submission, kind)]
    had = assignments.given(session, [one.id for one in works], kind)
    about_judges = known.judges(session, [one.id for one in judges])
    about_works = known.works(session, [one.id for one in works])
    new, refused = [], []
    for work in works:
        for judge in (one for one in judges if one.id not in had[work.id]):
            found = rules.between(about_judges[judge.id], about_works[work.id])
            if found:
                refused.append(Refused(work, judge, conflicts.worded(found, judge.name)))
            else:
                new.append((work, judge))
    told = [f"+{work.id} {judge.id}" for work, judge in new] + [f"-{one.work.id} {one.judge.id}" for one in refused]
    n_had = sum(len(had[work.id] & {one.id for one in judges}) for work in works)
    return Plan(tuple(new), tuple(refused), n_had, evidence.digest("\n".join(told)))


def give(
    session: Session, cycle: Cycle, panel_ids: Collection[int], *, shown: str, actor: Actor, now: datetime
) -> int:
    """Give the works on the shortlist to these panels as it was shown; return how many sheets that makes."""
    only_organiser(actor)
    cycles.hold(session, cycle)
    works = [one.submission_id for one in store.slots(session, cycle.id)]
    judges = [one.id for one in _judges(session, cycle, panel_ids)]
    assignments.hold(session, judges=judges, works=works)
    asked = plan(session, cycle, panel_ids)
    if not asked.new:
        raise Conflict("assignment_nothing")
    if asked.digest != shown:
        raise Conflict("assignment_changed")
    kind = rule_of(cycle).sheet
    by_work: dict[int, list[int]] = {}
    for work, judge in asked.new:
        by_work.setdefault(work.id, []).append(judge.id)
    for work_id, mine in by_work.items():
        work = session.get_one(Submission, work_id)
        evaluations.give_sheets(session, work, mine, actor=actor, now=now, kind=kind)
    changes = {"sheets": sum(map(len, by_work.values())), "panels": sorted(panel_ids),
               "refused": [[one.work.number, one.judge.id] for one in asked.refused]}  # fmt: skip
    audit.record(session, cycle, GIVEN, actor=actor, now=now, role="organiser", changes=changes)
    return sum(map(len, by_work.values()))


def site_kinds(cycle: Cycle) -> list[str]:
    """Return the sheets that belong neither to the material nor to the presentation: the organiser orders them."""
    rule = rule_of(cycle)
    return [kind for kind in cycle.definition.rubric.sheets if kind not in (rule.sheet, rule.after)]


def order(
    session: Session, cycle: Cycle, submission_id: int, judge_ids: Sequence[int], *, kind: str, reason: str,
    actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Order an on-site check of one work by these judges, with a reason; return how many sheets that makes.

    Raises Missing, Invalid, Conflict (not now), NotNow with the conflicts by name: all or none.
    """
    only_organiser(actor)
    reason = notes.short(reason)
    cycles.hold(session, cycle)
    assignments.hold(session, judges=judge_ids, works=[submission_id])
    work = session.get(Submission, submission_id)
    if work is None or work.cycle_id != cycle.id or kind not in site_kinds(cycle):
        raise Missing("submission")
    if not reason:
        raise Invalid("reason_required")
    if not judge_ids:
        raise Invalid("nobody_chosen")
    if not _is_filled(cycle, work, kind):
        raise Conflict("site_state", state=cycle.definition.workflow.states[work.state].label)
    had = assignments.given(session, [work.id], kind)[work.id]
    fresh = [evaluations.judge(session, one) for one in sorted(set(judge_ids) - had)]
    reasons = [reason for one in fresh for reason in conflicts.of(session, one, work)]
    if reasons:
        raise NotNow(tuple(reasons))
    if not fresh:
        raise Conflict("assignment_nothing")
    evaluations.give_sheets(session, work, [one.id for one in fresh], actor=actor, now=now, kind=kind)
    audit.record(session, work, ORDERED, actor=actor, now=now, role="organiser", note=reason, changes={"kind": kind})
    return len(fresh)


def _is_filled(cycle: Cycle, work: Submission, kind: str) -> bool:
    return kind in cycle.definition.sheets_of(work.state)


def _judges(session: Session, cycle: Cycle, panel_ids: Collection[int]) -> list[Account]:
    """Return the judges of panels, each once, by name. Raises Missing, Invalid where nobody is in them."""
    chosen = {one.id: one for one in panels.of_cycle(session, cycle.id) if one.id in set(panel_ids)}
    if set(panel_ids) - set(chosen):
        raise Missing("panel")
    found = {member.account_id: member.account for panel in chosen.values() for member in panel.members}
    if not found:
        raise Invalid("nobody_chosen")
    return sorted((evaluations.judge(session, one) for one in found), key=lambda one: (one.name, one.id))
