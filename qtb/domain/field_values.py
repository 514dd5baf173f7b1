"""What one field makes of what was typed: a JSON-ready value, or the reason why it cannot be right."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any

from stdnum.cn import uscc

from qtb.domain.errors import Reason
from qtb.domain.fields import FieldSpec

PATTERNS = {
    "phone": re.compile(
        r"(\+86[- ]?)?1[3-9]([- ]?[0-9]){9}"
        r"|0(10|2[0-9]|[3-9][0-9]{2})[- ]?[2-9][0-9]{2,3} ?[0-9]{4}(-[0-9]{1,6})?"
        r"|[48]00([- ]?[0-9]){7}"
    ),
    "email": re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,5}"),
    "postcode": re.compile(r"(0[1-9]|[1-7][0-9]|8[0-6])[0-9]{4}"),
    # Department, kind, place, body, check character (GB 32100); the last: `_text`.
    "uscc": re.compile(r"[1-9A-HJ-NPQRTUWXY]{2}[1-8][0-9]{5}[0-9A-HJ-NPQRTUWXY]{10}"),
}
NUMBER = re.compile(r"[-+]?[0-9]{1,13}(\.[0-9]{1,6})?")
TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # what follows is shown backwards
MARKS = dict.fromkeys(map(ord, "\u061c\u200e\u200f"))  # unseen, and pasted along from other programs
TRUE = {"true", "1", "on", "yes", "y"}
MAX_TEXT = 20_000
MAX_NUMBER = 10**12
FIRST_YEAR = 1900


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
    of_text = spec.type in ("text", "longtext")
    most = (spec.max if of_text else None) or MAX_TEXT
    text = clean("" if raw is None else str(raw), lines=spec.type == "longtext", most=most)
    if not text:
        return "" if of_text or spec.type == "enum" else None
    return PARSERS[spec.type](spec, text, today, known)


def clean(text: str, *, lines: bool, most: int = MAX_TEXT) -> str:
    """Return the text in NFC, trimmed, with plain line ends. Raises FieldError for what no form may hold.

    `most` is only named, where the text is too long to be looked at.
    """
    if len(text) > MAX_TEXT:
        raise FieldError("field_too_long", max=most, n=len(text))
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(MARKS)
    text = unicodedata.normalize("NFC", text).strip()
    allowed = "\n\t" if lines else "\t"
    if any(sign in TURNS or (unicodedata.category(sign) in ("Cc", "Cs") and sign not in allowed) for sign in text):
        raise FieldError("field_control")
    # Signs that nobody can see are not an answer.
    return text if any(unicodedata.category(sign)[0] not in "CZ" for sign in text) else ""


def _text(spec: FieldSpec, text: str, today: date, known: Collection[Any]) -> str:
    if spec.pattern == "phone":
        text = unicodedata.normalize("NFKC", text)
    if spec.pattern == "uscc":
        text = unicodedata.normalize("NFKC", text).upper()
    if spec.max is not None and len(text) > spec.max:
        raise FieldError("field_too_long", max=spec.max, n=len(text))
    if spec.min is not None and len(text) < spec.min:
        raise FieldError("field_too_short", min=spec.min, n=len(text))
    if spec.pattern and not PATTERNS[spec.pattern].fullmatch(text):
        raise FieldError(f"field_{spec.pattern}")
    if spec.pattern == "uscc" and uscc.calc_check_digit(text[:-1]) != text[-1]:
        raise FieldError("field_uscc_check")
    return _phone(text) if spec.pattern == "phone" else text


def _phone(text: str) -> str:
    """Return a mobile or a 400 number as bare digits, a number with its area as area-number."""
    if not text.startswith("0"):
        return re.sub(r"[- ]", "", text.removeprefix("+86"))
    return re.sub(r" ", "", re.sub(r"\A(0[0-9]{2,3}) ", r"\1-", text))


def read_number(text: str) -> Decimal | None:
    """Return a number as people write it, None for anything else.

    ASCII digits only after NFKC, and few of them: others' libraries take other scripts and minutes for 100,000 digits.
    """
    text = unicodedata.normalize("NFKC", text)
    return Decimal(text) if NUMBER.fullmatch(text) else None


def _number(spec: FieldSpec, text: str, today: date, known: Collection[Any]) -> int | str:
    number = read_number(text)
    if number is None:
        raise FieldError("field_number")
    if spec.type == "int" and number != number.to_integral_value():
        raise FieldError("field_integer")
    if spec.places is not None and number != round(number, spec.places):
        raise FieldError("field_places", places=spec.places)
    _in_range(spec, number)
    return int(number) if spec.type == "int" else str(number)


def _in_range(spec: FieldSpec, number: Decimal) -> None:
    low, high = (-MAX_NUMBER if spec.min is None else spec.min), (MAX_NUMBER if spec.max is None else spec.max)
    if low <= number <= high:
        return
    if spec.min is not None and spec.max is not None:
        raise FieldError("field_range", min=low, max=high)
    raise FieldError("field_least", min=low) if number < low else FieldError("field_most", max=high)


def _date(spec: FieldSpec, text: str, today: date, known: Collection[Any]) -> str:
    form = r"\d{4}-\d{2}" if spec.type == "month" else r"\d{4}-\d{2}-\d{2}"
    if not re.fullmatch(form, text, re.ASCII):
        raise FieldError(f"field_{spec.type}")
    try:
        found = date.fromisoformat(f"{text}-01" if spec.type == "month" else text)
    except ValueError:
        raise FieldError(f"field_{spec.type}") from None
    if found.year < FIRST_YEAR:
        raise FieldError("field_early", year=FIRST_YEAR)
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
