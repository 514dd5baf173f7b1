"""Web pages: what a reader sees of them, block by block; rowspan and colspan kept apart from blank cells."""

from __future__ import annotations

import re
from typing import Any, Final

import lxml.html

from qtb.documents.notice_grid import MAX_ROWS, Box, grid, regrouped, table_blocks
from qtb.documents.unreadable import NoticeUnreadable
from qtb.domain.notice import Block, Paragraph

_UNSEEN: Final = frozenset(
    {"script", "style", "noscript", "template", "head", "title", "iframe", "object", "svg", "select", "option",
     "button", "nav", "video", "audio", "canvas", "math"}
)  # fmt: skip
_INLINE: Final = frozenset(
    {"a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "em", "font",
     "i", "img", "input", "ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span",
     "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr"}
)  # fmt: skip
_HIDDEN: Final = re.compile(r"display\s?:\s?none|visibility\s?:\s?hidden", re.I)
MAX_DEPTH: Final = 200


class _Page:
    """Blocks gathered so far and the line that is being written."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.line = ""

    def write(self, text: str | None, keep: bool = False) -> None:
        if not text:
            return
        if keep:
            pieces = text.split("\n")
            for piece in pieces[:-1]:
                self.line += piece
                self.end()
            self.line += pieces[-1]
            return
        words = re.sub(r"[ \t\r\n\f]+", " ", text)
        self.line += words.lstrip() if not self.line or self.line.endswith(" ") else words

    def end(self, blank: bool = False) -> None:
        if self.line.strip():
            self.blocks.append(Paragraph(self.line.strip(" ")))
        elif blank:
            self.blocks.append(Paragraph(""))
        self.line = ""


def html_blocks(text: str) -> list[Block]:
    """Read a page into blocks."""
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    root = lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    page = _Page()
    _walk(root, page, 0, keep=False)
    page.end()
    return regrouped(page.blocks)


def _walk(element: Any, page: _Page, depth: int, *, keep: bool) -> None:
    if depth > MAX_DEPTH:
        raise NoticeUnreadable("notice.too_deep")
    page.write(element.text, keep)
    count = 0
    for child in element.iterchildren():
        tag = child.tag.lower() if isinstance(child.tag, str) else ""
        if tag == "li" and element.tag == "ol":
            count += 1
            page.end()
            page.write(f"{count}. ")
        if tag and tag not in _UNSEEN and not _is_hidden(child):
            _child(child, tag, page, depth, keep)
        page.write(child.tail, keep)


def _is_hidden(element: Any) -> bool:
    return element.get("hidden") is not None or bool(_HIDDEN.search(element.get("style", "")))


def _child(child: Any, tag: str, page: _Page, depth: int, keep: bool) -> None:
    if tag == "br":
        page.end(blank=True)
    elif tag == "table":
        page.end()
        page.blocks += table_blocks(grid(_rows(child, depth + 1)))
    elif tag in _INLINE or ":" in tag:
        _walk(child, page, depth + 1, keep=keep)
    elif tag == "li":
        _walk(child, page, depth + 1, keep=keep)
        page.end()
    else:
        page.end()
        _walk(child, page, depth + 1, keep=keep or tag in ("pre", "textarea"))
        page.end(blank=tag == "p")


def _rows(table: Any, depth: int) -> list[list[Box]]:
    lines: list[list[Box]] = []
    for row in _own(table, ("tr",), ("thead", "tbody", "tfoot", "form")):
        if _is_hidden(row):
            continue
        lines.append([_box(cell, depth) for cell in _own(row, ("td", "th"), ("form",))])
        if len(lines) >= MAX_ROWS:
            break
    captions = [c for c in table.iterchildren("caption") if c.text_content().strip()]
    if captions:
        lines.insert(0, [_box(captions[0], depth)])
    return lines


def _own(parent: Any, wanted: tuple[str, ...], through: tuple[str, ...]) -> list[Any]:
    found: list[Any] = []
    for child in parent.iterchildren():
        if child.tag in wanted:
            found.append(child)
        elif child.tag in through:
            found += _own(child, wanted, through)
    return found


def _box(cell: Any, depth: int) -> Box:
    page = _Page()
    _walk(cell, page, depth + 1, keep=False)
    page.end()
    blocks = [b for b in page.blocks if not isinstance(b, Paragraph) or b.text.strip()]
    return Box(blocks, columns=_span(cell, "colspan", 60), rows=_span(cell, "rowspan", MAX_ROWS))


def _span(cell: Any, name: str, most: int) -> int:
    text = (cell.get(name) or "").strip()
    # Zero means to the end of the section; a wild number means the same to a browser.
    value = int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 1
    return min(value or most, most)
