"""What each role may see, decided in the query, and the lists that pages show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, or_, select, true
from sqlalchemy.orm import Session, joinedload

from qtb.domain.roles import Actor, is_party
from qtb.store.accounts import Unit
from qtb.store.evaluations import Sheet
from qtb.store.submissions import Submission

PAGE = 50
MOST = 200  # things to do at once; those beyond are the least pressing


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the clause of what the actor may see at all: own unit's, those put before it, assigned works."""
    if actor.is_clock or actor.holds("organiser"):
        return true()
    assigned = exists().where(Sheet.submission_id == Submission.id, Sheet.evaluator_id == actor.user_id)
    recommending = Submission.recommender_id.in_(sorted(actor.units.get("recommender", ())))
    return or_(
        false(),
        Submission.unit_id.in_(sorted(actor.units.get("applicant", ()))),
        recommending & (Submission.kind != "start"),
        assigned if actor.holds("evaluator") else false(),
    )


def find(session: Session, submission_id: int, actor: Actor) -> Submission | None:
    """Return a submission if the actor may see it; hidden and missing look the same."""
    query = select(Submission).where(Submission.id == submission_id, visible(actor)).options(*_names())
    return session.scalar(query)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list and how many there are in all."""

    rows: Sequence[Any]
    n_all: int
    number: int

    @property
    def n_pages(self) -> int:
        """How many pages the list has; at least one."""
        return max(1, -(-self.n_all // PAGE))


def page(session: Session, *clauses: ColumnElement[bool], number: int = 1, order: Any = None) -> Page:
    """Return a page of the submissions that fulfil the clauses, latest first unless an order is given."""
    query = select(Submission).where(*clauses).options(*_names())
    return paged(session, query.order_by(*(order or (Submission.id.desc(),))), number=number)


def paged(session: Session, query: Select[Any], *, number: int = 1) -> Page:
    """Return a page of what an ordered query finds; a number beyond either end means the first or the last page."""
    found = query.order_by(None).subquery()
    n_all = int(session.scalar(select(func.count()).select_from(found)) or 0)
    number = min(max(1, number), max(1, -(-n_all // PAGE)))
    return Page(session.scalars(query.limit(PAGE).offset((number - 1) * PAGE)).all(), n_all, number)


@dataclass(frozen=True, slots=True)
class Turn:
    """A state of a year in which it is a role's turn."""

    cycle_id: int
    state: str
    role: str


def waiting(session: Session, turns: Sequence[Turn], actor: Actor) -> Sequence[Submission]:
    """Return the submissions that stand at one of these turns of the actor's roles, in the order of the turns."""
    if not turns:
        return []
    clauses = [_at(turn, actor) for turn in turns]
    pressing = case(*((clause, n) for n, clause in enumerate(clauses)), else_=len(clauses))
    return session.scalars(select(Submission).where(or_(*clauses)).order_by(pressing, Submission.id).limit(MOST)).all()


def _at(turn: Turn, actor: Actor) -> ColumnElement[bool]:
    here = (Submission.cycle_id == turn.cycle_id) & (Submission.state == turn.state)
    return and_(here, is_party(turn.role, actor, Submission))


def matching(text: str) -> ColumnElement[bool]:
    """Return the clause for a search by number, team, title or unit; % and _ mean themselves."""
    unit_named = exists().where(Unit.id == Submission.unit_id, Unit.name.icontains(text, autoescape=True))
    columns = (Submission.number, Submission.team_name, Submission.title)
    return or_(*(column.icontains(text, autoescape=True) for column in columns), unit_named)


def _names() -> tuple[Any, ...]:
    return joinedload(Submission.unit), joinedload(Submission.recommender)


