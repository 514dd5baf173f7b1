"""A filled import sheet as lines of text by field; whatever it is, read within a second or refused with a sentence."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final

from qtb.documents.form_xlsx import FIRST, columns, identity, sheet_name, tables_of
from qtb.domain.errors import Invalid
from qtb.domain.fields import FormSpec

MOST_LINES: Final = 300
MOST_ROWS: Final = 4_000  # of a sheet of members
MAX_BYTES: Final = 2 * 1024 * 1024
MAX_UNPACKED: Final = 3 * 1024 * 1024
MOST_TAGS: Final = 150_000  # more are not taken apart within a second; a full sheet has some 90,000
MAX_PARTS: Final = 200
MOST_COLUMNS: Final = 200
MOST_READ: Final = 5_000  # rows looked at, the empty ones among and below the lines too

Line = dict[str, Any]


def read(content: bytes, form: FormSpec) -> list[Line]:
    """Return the lines of the first sheet: row number, texts by field, fields that hold a formula; and the rows that
    other sheets hold for them, by field. Raises Invalid.
    """
    from openpyxl import load_workbook  # at first use: it costs memory that a page need not have

    if not content:
        raise Invalid("import_empty")
    if len(content) > MAX_BYTES:
        raise Invalid("import_large", mb=MAX_BYTES // 2**20)
    try:
        check_package(content)
        book = load_workbook(io.BytesIO(content), read_only=True)
        lines = list(_lines(book.worksheets[0], {key for key, _ in columns(form)}))
        for key, field in tables_of(form).items():
            if sheet_name(field) in book.sheetnames[1:]:
                _append(lines, key, book[sheet_name(field)], form)
    except Invalid:
        raise
    except Exception as error:  # the libraries below document no common ancestor of what damaged files raise
        raise Invalid("import_damaged") from error
    if not lines:
        raise Invalid("import_empty")
    return lines


def check_package(content: bytes) -> None:
    """Refuse what unpacks too far or defines XML entities, before anything is taken apart."""
    package = zipfile.ZipFile(io.BytesIO(content))
    parts = package.infolist()
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise Invalid("import_large", mb=MAX_BYTES // 2**20)
    for part in parts:
        if part.flag_bits & 1:
            raise Invalid("import_damaged")
        with package.open(part) as opened:
            body = opened.read(MAX_UNPACKED).replace(b"\x00", b"")
        if b"<!" in body[:4_096].replace(b"<!--", b""):
            raise Invalid("import_damaged")
        if body.count(b"<") > MOST_TAGS:
            raise Invalid("import_rows", most=MOST_LINES)


def _append(lines: Sequence[Line], key: str, sheet: Any, form: FormSpec) -> None:
    """Put each row of a sheet to the line that it names by unit and team. Raises Invalid where it names none."""
    lead, name = identity(form), sheet_name(form.fields[key])
    known = {*lead, *form.fields[key].columns}
    by_both = {_names(line, lead): line for line in lines}
    by_team = {names[-1]: line for names, line in by_both.items()}
    n_of_team = Counter(names[-1] for names in by_both)
    for row in _lines(sheet, known, most=MOST_ROWS):
        names = _names(row, lead)
        is_plain = not any(names[:-1]) and n_of_team[names[-1]] == 1  # one team of that name: the unit may be left out
        line = by_team[names[-1]] if is_plain else by_both.get(names)
        if line is None:
            raise Invalid("import_lost", sheet=name, row=row["row"])
        cells = {column: text for column, text in row["cells"].items() if column not in lead}
        if cells:
            line["rows"].setdefault(key, []).append({"row": row["row"], "cells": cells, "formulas": row["formulas"]})


def _names(line: Line, lead: Sequence[str]) -> tuple[str, ...]:
    return tuple("".join(str(line["cells"].get(key, "")).split()).casefold() for key in lead)


def _lines(sheet: Any, known: Collection[str], *, most: int = MOST_LINES) -> Iterator[Line]:
    rows = sheet.iter_rows(max_row=MOST_READ + 1, max_col=MOST_COLUMNS)
    heads: list[str] = []
    n_lines = 0
    for number, row in enumerate(rows, 1):
        if number == FIRST - 1:
            heads = _heads(row, known)
        if number < FIRST:
            continue
        line = _line(number, row, heads)
        if line is None:
            if number > MOST_READ:
                raise Invalid("import_rows", most=most)
            continue
        n_lines += 1
        if n_lines > most:
            raise Invalid("import_rows", most=most)
        yield line


def _heads(row: Any, known: Collection[str]) -> list[str]:
    """Return the fields that the columns stand for; the second row of the template names them."""
    found = [text_of(cell.value).strip() for cell in row]
    named = [head for head in found if head]
    if not set(known) & set(named):
        raise Invalid("import_heads")
    for head in named:
        if head not in known or named.count(head) > 1:
            raise Invalid("import_head", name=head[:40])
    return found


def _line(number: int, row: Any, heads: list[str]) -> Line | None:
    cells = [(head, cell) for head, cell in zip(heads, row, strict=False) if cell.value not in (None, "")]
    unheaded = [cell for cell in row[len(heads) :] if cell.value not in (None, "")]
    if unheaded or any(not head for head, _ in cells):
        raise Invalid("import_headless", row=number)
    if not any(text_of(cell.value).strip() for _, cell in cells):
        return None
    formulas = [head for head, cell in cells if cell.data_type in ("f", "e")]
    texts = {head: text_of(cell.value) for head, cell in cells}
    return {"row": number, "cells": texts, "formulas": formulas, "rows": {}}


def text_of(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
