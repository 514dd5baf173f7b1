"""Moving a running year to a changed definition: shown first, then done as a whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from qtb.domain import adoption
from qtb.domain import facts as rules
from qtb.domain.adoption import Due, Plan, Sheets, Standing
from qtb.domain.definition import Definition
from qtb.domain.errors import Conflict, Invalid, NotNow
from qtb.domain.roles import Actor
from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Transition
from qtb.services import advance, blindness, consents, definitions, notes
from qtb.services.cycles import only_organiser
from qtb.store import audit, cycles, facts
from qtb.store import blindness as sheets
from qtb.store import consents as laid
from qtb.store.answers import Answer
from qtb.store.audit import Entry
from qtb.store.certificates import Certificate
from qtb.store.cycles import Cycle
from qtb.store.evaluations import Sheet
from qtb.store.history import ADOPT
from qtb.store.submissions import Submission, counts_by_state
from qtb.store.unit import lock

SLICE = 5_000
NO_LEVELS = ("", "none")  # undecided, or decided against


def proposed(cycle: Cycle) -> Definition:
    """Return the definition that lies in the programme's folder now. Raises Missing, or DefinitionError."""
    return definitions.load(cycle.definition.workflow.programme.key)


def is_proposed(cycle: Cycle) -> bool:
    """Tell whether the programme's folder holds another definition than the one the year is pinned to."""
    found = definitions.digest(cycle.definition.workflow.programme.key)
    return found not in (None, cycle.definition_hash)


def preview(
    session: Session, cycle: Cycle, definition: Definition, *, mapping: Mapping[str, str], now: datetime
) -> Plan:
    """Say what adopting a definition would do; nothing is written. `mapping` says where the cases of a state go."""
    mapping = {state: to for state, to in mapping.items() if state != to}
    plan = adoption.compare(cycle.definition, definition, standing=_standing(session, cycle), mapping=mapping)
    times = replace(cycles.timeline_of(session, cycle.id), calendar=definition.calendar)
    try:
        return replace(plan, due=tuple(_due(session, cycle, plan, times, now)))
    except Invalid as error:  # a year without working days: the sweep would say the same of every case
        return replace(plan, notes=(*plan.notes, *error.reasons))


def adopt(
    session: Session, cycle: Cycle, definition: Definition, *, mapping: Mapping[str, str], shown: str, seen: int,
    actor: Actor, now: datetime, reason: str,
) -> Plan:  # fmt: skip
    """Pin a year to another definition and let its cases follow, each with an entry in its history.

    `shown` is the digest of the plan that was agreed to, `seen` the year's version at that time: Conflict where either
    is not what is so by now, NotNow with every reason against the plan.
    """
    only_organiser(actor)
    reason = notes.short(reason)
    if not reason:
        raise Invalid("reason_required")
    cases = _held(session, cycle)
    audit.refuse_stale(session, "cycle", cycle.id, seen)
    plan = preview(session, cycle, definition, mapping=mapping, now=now)
    if plan.refusals:
        raise NotNow(plan.refusals)
    if plan.digest != shown:
        raise Conflict("adopt_plan")
    _pin(session, cycle, plan, actor=actor, now=now, reason=reason)
    for kind in plan.new.rubric.sheets:
        sheets.mark(session, cycle.id, kind, blindness.is_blind(cycle, kind))
    consents.settle(session, cycle)
    details = {"note": reason, "changes": {"definition": [plan.old.hash, plan.new.hash]}}
    for place in plan.moving:
        _follow(session, cycle, place.to, cases[place.key], actor=actor, now=now, details=details)
    return plan


def _held(session: Session, cycle: Cycle) -> dict[str, list[int]]:
    """Let nothing move in the year until the unit ends; return its cases by state, as they are then."""
    cycles.exclude(session, cycle.id)
    lock(session, cycle)
    session.expire_all()  # what was read before may be older than the locks
    rows = select(Submission.id, Submission.state).where(Submission.cycle_id == cycle.id).order_by(Submission.id)
    found: dict[str, list[int]] = {}
    for submission_id, state in session.execute(rows):
        found.setdefault(state, []).append(submission_id)
    return found


