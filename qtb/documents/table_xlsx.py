"""Tables as a workbook: a sheet each, the heads bold and frozen, nothing that a spreadsheet takes for a formula."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from qtb.documents.form_xlsx import safe, saved

WIDEST = 40


class Table(NamedTuple):
    """One sheet: its title, heads and rows; a cell is a text, a number or empty."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Any]]


def number(text: str | None) -> Decimal | None:
    """Return a stored decimal text as the number that a cell holds."""
    return Decimal(text) if text else None


def written(tables: Iterable[Table]) -> bytes:
    """Return the workbook."""
    from openpyxl import Workbook  # at first use: it costs memory that a page need not have

    book: Any = Workbook()
    book.remove(book.active)
    for one in tables:
        put(book.create_sheet(one.title[:31]), one.heads, one.rows)
    return saved(book)


def put(sheet: Any, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Put a table onto a sheet."""
    row(sheet, heads, bold=True)
    for cells in rows:
        row(sheet, cells)
    longest = [max(len(str(cell or "")) for cell in column) for column in zip(heads, *rows, strict=True)]
    widths(sheet, [min(WIDEST, max(8, 2 * n + 2)) for n in longest])
    sheet.freeze_panes = "A2"


def row(sheet: Any, cells: Sequence[Any], *, bold: bool = False) -> None:
    """Add a row."""
    from openpyxl.styles import Alignment, Font

    sheet.append([float(cell) if isinstance(cell, Decimal) else safe(cell) for cell in cells])
    for cell, given in zip(sheet[sheet.max_row], cells, strict=False):
        if isinstance(given, Decimal):
            cell.number_format = "0.00"
    if bold:
        for cell in sheet[sheet.max_row]:
            cell.font, cell.alignment = Font(bold=True), Alignment(vertical="center")


def widths(sheet: Any, wide: Sequence[int]) -> None:
    """Set how wide the columns are, in characters."""
    from openpyxl.utils import get_column_letter

    for n, width in enumerate(wide, 1):
        sheet.column_dimensions[get_column_letter(n)].width = width
