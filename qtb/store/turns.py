"""What waits for somebody: cases that stand at a turn of their roles, things unread, forms that are due."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, exists, false, literal, or_, select, union_all
from sqlalchemy.orm import Session

from qtb.domain.roles import Actor, is_party
from qtb.store import lists, messages
from qtb.store.files import File
from qtb.store.submissions import Submission


@dataclass(frozen=True, slots=True)
class Turn:
    """A state of a year in which it is a role's turn."""

    cycle_id: int
    state: str
    role: str


def waiting(
    session: Session, turns: Sequence[Turn], actor: Actor, slides: Collection[str] = ()
) -> Sequence[Row[Any]]:
    """Return the submissions that stand at one of these turns of the actor's roles, in the order of the turns.

    Those with something unread come too, and those of which a form in `slides` is due and no file stands on it. Rows
    of what is needed to say what is to do on each: `is_turn`, `is_unread`, `lacks_slides`.
    """
    asked = _waiting(tuple(turns), actor.user_id, lists.held(actor), tuple(sorted(slides)))
    found: Sequence[Row[Any]] = session.connection().execute(asked).all()
    return found


@lru_cache(maxsize=1_024)
def _waiting(turns: Sequence[Turn], user_id: int | None, held: lists.Held, slides: Sequence[str]) -> Select[Any]:
    """Return the query of `waiting`, kept for the next visit: wording it costs more than asking it."""
    actor = Actor(user_id, "", "web", dict(held))
    clauses = [_at(turn, actor) for turn in turns]
    unread = lists.visible(actor) & messages.unread(actor)
    pressing = case(*((clause, n) for n, clause in enumerate(clauses)), else_=len(clauses)) if clauses else literal(0)
    lacking = _lacks(slides, actor)
    # Walks of their own, each along its own index.
    chosen = Submission.id.in_(_either([*clauses, *([lacking] if slides else [])], unread, actor))
    marks = unread.label("is_unread"), or_(false(), *clauses).label("is_turn"), lacking.label("lacks_slides")
    query: Any = select(*lists.STANDING, *marks).where(chosen)
    found: Select[Any] = query.order_by(pressing, Submission.id).limit(lists.MOST)
    return found


def _either(clauses: Sequence[ColumnElement[bool]], unread: ColumnElement[bool], actor: Actor) -> Any:
    talked = select(Submission.id).where(unread)
    if actor.holds("organiser"):  # who sees all walks along the messages, everybody else along the own entries
        talked = talked.where(Submission.id.in_(select(messages.Message.submission_id)))
    return union_all(select(Submission.id).where(or_(*clauses)), talked) if clauses else talked


def _lacks(slides: Sequence[str], actor: Actor) -> ColumnElement[bool]:
    """Return the clause of the applicant's works that present and on whose form no file stands."""
    if not slides or not actor.holds("applicant"):
        return false()
    there = exists().where(File.submission_id == Submission.id, File.form.in_(slides), File.ended_at.is_(None))
    own = Submission.unit_id.in_(sorted(actor.units["applicant"]))
    awake = Submission.suspended_at.is_(None)
    return and_(own, awake, Submission.shortlisted, Submission.slides_due_at.is_not(None), ~there)


def _at(turn: Turn, actor: Actor) -> ColumnElement[bool]:
    party = is_party(turn.role, actor, Submission)
    year = Submission.cycle_id == turn.cycle_id if party is True else lists.among_own(turn.cycle_id)
    return and_(year, Submission.state == turn.state, Submission.suspended_at.is_(None), party)
