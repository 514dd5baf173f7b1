"""A form as a Word file: real headings and tables, East-Asian fonts by name, for those who must edit or stamp it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import IO, Any

from docx import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from qtb.documents import dossier
from qtb.documents.form_content import Group, Paper, Piece
from qtb.i18n import word

SERIF, SANS = "宋体", "黑体"
MOST_COLUMNS = 8  # of a table on an upright page
UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML cannot hold them
STILL = datetime(2000, 1, 1)  # when it was made is nobody's concern, and the same paper is the same file


def written(paper: Paper) -> bytes:
    """Return the Word file."""
    document: Any = Document()
    _page(document, paper)
    document.add_paragraph(_fit(paper.programme)).alignment = WD_ALIGN_PARAGRAPH.CENTER
    title = document.add_heading(_fit(paper.title), level=0)
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for group in paper.groups:
        if any(len(piece.heads) > MOST_COLUMNS for piece in group.pieces):
            _across(document)
        _group(document, group)
    kept = io.BytesIO()
    document.save(kept)
    return _stilled(kept)


def _stilled(kept: IO[bytes]) -> bytes:
    """Return the file without the time of day that stands in the head of each of its parts."""
    with zipfile.ZipFile(kept) as parts:
        packed = dossier.packed((one, [parts.read(one)]) for one in parts.namelist())
    with packed:
        return packed.read()


def _page(document: Any, paper: Paper) -> None:
    section = document.sections[0]
    section.orientation, section.page_width, section.page_height = WD_ORIENT.PORTRAIT, Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.6)
    section.header.paragraphs[0].text = _fit(f"{paper.unit}\t\t{paper.number}")
    section.footer.paragraphs[0].text = _fit(paper.foot)
    for name, font, size in (("Normal", SERIF, 10.5), ("Heading 1", SANS, 12), ("Title", SANS, 20)):
        style = document.styles[name]
        style.font.name, style.font.size = font, Pt(size)
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    core = document.core_properties
    core.title, core.author, core.comments = _fit(paper.title), _fit(paper.programme), ""
    core.created = core.modified = STILL


def _across(document: Any) -> None:
    """Begin a page that lies across: a table of many columns needs its width."""
    section = document.add_section(WD_SECTION.NEW_PAGE)
    section.orientation, section.page_width, section.page_height = WD_ORIENT.LANDSCAPE, Cm(29.7), Cm(21)
    section.left_margin = section.right_margin = Cm(1.6)


def _group(document: Any, group: Group) -> None:
    document.add_heading(_fit(group.title), level=1)
    table = document.add_table(rows=0, cols=4, style="Table Grid")
    waiting: list[Piece] = []
    for piece in group.pieces:
        if piece.kind == "short":
            waiting.append(piece)
            continue
        _short(table, waiting)
        waiting = []
        _wide(table, piece)
    _short(table, waiting)


def _short(table: Any, pieces: Sequence[Piece]) -> None:
    for n in range(0, len(pieces), 2):
        cells = table.add_row().cells
        for column, piece in enumerate(pieces[n : n + 2]):
            cells[2 * column].text, cells[2 * column + 1].text = _fit(piece.label), _fit(piece.text)
        if len(pieces) == n + 1:
            cells[1].merge(cells[3])


def _wide(table: Any, piece: Piece) -> None:
    cells = table.add_row().cells
    cell = cells[0].merge(cells[3])
    if piece.label:
        cell.paragraphs[0].add_run(_fit(f"{piece.label}：")).bold = True
    if piece.kind == "table":
        return _rows(cell, piece)
    for text in piece.text.split("\n"):
        cell.add_paragraph(_fit(text)).paragraph_format.first_line_indent = Pt(21)
    if piece.kind == "seal":
        cell.add_paragraph(word("zh", "paper.seal")).alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _rows(cell: Any, piece: Piece) -> None:
    inner = cell.add_table(rows=1, cols=len(piece.heads))
    inner.style = cell.part.document.styles["Table Grid"]
    for head, text in zip(inner.rows[0].cells, piece.heads, strict=True):
        head.paragraphs[0].add_run(_fit(text)).bold = True
    for row in piece.rows:
        for one, text in zip(inner.add_row().cells, row, strict=True):
            one.text = _fit(text)
    cell.add_paragraph()


def _fit(text: str) -> str:
    return UNFIT.sub("", text)
