"""Judging the rules of eligibility on what the tables hold: for a page, and by the door right before a move."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from qtb import clock
from qtb.domain import decide, eligibility
from qtb.domain.definition import Definition
from qtb.domain.eligibility import Earlier, Finding, Situation, Values
from qtb.domain.eligibility_rules import Rule
from qtb.domain.errors import Conflict, Denied, Invalid, Missing
from qtb.domain.roles import Actor
from qtb.domain.workflow import Text
from qtb.services import notes, teams
from qtb.store import answers, audit, cycles, facts
from qtb.store import eligibility as store
from qtb.store.cycles import Pinned
from qtb.store.history import History
from qtb.store.submissions import Submission
from qtb.store.unit import lock

Rules = Mapping[str, Rule]


@dataclass
class Surroundings:
    """The other entries of some units, counted once for all that are judged together."""

    n_of_unit: Counter[int] = field(default_factory=Counter)
    n_of_team: Counter[tuple[int, str]] = field(default_factory=Counter)
    declared: set[int] = field(default_factory=set)
    named: dict[tuple[int, str, str], set[tuple[int, int]]] = field(default_factory=lambda: defaultdict(set))
    levels: Mapping[int, Sequence[Earlier]] = field(default_factory=dict)
    waived: Mapping[int, Mapping[str, str]] = field(default_factory=dict)

    def declare(self, row: Any) -> None:
        """Count an entry among those declared this year."""
        if row.id not in self.declared:
            self.declared.add(row.id)
            self.n_of_unit[row.unit_id] += 1
            self.n_of_team[row.unit_id, row.team_key or ""] += bool(row.team_key)

    def name(self, row: Any) -> None:
        """Note which recommender a live entry names."""
        for what, key in (("team", row.team_key), ("title", row.title)):
            if key and row.recommender_id:
                self.named[row.unit_id, what, key].add((row.id, row.recommender_id))

    def elsewhere(self, row: Any, what: str, key: str) -> bool:
        """Tell whether another live entry that shares this names another recommender."""
        shared = self.named.get((row.unit_id, what, key), set()) if key else set()
        return any(other != row.id and recommender != row.recommender_id for other, recommender in shared)


def judged_at(definition: Definition, move: str) -> str | None:
    """Return the stage whose rules are judged right before a move."""
    return definition.eligibility.stage_of(move)


def renew(session: Session, cycle: Pinned, move: str, ids: Sequence[int], *, now: datetime) -> None:
    """Count anew, for these submissions, the rules that stand in the way of a move; whoever moves together counts too.

    The submissions are held: what is judged now is what moves.
    """
    rows = store.judged(session, ids)
    barring = cycle.definition.eligibility.barring(judged_at(cycle.definition, move))
    around = _around(session, cycle.definition, rows, barring, {})
    filled = answers.of_many(session, ids) if _reads_forms(barring) else {}
    found = _counted(rows, cycle.definition, barring, around, filled, now)
    if any(found.values()):  # only what stands in the way can have been waived
        around = _around(session, cycle.definition, rows, barring)
        found = _counted(rows, cycle.definition, barring, around, filled, now)
    counts: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        if row.n_blocks != found[row.id]:
            counts[found[row.id]].append(row.id)
    for n_blocks, several in counts.items():
        store.count_blocks(session, n_blocks, several)


def _counted(
    rows: Sequence[Submission], definition: Definition, barring: Rules, around: Surroundings,
    filled: Mapping[int, Values], now: datetime,
) -> dict[int, int]:  # fmt: skip
    """Return how many rules stand in the way of each; whoever moves together counts too."""
    on, counts = now.astimezone(clock.ZONE).date(), {}
    for row in rows:
        situation = _situation(row, definition, around, {})
        findings = eligibility.judge(barring, filled.get(row.id, {}), situation, on=on)
        counts[row.id] = sum(one.counts for one in findings)
        around.declare(row)
    return counts


def _reads_forms(rules: Rules) -> bool:
    tests = (test for rule in rules.values() if rule.test for test in rule.test.asked().values())
    return any(True for test in tests for _ in eligibility.named(test))


def standing(
    session: Session, submission: Submission, stages: Iterable[str], *, now: datetime, values: Values | None = None,
    complete: Mapping[str, bool] | None = None, waived: Mapping[str, str] | None = None,
) -> dict[str, list[Finding]]:  # fmt: skip
    """Judge the rules of stages for one submission. What the caller has read already need not be read again.

    `values` and `complete` may be those of forms that are being filled just now.
    """
    definition, stages = submission.cycle.definition, list(stages)
    if not stages:
        return {}
    rules = {code: rule for stage in stages for code, rule in definition.eligibility.of(stage).items()}
    around = _around(session, definition, [submission], rules, {submission.id: waived} if waived is not None else None)
    filled: Values = answers.answers(session, submission.id) if values is None else values
    return {stage: _judged(submission, definition, stage, around, filled, now, complete) for stage in stages}


def judged_case(submission: Submission, found: Mapping[str, list[Finding]]) -> decide.Case:
    """Return a submission as the door finds it before each move of these stages: with what blocks it."""
    stages, case = submission.cycle.definition.eligibility.stages, facts.as_case(submission)
    told = {stage: eligibility.blocking(several) for stage, several in found.items()}
    return replace(case, blocking={move: told[stage] for stage in told for move in stages[stage]})


def case_of(session: Session, submission: Submission, move: str, *, now: datetime) -> decide.Case:
    """Return a submission as the door finds it before a move."""
    stage = judged_at(submission.cycle.definition, move)
    return judged_case(submission, standing(session, submission, [stage] if stage else [], now=now))


def stages_ahead(definition: Definition, state: str) -> list[str]:
    """Return the stages whose moves lead out of a state, or whose forms are filled in it for the move after."""
    workflow = definition.workflow
    return [
        stage
        for stage, several in definition.eligibility.stages.items()
        if any(state in workflow.sources(move) for move in several)
    ]


def waive(
    session: Session, submission: Submission, code: str, *, actor: Actor, now: datetime, reason: str,
    seen: int | None = None,
) -> None:  # fmt: skip
    """Let a blocking rule not count for one submission, with a reason; only the organiser may."""
    if not actor.holds("organiser"):
        raise Denied("only_organiser")
    rule = submission.cycle.definition.eligibility.rules.get(code)
    if rule is None or not rule.on or rule.severity != "block":
        raise Missing("rule", code=code[:10])
    reason = notes.short(reason)[:500]
    if not reason:
        raise Invalid("reason_required")
    cycles.hold(session, submission.cycle)
    lock(session, submission)
    if code in store.waivers(session, [submission.id]).get(submission.id, {}):
        raise Conflict("rule_waived", code=code)
    audit.record(
        session, submission, store.WAIVED, actor=actor, now=now, role="organiser", seen=seen, rule=code, note=reason
    )


def waived_by(entries: Iterable[History]) -> dict[str, str]:
    """Return the rules that a submission's entries waive, each with the reason."""
    mine = (row.about() for row in entries if row.kind == store.WAIVED)
    return {str(about.get("rule")): str(about.get("note", "")) for about in mine}


