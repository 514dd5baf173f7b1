"""What is wrong with what units hand in: the forms, who and when, their lists of works, the reminders of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qtb.domain import roles
from qtb.domain.definition import Definition
from qtb.domain.fields import ListColumn
from qtb.domain.workflow import Reminder

FILE = "workflow.yaml"


def findings(definition: Definition) -> Iterator[str]:
    """Yield what is wrong as `file:line: key: what` lines."""
    rows = definition.timeline.rows
    for key, rule in definition.workflow.hand_ins.items():
        form = definition.forms.get(key)
        if form is None or form.about != "recommender":
            yield _at(definition, f"{key} is no form about a unit's year", "hand_ins", key)
        if rule.by not in roles.MOVERS:
            yield _at(definition, f"unknown role {rule.by}", "hand_ins", key, "by")
        if rule.during not in rows or not rows[rule.during].gate:
            yield _at(definition, f"no gate: {rule.during}", "hand_ins", key, "during")
        columns = form.works.columns if form and form.works else []
        yield from (_at(definition, what, "works", file=f"forms/{key}.yaml") for what in _unknown(definition, columns))
    for key, reminder in definition.workflow.reminders.items():
        yield from (_at(definition, what, "reminders", key) for what in _wrong_subject(definition, reminder))


def _unknown(definition: Definition, columns: Iterable[ListColumn]) -> Iterator[str]:
    for column in columns:
        other = definition.forms.get(column.form or "")
        if column.form and (other is None or column.field not in other.fields):
            yield f"no field {column.form}.{column.field}"


def _wrong_subject(definition: Definition, rule: Reminder) -> Iterator[str]:
    if bool(rule.source) == bool(rule.hand_ins):
        yield "it is about `from` states or about `hand_ins`, one of them"
    for form in rule.hand_ins:
        handed = definition.workflow.hand_ins.get(form)
        if handed is None or handed.by != rule.to:
            yield f"{form} is not handed in by {rule.to}"
        elif rule.at.row != handed.during or rule.at.edge != "closes" or rule.each != "unit":
            yield f"{form} is due for each unit when {handed.during} closes"


def _at(definition: Definition, what: str, *path: str | int, file: str = FILE) -> str:
    return f"{file}:{definition.line(file, *path)}: {'.'.join(map(str, path))}: {what}"
