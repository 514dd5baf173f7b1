"""The one check of a filled form, for the page, the command line, the API and imports alike."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from qtb.domain.errors import Reason
from qtb.domain.facts import OPERATORS
from qtb.domain.field_values import FieldError, parse
from qtb.domain.fields import MOST_ROWS, Condition, FieldSpec, FormSpec
from qtb.domain.workflow import Key

EMPTY: tuple[Any, ...] = (None, "", [])
NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,6})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a filled form comes to: JSON-ready values, what is wrong, what is still missing, what is worth a look.

    A cell of a row is named `field.row.column`, rows counted from 0.
    """

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, list[Reason]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    warnings: dict[str, list[Reason]] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Tell whether the form could be handed in."""
        return not self.errors and not self.missing


@dataclass(frozen=True, slots=True)
class Known:
    """What a check is told from outside the form.

    `refs`: by field, the keys that it may name. `files`: by field, what was uploaded, each as a JSON-ready object.
    `said`: what the system says, by source.
    """

    refs: Mapping[Key, Collection[Any]] = field(default_factory=dict)
    files: Mapping[Key, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    said: Mapping[str, Any] = field(default_factory=dict)


def check(form: FormSpec, raw: Mapping[str, Any], *, today: date, known: Known | None = None) -> Checked:
    """Check a filled form; `raw` holds texts, or JSON values, and lists of objects for rows.

    An empty required field is missing, not wrong: a draft may be saved without it. A field that is not asked, given
    the other answers, is emptied.
    """
    filling = _Filling(form, raw, today, known or Known())
    for key, spec in form.fields.items():
        filling.take(key, spec)
    filling.reckon()
    filling.drop_unasked()
    filling.weigh()
    return Checked(filling.values, filling.errors, tuple(filling.missing), filling.warnings)


def asked(form: FormSpec, values: Mapping[str, Any]) -> set[Key]:
    """Return the fields that are asked, given the answers."""
    return {key for key, spec in form.fields.items() if all(holds(one, values) for one in spec.asked_if)}


def holds(condition: Condition, values: Mapping[str, Any]) -> bool:
    """Tell whether a condition is so. A comparison with what is not answered is not so."""
    left = values.get(condition.field)
    if condition.op in ("filled", "empty"):
        return (left in EMPTY) == (condition.op == "empty")
    right = values.get(condition.than) if condition.than else condition.value
    if left in EMPTY or right in EMPTY:
        return False
    return bool(OPERATORS[condition.op](*_comparable(left, right)))


def is_blank(cell: Any) -> bool:
    """Tell whether nothing stands in a cell; a row of such cells is none."""
    return not cell.strip() if isinstance(cell, str) else cell in (None, False)


def proposed(form: FormSpec, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that an empty form begins with."""
    return {key: said[spec.prefill] for key, spec in form.fields.items() if spec.prefill and spec.prefill in said}


