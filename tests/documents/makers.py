# ruff: noqa: E501 - objects of a PDF are easier to judge unbroken
"""Small makers of documents for the tests: Word files by python-docx, PDF files written by hand."""

from __future__ import annotations

import io
from collections.abc import Sequence

import docx

LEFT, TOP, SIZE, ROW = 60, 780, 10, 24


def word(paragraphs: Sequence[str], rows: Sequence[Sequence[str]], merges: Sequence[tuple[int, int, int, int]] = (),
         after: Sequence[str] = ()) -> bytes:  # fmt: skip
    """Write paragraphs, a table with merged cells (row, column, row, column), and more paragraphs."""
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    if rows:
        table = document.add_table(rows=len(rows), cols=len(rows[0]))
        for i, row in enumerate(rows):
            for j, text in enumerate(row):
                table.cell(i, j).text = text
        for a, b, c, d in merges:
            text = table.cell(a, b).text
            table.cell(a, b).merge(table.cell(c, d)).text = text
    for text in after:
        document.add_paragraph(text)
    return saved(document)


def saved(document: object) -> bytes:
    """Give the bytes of a python-docx document."""
    buffer = io.BytesIO()
    document.save(buffer)  # type: ignore[attr-defined]
    return buffer.getvalue()


class Pdf:
    """A PDF with the standard Chinese font, lines of text and ruled tables; positions count from the top."""

    def __init__(self) -> None:
        self.pages: list[list[str]] = [[]]
        self.y = TOP

    def page(self) -> None:
        """Begin a new page."""
        self.pages.append([])
        self.y = TOP

    def write(self, text: str, x: float = LEFT) -> None:
        """Write one line."""
        self._text(text, x, self.y)
        self.y -= ROW

    def at(self, pieces: Sequence[tuple[float, str]]) -> None:
        """Write several pieces on one line, each at its place."""
        for x, text in pieces:
            self._text(text, x, self.y)
        self.y -= ROW

    def table(self, rows: Sequence[Sequence[str | None]], widths: Sequence[int]) -> None:
        """Draw a ruled table; None is a cell that the one above reaches into."""
        top, edges = self.y + 14, [LEFT + sum(widths[:i]) for i in range(len(widths) + 1)]
        for i, row in enumerate(rows):
            for j, text in enumerate(row):
                if text is not None:
                    self._line(edges[j], top - i * ROW, edges[j + 1], top - i * ROW)
                    for k, part in enumerate(text.split("\n")):
                        self._text(part, edges[j] + 3, top - i * ROW - 10 - k * 10, 9 if "\n" not in text else 8)
        bottom = top - len(rows) * ROW
        self._line(edges[0], bottom, edges[-1], bottom)
        for edge in edges:
            self._line(edge, top, edge, bottom)
        self.y = bottom - ROW

    def _line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.pages[-1].append(f"0.5 w {x0} {y0} m {x1} {y1} l S")

    def _text(self, text: str, x: float, y: float, size: int = SIZE) -> None:
        at = x
        for char in text:
            # Half-width letters in this font would be as wide as Chinese ones: place each by itself.
            code = char.encode("utf-16-be").hex()
            font = "F2" if char.isascii() else "F1"
            shown = f"<{code}>" if font == "F1" else f"<{ord(char):02x}>"
            self.pages[-1].append(f"BT /{font} {size} Tf {at} {y} Td {shown} Tj ET")
            at += size if font == "F1" else size * 0.6
        self.y = min(self.y, y)

    def bytes(self) -> bytes:
        """Give the finished file."""
        objects = [
            b"<< /Type /Catalog /Pages 2 0 R >>", b"",
            b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [4 0 R] >>",
            b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1)"
            b" /Supplement 2 >> /DW 1000 /FontDescriptor 6 0 R >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
            b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 880"
            b" /Descent -120 /CapHeight 880 /StemV 80 >>",
        ]  # fmt: skip
        kids = []
        for page in self.pages:
            stream = "\n".join(page).encode("ascii")
            objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
            objects.append(
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R /Resources << /Font << /F1 3 0 R /F2 5 0 R >> >> >>"
                % len(objects)
            )
            kids.append(b"%d 0 R" % len(objects))
        objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
        return _assembled(objects)


def _assembled(objects: Sequence[bytes]) -> bytes:
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    size = len(objects) + 1
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        size, table, size, start)  # fmt: skip
