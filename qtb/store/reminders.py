"""The SQL face of reminders: for which cases a step is due, whom its letters go to, what a letter is about."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Select,
    String,
    and_,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.orm import Session, joinedload

from qtb.domain import reminders, timeline
from qtb.domain.definition import Definition
from qtb.domain.roles import ROLES, UNIT_KINDS
from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Edge, Reminder
from qtb.store import facts, outbox
from qtb.store.accounts import Membership, Unit
from qtb.store.cycles import Cycle, timeline_of
from qtb.store.evaluations import Sheet, awaited
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.types import Instant, RowId


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one reminder in one year: so many days before its edge; a silence is told at its end."""

    cycle_id: int
    definition: Definition
    times: Timeline  # as it is shown
    key: str
    days: int

    @property
    def rule(self) -> Reminder:
        """The reminder as the definition has it."""
        return self.definition.workflow.reminders[self.key]


def step_of(session: Session, row: Outbox) -> Step | None:
    """Return the step that a letter belongs to; None when its year's definition knows it no more."""
    cycle = session.get_one(Cycle, row.cycle_id)
    key, days = row.about["reminder"], row.about["days"]
    rule = cycle.definition.workflow.reminders.get(key)
    if rule is None or days not in rule.days:
        return None
    return Step(cycle.id, cycle.definition, reminders.shown(timeline_of(session, cycle.id)), key, days)


def is_due(session: Session, step: Step, now: datetime) -> bool:
    """Tell whether a letter of this step is missing."""
    letters = _letters(step, now)
    return letters is not None and bool(session.scalar(select(letters.exists())))


def post(session: Session, step: Step, *, now: datetime, limit: int) -> int:
    """Put the letters of this step that are missing into the queue, and return how many."""
    letters = _letters(step, now)
    if letters is None:
        return 0
    # In the order of the keys: two schedulers that post the same letters then wait for each other in one order.
    rows = letters.order_by(letters.selected_columns.key).limit(limit)
    statement = outbox.making(session).from_select(rows.selected_columns.keys(), rows, include_defaults=False)
    counted = outbox.once(statement).execution_options(preserve_rowcount=True)
    return int(session.connection().execute(counted).rowcount)


def works(session: Session, step: Step, row: Outbox, now: datetime) -> Sequence[Submission]:
    """Return what a letter is about as things stand now: none, and it is moot.

    A list that left out what came in since the letter was due would be read as complete, so it names that too.
    """
    found = _standing(step, now)
    if found is None or not reminders.is_awaited(step.rule, step.times, now):
        return []
    edge, standing = _edge(step, now), or_(*found.values())
    same = edge <= row.about["edge"] if step.rule.at.edge == "silent" else edge == row.about["edge"]
    query = select(Submission).where(*_here(step), standing, same, _reached(step, row))
    return session.scalars(query.options(joinedload(Submission.unit)).order_by(Submission.id)).all()


def _letters(step: Step, now: datetime) -> Select[Any] | None:
    """Return the outbox rows of the letters that are missing, None when the step is due for nobody.

    Those whose end is another one, by an extension, get a letter of their own. Silences end one after the other, so
    a unit's letter bears the last end and the next one to end makes the next letter.
    """
    cases = _cases(step, now)
    if cases is None:
        return None
    found = cases.subquery()
    whom = (found.c.submission_id, found.c.unit_id, found.c.account_id)
    is_silence = step.rule.at.edge == "silent"
    edge = func.max(found.c.edge) if is_silence else found.c.edge
    # Nobody's letter is left out: of a work without a recommender, of an expert who is one no more.
    somebody = func.coalesce(found.c.submission_id, found.c.unit_id).is_not(None)
    gathered = select(*whom, edge.label("edge")).where(somebody)
    group = gathered.group_by(*whom, *([] if is_silence else [found.c.edge])).subquery()
    return _rows(step, group, now)


