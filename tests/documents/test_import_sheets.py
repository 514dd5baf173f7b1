"""Import sheets are read as text by field; what is none is refused with a sentence, before it costs anything."""

from __future__ import annotations

import io
import random
import zipfile
from contextlib import suppress
from datetime import date

import pytest
from openpyxl import Workbook, load_workbook

from qtb.documents import form_xlsx, import_xlsx
from qtb.domain.errors import Invalid
from qtb.services import definitions
from tests.sheets import changed, filled

FORM = definitions.load("qtb").forms["registration"]
SHEET = "xl/worksheets/sheet1.xml"
HEAD = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
NAMED = '<row r="2"><c r="A2" t="inlineStr"><is><t>team_name</t></is></c></row>'


def refusal(content: bytes) -> str:
    """Return the key of the refusal that a file must meet."""
    with pytest.raises(Invalid) as met:
        import_xlsx.read(content, FORM)
    return met.value.key


def sheet_of(xml: str) -> bytes:
    """Return a spreadsheet whose sheet is this XML."""
    return changed(filled({}), SHEET, (HEAD + xml + "</sheetData></worksheet>").encode())


def test_a_filled_template_comes_back_as_text_by_field() -> None:
    lines = import_xlsx.read(filled({"team_size": 12, "team_founded": date(2019, 3, 1)}, {"team_name": "二班"}), FORM)
    assert [line["row"] for line in lines] == [3, 4]
    cells = lines[0]["cells"]
    assert (cells["team_size"], cells["team_founded"], cells["team_name"]) == ("12", "2019-03-01", "导入一班")
    assert [line["formulas"] for line in lines] == [[], []]


def test_a_formula_is_told_and_not_reckoned() -> None:
    assert import_xlsx.read(filled({"team_size": "=1+1"}), FORM)[0]["formulas"] == ["team_size"]


def test_empty_rows_are_passed_over() -> None:
    book = load_workbook(io.BytesIO(filled({}, {"team_name": "二班"})))
    book.active.insert_rows(4, 3)
    assert [line["row"] for line in import_xlsx.read(form_xlsx.saved(book), FORM)] == [3, 7]


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04", b"hello", b"\x00" * 1000, b"%PDF-1.7", b"PK\x05\x06" + b"\x00" * 18]
)
def test_what_is_no_spreadsheet_is_refused(content: bytes) -> None:
    assert refusal(content) == "import_damaged"


@pytest.mark.parametrize("body", [b"", b"<broken", b"no xml", b"<a/>", b"\x00", b"\xff\xfe<\x00a\x00"])
def test_a_part_that_is_broken_is_refused_or_not_needed(body: bytes) -> None:
    whole = filled({})
    for part in zipfile.ZipFile(io.BytesIO(whole)).namelist():
        try:
            lines = import_xlsx.read(changed(whole, part, body), FORM)
        except Invalid:
            continue
        assert len(lines) == 1, part


def test_a_package_with_any_byte_changed_is_read_or_refused() -> None:
    whole, chance = filled({}), random.Random(7)
    for _ in range(150):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        with suppress(Invalid):
            import_xlsx.read(bytes(broken), FORM)


def test_empty_and_oversized_files_are_refused() -> None:
    assert refusal(b"") == "import_empty"
    assert refusal(filled()) == "import_empty"
    assert refusal(b"x" * (import_xlsx.MAX_BYTES + 1)) == "import_large"


def test_a_sheet_that_unpacks_too_far_is_refused() -> None:
    assert refusal(sheet_of(NAMED + " " * (import_xlsx.MAX_UNPACKED + 1))) == "import_large"


def test_a_million_rows_are_refused() -> None:
    assert refusal(sheet_of(NAMED + "<row/>" * 1_000_000)) in ("import_large", "import_rows", "import_empty")
    assert refusal(sheet_of(NAMED + "<row>" + "<c/>" * 700_000 + "</row>")) == "import_rows"
    far = '<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>x</t></is></c></row>'
    assert refusal(sheet_of(NAMED + far)) == "import_rows"
    row = '<row><c t="inlineStr"><is><t>x</t></is></c></row>'
    assert refusal(sheet_of(NAMED + row * (import_xlsx.MOST_LINES + 1))) == "import_rows"


def test_entities_are_refused() -> None:
    body = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    for part in (SHEET, "xl/styles.xml", "xl/workbook.xml"):
        assert refusal(changed(filled({}), part, body)) == "import_damaged"


@pytest.mark.parametrize(
    ("heads", "key"),
    [
        (["班组"], "import_heads"), ([], "import_heads"), (["team_name", "nope"], "import_head"),
        (["team_name", "team_name"], "import_head"), (["team_name", "members"], "import_head"),
    ],
)  # fmt: skip
def test_other_headers_are_refused_and_named(heads: list[str], key: str) -> None:
    book = Workbook()
    book.active.append(["x"])
    book.active.append(heads or [None])
    book.active.append(["一班", "x"])
    assert refusal(form_xlsx.saved(book)) == key


def test_what_stands_beside_the_fields_is_refused() -> None:
    book = Workbook()
    for row in (["班组"], ["team_name"], ["一班", "stray"]):
        book.active.append(row)
    assert refusal(form_xlsx.saved(book)) == "import_headless"
