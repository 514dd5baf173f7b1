"""A filled form as what a paper shows: groups of labelled pieces. The PDF, the Word file and the sheet are made of it.

Official papers are Chinese whatever the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qtb.domain import files
from qtb.domain.fields import FieldSpec, FormSpec
from qtb.domain.form_check import asked
from qtb.i18n import word

LANG = "zh"
Names = Mapping[str, Sequence[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Piece:
    """One field on paper: `short` (a line), `long` (paragraphs), `seal` (an opinion under a stamp) or `table`."""

    kind: str
    label: str
    text: str = ""
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A titled part of the paper."""

    title: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole form; `number` and `unit` stand at the head of each page."""

    title: str
    programme: str
    number: str
    unit: str
    groups: tuple[Group, ...]
    foot: str


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands on a submission's forms, and the names of what ref fields point to (by field: key, name)."""

    forms: Mapping[str, FormSpec]
    answers: Mapping[str, Mapping[str, Any]]
    names: Names


def paper(key: str, filled: Filled, *, programme: str, number: str, unit: str) -> Paper:
    """Return a form as paper, with the fields of other forms that it also prints."""
    form, values = filled.forms[key], filled.answers.get(key, {})
    groups = [*_groups(form, values, filled.names), *_also(form, filled)]
    return Paper(form.title.get(LANG), programme, number, unit, tuple(groups), word(LANG, "paper.no_fee"))


def shown(spec: FieldSpec, value: Any, names: Sequence[tuple[str, str]] = ()) -> str:
    """Return one value as text."""
    if value is None or value == "" or value == []:
        return ""
    if spec.type == "bool":
        return word(LANG, "paper.ticked" if value else "paper.unticked")
    if spec.type == "enum":
        return next((choice.label.get(LANG) for choice in spec.choices if choice.key == value), str(value))
    if spec.type == "ref":
        return next((name for key, name in names if key == str(value)), "")
    if spec.type in ("date", "month"):
        return _day(str(value))
    if spec.type == "file":
        return "\n".join(files.on_paper(one, pages=_pages(one)) for one in value)
    return str(value)


def _pages(one: Mapping[str, Any]) -> str:
    return word(LANG, "file.pages", n=one["pages"]) if one.get("pages") else ""


def _groups(form: FormSpec, values: Mapping[str, Any], names: Names) -> Iterator[Group]:
    seen = asked(form, values)
    for section in form.sections:
        pieces = [_piece(key, spec, values, names) for key, spec in section.fields.items() if key in seen]
        if pieces:
            yield Group(section.title.get(LANG), tuple(pieces))


def _also(form: FormSpec, filled: Filled) -> Iterator[Group]:
    for also in form.also:
        other, values = filled.forms[also.form], filled.answers.get(also.form, {})
        pieces = tuple(_piece(key, other.fields[key], values, filled.names) for key in also.fields)
        yield Group(also.title.get(LANG), pieces)


def _piece(key: str, spec: FieldSpec, values: Mapping[str, Any], names: Names) -> Piece:
    label, value = spec.label.get(LANG), values.get(key)
    if spec.type == "rows":
        heads = tuple(column.label.get(LANG) for column in spec.columns.values())
        rows = tuple(
            tuple(shown(column, row.get(name), names.get(name, ())) for name, column in spec.columns.items())
            for row in value or ()
        )
        return Piece("table", label, heads=heads, rows=rows)
    kind = "seal" if spec.stamped else "long" if spec.type in ("longtext", "file") else "short"
    return Piece(kind, label, shown(spec, value, names.get(key, ())))


def _day(text: str) -> str:
    parts = [int(part) for part in text.split("-")]
    return "".join(f"{part}{unit}" for part, unit in zip(parts, "年月日", strict=False))
