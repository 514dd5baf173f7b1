"""What is taken over from another filled form: what may be copied, fits the fields of today, and overwrites nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from qtb.domain.field_values import FieldError, parse
from qtb.domain.fields import FieldSpec, FormSpec
from qtb.domain.form_check import is_blank
from qtb.domain.merge import is_nothing
from qtb.domain.workflow import Key


@dataclass(frozen=True, slots=True)
class Copied:
    """The values with what was copied, and the fields that the other form fills and that were left out."""

    values: dict[str, Any]
    taken: tuple[Key, ...]
    left_out: tuple[Key, ...]
    kept: tuple[Key, ...]


def copy(form: FormSpec, source: Mapping[str, Any], *, into: Mapping[str, Any], today: date) -> Copied:
    """Fill the empty fields from another form of the same kind; nothing that stands there is replaced."""
    values, taken, left_out, kept = dict(into), [], [], []
    for key, spec in form.fields.items():
        found = source.get(key)
        if is_nothing(found) or spec.by_system or found == into.get(key):
            continue
        if not _may_copy(spec) or not _fits(spec, found, today):
            left_out.append(key)
        elif not _is_empty(into.get(key)):
            kept.append(key)
        else:
            values[key] = found
            taken.append(key)
    return Copied(values, tuple(taken), tuple(left_out), tuple(kept))


def _may_copy(spec: FieldSpec) -> bool:
    return spec.copies and spec.type not in ("ref", "file")


def _fits(spec: FieldSpec, value: Any, today: date) -> bool:
    """Tell whether the field as it is today could hold the value: definitions change from year to year."""
    if spec.type == "rows":
        rows = value if isinstance(value, list) else [None]
        return all(isinstance(row, Mapping) and _row_fits(spec, row, today) for row in rows)
    try:
        parse(spec, value, today=today)
    except FieldError:
        return False
    return True


def _row_fits(spec: FieldSpec, row: Mapping[str, Any], today: date) -> bool:
    return all(_fits(column, row.get(name), today) for name, column in spec.columns.items())


def _is_empty(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(row, Mapping) and all(map(is_blank, row.values())) for row in value)
    return is_nothing(value) or is_blank(value)
