"""A list of who judges what, as XLSX or CSV: a work's number and a judge's e-mail a line; and the empty one to fill."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from qtb.documents.form_content import LANG
from qtb.documents.form_xlsx import safe, saved
from qtb.documents.import_xlsx import MAX_BYTES, check_package, text_of
from qtb.domain.errors import Invalid
from qtb.i18n import word

MOST_LINES: Final = 3_000
MOST_READ: Final = 5_000
LONGEST: Final = 254
ENCODINGS: Final = ("utf-8-sig", "gb18030")  # spreadsheets write either
HEADS: Final = {
    "number": ("编号", "成果编号", "number"), "email": ("评审专家邮箱", "专家邮箱", "邮箱", "e-mail", "email"),
}  # fmt: skip

Row = Sequence[str | None]  # None: a formula


def template(numbers: Sequence[tuple[str, str]]) -> bytes:
    """Return the list to fill: the works' numbers and teams, the judge's column empty."""
    from openpyxl import Workbook  # at first use: it costs memory that a page need not have
    from openpyxl.styles import Font

    book: Any = Workbook()
    sheet = book.active
    sheet.title = word(LANG, "assignment.file_sheet")
    sheet.append([HEADS["number"][0], HEADS["email"][0], word(LANG, "case.team")])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for number, team in numbers:
        sheet.append([safe(number), "", safe(team)])
    for letter, width in zip("ABC", (16, 34, 30), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"
    return saved(book)


def read(content: bytes) -> list[dict[str, Any]]:
    """Return the lines with a judge: {row, number, email}. Raises Invalid for what is no such list."""
    if not content:
        raise Invalid("import_empty")
    if len(content) > MAX_BYTES:
        raise Invalid("import_large", mb=MAX_BYTES // 2**20)
    found = list(_lines(_of_xlsx(content) if content[:2] == b"PK" else _of_csv(content)))
    if not found:
        raise Invalid("import_empty")
    return found


def _of_xlsx(content: bytes) -> list[Row]:
    from openpyxl import load_workbook

    try:
        check_package(content)
        book = load_workbook(io.BytesIO(content), read_only=True)
        rows = book.worksheets[0].iter_rows(max_row=MOST_READ + 1, max_col=20)
        return [[None if cell.data_type in ("f", "e") else text_of(cell.value) for cell in row] for row in rows]
    except Invalid:
        raise
    except Exception as error:  # as in an import: damaged files raise whatever they like
        raise Invalid("import_damaged") from error


def _of_csv(content: bytes) -> list[Row]:
    for encoding in ENCODINGS:
        with suppress(UnicodeDecodeError, csv.Error):
            text = content.decode(encoding)
            if "\x00" in text:
                break
            rows = csv.reader(io.StringIO(text), delimiter=";" if ";" in text.partition("\n")[0] else ",")
            return [row[:20] for _, row in zip(range(MOST_READ + 1), rows, strict=False)]
    raise Invalid("import_damaged")


def _lines(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    places = _places(rows[0] if rows else ())
    n_lines = 0
    for number, row in enumerate(rows[1:], 2):
        cells = {key: row[at] if at < len(row) else "" for key, at in places.items()}
        if None in cells.values():
            raise Invalid("assignment_formula", row=number)
        told = {key: (text or "").strip()[:LONGEST] for key, text in cells.items()}
        if not told["email"]:  # of a work that nobody is named for
            continue
        n_lines += 1
        if n_lines > MOST_LINES or number > MOST_READ:
            raise Invalid("import_rows", most=MOST_LINES)
        yield {"row": number, **told}


def _places(heads: Row) -> dict[str, int]:
    named = ["".join((head or "").split()).casefold() for head in heads]
    found = {key: next((named.index(one) for one in words if one in named), -1) for key, words in HEADS.items()}
    if -1 in found.values():
        raise Invalid("assignment_heads", number=HEADS["number"][0], email=HEADS["email"][0])
    return found
