"""What each role may see, decided in the query, and the lists that pages show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    Subquery,
    bindparam,
    exists,
    false,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session, aliased, joinedload

from qtb.domain.roles import CLOCK, Actor
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.evaluations import Sheet
from qtb.store.facts import COLUMNS
from qtb.store.submissions import Submission

PAGE = 50
SKIPPED = bindparam("skipped", type_=Integer)
MOST_PAGES = 1_000_000  # no list is so long, and every database takes the number
MOST = 200  # things to do at once; those beyond are the least pressing

# One submission with what its page says of it.
WHOLE = select(Submission).options(
    joinedload(Submission.unit, innerjoin=True), joinedload(Submission.recommender),
    joinedload(Submission.cycle, innerjoin=True).defer(Cycle.notice),
)  # fmt: skip
UNIT, RECOMMENDER = aliased(Unit), aliased(Unit)
# What a list shows of a submission, and what says whose turn it is and until when.
SHOWN = (
    Submission.id, Submission.cycle_id, Submission.number, Submission.team_name, Submission.title, Submission.state,
    Submission.state_since, Submission.suspended_at, Submission.due_at, Submission.first_review_score,
    Submission.award_level, Submission.n_objections_open, Submission.unit_id, Submission.recommender_id,
    UNIT.name.label("unit_name"), RECOMMENDER.name.label("recommender_name"),
)  # fmt: skip
LISTED: Any = select(*SHOWN).join(UNIT, UNIT.id == Submission.unit_id)
LISTED = LISTED.outerjoin(RECOMMENDER, RECOMMENDER.id == Submission.recommender_id)
STANDING = (
    Submission.id, Submission.cycle_id, Submission.number, Submission.team_name, Submission.title, Submission.state,
    Submission.state_since, Submission.unit_id, Submission.recommender_id, Submission.version, Submission.suspended_at,
    Submission.due_at, Submission.slides_due_at,
    *COLUMNS.values(),
)  # fmt: skip

Held = Sequence[tuple[str, frozenset[int]]]  # a role and the units for which somebody has it


def held(actor: Actor) -> Held:
    """Return a person's roles with their units, to keep a query by."""
    return tuple((role, actor.units[role]) for role in sorted(actor.units))


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the clause of what the actor may see at all: own unit's, those put before it, works assigned openly."""
    if actor.is_clock or actor.holds("organiser"):
        return true()
    found: list[ColumnElement[bool]] = [false()]
    if actor.holds("applicant"):
        found.append(Submission.unit_id.in_(sorted(actor.units["applicant"])))
    if actor.holds("recommender"):
        found.append(Submission.recommender_id.in_(sorted(actor.units["recommender"])) & (Submission.kind != "start"))
    if actor.holds("evaluator"):
        mine = (Sheet.submission_id == Submission.id, Sheet.evaluator_id == actor.user_id, Sheet.recused_at.is_(None))
        found.append(exists().where(*mine, ~Sheet.is_blind))  # whose it is stands on every page of a case
    return or_(*found)


def find(session: Session, submission_id: int, actor: Actor) -> Submission | None:
    """Return a submission if the actor may see it; hidden and missing look the same."""
    return session.scalar(_visible_one(actor.is_clock, actor.user_id, held(actor)), {"submission_id": submission_id})


@lru_cache(maxsize=1_024)
def _visible_one(is_clock: bool, user_id: int | None, roles: Held) -> Select[Submission]:
    """Return the query of `find`, kept for the next visit; the rights are asked anew at each, and are its key."""
    actor = Actor(user_id, "", CLOCK.via if is_clock else "web", dict(roles))
    return WHOLE.where(Submission.id == bindparam("submission_id"), visible(actor))


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


def page(
    session: Session, *clauses: ColumnElement[bool], number: int = 1, order: Any = None, n_all: int | None = None,
    ranks: Subquery | None = None, marks: Sequence[ColumnElement[Any]] = (),
) -> Page:  # fmt: skip
    """Return a page of the submissions that fulfil the clauses, latest first unless an order is given.

    Rows of what a list shows, with `unit_name` and `recommender_name`: fifty whole submissions cost five times that.
    `n_all` is how many there are, where the caller has counted them; `ranks` has a `rank` for some ids; `marks` are
    labelled clauses that each row says of itself.
    """
    query = listed(*clauses, order=order, ranks=ranks, marks=marks)
    if n_all is not None:
        return known_page(session, query, number=number, n_all=n_all)
    count = select(func.count()).select_from(Submission).where(*clauses)
    return _page(session, _with_count(query, count), count, number)


