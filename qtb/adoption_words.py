"""What differs between two definitions as sentences, for the page and the command line alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from qtb.domain.adoption import Plan
from qtb.domain.adoption_changes import Change, Part
from qtb.domain.definition import Definition
from qtb.domain.workflow import Edge, Edit, Effect, Text, Undo
from qtb.i18n import word
from qtb.wording import edge_words, guard_words

Say = Callable[[Definition, Any, str], str]


def change_words(plan: Plan, change: Change, lang: str) -> str:
    """Return one change as a sentence: what was added, is gone, or what about it is different now."""
    area = word(lang, f"adoption.area.{change.area}")
    key = f"adoption.{change.kind}" if change.label else f"adoption.{change.kind}_alone"
    head = word(lang, key, area=area, name=_name(plan, change, lang))
    told = word(lang, "adoption.and").join(_part(plan, one, lang) for one in change.parts)
    return word(lang, "adoption.in_full", head=head, what=told) if told else head


def _name(plan: Plan, change: Change, lang: str) -> str:
    if change.area == "reminder":
        definition = plan.old if change.kind == "gone" else plan.new
        return _letter(definition, definition.workflow.reminders[change.key].letter, lang)
    return change.label.get(lang) if change.label else ""


def _part(plan: Plan, part: Part, lang: str) -> str:
    name = word(lang, f"adoption.part.{part.name}")
    if part.before is None and part.after is None:
        return name
    before, after = (_shown(plan, is_new, part, lang) for is_new in (False, True))
    return word(lang, "adoption.differs", part=name, before=before, after=after)


def _shown(plan: Plan, is_new: bool, part: Part, lang: str) -> str:
    value = part.after if is_new else part.before
    values = [one for one in (value if isinstance(value, list) else [value]) if one is not None]
    if part.name in STATES:
        shown = [_state(plan, one, lang) for one in values]
    else:
        shown = [_one(plan.new if is_new else plan.old, part.name, one, lang) for one in values]
    return word(lang, "list.and").join(shown) or word(lang, "adoption.nothing")


def _one(definition: Definition, name: str, value: Any, lang: str) -> str:
    if isinstance(value, bool):
        return word(lang, "form.yes" if value else "form.no")
    if isinstance(value, date):
        return value.isoformat()
    return SAYS.get(name, _plain)(definition, value, lang)


def _plain(definition: Definition, value: Any, lang: str) -> str:
    label = getattr(value, "label", value)
    return label.get(lang) if isinstance(label, Text) else str(label)


def _state(plan: Plan, key: str, lang: str) -> str:
    """Name a state, of either definition where one was only renamed; or a kind; or whom a reminder goes to."""
    states = {**plan.old.workflow.states, **plan.new.workflow.states}
    if key in states:
        return states[key].label.get(lang)
    return _known(f"cli.kind.{key}", _role(plan.new, key, lang), lang)


def _role(definition: Definition, key: str, lang: str) -> str:
    return _known(f"role.{key}", key, lang)


def _row(definition: Definition, key: str, lang: str) -> str:
    return definition.timeline.rows[key].title.get(lang)


def _kind(definition: Definition, key: str, lang: str) -> str:
    return _known(f"cli.kind.{key}", key, lang)


def _letter(definition: Definition, effect: Effect | str, lang: str) -> str:
    if isinstance(effect, str):
        return _known(f"letter.{effect}", effect, lang)
    letter = _known(f"letter.{effect.letter}", effect.letter, lang)
    return word(lang, "adoption.letter", letter=letter, role=_role(definition, effect.to, lang))


def _edit(definition: Definition, edit: Edit, lang: str) -> str:
    role, form = _role(definition, edit.by, lang), definition.forms[edit.form].title
    if edit.during is None:
        return word(lang, "adoption.edit_ever", role=role, form=form)
    return word(lang, "adoption.edit", role=role, form=form, row=definition.timeline.rows[edit.during].title)


def _undo(definition: Definition, undo: Undo, lang: str) -> str:
    who = _roles(definition, undo.by, lang)
    return word(lang, "adoption.undo" if undo.days is not None else "adoption.undo_ever", role=who, days=undo.days)


def _roles(definition: Definition, keys: Sequence[str], lang: str) -> str:
    return word(lang, "list.or").join(_role(definition, key, lang) for key in keys)


def _edge(definition: Definition, edge: Edge, lang: str) -> str:
    return edge_words(definition, edge, lang)


def _known(key: str, otherwise: str, lang: str) -> str:
    """Return a wording; a site's own letters and roles may have none."""
    text = word(lang, key)
    return otherwise if text == key else text


STATES = {"source", "to", "path"}
SAYS: dict[str, Say] = {
    "by": _role, "holder": _role, "during": _row, "judged": _row,
    "kind": _kind, "then": _letter, "letter": _letter, "edits": _edit, "undo": _undo, "at": _edge, "when": guard_words,
}  # fmt: skip
