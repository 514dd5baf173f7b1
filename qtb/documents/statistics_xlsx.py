"""A unit's statistics as a sheet: the figures, and the list of its recommended works that the system keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from qtb.documents.form_content import LANG, shown
from qtb.documents.form_xlsx import safe, saved
from qtb.domain.fields import FormSpec
from qtb.i18n import word

WORKS = ("n", "number", "team", "title", "unit", "category")


class Work(Protocol):
    """What the list says of a work."""

    number: str
    team_name: str
    title: str
    category: str
    unit: Any


def written(form: FormSpec, values: Mapping[str, Any], works: Sequence[Any], *, title: str) -> bytes:
    """Return the workbook."""
    book: Any = Workbook()
    figures = book.active
    figures.title = word(LANG, "sheet.figures")
    _row(figures, [title], bold=True)
    for section in form.sections:
        _row(figures, [section.title.get(LANG)], bold=True)
        for key, field in section.fields.items():
            value = values.get(key)
            _row(figures, [field.label.get(LANG), value if field.type == "int" else shown(field, value)])
    _widths(figures, (44, 24))
    if form.explains:
        _list(book.create_sheet(word(LANG, "sheet.works")), works)
    return saved(book)


def _list(sheet: Any, works: Sequence[Work]) -> None:
    _row(sheet, [word(LANG, f"sheet.work_{name}") for name in WORKS], bold=True)
    for n, one in enumerate(works, 1):
        category = next(iter(_category(one)), one.category)
        _row(sheet, [n, one.number, one.team_name, one.title, one.unit.name, category])
    _widths(sheet, (6, 14, 24, 40, 32, 20))
    sheet.freeze_panes = "A2"


def _category(one: Any) -> list[str]:
    forms = one.cycle.definition.forms.values()
    fields = (field for form in forms for field in form.fields.values() if field.column == "category")
    return [choice.label.get(LANG) for field in fields for choice in field.choices if choice.key == one.category]


def _row(sheet: Any, cells: Sequence[Any], *, bold: bool = False) -> None:
    sheet.append([safe(cell) for cell in cells])
    if bold:
        for cell in sheet[sheet.max_row]:
            cell.font, cell.alignment = Font(bold=True), Alignment(vertical="center")


def _widths(sheet: Any, widths: Sequence[int]) -> None:
    for n, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(n)].width = width
