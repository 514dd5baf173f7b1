"""Three-way merge of a form: what one side alone changed is taken, what both changed differently is for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qtb.domain.fields import FormSpec
from qtb.domain.form_check import EMPTY
from qtb.domain.workflow import Key


@dataclass(frozen=True, slots=True)
class Merged:
    """What two changes of one form come to; `clashes` are the fields that both changed, as (theirs, mine)."""

    values: dict[str, Any]
    clashes: dict[Key, tuple[Any, Any]]


def merge(
    form: FormSpec, base: Mapping[str, Any], *, theirs: Mapping[str, Any], mine: Mapping[str, Any],
    picks: Mapping[Key, str],
) -> Merged:  # fmt: skip
    """Merge field by field; `picks` says for a field that both changed whether "theirs" or "mine" shall stand."""
    values: dict[str, Any] = {}
    clashes: dict[Key, tuple[Any, Any]] = {}
    for key, spec in form.fields.items():
        before, other, own = base.get(key), theirs.get(key), mine.get(key)
        if spec.by_system or spec.type == "file":  # nobody types these: they are as they are now
            values[key] = own
        elif is_same(own, before):
            values[key] = other
        elif is_same(other, before) or is_same(own, other):
            values[key] = own
        else:
            values[key] = other if picks.get(key) == "theirs" else own
            if picks.get(key) not in ("theirs", "mine"):
                clashes[key] = other, own
    return Merged(values, clashes)


def is_same(one: Any, other: Any) -> bool:
    """Tell whether two answers are the same; what is not there, not answered or not ticked is all one."""
    return one == other or (is_nothing(one) and is_nothing(other))


def is_nothing(value: Any) -> bool:
    """Tell whether a question is left open; nought is an answer."""
    return value in EMPTY or value is False
