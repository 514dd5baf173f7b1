"""A definition's windows, edges and guards as words, for every mouth."""

from __future__ import annotations

from typing import Any

from qtb.domain.definition import Definition
from qtb.domain.workflow import Edge, Guard, Transition
from qtb.i18n import word


def when_words(definition: Definition, rule: Transition, lang: str) -> str:
    """Return when a move is possible, or when the clock makes it."""
    if rule.at is not None:
        return edge_words(definition, rule.at, lang)
    if rule.during is None:
        return word(lang, "cli.any_time")
    return word(lang, "cli.during", row=definition.timeline.rows[rule.during].title)


def edge_words(definition: Definition, edge: Edge, lang: str) -> str:
    """Return the moment of a row that something hangs on."""
    row = definition.timeline.rows[edge.row].title
    return word(lang, f"cli.edge.{edge.edge}", row=row, days=edge.working_days)


def guard_words(definition: Definition, guard: Guard, lang: str) -> str:
    """Return a guard as «fact operator value»; a yes-or-no fact is named, or named with «not»."""
    fact = word(lang, f"cli.fact.{guard.fact}")
    if isinstance(guard.value, bool):
        return fact if guard.value == (guard.op == "eq") else word(lang, "cli.not", what=fact)
    values = guard.value if isinstance(guard.value, list) else [guard.value]
    named = _named(definition, guard.fact, lang)
    shown = word(lang, "list.or").join(named.get(value, str(value)) for value in values)
    return word(lang, f"cli.op.{guard.op}", fact=fact, value=shown)


def _named(definition: Definition, fact: str, lang: str) -> dict[Any, str]:
    """Return the labels of a fact's values: those of the field that fills it, or the levels."""
    fields = (spec for form in definition.forms.values() for spec in form.fields.values() if spec.column == fact)
    found: dict[Any, str] = {choice.key: choice.label.get(lang) for spec in fields for choice in spec.choices}
    if fact == "award_level":
        found |= {key: level.label.get(lang) for key, level in definition.rubric.levels.items()}
        found |= {"": word(lang, "cli.undecided"), "none": word(lang, "cli.no_level")}
    return found
