"""What a plan of moved dates is made of: cases that dates mean the same to, what the clock has done, what was sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, literal, or_, select
from sqlalchemy.orm import Session

from qtb.domain import timeline
from qtb.domain.decide import Case
from qtb.domain.errors import Invalid
from qtb.domain.facts import FACTS
from qtb.domain.plan_letters import JUDGE, Judge
from qtb.domain.plan_model import Change, Cohort, Effect, Member, counted
from qtb.domain.timeline import Timeline, canonical
from qtb.domain.workflow import Edge
from qtb.store import facts
from qtb.store.accounts import Account, Membership, Unit
from qtb.store.cycles import Cycle, Extension
from qtb.store.evaluations import Sheet, awaited
from qtb.store.history import History
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission


def cohorts(session: Session, cycle: Cycle, times: Iterable[Timeline]) -> list[Cohort]:
    """Return what has not ended, gathered so that the dates of these timelines mean the same to all of a cohort."""
    granted = [one for timeline in times for one in timeline.extensions]
    alone, units = {one.submission_id for one in granted}, {one.unit_id for one in granted}
    silent, zone = _silent(cycle), cycle.definition.calendar.zone
    found: dict[tuple[object, ...], tuple[Case, list[Member]]] = {}
    columns = [getattr(Submission, key) for key in FACTS]
    query = select(
        Submission.id, Submission.number, Submission.unit_id, Submission.recommender_id, Submission.state,
        Submission.suspended_at, Submission.state_since, *columns,
    ).where(Submission.cycle_id == cycle.id, Submission.kind != "end")  # fmt: skip
    for id_, number, unit_id, recommender_id, state, suspended_at, since, *values in session.execute(query):
        named = {unit_id, recommender_id} if id_ in alone else units  # whom an extension can tell this case by
        own = (
            id_ if id_ in alone else 0, unit_id if unit_id in named else 0,
            recommender_id if recommender_id in named else None,
        )  # fmt: skip
        day = since.astimezone(zone).date() if state in silent else None
        key = (*own, state, suspended_at is None, day, *values)
        if key not in found:
            facts = dict(zip(FACTS, values, strict=True))
            found[key] = Case(own[0], state, own[1], own[2], 0, facts, since, suspended_at), []
        found[key][1].append(Member(id_, number, unit_id, recommender_id))
    return [Cohort(case, members) for case, members in found.values()]


def done(session: Session, cycle: Cycle, before: Timeline, after: Timeline, *, now: datetime) -> list[Effect]:
    """Return what the clock has moved to where it stands at an edge that would fall later: it stays there.

    Each is asked by the edge of its own move, ended or not; another edge of the same row says nothing about it.
    """
    rules = cycle.definition.workflow.transitions
    edges = {key: edge for key in cycle.definition.workflow.clocked() if (edge := rules[key].at)}
    put_off = {key: _is_put_off(edge, before, after, now) for key, edge in edges.items()}
    moved = {key: clause for key, clause in put_off.items() if clause is not None}
    theirs = [(Submission.state == rules[key].to) & (History.transition == key) & moved[key] for key in moved]
    query = select(Submission.state, Submission.number, History.row_key).join(
        History, and_(History.subject == "submission", History.subject_id == Submission.id)
    ).where(
        Submission.cycle_id == cycle.id, Submission.state.in_({rules[key].to for key in moved}),
        History.seq == _last_step(), History.due != "", or_(false(), *theirs),
    )  # fmt: skip
    found: dict[Effect, list[str]] = {}
    for state, number, row_key in session.execute(query) if moved else ():
        found.setdefault(Effect("stays", state, row_key), []).append(number)
    return [counted(effect, numbers) for effect, numbers in found.items()]


def sent(session: Session, cycle_id: int, moved: Sequence[Cohort]) -> Counter[str]:
    """Return how many letters were sent or kept about the state in which these cases stand, by letter."""
    ids = {member.id for cohort in moved for member in cohort.members}
    if not ids:
        return Counter()
    states = {cohort.case.state for cohort in moved}
    # Only the letter about the state in which the case still stands named the edge that is next.
    query = (
        select(Outbox.letter, Outbox.submission_id)
        .join(Submission, Submission.id == Outbox.submission_id)
        .join(History, and_(History.batch_id == Outbox.batch_id, History.subject_id == Submission.id))
        .where(
            Submission.cycle_id == cycle_id, Submission.state.in_(states), History.to_state == Submission.state,
            Outbox.status.in_(("sent", "kept")),  # a site without a mail server hands on what it keeps
        )
    )  # fmt: skip
    return Counter(letter for letter, one in session.execute(query) if one in ids)


def judges(session: Session, cycle: Cycle, change: Change) -> dict[int, list[Judge]]:
    """Return who still has to judge, by case, where the row in which it is judged changes; nobody who may no more."""
    states = [key for key, state in cycle.definition.workflow.states.items() if state.judged in change.row_keys]
    query = (
        select(Sheet.submission_id, Sheet.evaluator_id, func.min(Membership.unit_id))
        .join(Submission, Submission.id == Sheet.submission_id)
        .join(Membership, Membership.account_id == Sheet.evaluator_id)
        .where(
            Submission.cycle_id == cycle.id, Submission.state.in_(states), awaited(cycle.definition),
            Membership.role == JUDGE, Membership.ended_at.is_(None),
        )
        .group_by(Sheet.submission_id, Sheet.evaluator_id)
    )  # fmt: skip
    found: dict[int, list[Judge]] = {}
    for submission_id, account_id, unit_id in session.execute(query) if states else ():
        found.setdefault(submission_id, []).append(Judge(account_id, unit_id))
    return found


def moot(session: Session, cycle_id: int, change: Change, times: Timeline) -> list[int]:
    """Return the extensions that would give nothing any more, because their row ends later by itself."""
    mine = (Extension.cycle_id == cycle_id) & Extension.row_key.in_(change.row_keys & times.rows.keys())
    found, after = [], change.on(times).rows
    for one in session.scalars(select(Extension).where(mine).order_by(Extension.id)):
        value = timeline.Extension(one.row_key, one.until, one.submission_id, one.unit_id)
        until = change.ends.get(value, value).until
        if one.until > times.rows[one.row_key].closes_at and until <= after[one.row_key].closes_at:
            found.append(one.id)
    return found


def granted(session: Session, cycle_id: int, *clauses: ColumnElement[bool]) -> Sequence[Any]:
    """Return a year's extensions, latest first: (extension, its submission's number, its unit, who gave it)."""
    query = (
        select(Extension, Submission.number, Unit.name, Account.name)
        .outerjoin(Submission, Submission.id == Extension.submission_id)
        .outerjoin(Unit, Unit.id == Extension.unit_id)
        .outerjoin(Account, Account.id == Extension.granted_by)
        .where(Extension.cycle_id == cycle_id, *clauses)
        .order_by(Extension.id.desc())
    )
    return session.execute(query).all()


def granted_to(session: Session, submission: Submission) -> Sequence[Any]:
    """Return the extensions that reach a submission, as `granted` does."""
    others = (Extension.submission_id.is_(None) & Extension.unit_id.is_(None)) | (
        Extension.unit_id.in_([submission.unit_id, submission.recommender_id])
    )
    return granted(session, submission.cycle_id, (Extension.submission_id == submission.id) | others)


def last_batch(session: Session, subject: Cycle | Submission) -> str:
    """Return the batch of a subject's last entry."""
    mine = (History.subject == subject.__tablename__) & (History.subject_id == subject.id)
    query = select(History.batch_id).where(mine, History.seq == subject.version)
    return session.scalars(query).one()