def _rows(step: Step, group: Any, now: datetime) -> Select[Any]:
    rule = step.rule
    # The key begins with what is gathered, so that it stays unique when a definition gathers otherwise later on.
    whom = {"submission": group.c.submission_id, "unit": group.c.unit_id, "person": group.c.account_id}[rule.each]
    prefix = literal(f"{step.key}.{step.days}:{step.cycle_id}:{rule.each[0]}")
    key = prefix + cast(whom, String) + ":" + group.c.edge
    about = json.dumps({"reminder": step.key, "days": step.days})[:-1] + ', "edge": "'
    columns: Mapping[str, Any] = {
        "key": key, "batch_id": literal(""), "submission_id": group.c.submission_id, "unit_id": group.c.unit_id,
        "account_id": group.c.account_id, "cycle_id": literal(step.cycle_id), "effect": literal("mail"),
        "letter": literal(rule.letter), "to_role": literal(rule.to), "status": literal("waiting"),
        "created_at": literal(now, Instant), "next_at": literal(now, Instant), "n_tries": literal(0),
        "recipients": literal(""), "error": literal(""),
        "about": cast(literal(about) + group.c.edge + '"}', JSON().with_variant(String(), "sqlite")),
    }  # fmt: skip
    missing = ~exists().where(Outbox.key == key, outbox.QUEUED)
    return select(*(column.label(name) for name, column in columns.items())).where(missing)


def _cases(step: Step, now: datetime) -> Select[Any] | None:
    """Return the cases that call for a letter, with whom it goes to and the edge it is about.

    A case that came into its state after the step was due does not: whoever brought it there has just been told, or
    has seen, until when; the next step reaches it.
    """
    standing = _standing(step, now)
    if not standing or not reminders.is_awaited(step.rule, step.times, now):
        return None
    stood = or_(*(clause if since is None else and_(clause, Submission.state_since <= since)
                  for since, clause in standing.items()))  # fmt: skip
    nobody, edge = cast(null(), RowId), _edge(step, now).label("edge")
    each = step.rule.each
    columns = [
        (Submission.id if each == "submission" else nobody).label("submission_id"),
        (nobody if each == "submission" else _unit(step.rule)).label("unit_id"),
        (Sheet.evaluator_id if each == "person" else nobody).label("account_id"),
    ]
    cases = select(*columns, edge).where(*_here(step), stood)
    return cases.where(Sheet.submission_id == Submission.id, awaited(step.definition)) if each == "person" else cases


def _here(step: Step) -> list[ColumnElement[bool]]:
    states = step.definition.workflow.named(step.rule.source)
    return [
        Submission.cycle_id == step.cycle_id, Submission.state.in_(states), Submission.suspended_at.is_(None)
    ]


def _edge(step: Step, now: datetime) -> ColumnElement[str]:
    found = facts.due_text(step.rule.at, step.times, now)
    return literal(found) if isinstance(found, str) else found


def _standing(step: Step, now: datetime) -> dict[datetime | None, ColumnElement[bool]] | None:
    """Return the clauses of the cases that the step is due for, by the moment since which it is; None for nobody."""
    rule, times = step.rule, step.times
    if rule.at.edge == "silent":
        cutoff = times.calendar.cutoff(reminders.told_by(rule, now), rule.at.working_days)
        silent = timeline.silent(times.rows[rule.at.row].opens_at, Submission.state_since, cutoff)
        closing = facts.due_text(Edge(row=rule.at.row, edge="closes"), times, now)
        is_open = (literal(closing) if isinstance(closing, str) else closing) > timeline.canonical(now)
        return {None: and_(silent, is_open)}
    found = reminders.falling(rule, step.days, times, now)
    if not found:
        return None
    edge, zone = _edge(step, now), times.calendar.zone
    return {reminders.due_at(rule, step.days, at, zone): edge == timeline.canonical(at) for at in found}


def _unit(rule: Reminder) -> Any:
    """Return the unit that a letter goes to: the one that the case puts in the role, or the organiser's."""
    if rule.each == "person":
        held = (Membership.account_id == Sheet.evaluator_id, Membership.role == rule.to, Membership.ended_at.is_(None))
        return select(func.min(Membership.unit_id)).where(*held).correlate(Sheet).scalar_subquery()
    relation = _relation(rule)
    if relation is not None:
        return getattr(Submission, relation)
    mine = (Unit.kind == UNIT_KINDS[rule.to], Unit.is_active)
    return select(func.min(Unit.id)).where(*mine).scalar_subquery()


def _reached(step: Step, row: Outbox) -> ColumnElement[bool]:
    if row.submission_id is not None:
        return Submission.id == row.submission_id
    if row.account_id is not None:
        mine = (Sheet.evaluator_id == row.account_id, awaited(step.definition))
        return exists().where(Sheet.submission_id == Submission.id, *mine)
    relation = _relation(step.rule)
    return and_(True) if relation is None else getattr(Submission, relation) == row.unit_id


def _relation(rule: Reminder) -> str | None:
    return ROLES["recommender" if rule.to == reminders.ABOVE else rule.to]
