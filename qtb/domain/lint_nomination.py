"""What the shape of `nomination.yaml` cannot say: that its names resolve and that the organiser can fill its form."""

from __future__ import annotations

from collections.abc import Iterator

from qtb.domain.definition import NOMINATION, Definition
from qtb.domain.nomination import Nomination

FILLS, FACT = "organiser", "nominated"


def findings(definition: Definition) -> Iterator[str]:
    """Yield what is wrong as `file:line: key: what` lines."""
    rule = definition.nomination
    if rule is None:
        return
    unknown = [key for key in rule.levels if key not in definition.rubric.levels]
    yield from (_at(definition, f"unknown level {key}", "levels") for key in unknown)
    for name, key in (("form", rule.form), ("takes", rule.takes)):
        form = definition.forms.get(key) if key else None
        if key and (form is None or form.about != "submission"):
            yield _at(definition, f"{key} is no form about a submission", name)
    yield from _wish(definition, rule)
    if not any(_is_filled(definition, rule, state) for state in definition.workflow.states):
        said = f"no listed state lets the {FILLS} fill {rule.form} where `{FACT}` is true"
        yield _at(definition, said, "form")


def _wish(definition: Definition, rule: Nomination) -> Iterator[str]:
    if rule.wish is None:
        return
    form = definition.forms.get(rule.wish.form)
    field = form.fields.get(rule.wish.field) if form else None
    if field is None or rule.wish.value not in [one.key for one in field.choices]:
        yield _at(definition, f"no such answer: {rule.wish.form}.{rule.wish.field} = {rule.wish.value}", "wish")


def _is_filled(definition: Definition, rule: Nomination, state: str) -> bool:
    where = definition.workflow.states[state]
    edits = [edit for edit in where.edits if edit.form == rule.form and edit.by == FILLS]
    return where.listed and any(guard.fact == FACT and guard.value is True for edit in edits for guard in edit.when)


def _at(definition: Definition, what: str, *path: str) -> str:
    return f"{NOMINATION}:{definition.line(NOMINATION, *path)}: {'.'.join(path)}: {what}"
