"""Import sheets as units fill them, and others as nobody should."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

from openpyxl import load_workbook

from qtb.documents import form_xlsx
from qtb.services import definitions
from tests.world import REGISTRATION

LINE: dict[str, Any] = {
    **{key: value for key, value in REGISTRATION.items() if key != "members"},
    "unit_nature": "民营", "district": "浦东新区", "truth_commit": "是", "privacy_consent": "是",
    "team_name": "导入一班", "recommender": "浦东区质协",
}  # fmt: skip


def filled(*lines: dict[str, Any], members: Sequence[dict[str, Any]] = ()) -> bytes:
    """Return the template of the entry form with these lines, each the usual one with other answers; and members."""
    book = load_workbook(io.BytesIO(form_xlsx.template(definitions.load("qtb").forms["registration"])))
    sheet = book.active
    heads = {cell.value: cell.column for cell in sheet[2]}
    for row, line in enumerate(lines, form_xlsx.FIRST):
        for key, value in {**LINE, **line}.items():
            sheet.cell(row, heads[key], value)
    table = book["班组成员"]
    heads = {cell.value: cell.column for cell in table[2]}
    for row, member in enumerate(members, form_xlsx.FIRST):
        for key, value in member.items():
            table.cell(row, heads[key], value)
    return form_xlsx.saved(book)


def changed(content: bytes, part: str, into: bytes) -> bytes:
    """Return a spreadsheet with one part replaced."""
    kept = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, into if name == part else old.read(name))
    return kept.getvalue()
