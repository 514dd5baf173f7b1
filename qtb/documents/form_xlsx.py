"""A form as the sheet that units fill for an import: a column a field, choices to pick from, limits as comments."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from qtb.documents.form_content import LANG
from qtb.domain.fields import FieldSpec, FormSpec
from qtb.i18n import word

FIRST = 3  # the first row that is filled: labels and keys stand above it
ROWS = 500
LEADS = ("=", "+", "-", "@", "\t", "\r")


def template(
    form: FormSpec, *, extra: Sequence[tuple[str, str]] = (), offered: Mapping[str, Sequence[str]] | None = None
) -> bytes:
    """Return an empty import sheet of a form; `extra` are columns (key, label) that stand before its fields.

    `offered` are names to choose from, by field, that the form itself does not know: of units.
    """
    from openpyxl import Workbook  # at first use: it costs memory that a page need not have

    book: Any = Workbook()
    sheet = book.active
    sheet.title = form.title.get(LANG)[:31]
    sheet.freeze_panes = f"A{FIRST}"
    for n, (key, label) in enumerate(extra, 1):
        _head(sheet, n, key, label, must=True)
    tables = {key: (book.create_sheet(sheet_name(field)), field) for key, field in tables_of(form).items()}
    lists, lead = book.create_sheet(word(LANG, "sheet.choices")), identity(form)
    n_lists = _fields(sheet, lists, dict(columns(form)), first=len(extra) + 1, lists_from=0, offered=offered or {})
    for table, field in tables.values():
        table.freeze_panes = f"A{FIRST}"
        for n, key in enumerate(lead, 1):
            _head(table, n, key, form.fields[key].label.get(LANG), must=True)
        n_lists = _fields(table, lists, field.columns, first=len(lead) + 1, lists_from=n_lists, offered={})
    return saved(book)


def tables_of(form: FormSpec) -> dict[str, FieldSpec]:
    """Return the fields of rows, each a sheet of its own."""
    return {key: field for key, field in form.fields.items() if field.type == "rows" and not field.by_system}


def identity(form: FormSpec) -> list[str]:
    """Return the fields by which a row of such a sheet names its line: the unit and the team."""
    return [key for key, field in form.fields.items() if field.prefill == "unit_name" or field.column == "team_name"]


def sheet_name(field: FieldSpec) -> str:
    """Return what the sheet of a field of rows is called."""
    return field.label.get(LANG)[:31]


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
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    cell = sheet.cell(1, n, f"{label} *" if must else label)
    cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="center")
    cell.fill = PatternFill("solid", fgColor="E4EFFA" if must else "F1F1F1")
    sheet.cell(2, n, key).font = Font(color="808080", size=9)
    sheet.column_dimensions[get_column_letter(n)].width = max(12, min(40, 2 * len(label) + 4))


def _fields(
    sheet: Any, lists: Any, fields: Mapping[str, FieldSpec], *, first: int, lists_from: int,
    offered: Mapping[str, Sequence[str]],
) -> int:  # fmt: skip
    """Give each field a column; return how many columns of the sheet of choices are taken then."""
    from openpyxl.comments import Comment

    for n, (key, field) in enumerate(fields.items(), first):
        _head(sheet, n, key, field.label.get(LANG), must=field.required or field.must_be_true)
        lists_from += 1
        _choose(sheet, lists, n, offered.get(key) or _shown(field), at=lists_from)
        limits = _limits(field)
        if limits:
            sheet.cell(1, n).comment = Comment(limits, "QTB")
    return lists_from


def _shown(field: FieldSpec) -> list[str]:
    shown = [choice.label.get(LANG) for choice in field.choices]
    return shown or ([word(LANG, "form.yes"), word(LANG, "form.no")] if field.type == "bool" else [])


def _choose(sheet: Any, lists: Any, n: int, shown: Sequence[str], *, at: int) -> None:
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    if not shown:
        return
    letter, source_letter = get_column_letter(n), get_column_letter(at)
    for row, text in enumerate(shown, 1):
        lists.cell(row, at, safe(text))
    source = f"='{lists.title}'!${source_letter}$1:${source_letter}${len(shown)}"
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
