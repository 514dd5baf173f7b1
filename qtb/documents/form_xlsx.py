"""A form as the sheet that units fill for an import: a column a field, choices to pick from, limits as comments."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from qtb.documents.form_content import LANG
from qtb.domain.fields import FieldSpec, FormSpec
from qtb.i18n import word

FIRST = 3  # the first row that is filled: labels and keys stand above it
ROWS = 500
LEADS = ("=", "+", "-", "@", "\t", "\r")


def template(form: FormSpec, *, extra: Sequence[tuple[str, str]] = ()) -> bytes:
    """Return an empty import sheet of a form; `extra` are columns (key, label) that stand before its fields."""
    book: Any = Workbook()
    sheet = book.active
    sheet.title = form.title.get(LANG)[:31]
    sheet.freeze_panes = f"A{FIRST}"
    for n, (key, label) in enumerate(extra, 1):
        _head(sheet, n, key, label, must=True)
    lists = book.create_sheet(word(LANG, "sheet.choices"))
    for n, (key, field) in enumerate(columns(form), len(extra) + 1):
        _head(sheet, n, key, field.label.get(LANG), must=field.required or field.must_be_true)
        _choose(sheet, lists, n, field)
        limits = _limits(field)
        if limits:
            sheet.cell(1, n).comment = Comment(limits, "QTB")
    return saved(book)


def columns(form: FormSpec) -> Iterator[tuple[str, FieldSpec]]:
    """Yield what one line of a sheet can hold: no rows, no files, nothing that the system says."""
    for key, field in form.fields.items():
        if field.type not in ("rows", "file") and not field.by_system:
            yield key, field


def safe(text: object) -> object:
    """Return a value that no spreadsheet takes for a formula, without signs that it cannot hold."""
    if not isinstance(text, str):
        return text
    plain = "".join(sign for sign in text if sign >= " " or sign in "\n\t")
    return f"'{plain}" if plain.startswith(LEADS) else plain


def saved(book: Any) -> bytes:
    """Return a workbook's bytes."""
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def _head(sheet: Any, n: int, key: str, label: str, *, must: bool) -> None:
    cell = sheet.cell(1, n, f"{label} *" if must else label)
    cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="center")
    cell.fill = PatternFill("solid", fgColor="E4EFFA" if must else "F1F1F1")
    sheet.cell(2, n, key).font = Font(color="808080", size=9)
    sheet.column_dimensions[get_column_letter(n)].width = max(12, min(40, 2 * len(label) + 4))


def _choose(sheet: Any, lists: Any, n: int, field: FieldSpec) -> None:
    shown = [choice.label.get(LANG) for choice in field.choices]
    shown = shown or ([word(LANG, "form.yes"), word(LANG, "form.no")] if field.type == "bool" else [])
    if not shown:
        return
    letter = get_column_letter(n)
    for row, text in enumerate(shown, 1):
        lists.cell(row, n, text)
    source = f"='{lists.title}'!${letter}$1:${letter}${len(shown)}"
    rule = DataValidation(type="list", formula1=source, allow_blank=True)
    sheet.add_data_validation(rule)
    rule.add(f"{letter}{FIRST}:{letter}{FIRST + ROWS}")


def _limits(field: FieldSpec) -> str:
    said = [field.help.get(LANG)] if field.help else []
    if field.type in ("text", "longtext") and field.max:
        said.append(word(LANG, "sheet.at_most", max=field.max))
    if field.type in ("date", "month"):
        said.append(word(LANG, f"refusal.field_{field.type}"))
    return "\n".join(said)
