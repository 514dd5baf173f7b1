"""Recommending works upward 推优: who may be recommended to the next round, in which order, and why others are not.

`nomination.yaml`; the order is the results' own, the number of places each year's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from pydantic import Field

from qtb.domain.shapes import Key
from qtb.domain.workflow import Strict, Text

NO_WISH, OBJECTION, QUOTA = "wish", "objection", "quota"  # what stands in the way


class Wish(Strict):
    """The answer by which an applicant wishes to be recommended."""

    form: Key
    field: Key
    value: Key


class Nomination(Strict):
    """Works of these levels, whose applicants wish it, go up with a form that the organiser fills.

    `takes` is a form whose answers to the same questions it begins with.
    """

    title: Text
    levels: list[Key] = Field(min_length=1)
    wish: Wish | None = None
    form: Key
    takes: Key | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """A published work of a level that may go up: its rank and score, and what may stand in its way."""

    id: int
    number: str
    rank: int | None
    score: Decimal | None
    wishes: bool
    n_objections: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A work in its order: its place among those who may go up, or why it has none."""

    work: Published
    place: int | None
    why: str = ""

    @property
    def is_proposed(self) -> bool:
        """Tell whether the rule proposes it."""
        return not self.why


def candidates(works: Iterable[Published], quota: int | None) -> tuple[Candidate, ...]:
    """Return works in the results' order, the best first; of those with a place the first `quota`, or all, go up."""
    found: list[Candidate] = []
    n = 0
    for one in sorted(works, key=lambda one: (one.rank is None, one.rank or 0, one.number)):
        barred = NO_WISH if not one.wishes else OBJECTION if one.n_objections else ""
        n += not barred
        beyond = QUOTA if quota is not None and n > quota else ""
        found.append(Candidate(one, None if barred else n, barred or beyond))
    return tuple(found)
