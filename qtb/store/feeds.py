"""What calendar feeds are made of: own cases, waiting ones, open sheets, and every change of a shown date."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from qtb.domain import timeline
from qtb.domain.agenda import Change
from qtb.domain.roles import Actor, is_party
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle, Extension
from qtb.store.evaluations import Sheet, awaited
from qtb.store.history import History
from qtb.store.submissions import Submission

DATES = ("opens", "closes", "held")


def own(session: Session, cycle_id: int, actor: Actor) -> Sequence[Submission]:
    """Return the live submissions of the actor's applicant units."""
    mine = (Submission.cycle_id == cycle_id) & (Submission.kind != "end") & is_party("applicant", actor, Submission)
    return session.scalars(select(Submission).where(mine).order_by(Submission.id)).all()


def waiting(session: Session, cycle: Cycle, states: Collection[str], actor: Actor) -> Sequence[Submission]:
    """Return the submissions in these states that were put before the actor's recommending units; none on hold."""
    mine = _awake(cycle, states) & is_party("recommender", actor, Submission)
    return session.scalars(select(Submission).where(mine).order_by(Submission.id)).all()


def unscored(session: Session, cycle: Cycle, states: Collection[str], actor: Actor) -> Sequence[Submission]:
    """Return the submissions in these states of which the actor has an unfinished sheet; none on hold."""
    open_sheet = (Sheet.evaluator_id == actor.user_id) & awaited(cycle.definition)
    query = select(Submission).join(Sheet, Sheet.submission_id == Submission.id)
    query = query.where(open_sheet, _awake(cycle, states))
    return session.scalars(query.order_by(Submission.id)).all()


def _awake(cycle: Cycle, states: Collection[str]) -> ColumnElement[bool]:
    here = (Submission.cycle_id == cycle.id) & Submission.state.in_(states)
    return here & Submission.suspended_at.is_(None)


def extensions(session: Session, cycle_id: int) -> list[tuple[Extension, str]]:
    """Return the extensions for one submission or one unit, each with the number or the name."""
    query = (
        select(Extension, Submission.number, Unit.name)
        .outerjoin(Submission, Submission.id == Extension.submission_id)
        .outerjoin(Unit, Unit.id == Extension.unit_id)
        .where(
            Extension.cycle_id == cycle_id, Extension.until > timeline.NO_END,
            Extension.submission_id.is_not(None) | Extension.unit_id.is_not(None),
        )
        .order_by(Extension.id)
    )
    return [(row, number or name) for row, number, name in session.execute(query)]


def changes(session: Session, cycle_id: int) -> list[Change]:
    """Return every change of a date that is shown: a correction that only moves what is hidden leaves no trace here."""
    of_year = (History.subject == "cycle") & (History.subject_id == cycle_id)
    moved = of_year & (History.kind == "row")
    granted = session.scalars(select(Extension).where(Extension.cycle_id == cycle_id).order_by(Extension.id))
    cases = select(Extension.submission_id).where(Extension.cycle_id == cycle_id, Extension.submission_id.is_not(None))
    theirs = (History.subject == "submission") & History.subject_id.in_(cases)
    later = History.kind.in_(("extension_moved", "extension_taken_back")) & (theirs | of_year)
    return [
        *(one for row in session.scalars(select(History).where(moved).order_by(History.seq)) for one in _moves(row)),
        *(Change(one.row_key, one.granted_at, _extension(one)) for one in granted),
        *(_moved_on(row) for row in session.scalars(select(History).where(later).order_by(History.id))),
    ]


def _moves(row: History) -> list[Change]:
    pairs = row.about().get("changes", {}).items()
    return [
        Change(key, row.at)
        for key, (before, after) in pairs
        if any(before.get(name) != after.get(name) for name in DATES)
    ]


def _moved_on(row: History) -> Change:
    about = row.about()["changes"]
    submission_id = row.subject_id if row.subject == "submission" else None
    until = datetime.fromisoformat(about["until"][1])
    return Change(about["row"], row.at, timeline.Extension(about["row"], until, submission_id, about.get("unit")))


def _extension(one: Extension) -> timeline.Extension:
    return timeline.Extension(one.row_key, one.until, one.submission_id, one.unit_id)