@lru_cache(maxsize=64)
def labels(definition: Definition) -> Mapping[str, Text]:
    """Return the words for what rules name: forms, fields, values of choices, levels; gathered once a definition."""
    found = {key: level.label for key, level in definition.rubric.levels.items()}
    for form, spec in definition.forms.items():
        found[form] = spec.title
        for key, one in spec.fields.items():
            found[f"{form}.{key}"] = one.label
            found |= {f"{form}.{key}={choice.key}": choice.label for choice in one.choices}
            found |= {f"{form}.{key}={said}": word for said, word in YES_NO.items()} if one.type == "bool" else {}
    return found


YES_NO = {"True": Text(zh="是", en="yes"), "False": Text(zh="否", en="no")}


def _judged(
    row: Submission, definition: Definition, stage: str | None, around: Surroundings, values: Values, now: datetime,
    complete: Mapping[str, bool] | None = None,
) -> list[Finding]:  # fmt: skip
    rules = definition.eligibility.of(stage)
    situation = _situation(row, definition, around, complete or {})
    return eligibility.judge(rules, values, situation, on=now.astimezone(clock.ZONE).date())


def _situation(
    row: Submission, definition: Definition, around: Surroundings, complete: Mapping[str, bool]
) -> Situation:
    mine = (row.unit_id, row.team_key or "")
    is_counted = row.id in around.declared
    whole = {form: bool(getattr(row, f"{form}_complete", False)) for form in definition.forms}
    return Situation(
        row.cycle.year, definition.calendar, {**whole, **complete},
        n_of_unit=around.n_of_unit[row.unit_id] - is_counted,
        n_of_team=around.n_of_team[mine] - (is_counted and bool(row.team_key)),
        elsewhere_team=around.elsewhere(row, "team", row.team_key or ""),
        elsewhere_title=around.elsewhere(row, "title", row.title),
        recommender=row.recommender is not None and row.recommender.is_active,
        earlier=tuple(around.levels.get(row.id, ())),
        waived=around.waived.get(row.id, {}), labels=labels(definition),
    )  # fmt: skip


def _around(
    session: Session, definition: Definition, rows: Sequence[Submission], rules: Rules,
    waived: Mapping[int, Mapping[str, str]] | None = None,
) -> Surroundings:  # fmt: skip
    """Read what these rules ask about beside the forms; nothing of what they do not ask about."""
    known = store.waivers(session, [row.id for row in rows]) if waived is None else waived
    around = Surroundings(waived=known)
    asked = {name for rule in rules.values() if rule.test for name in rule.test.asked()}
    if rows and "cool_off" in asked:
        around.levels = teams.held(session, rows[0].cycle, [row.id for row in rows])
    if not rows or not asked & {"a_year", "not_elsewhere"}:
        return around
    cycle, past = rows[0].cycle, _past(definition)
    for one in store.entries_of(session, {row.unit_id for row in rows}, cycle.id):
        if one.kind != "end":
            around.name(one)
            if one.state in past:
                around.declare(one)
    return around


@lru_cache(maxsize=64)
def _past(definition: Definition) -> frozenset[str]:
    """Return the states in which a work has been declared: those that the first stage's moves lead to, and beyond."""
    workflow = definition.workflow
    first = next(iter(definition.eligibility.stages.values()), [])
    reached = [workflow.transitions[move].to for move in first]
    for here in reached:
        onward = (rule.to for key, rule in workflow.transitions.items() if here in workflow.sources(key))
        reached += [to for to in onward if to not in reached]
    return frozenset(reached)