def listed(
    *clauses: ColumnElement[bool], order: Any = None, ranks: Subquery | None = None,
    marks: Sequence[ColumnElement[Any]] = (),
) -> Select[Any]:  # fmt: skip
    """Return the query of `page`: who is asked for again and again keeps it."""
    query = LISTED.where(*clauses)
    if marks:
        query = query.add_columns(*marks)
    if ranks is not None:
        query = query.outerjoin(ranks, ranks.c.id == Submission.id).add_columns(ranks.c.rank)
    ordered: Select[Any] = query.order_by(*(order or (Submission.id.desc(),)))
    return ordered


def known_page(session: Session, query: Select[Any], *, number: int, n_all: int) -> Page:
    """Return a page of what a query finds, the caller having counted how many there are."""
    number = _within(number, n_all)
    found = session.connection().execute(query.limit(PAGE).offset(SKIPPED), {"skipped": (number - 1) * PAGE}).all()
    return Page(found, n_all, number)


def of_units(session: Session, units: frozenset[int], *, number: int = 1) -> Page:
    """Return a page of what units have entered, latest first."""
    return _page(session, *_of_units(units), number)


@lru_cache(maxsize=1_024)
def _of_units(units: frozenset[int]) -> tuple[Select[Any], Select[Any]]:
    """Return the queries of `of_units`, kept for the next visit: of its rows with their count, and of the count."""
    mine = Submission.unit_id.in_(sorted(units))
    query = LISTED.where(mine)
    count = select(func.count()).select_from(Submission).where(mine)
    return _with_count(query.order_by(Submission.id.desc()), count), count


def counted(counts: Mapping[str, int], state: str) -> int:
    """Return how many stand in a state, or with an empty one in any."""
    return counts.get(state, 0) if state else sum(counts.values())


def paged(session: Session, query: Select[Any], *, number: int = 1) -> Page:
    """Return a page of what an ordered query of one entity finds."""
    count = query.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
    found = _page(session, _with_count(query, count), count, number, entities=True)
    return replace(found, rows=[row[0] for row in found.rows])


def _with_count(query: Select[Any], count: Select[Any]) -> Select[Any]:
    return query.add_columns(count.scalar_subquery()).limit(PAGE).offset(SKIPPED)


def _page(session: Session, asked: Select[Any], count: Select[Any], number: int, *, entities: bool = False) -> Page:
    """Return one page; a number beyond either end means the first or the last page.

    The count comes with the rows. Where there are none, the number may have been too high. Only `entities` are read by
    way of the session: plain columns cost a third less without.
    """
    reader = session if entities else session.connection()
    number = min(max(1, number), MOST_PAGES)
    found = reader.execute(asked, {"skipped": (number - 1) * PAGE}).all()
    if not found and number > 1:
        number = _within(number, int(session.scalar(count) or 0))
        found = reader.execute(asked, {"skipped": (number - 1) * PAGE}).all()
    return Page(found, int(found[0][-1]) if found else 0, number)


def _within(number: int, n_all: int) -> int:
    return min(max(1, number), max(1, -(-n_all // PAGE)))


def among_own(cycle_id: int) -> ColumnElement[bool]:
    """Return the clause of a year, to be looked for among the few entries of one's own units.

    Without statistics SQLite would look for one's own among all of the year; a sum is no column with an index.
    """
    return Submission.cycle_id + 0 == cycle_id


def counting(*clauses: ColumnElement[bool]) -> Select[str, int]:
    """Return the query of `counts`, of those that fulfil the clauses."""
    return select(Submission.state, func.count()).where(*clauses).group_by(Submission.state)


def counts(session: Session, asked: Select[str, int]) -> dict[str, int]:
    """Return how many stand in each state."""
    return {state: n for state, n in session.connection().execute(asked)}  # noqa: C416 (typed)


def matching(text: str) -> ColumnElement[bool]:
    """Return the clause for a search by number, team, title or unit; % and _ mean themselves."""
    unit_named = exists().where(Unit.id == Submission.unit_id, Unit.name.icontains(text, autoescape=True))
    columns = (Submission.number, Submission.team_name, Submission.title)
    return or_(*(column.icontains(text, autoescape=True) for column in columns), unit_named)


def ranked(session: Session, ranks: Subquery, *clauses: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """Return all rows that have a rank, the first rank first, each with what a list shows and its `rank`."""
    query = LISTED.add_columns(ranks.c.rank)
    found: Sequence[Row[Any]] = session.execute(
        query.join(ranks, ranks.c.id == Submission.id).where(*clauses).order_by(ranks.c.rank)
    ).all()
    return found
