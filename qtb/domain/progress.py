"""How far a form is filled, counted by the check itself: what is required of those asked, and what of it is there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from qtb.domain.fields import FormSpec
from qtb.domain.form_check import Checked, asked
from qtb.domain.workflow import Key


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of the required fields are there and right."""

    n_done: int
    n_all: int


def progress(form: FormSpec, checked: Checked) -> list[Progress]:
    """Return how far each section is."""
    open_fields = _fields((*checked.missing, *checked.errors))
    wanted = {key for key in asked(form, checked.values) if _is_required(form, key)} | _fields(checked.missing)
    return [_counted([key for key in section.fields if key in wanted], open_fields) for section in form.sections]


def total(parts: Iterable[Progress]) -> Progress:
    """Return how far the whole form is."""
    parts = list(parts)
    return Progress(sum(part.n_done for part in parts), sum(part.n_all for part in parts))


def _counted(wanted: list[Key], open_fields: set[Key]) -> Progress:
    return Progress(len([key for key in wanted if key not in open_fields]), len(wanted))


def _fields(names: Iterable[str]) -> set[Key]:
    return {name.partition(".")[0] for name in names}


def _is_required(form: FormSpec, key: Key) -> bool:
    spec = form.fields[key]
    return not spec.by_system and (spec.required or spec.must_be_true)
