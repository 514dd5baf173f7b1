"""What the shape of `eligibility.yaml` cannot say: that its names resolve and that its guards stand where they must."""

from __future__ import annotations

from collections.abc import Iterator

from qtb.domain import eligibility
from qtb.domain.definition import ELIGIBILITY, Definition
from qtb.domain.eligibility_rules import CoolOff, Equals, Rule, Tests
from qtb.domain.workflow import Strict

FACT = "n_blocks"
KINDS = {
    "months_since": ("month", "date"), "months_between": ("month", "date"), "ended_within": ("month", "date"),
    "publicity": ("date",),
}  # fmt: skip


def findings(definition: Definition) -> Iterator[str]:
    """Yield what is wrong as `file:line: key: what` lines."""
    for stage, moves in definition.eligibility.stages.items():
        yield from _stage(definition, stage, moves)
    for code, rule in definition.eligibility.rules.items():
        for stage in rule.at:
            if stage not in definition.eligibility.stages:
                yield _at(definition, f"unknown stage {stage}", "rules", code, "at")
        for form, move in _unguarded(definition, rule):
            yield _at(definition, f"the move {move} is not guarded by {form}_complete", "rules", code, "guarded")
        for name, what in _wrong(definition, rule.test):
            yield _at(definition, what, "rules", code, "test", name)
    yield from _guards(definition)


def _unguarded(definition: Definition, rule: Rule) -> Iterator[tuple[str, str]]:
    """Yield each form and move for which a guard of the move does not stand in for the rule."""
    moves = [move for stage in rule.at for move in definition.eligibility.stages.get(stage, ()) if rule.guarded]
    forms = rule.test.complete.forms if rule.test and rule.test.complete else ["nothing"]
    for move in moves:
        known = definition.workflow.transitions.get(move)
        guards = {guard.fact for guard in known.when} if known else set()
        yield from ((form, move) for form in forms if f"{form}_complete" not in guards)


def _at(definition: Definition, what: str, *path: str, file: str = ELIGIBILITY) -> str:
    return f"{file}:{definition.line(file, *path)}: {'.'.join(path)}: {what}"


def _stage(definition: Definition, stage: str, moves: list[str]) -> Iterator[str]:
    for move in moves:
        rule = definition.workflow.transitions.get(move)
        if rule is None:
            yield _at(definition, f"unknown move {move}", "stages", stage)
        elif not any(guard.fact == FACT for guard in rule.when):
            yield _at(definition, f"the move {move} is not guarded by {FACT}", "stages", stage)
        elif definition.eligibility.stage_of(move) != stage:
            yield _at(definition, f"the move {move} belongs to another stage too", "stages", stage)


def _guards(definition: Definition) -> Iterator[str]:
    for key, rule in definition.workflow.transitions.items():
        if any(guard.fact == FACT for guard in rule.when):
            what = "the clock judges no rules" if rule.at else None
            if definition.eligibility.stage_of(key) is None:
                what = f"guarded by {FACT}, but no stage of {ELIGIBILITY} names it"
            if what:
                yield _at(definition, what, "transitions", key, "when", file="workflow.yaml")


def _wrong(definition: Definition, tests: Tests | None) -> Iterator[tuple[str, str]]:
    for name, test in (tests.asked() if tests else {}).items():
        if not isinstance(test, CoolOff):
            yield from ((name, what) for what in _wrong_fields(definition, name, test))
        for form in getattr(test, "forms", ()):
            if form not in definition.forms:
                yield name, f"unknown form {form}"
        if isinstance(test, CoolOff):
            yield from ((name, f"unknown level {one}") for one in test.years if one not in definition.rubric.levels)
            if test.unless:
                yield from ((name, what) for what in _wrong_fields(definition, "equals", test.unless))


def _wrong_fields(definition: Definition, name: str, test: Strict) -> Iterator[str]:
    for field in eligibility.named(test):
        form, _, key = field.partition(".")
        spec = definition.forms[form].fields.get(key) if form in definition.forms else None
        if spec is None:
            yield f"unknown field {field}"
        elif spec.type not in KINDS.get(name, (spec.type,)):
            yield f"the field {field} is no {' or '.join(KINDS[name])}"
        elif isinstance(test, Equals) and spec.choices and test.value not in {one.key for one in spec.choices}:
            yield f"the field {field} never becomes {test.value}"
