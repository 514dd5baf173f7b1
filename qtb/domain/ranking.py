"""From scores to an order and to proposed levels: ties, places, what each cut was made by. Nothing here is final.

Places are floor(valid works × cap % / 100), at least one. Who stands equal across the last place is nobody's to part
but the leaders': such works get no level here, and the cut says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from itertools import groupby

from qtb.domain.rubric import Level, Rubric
from qtb.domain.shapes import Key

NOBODY = ""  # no level


@dataclass(frozen=True, slots=True)
class Work:
    """A work with the results that decide its place: `score` is None without a valid one, `ties` part equal scores."""

    key: str
    category: str
    score: Decimal | None
    ties: tuple[Decimal | None, ...] = ()
    results: frozenset[Key] = frozenset()  # the sheets of which it has a result


@dataclass(frozen=True, slots=True)
class Place:
    """Where a work stands, and the level that its score and the places propose; `is_tied` at the edge of a cut."""

    work: Work
    rank: int | None
    level: Key
    is_tied: bool = False


@dataclass(frozen=True, slots=True)
class Cut:
    """How the places of one level came about, in numbers that anybody can check.

    `last_score` is the lowest that got a place, `next_score` the highest of those good enough that did not.
    """

    level: Key
    n_valid: int
    cap_percent: Decimal | None
    n_places: int | None  # None: as many as are good enough
    min_score: Decimal
    n_good: int  # good enough and not placed higher
    n_kept: int  # placed because of the least for each category
    n_placed: int
    last_score: Decimal | None
    next_score: Decimal | None
    tied: tuple[str, ...] = ()  # who stands equal across the last place


@dataclass(frozen=True, slots=True)
class Ranking:
    """All works in their order, the best first, then those without a score; the cuts from the highest level down."""

    places: tuple[Place, ...]
    cuts: tuple[Cut, ...]


def rank(works: Sequence[Work], rubric: Rubric) -> Ranking:
    """Return the order of works and the levels proposed for them, whatever order they are given in."""
    ordered = sorted((one for one in works if one.score is not None), key=_order)
    placing = _Placing(ordered, rubric)
    cuts = tuple(placing.cut(key, level) for key, level in rubric.levels.items())
    ranks = dict(_ranks(ordered))
    without = sorted((one for one in works if one.score is None), key=lambda one: one.key)
    levels, tied = placing.levels, placing.tied
    found = [Place(one, ranks[one.key], levels.get(one.key, NOBODY), one.key in tied) for one in ordered]
    return Ranking((*found, *(Place(one, None, NOBODY) for one in without)), cuts)


def n_places(n_valid: int, cap_percent: Decimal | None) -> int | None:
    """Return how many places a level has among so many valid works; None for any number."""
    if cap_percent is None:
        return None
    return max(1, int((n_valid * cap_percent / 100).to_integral_value(ROUND_FLOOR)))


@dataclass
class _Placing:
    """The works while levels are given out, from the highest down."""

    ordered: Sequence[Work]
    rubric: Rubric
    levels: dict[str, Key] = field(default_factory=dict)
    tied: set[str] = field(default_factory=set)

    def cut(self, key: Key, level: Level) -> Cut:
        """Give out one level and return how."""
        good = [one for one in self.ordered if self._is_good(one, level)]
        places = n_places(len(self.ordered), level.cap_percent)
        kept = self._kept(good, level, places)
        placed, tied = self._placed(good, kept, places)
        self.levels.update(dict.fromkeys((one.key for one in placed), key))
        self.tied.update(one.key for one in tied)
        left = [one for one in good if one not in placed]
        return Cut(
            key, len(self.ordered), level.cap_percent, places, level.min_score, len(good), len(kept), len(placed),
            placed[-1].score if placed else None, left[0].score if left else None, tuple(one.key for one in tied),
        )  # fmt: skip

    def _is_good(self, one: Work, level: Level) -> bool:
        is_free = one.key not in self.levels and one.key not in self.tied
        has_result = level.needs is None or level.needs in one.results
        return is_free and has_result and one.score is not None and one.score >= level.min_score

    def _kept(self, good: Sequence[Work], level: Level, places: int | None) -> list[Work]:
        """Return the best of each category, for whom places are kept."""
        if not level.least_each:
            return []
        seen: dict[str, int] = {}
        kept = []
        for one in good:
            seen[one.category] = seen.get(one.category, 0) + 1
            if seen[one.category] <= level.least_each:
                kept.append(one)
        return kept[:places]

    def _placed(
        self, good: Sequence[Work], kept: Sequence[Work], places: int | None
    ) -> tuple[list[Work], list[Work]]:
        """Return who gets a place, in order, and who stands equal across the last one."""
        others = [one for one in good if one not in kept]
        if places is None or len(good) <= places:
            return list(good), []
        free = places - len(kept)
        chosen = others[:free]
        if not chosen or _merit(chosen[-1]) != _merit(others[free]):
            return [one for one in good if one in kept or one in chosen], []
        edge = _merit(chosen[-1])
        tied = [one for one in others if _merit(one) == edge]
        return [one for one in good if one in kept or (one in chosen and one not in tied)], tied


def _merit(one: Work) -> tuple[Decimal, ...]:
    """Return what a work's place hangs on; what is missing for a tie counts below everything."""
    return (one.score or Decimal(0), *(Decimal(-1) if tie is None else tie for tie in one.ties))


def _order(one: Work) -> tuple[tuple[Decimal, ...], str]:
    return tuple(-part for part in _merit(one)), one.key


def _ranks(ordered: Sequence[Work]) -> Iterator[tuple[str, int]]:
    """Yield each work's rank; equal ones share it, and the next one counts them all."""
    n = 1
    for _, equal in groupby(ordered, key=_merit):
        same = list(equal)
        yield from ((one.key, n) for one in same)
        n += len(same)
