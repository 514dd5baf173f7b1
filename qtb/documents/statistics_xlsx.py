"""A unit's statistics as a sheet: the figures, and the list of its recommended works that the system keeps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from qtb.documents.form_content import LANG, Piece, shown
from qtb.documents.form_xlsx import saved
from qtb.documents.table_xlsx import put, row, widths
from qtb.domain.fields import FormSpec
from qtb.i18n import word

DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,12})\.[0-9]{1,6}", re.ASCII)
PLAIN = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)  # a count or a rank; longer ones are numbers of works and phones

def written(form: FormSpec, values: Mapping[str, Any], works: Piece | None, *, title: str) -> bytes:
    """Return the workbook."""
    from openpyxl import Workbook  # at first use: it costs memory that a page need not have

    book: Any = Workbook()
    figures = book.active
    figures.title = word(LANG, "sheet.figures")
    row(figures, [title], bold=True)
    for section in form.sections:
        row(figures, [section.title.get(LANG)], bold=True)
        for key, field in section.fields.items():
            value = values.get(key)
            text = shown(field, value)
            row(figures, [field.label.get(LANG), value if field.type == "int" else _cell(text)])
    widths(figures, (44, 24))
    if works:
        _list(book.create_sheet(works.label), works)
    return saved(book)


def _cell(text: str) -> Any:
    """Return a text as a number where it is one that can be summed."""
    if DECIMAL.fullmatch(text):
        return Decimal(text)
    return int(text) if PLAIN.fullmatch(text) else text


def _list(sheet: Any, works: Piece) -> None:
    put(sheet, works.heads, [[_cell(cell) for cell in cells] for cells in works.rows])