@dataclass
class _Filling:
    """A form while it is being checked."""

    form: FormSpec
    raw: Mapping[str, Any]
    today: date
    known: Known
    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, list[Reason]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    warnings: dict[str, list[Reason]] = field(default_factory=dict)

    def take(self, key: Key, spec: FieldSpec) -> None:
        """Read one field."""
        if spec.by_system:
            self.values[key] = self.known.said.get(spec.auto or "", _nothing(spec))
        elif spec.type == "rows":
            self._rows(key, spec)
        elif spec.type == "file":
            self.values[key] = list(self.known.files.get(key, ()))
            self._count(key, spec)
        else:
            self._one(key, key, spec, self.raw.get(key), self.values)

    def reckon(self) -> None:
        """Fill in what follows from the other answers."""
        for key, spec in self.form.fields.items():
            if spec.percent:
                part, whole = (self.values.get(name) for name in spec.percent)
                self.values[key] = percent(part, whole)

    def drop_unasked(self) -> None:
        """Empty the fields that are not asked, and forget what is wrong with them."""
        for key in set(self.form.fields) - asked(self.form, self.values):
            spec = self.form.fields[key]
            if spec.type != "file":  # a file stays where it is until somebody takes it away
                self.values[key] = _nothing(spec)
            self.missing = [name for name in self.missing if not _is_of(name, key)]
            self.errors = {name: reasons for name, reasons in self.errors.items() if not _is_of(name, key)}

    def weigh(self) -> None:
        """Judge what must be so among several answers."""
        for rule in self.form.checks:
            given = all(holds(one, self.values) for one in rule.given)
            if given and self._answered(rule.then) and not all(holds(one, self.values) for one in rule.then):
                kept = self.warnings if rule.warns else self.errors
                kept.setdefault(rule.at, []).append(Reason("form_check", {"says": rule.says}))
        self._total()
        self._explained()

    def _answered(self, conditions: Sequence[Condition]) -> bool:
        compared = [one for one in conditions if one.op not in ("filled", "empty")]
        return all(self.values.get(name) not in EMPTY for one in compared for name in (one.field, one.than) if name)

    def _one(self, name: str, key: Key, spec: FieldSpec, raw: Any, into: dict[str, Any]) -> None:
        try:
            value = parse(spec, raw, today=self.today, known=self.known.refs.get(key, ()))
        except FieldError as error:
            self.errors[name] = [error.reason]
            return
        into[key] = value
        if (value in EMPTY and spec.required) or (spec.must_be_true and value is not True):
            self.missing.append(name)

    def _rows(self, key: Key, spec: FieldSpec) -> None:
        raw = self.raw.get(key) or []
        if not isinstance(raw, list) or not all(isinstance(row, Mapping) for row in raw):
            self.errors[key] = [Reason("field_type", {})]
            return
        filled = [row for row in raw if not all(is_blank(row.get(name)) for name in spec.columns)]
        found: list[dict[str, Any]] = []
        for n, row in enumerate(filled[: (spec.max or MOST_ROWS) + 1]):
            found.append({})
            for name, column in spec.columns.items():
                self._one(f"{key}.{n}.{name}", name, column, row.get(name), found[-1])
        self.values[key] = found
        self._count(key, spec)

    def _count(self, key: Key, spec: FieldSpec) -> None:
        n, most = len(self.values[key]), spec.max or (1 if spec.type == "file" else MOST_ROWS)
        if n > most:
            self.errors[key] = [Reason("field_rows_many", {"max": most})]
        elif n < max(spec.min or 0, int(spec.required)) and (n or spec.required):
            self.missing.append(key)

    def _total(self) -> None:
        texts = [value for value in self.values.values() if isinstance(value, str)]
        n, most = sum(map(len, texts)), self.form.max_total
        if most is not None and n > most:
            last = next(reversed([key for key, spec in self.form.fields.items() if spec.type == "longtext"]))
            self.errors.setdefault(last, []).append(Reason("form_total", {"max": most, "n": n}))

    def _explained(self) -> None:
        note = self.form.explains
        if note and not self.values.get(note) and any(self._changed()):
            self.missing.append(note)

    def _changed(self) -> Iterator[bool]:
        for key, value in proposed(self.form, self.known.said).items():
            yield self.values.get(key) not in EMPTY and self.values.get(key) != value


def percent(part: Any, whole: Any) -> str:
    """Return a share in percent with two decimals, half up; empty where there is nothing to take a share of."""
    if part in EMPTY or whole in EMPTY or not Decimal(str(whole)):
        return ""
    return str((Decimal(str(part)) * 100 / Decimal(str(whole))).quantize(Decimal("0.01"), ROUND_HALF_UP))


def _comparable(left: Any, right: Any) -> tuple[Any, Any]:
    """Return both in one type: rows and files by their count, numbers as decimals, texts and dates as they stand."""
    left, right = (len(side) if isinstance(side, list) and _is_rows(side) else side for side in (left, right))
    if isinstance(right, list) or bool in (type(left), type(right)):
        return left, right
    if NUMBER.fullmatch(str(left)) and NUMBER.fullmatch(str(right)):
        return Decimal(str(left)), Decimal(str(right))
    return str(left), str(right)


def _is_rows(value: list[Any]) -> bool:
    return all(isinstance(row, Mapping) for row in value)


def _is_of(name: str, key: Key) -> bool:
    return name == key or name.startswith(f"{key}.")


def _nothing(spec: FieldSpec) -> Any:
    return {"rows": [], "bool": False, "text": "", "longtext": "", "enum": ""}.get(spec.type)
