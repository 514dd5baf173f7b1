"""A year's results as its sheets stand: order, proposed levels, what each cut was made by, and second opinions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from qtb.domain import leniency
from qtb.domain.aggregation import Result, Score, aggregate, composite, rounded
from qtb.domain.ranking import Cut, Place, Ranking, Work, rank
from qtb.domain.rubric import Rubric
from qtb.domain.shapes import Key
from qtb.store import results as store
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission

NO_AWARD = "none"  # what a work without a level is given
Scores = Mapping[str, Sequence[Score]]


@dataclass(frozen=True, slots=True)
class Judged:
    """One work: what its sheets come to, where it stands, and what hangs on whom.

    `without` names the level that it would have without one of its judges, by the judge's name, where that differs.
    """

    row: Row[Any]
    results: Mapping[Key, Result]
    score: Decimal | None
    corrected: Decimal | None
    place: Place
    without: Mapping[str, Key]

    @property
    def ranked(self) -> Key | None:
        """The level that the ranking gives, or that for none; None where it leaves that to the leaders."""
        return None if self.score is None or self.place.is_tied else self.place.level or NO_AWARD


@dataclass(frozen=True, slots=True)
class Judge:
    """One judge of the year: how many sheets he has and has finished, and by how many points he is more lenient."""

    name: str
    n_given: int
    n_final: int
    leniency: Decimal | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a year stands; works in their order, the best first."""

    works: tuple[Judged, ...]
    cuts: tuple[Cut, ...]
    judges: tuple[Judge, ...]


def standing(session: Session, cycle: Cycle) -> Standing:
    """Return how a year's results stand now. Nothing is written."""
    states = [key for key, state in cycle.definition.workflow.states.items() if state.judged or state.decided]
    works, sheets = store.works(session, cycle.id, states), store.sheets(session, cycle.id)
    return _Reckoning(cycle.definition.rubric, works, sheets).done()


def ranked(session: Session, submission: Submission) -> Key | None:
    """Return the level that the ranking gives a work as it stands now; None where it gives none."""
    found = standing(session, submission.cycle).works
    return next((one.ranked for one in found if one.row.id == submission.id), None)


class _Reckoning:
    """The reckoning of one year from its works and sheets; what is the same for many rankings is reckoned once."""

    def __init__(self, rubric: Rubric, works: Sequence[Row[Any]], sheets: Sequence[Row[Any]]) -> None:
        self.rubric, self.works = rubric, {row.number: row for row in works}
        self.sheets = [row for row in sheets if row.kind in rubric.sheets]  # a rubric adopted since may lack a kind
        self.first = next(iter(rubric.sheets))
        self.names = {str(row.evaluator_id): row.name for row in self.sheets}
        self.scores: dict[Key, dict[str, list[Score]]] = {kind: {} for kind in rubric.sheets}
        self.items: dict[tuple[str, str], Mapping[str, str]] = {}  # of the first sheet, by work and judge
        numbers = {row.id: row.number for row in works}
        for row in self.sheets:
            number, judge = numbers[row.submission_id], str(row.evaluator_id)
            score = Score(judge, row.total if row.is_final else None, row.recused_at is not None)
            self.scores[row.kind].setdefault(number, []).append(score)
            if row.kind == self.first:
                self.items[number, judge] = row.scores
        self.main = self.scores[self.first]
        self.results = {number: self.result(number, self.main.get(number, ())) for number in self.works}
        self.standing = {number: self.work(number, found) for number, found in self.results.items()}

    def done(self) -> Standing:
        """Return how the year stands."""
        whole = self.ranked(self.main)
        parts, fragile = leniency.leniency(self.main), leniency.fragile(self.main, whole, self.ranked)
        works = tuple(self.judged(place, parts, fragile.get(place.work.key, {})) for place in whole.places)
        return Standing(works, whole.cuts, self.judges(parts))

    def ranked(self, main: Scores) -> Ranking:
        """Return the ranking that these scores of the first sheet make, with the others as they stand."""
        return rank([self.placed(number, main.get(number, ())) for number in self.works], self.rubric)

    def placed(self, number: str, main: Sequence[Score]) -> Work:
        """Return a work as it takes its place with these scores."""
        if main is self.main.get(number, ()):
            return self.standing[number]
        # Without one judge there may be fewer than a result needs: the question is where the work would stand.
        return self.work(number, self.result(number, main), few=True)

    def judged(self, place: Place, parts: Mapping[str, Decimal], without: Mapping[str, Key]) -> Judged:
        """Return a work with all that is said of it."""
        number = place.work.key
        scores, most = self.main.get(number, ()), self.rubric.sheets[self.first].max
        known = {one.judge: parts.get(one.judge, Decimal(0)) for one in scores}
        evened = self.score(self.result(number, leniency.corrected(scores, known, most)))
        named = {self.names[judge]: level for judge, level in without.items()}
        return Judged(self.works[number], self.results[number], place.work.score, evened, place, named)

    def result(self, number: str, main: Sequence[Score]) -> dict[Key, Result]:
        """Return what a work's sheets come to; the first sheet always, others where somebody has one."""
        others = {kind: each[number] for kind, each in self.scores.items() if kind != self.first and number in each}
        given: dict[Key, Sequence[Score]] = {self.first: main, **others}
        return {kind: aggregate(each, self.rubric, kind) for kind, each in given.items()}

    def score(self, results: Mapping[Key, Result], *, few: bool = False) -> Decimal | None:
        """Return a work's one score; None where a sheet that counts has too few valid scores, unless `few` are let."""
        means = {kind: one.mean if few or one.is_result else None for kind, one in results.items()}
        return composite(means, self.rubric)

    def work(self, number: str, results: Mapping[Key, Result], *, few: bool = False) -> Work:
        """Return a work as it takes its place."""
        shown = frozenset(kind for kind, one in results.items() if one.is_result)
        ties = tuple(self.tie(key, number, results) for key in self.rubric.ties)
        row = self.works[number]
        score = None if row.eliminated else self.score(results, few=few)  # it takes no place, and none waits for it
        return Work(number, row.category, score, ties, shown)

    def tie(self, key: Key, number: str, results: Mapping[Key, Result]) -> Decimal | None:
        """Return what parts equal scores: another sheet's result, or an item's mean over the scores that counted."""
        if key in self.rubric.sheets:
            return results[key].mean if key in results else None
        main = results[self.first]
        used = [one.judge for one in main.scores if main.fate(one) == "used"]
        given = [Fraction(text) for judge in used if (text := self.items.get((number, judge), {}).get(key))]
        return rounded(sum(given, Fraction(0)) / len(given), self.rubric.aggregate.digits) if given else None

    def judges(self, parts: Mapping[str, Decimal]) -> tuple[Judge, ...]:
        """Return the judges by name."""
        mine = [row for row in self.sheets if row.recused_at is None]
        n_given, n_final = (
            Counter(str(row.evaluator_id) for row in mine if row.is_final or not only) for only in (False, True)
        )
        named = sorted(self.names.items(), key=lambda pair: (pair[1], pair[0]))
        return tuple(Judge(name, n_given[key], n_final[key], parts.get(key)) for key, name in named)