def post(
    session: Session, key: str, batch_id: str, cycle: Cycle, unit_id: int, letter: str, to_role: str, *,
    about: Mapping[str, Any], now: datetime, account_id: int | None = None,
) -> None:  # fmt: skip
    """Put one letter about a unit's cases, to it or to one person of it alone, into the queue."""
    session.add(
        Outbox(
            key=key, batch_id=batch_id, cycle_id=cycle.id, unit_id=unit_id, effect="mail", letter=letter,
            to_role=to_role, account_id=account_id, about=dict(about), created_at=now, next_at=now,
        )
    )  # fmt: skip


def _silent(cycle: Cycle) -> set[str]:
    """Return the states in which the clock counts the days since a case's last step."""
    workflow = cycle.definition.workflow
    silences = [key for key in workflow.clocked() if (at := workflow.transitions[key].at) and at.edge == "silent"]
    reminded = [one.source for one in workflow.reminders.values() if one.at.edge == "silent"]
    return {state for key in silences for state in workflow.sources(key)} | {
        state for names in reminded for state in workflow.named(names)
    }


def _is_put_off(edge: Edge, before: Timeline, after: Timeline, now: datetime) -> ColumnElement[bool] | None:
    """Return the clause that the edge would fall after the instant at which an entry says it fell; None where it stays.

    A silence began when its row opened or later: only one that would end even later is put off by the opening.
    """
    if edge.row not in before.rows:
        return None
    try:
        old, new = (
            canonical(times.fixed_at(edge)) if edge.edge == "silent" else facts.due_text(edge, times, now)
            for times in (before, after)
        )
    except Invalid:  # working days that nobody knows: what it did then cannot be reckoned anew
        return None
    if old is new or (isinstance(old, str) and old == new):
        return None
    old, new = (literal(at) if isinstance(at, str) else at for at in (old, new))
    return (old != new) & (History.due < new)


def _last_step() -> Any:
    """Return the seq of the entry that put a submission where it stands."""
    step = History.__table__.alias()
    mine = (step.c.subject == "submission") & (step.c.subject_id == Submission.id) & (step.c.to_state != "")
    return select(step.c.seq).where(mine).order_by(step.c.seq.desc()).limit(1).scalar_subquery()
