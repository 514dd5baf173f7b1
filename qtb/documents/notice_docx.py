"""Word documents: paragraphs and tables in their order, merged cells told apart, text boxes and numbers included."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any, Final

import docx
from docx.oxml.ns import qn

from qtb.documents.notice_grid import MAX_ROWS, Box, regrouped, table_blocks
from qtb.documents.notice_numbering import Numbering
from qtb.documents.unreadable import NoticeUnreadable
from qtb.domain.notice import Block, Paragraph

MAX_UNPACKED_MB: Final = 100
MAX_RATIO: Final = 200
MAX_ENTRIES: Final = 2000
_MB: Final = 1024 * 1024
_CONTAINERS: Final = frozenset(
    qn(name)
    for name in ("w:sdt", "w:sdtContent", "w:ins", "w:smartTag", "w:customXml", "w:moveTo", "w:hyperlink", "w:body")
)
_CHOICE: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_GONE: Final = frozenset(qn(name) for name in ("w:del", "w:moveFrom", "w:instrText", "w:delText", "w:pPr", "w:rPr"))


def docx_blocks(content: bytes) -> list[Block]:
    """Read a .docx into blocks."""
    check_package(content)
    document = docx.Document(io.BytesIO(content))
    numbering = Numbering(document)
    return regrouped(_blocks(document.element.body, numbering, 0))


def check_package(content: bytes) -> None:
    """Refuse a package that is no Word document, that unpacks too far, or that defines XML entities."""
    try:
        package = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise NoticeUnreadable("notice.damaged", kind="docx") from error
    entries = package.infolist()
    names = {entry.filename for entry in entries}
    if "word/document.xml" not in names and not any(n.startswith("word/document") for n in names):
        raise NoticeUnreadable("notice.wrong_kind", kind="xlsx" if any(n.startswith("xl/") for n in names) else "zip")
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED_MB * _MB or unpacked > max(MAX_RATIO * len(content), _MB):
        raise NoticeUnreadable("notice.bomb", limit_mb=MAX_UNPACKED_MB)
    for entry in entries:
        if entry.filename.endswith((".xml", ".rels")):
            _check_part(package, entry)


def _check_part(package: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & 1:
        raise NoticeUnreadable("notice.locked")
    with package.open(entry) as part:
        head = part.read(65_536).replace(b"\x00", b"").upper()
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise NoticeUnreadable("notice.entities")


def _blocks(parent: Any, numbering: Numbering, depth: int) -> list[Block]:
    result: list[Block] = []
    if depth > 12:
        raise NoticeUnreadable("notice.too_deep")
    for child in parent.iterchildren():
        if child.tag == qn("w:p"):
            result += _paragraph(child, numbering, depth)
        elif child.tag == qn("w:tbl"):
            result += table_blocks(_rows(child, numbering, depth + 1))
        elif child.tag in _CONTAINERS:
            result += _blocks(child, numbering, depth + 1)
    return result


def _paragraph(element: Any, numbering: Numbering, depth: int) -> list[Block]:
    boxes: list[Any] = []
    text = "".join(_texts(element, boxes, 0))
    label = numbering.label(element) if text.strip() else ""
    result: list[Block] = [Paragraph(label + text)]
    for box in boxes:
        result += _blocks(box, numbering, depth + 1)
    return result


def _texts(element: Any, boxes: list[Any], depth: int) -> Iterator[str]:
    """Give the words of a paragraph, and note the text boxes anchored in it."""
    for child in element.iterchildren() if depth < 60 else ():
        tag = child.tag
        if tag == qn("w:t"):
            yield child.text or ""
        elif tag == qn("w:tab"):
            yield "\t"
        elif tag in (qn("w:br"), qn("w:cr")):
            yield "\n"
        elif tag == qn("w:noBreakHyphen"):
            yield "-"
        elif tag == qn("w:txbxContent"):
            boxes.append(child)
        elif isinstance(tag, str) and tag not in _GONE and tag != f"{_CHOICE}Fallback":
            # A text box is stored twice, for new programs and for old ones; the old one is the fallback.
            yield from _texts(child, boxes, depth + 1)


def _rows(table: Any, numbering: Numbering, depth: int) -> list[list[Box]]:
    lines: list[list[Box]] = []
    above: dict[int, Box] = {}
    for row in _members(table, qn("w:tr")):
        if row.find(f"{qn('w:trPr')}/{qn('w:del')}") is not None:
            continue
        line = [Box() for _ in range(_before(row))]
        for cell in _members(row, qn("w:tc")):
            line += _cell(cell, above.get(len(line)), numbering, depth)
        above = dict(enumerate(line))
        lines.append(line)
        if len(lines) >= MAX_ROWS:
            break
    return lines


def _members(parent: Any, tag: str) -> Iterator[Any]:
    """Give rows or cells, also those inside content controls; each element once, however far it spans."""
    for child in parent.iterchildren():
        if child.tag == tag:
            yield child
        elif child.tag in _CONTAINERS:
            yield from _members(child, tag)


def _before(row: Any) -> int:
    found = row.find(f"{qn('w:trPr')}/{qn('w:gridBefore')}")
    return min(_int(found.get(qn("w:val")) if found is not None else None, 0), 30)


def _int(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else default


def _cell(cell: Any, above: Box | None, numbering: Numbering, depth: int) -> list[Box]:
    properties = cell.find(qn("w:tcPr"))
    span = properties.find(qn("w:gridSpan")) if properties is not None else None
    merge = properties.find(qn("w:vMerge")) if properties is not None else None
    goes_on = merge is not None and merge.get(qn("w:val"), "continue") == "continue"
    if goes_on and above is not None:
        box = Box(list(above.blocks), is_below=True)
    else:
        box = Box(_blocks(cell, numbering, depth + 1))
    width = min(max(_int(span.get(qn("w:val")) if span is not None else None, 1), 1), 60)
    return [box, *(Box() for _ in range(width - 1))]
