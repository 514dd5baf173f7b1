"""How made-up people behave in the rehearsal of a year: read out of the definition, drawn by a seed.

No state and no move is named here. Who may do what, in which window and under which guards, is the definition's; the
main way out of a state is the one of tone `primary`, the others are rarer. So a second programme needs no other people.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from qtb.domain import facts
from qtb.domain.definition import Definition
from qtb.domain.rehearsal_times import DAY, NEVER, Hours, moments
from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Edit, Transition

LATE_BY = tuple(timedelta(minutes=n) for n in (1, 90, 1_500, 4_300))
LINGER = timedelta(days=30)  # within which a move without a window is made

# What share of people does what; the rest does the main thing in time.
LATE, SILENT, BROKEN, MENDED = 0.03, 0.03, 0.03, 0.06
RARE = {"plain": 0.08, "danger": 0.02}
EARLY, HOPEFUL, ENTERED_LATE = 0.03, 0.05, 0.01
FULL, SPARE = 0.84, 0.92  # every sheet is in; one more was asked for and stays open; the rest: too few
CLOSED_BY_HAND = {"full": 0.1, "spare": 0.5, "few": 0.2}
FORGOTTEN, REJECTED = 0.03, 0.3  # works without a decision, and those decided to be none


@dataclass(frozen=True, slots=True)
class Step:
    """What is done about one case at one instant: facts that become so, then a move that is tried.

    It is dropped when the case has left `state` by then, unless the person does not know that (`unaware`).
    """

    at: datetime
    state: str
    transition: str = ""
    role: str = ""
    facts: tuple[tuple[str, Any], ...] = ()
    unaware: bool = False


@dataclass
class Behaviour:
    """The people of one year. The same definition, timeline, seed and order of questions give the same answers."""

    definition: Definition
    times: Timeline
    chance: Random

    def __post_init__(self) -> None:
        self.hours = Hours(self.definition, self.times)
        self.zone = self.hours.zone
        workflow = self.definition.workflow
        moves = {key: (rule, workflow.sources(key)) for key, rule in workflow.transitions.items() if rule.by}
        self.ways = {
            state: {key: rule for key, (rule, sources) in moves.items() if state in sources}
            for state in workflow.states
        }
        self.forms = {form: _facts_of(self.definition, form) for form in self.definition.forms}

    def entries(self, n: int) -> list[datetime]:
        """Return when n teams are entered: while the first form may be filled, and a few after that."""
        row_key = self.definition.workflow.entered
        open_at = self.hours.of(row_key)
        found = []
        for _ in range(n):
            if self.chance.random() < ENTERED_LATE or not open_at:
                found.append(self.hours.ends_at(row_key) + self.chance.choice(LATE_BY))
            else:
                found.append(open_at[int(len(open_at) * self.chance.betavariate(1.5, 3) * 0.999)])
        return sorted(found)

    def steps(self, state: str, since: datetime, known: Mapping[str, Any]) -> list[Step]:
        """Return what people will do about a case that came into a state, `known` being its facts."""
        spec, ways = self.definition.workflow.states[state], self.ways[state]
        primary = [key for key, rule in ways.items() if rule.tone == "primary"]
        main = sorted(primary, key=lambda key: spec.holder not in ways[key].by)
        found = list(self._rarely(state, {key: rule for key, rule in ways.items() if key not in main}, since))
        if spec.judged and self.definition.counted in self.definition.sheets_of(state):
            return found + list(self._judging(state, spec.judged, main[:1], since))
        if spec.decided:
            found += self._deciding(state, since)
        if not found and main:
            found += self._mainly(state, main[0], since, known)
        return found

    def _rarely(self, state: str, ways: Mapping[str, Transition], since: datetime) -> Iterator[Step]:
        draw = self.chance.random()
        for key, rule in ways.items():
            draw -= RARE[rule.tone]
            if draw < 0:
                at = self._sometime(rule, since)
                if at is not None:
                    yield Step(at, state, key, rule.by[0])
                return

    def _mainly(self, state: str, key: str, since: datetime, known: Mapping[str, Any]) -> Iterator[Step]:
        rule, draw = self.definition.workflow.transitions[key], self.chance.random()
        whole = self._filled(state, rule)
        if not _fulfils(rule, {**known, **whole}):
            if draw < HOPEFUL and (at := self._sometime(rule, since)):
                yield Step(at, state, key, rule.by[0])
            return
        if rule.during and self.times.rows[rule.during].opens_at > since and self.chance.random() < EARLY:
            yield from self._too_early(state, key, rule, since)
        at = self._sometime(rule, since, self.hours.clock_takes(state, since, guarded=False))
        if rule.during and (at is None or draw < LATE):
            at = max(since, self.hours.ends_at(rule.during)) + self.chance.choice(LATE_BY)
            yield Step(at, state, key, rule.by[0], tuple(whole.items()), unaware=True)
        elif at is not None and draw >= LATE + SILENT:
            yield from self._filling(state, key, since, at, whole, draw - LATE - SILENT)

    def _filling(
        self, state: str, key: str, since: datetime, at: datetime, whole: dict[str, Any], draw: float
    ) -> Iterator[Step]:
        rule = self.definition.workflow.transitions[key]
        partly = {fact: False if value is True else value for fact, value in whole.items()}
        if draw < BROKEN + MENDED and partly != whole:
            yield Step(at, state, key, rule.by[0], tuple(partly.items()))
            later = self._sometime(rule, at) if draw >= BROKEN else None
            if later is None:
                return
            at = later
        before = self._before(state, since, at)
        if before != at:
            yield Step(before, state, facts=tuple(whole.items()))
        yield Step(at, state, key, rule.by[0], tuple(whole.items()) if before == at else ())

    def _before(self, state: str, since: datetime, at: datetime) -> datetime:
        """Return when the forms are filled: with the move, or earlier where their row is shut by then."""
        for edit in self.definition.workflow.states[state].edits:
            ready = [one for one in self.hours.of(edit.during) if since < one <= at] if edit.during else []
            if edit.during and ready and self.hours.ends_at(edit.during) <= at:
                return ready[-1]
        return at

    def _too_early(self, state: str, key: str, rule: Transition, since: datetime) -> Iterator[Step]:
        ahead = moments(since, self.times.rows[str(rule.during)].opens_at, self.zone)
        if ahead:
            yield Step(self.chance.choice(ahead), state, key, rule.by[0])

    def _judging(self, state: str, row_key: str, main: list[str], since: datetime) -> Iterator[Step]:
        """Sheets are handed out, and come back all, all but a spare one, or too few."""
        needed, draw = self.sheets_needed(state), self.chance.random()
        how = "full" if draw < FULL else "spare" if draw < SPARE else "few"
        n_final = self.chance.randrange(needed) if how == "few" else needed
        asked = needed + (how == "spare")
        yield Step(since + timedelta(minutes=1), state, facts=_sheets(0, asked))
        at = self._within(row_key, since)
        if at is None:
            return
        yield Step(at, state, facts=_sheets(n_final, asked - n_final))
        if main and self.chance.random() < CLOSED_BY_HAND[how]:
            rule = self.definition.workflow.transitions[main[0]]
            by_hand = self._sometime(rule, at)
            if by_hand is not None:
                yield Step(by_hand, state, main[0], rule.by[0])

    def _deciding(self, state: str, since: datetime) -> Iterator[Step]:
        """A level is proposed before the instant at which it takes effect, or forgotten."""
        draw = self.chance.random()
        if draw < FORGOTTEN:
            return
        level = "none" if draw < FORGOTTEN + REJECTED else self.chance.choice([*self.definition.rubric.levels])
        until = min(self.hours.clock_takes(state, since, guarded=True), since + 3 * LINGER)
        at = self._drawn(moments(since, until, self.zone), since) or since + DAY
        yield Step(at, state, facts=(("award_level", level),))

    def sheets_needed(self, state: str) -> int:
        """Return how many sheets the moves out of a state ask for; at least one."""
        workflow = self.definition.workflow
        rules = [rule for key, rule in workflow.transitions.items() if state in workflow.sources(key)]
        guards = [guard for rule in rules for guard in rule.when if guard.fact == "n_sheets_final"]
        return max([1, *(guard.value for guard in guards if type(guard.value) is int)])

    def _filled(self, state: str, rule: Transition) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for edit in self._own_edits(state, rule):
            found |= {fact: self.chance.choice(values) for fact, values in self.forms[edit.form].items()}
        return found

    def _own_edits(self, state: str, rule: Transition) -> list[Edit]:
        return [edit for edit in self.definition.workflow.states[state].edits if edit.by in rule.by]

    def _sometime(self, rule: Transition, since: datetime, until: datetime = NEVER) -> datetime | None:
        if rule.during is None:
            return self._drawn(moments(since, min(until, since + LINGER), self.zone), since)
        return self._drawn([at for at in self.hours.of(rule.during) if at < until], since)

    def _within(self, row_key: str, since: datetime) -> datetime | None:
        return self._drawn(self.hours.of(row_key), since)

    def _drawn(self, among: Sequence[datetime], since: datetime) -> datetime | None:
        first = bisect_right(among, since)
        if first == len(among):
            return None
        return among[first + int((len(among) - first) * self.chance.betavariate(2, 1.2) * 0.999)]


def _facts_of(definition: Definition, form: str) -> dict[str, list[Any]]:
    """Return the facts that filling a form sets, each with what it may become."""
    found: dict[str, list[Any]] = {f"{form}_complete": [True]} if f"{form}_complete" in facts.FACTS else {}
    for spec in definition.forms[form].fields.values():
        if spec.column in facts.FACTS:
            found[str(spec.column)] = [choice.key for choice in spec.choices] or [True]
    return found


def _fulfils(rule: Transition, known: Mapping[str, Any]) -> bool:
    return all(facts.answer(guard, known) for guard in rule.when)


def _sheets(n_final: int, n_open: int) -> tuple[tuple[str, Any], ...]:
    return (("n_sheets_final", n_final), ("n_sheets_open", n_open))