def _pin(session: Session, cycle: Cycle, plan: Plan, *, actor: Actor, now: datetime, reason: str) -> None:
    cycle.definition_hash, cycle.definition_text = plan.new.hash, plan.new.text
    mapping = {one.key: one.to for one in plan.places if one.fate == adoption.MAPPED}
    changes = {"definition": [plan.old.hash, plan.new.hash], "mapping": mapping, "plan": plan.digest}
    # The text that ruled until now is kept nowhere else.
    audit.record(
        session, cycle, "adopted", actor=actor, now=now, role="organiser", note=reason, changes=changes,
        replaced=plan.old.text,
    )  # fmt: skip


def _follow(
    session: Session, cycle: Cycle, to: str, ids: list[int], *, actor: Actor, now: datetime, details: Mapping[str, Any]
) -> None:
    for part in (ids[n : n + SLICE] for n in range(0, len(ids), SLICE)):
        # An entry for each slice: those of one batch follow it at once.
        entry = Entry("submission", ADOPT, actor, now, to_state=to, role="organiser", details=details)
        if advance.put(session, entry, cycle=cycle, rows=select(Submission), ids=part) != len(part):
            raise Conflict("stale")


def _standing(session: Session, cycle: Cycle) -> Standing:
    mine = Submission.cycle_id == cycle.id
    times = cycles.timeline_of(session, cycle.id)
    answers = select(Answer.form, func.count()).join(Submission, Submission.id == Answer.submission_id)
    levels = select(Submission.award_level, func.count()).where(mine, Submission.award_level.not_in(NO_LEVELS))
    written = func.count().filter(Sheet.version > 0)
    sheets = select(Sheet.kind, func.count(), written).join(Submission, Submission.id == Sheet.submission_id)
    suspended = select(func.count()).select_from(Submission).where(mine, Submission.suspended_at.is_not(None))
    unrevoked = (Submission.id == Certificate.submission_id) & Certificate.revoked_at.is_(None)
    certified = select(Submission.state, func.count()).join(Certificate, unrevoked).where(mine)
    return Standing(
        states=counts_by_state(session, cycle.id),
        rows={key: row.held_at is not None for key, row in times.rows.items()},
        answers=_counts(session, answers.where(mine).group_by(Answer.form)),
        levels=_counts(session, levels.group_by(Submission.award_level)),
        sheets={kind: Sheets(n, m) for kind, n, m in session.execute(sheets.where(mine).group_by(Sheet.kind))},
        n_suspended=session.scalar(suspended) or 0,
        certificates=_counts(session, certified.group_by(Submission.state)),
        is_laid=(row := consents.laid(session, cycle.id)) is not None and laid.n_ahead(session, row) > 0,
    )


def _counts(session: Session, query: Any) -> dict[str, int]:
    return {key: n for key, n in session.execute(query)}  # noqa: C416 (typed)


def _due(session: Session, cycle: Cycle, plan: Plan, times: Timeline, now: datetime) -> Iterator[Due]:
    """Yield the moves that the clock would make at once, each with the number of cases."""
    for key in plan.new.workflow.clocked():
        rule = plan.new.workflow.transitions[key]
        if rule.at is None or rule.at.row not in times.rows:
            continue
        clauses = _owed(rule, _sources(plan, key, rule), times, now)
        count = select(func.count()).select_from(Submission).where(Submission.cycle_id == cycle.id, *clauses)
        if n := session.scalar(count):
            yield Due(key, rule.label, n)


def _sources(plan: Plan, key: str, rule: Transition) -> list[str]:
    """Return the states, by their present names, from which a move of the clock would leave.

    A silence begins anew where a case comes to stand by the adoption, so none of those is over.
    """
    sources, silent = plan.new.workflow.sources(key), rule.at is not None and rule.at.edge == "silent"
    return [one.key for one in plan.places if one.to in sources and (one.fate == adoption.KEPT or not silent)]


def _owed(rule: Transition, sources: list[str], times: Timeline, now: datetime) -> list[ColumnElement[bool]]:
    return [
        Submission.state.in_(sources), Submission.suspended_at.is_(None), facts.timely(rule, times, now),
        *(rules.answer(guard, facts.COLUMNS) for guard in rule.when),
    ]  # fmt: skip
