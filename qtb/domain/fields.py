"""Form fields as data and the one check of what was filled in, for the page, the command line and imports alike."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from qtb.domain.errors import Reason
from qtb.domain.workflow import Key, Strict, Text

PATTERNS = {
    "phone": re.compile(r"(\+86[- ]?)?1[3-9]\d{9}|0\d{2,3}[- ]?\d{7,8}(-\d{1,6})?"),
    "email": re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,5}"),
    "postcode": re.compile(r"\d{6}"),
}
TRUE = {"true", "1", "on", "yes", "y"}
MAX_TEXT = 20_000
MAX_NUMBER = 10**12


class Choice(Strict):
    """One value of an enum field."""

    key: Key
    label: Text


class FieldSpec(Strict):
    """One field: its type, limits, and the submission's column that it fills, if any."""

    type: Literal["text", "longtext", "int", "decimal", "date", "month", "enum", "bool", "ref"]
    label: Text
    help: Text | None = None
    required: bool = False
    must_be_true: bool = False
    min: int | None = None
    max: int | None = None
    pattern: Literal["phone", "email", "postcode"] | None = None
    past: bool = False
    choices: list[Choice] = []
    refers: Literal["recommenders"] | None = None
    column: Literal["team_name", "title", "category", "recommender_id", "share_consent"] | None = None


class Section(Strict):
    """A titled group of fields."""

    title: Text
    fields: dict[Key, FieldSpec]


class FormSpec(Strict):
    """One form file."""

    title: Text
    intro: Text | None = None
    judged: bool = False  # evaluators read it
    sections: list[Section]

    @property
    def fields(self) -> dict[Key, FieldSpec]:
        """All fields in order."""
        return {key: spec for section in self.sections for key, spec in section.fields.items()}


@dataclass(frozen=True, slots=True)
class Checked:
    """What a filled form comes to: JSON-ready values, what is wrong, and what is still missing."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, list[Reason]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Tell whether the form could be handed in."""
        return not self.errors and not self.missing


def check(
    form: FormSpec, raw: Mapping[str, Any], *, today: date, known: Mapping[str, Collection[Any]] | None = None
) -> Checked:
    """Check a filled form. `raw` holds text (or JSON values); `known` the keys that each ref field may name.

    An empty required field is missing, not wrong: a draft may be saved without it.
    """
    values: dict[str, Any] = {}
    errors: dict[str, list[Reason]] = {}
    missing: list[str] = []
    for key, spec in form.fields.items():
        try:
            value = parse(spec, raw.get(key), today=today, known=(known or {}).get(key, ()))
        except FieldError as error:
            errors[key] = [error.reason]
            continue
        values[key] = value
        if (value in (None, "") and spec.required) or (spec.must_be_true and value is not True):
            missing.append(key)
    return Checked(values, errors, tuple(missing))


class FieldError(Exception):
    """A value cannot be right; `reason` is for the reader."""

    def __init__(self, key: str, **args: object) -> None:
        super().__init__(key)
        self.reason = Reason(key, args)


def parse(spec: FieldSpec, raw: Any, *, today: date, known: Collection[Any] = ()) -> Any:
    """Return the JSON-ready value of one field: str, int, bool, or None when empty. Raises FieldError."""
    if spec.type == "bool":
        return raw is True or (isinstance(raw, str) and raw.strip().lower() in TRUE)
    if raw is not None and not isinstance(raw, (str, int)):
        raise FieldError("field_type")
    if isinstance(raw, int) and abs(raw) > MAX_NUMBER:
        raise FieldError("field_number")  # longer ones cannot even be written as text
    text = clean("" if raw is None else str(raw), lines=spec.type == "longtext")
    if not text:
        return "" if spec.type in ("text", "longtext", "enum") else None
    return PARSERS[spec.type](spec, text, today, known)


def clean(text: str, *, lines: bool) -> str:
    """Return the text in NFC, trimmed, with plain line ends. Raises FieldError for what no form may hold."""
    if len(text) > MAX_TEXT:
        raise FieldError("field_too_long", max=MAX_TEXT, n=len(text))
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    allowed = "\n\t" if lines else "\t"
    if any(unicodedata.category(character) in ("Cc", "Cs") and character not in allowed for character in text):
        raise FieldError("field_control")
    # Signs that nobody can see are not an answer.
    return text if any(unicodedata.category(sign)[0] not in "CZ" for sign in text) else ""


def _text(spec: FieldSpec, text: str, today: date, known: Collection[Any]) -> str:
    if spec.max is not None and len(text) > spec.max:
        raise FieldError("field_too_long", max=spec.max, n=len(text))
    if spec.min is not None and len(text) < spec.min:
        raise FieldError("field_too_short", min=spec.min, n=len(text))
    if spec.pattern and not PATTERNS[spec.pattern].fullmatch(text):
        raise FieldError(f"field_{spec.pattern}")
    return text


def _number(spec: FieldSpec, text: str, today: date, known: Collection[Any]) -> int | str:
    # ASCII digits only after NFKC, and few of them: int() accepts other scripts and takes minutes for 100,000 digits.
    text = unicodedata.normalize("NFKC", text)
    if not re.fullmatch(r"[-+]?[0-9]{1,13}(\.[0-9]{1,6})?", text, re.ASCII):
        raise FieldError("field_number")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise FieldError("field_number") from None
    if spec.type == "int" and number != number.to_integral_value():
        raise FieldError("field_integer")
    _in_range(spec, number)
    return int(number) if spec.type == "int" else str(number)


def _in_range(spec: FieldSpec, number: Decimal) -> None:
    low, high = (-MAX_NUMBER if spec.min is None else spec.min), (MAX_NUMBER if spec.max is None else spec.max)
    if not low <= number <= high:
        raise FieldError("field_range", min=low, max=high)


def _date(spec: FieldSpec, text: str, today: date, known: Collection[Any]) -> str:
    form = r"\d{4}-\d{2}" if spec.type == "month" else r"\d{4}-\d{2}-\d{2}"
    if not re.fullmatch(form, text, re.ASCII):
        raise FieldError(f"field_{spec.type}")
    try:
        found = date.fromisoformat(f"{text}-01" if spec.type == "month" else text)
    except ValueError:
        raise FieldError(f"field_{spec.type}") from None
    if spec.past and found > today:
        raise FieldError("field_future")
    return text


def _enum(spec: FieldSpec, text: str, today: date, known: Collection[Any]) -> str:
    if text not in {choice.key for choice in spec.choices}:
        raise FieldError("field_choice")
    return text


def _ref(spec: FieldSpec, text: str, today: date, known: Collection[Any]) -> int:
    if not re.fullmatch(r"\d{1,10}", text, re.ASCII) or int(text) not in known:
        raise FieldError("field_choice")
    return int(text)


PARSERS = {
    "text": _text, "longtext": _text, "int": _number, "decimal": _number,
    "date": _date, "month": _date, "enum": _enum, "ref": _ref,
}  # fmt: skip
