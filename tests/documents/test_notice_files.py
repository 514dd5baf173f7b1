# ruff: noqa: E501 - tables of bad files are easier to judge unbroken
"""Files that are hostile, damaged or no notices at all: each is refused with its reason, none does harm."""

from __future__ import annotations

import contextlib
import io
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qtb.documents import notice_docx, notice_pdf
from qtb.documents.notices import blocks_of_file, read_file
from qtb.documents.unreadable import NoticeUnreadable
from qtb.domain.errors import Invalid
from tests.documents.makers import Pdf, word
from tests.documents.test_notices import LINES, PAGE, ROWS, TEXT


def _zip(names: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in names.items():
            package.writestr(name, content)
    return buffer.getvalue()


BAD = [
    (b"", "a.txt", "notice.empty"), (b" \n\t ", "a.txt", "notice.empty"), (b"MZ\x90\x00" + bytes(500), "a.exe", "notice.wrong_kind"),
    (b"\x89PNG\r\n\x1a\n" + bytes(50), "a.docx", "notice.wrong_kind"), (b"\xff\xd8\xff\xe0" + bytes(50), "a.jpg", "notice.wrong_kind"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a.doc", "notice.old_word"), (b"{\\rtf1 x}", "a.rtf", "notice.wrong_kind"),
    (b"not a package", "a.docx", "notice.damaged"), (b"not a page", "a.pdf", "notice.damaged"), (b"%PDF-1.4 junk", "a.pdf", "notice.damaged"),
    (b"PK\x03\x04junk", "a.docx", "notice.damaged"), (bytes(range(256)) * 50, "a.txt", "notice.encoding"),
    (b"x" * (20 * 1024 * 1024 + 1), "a.txt", "notice.too_large"), (_zip({"xl/workbook.xml": b"<a/>"}), "a.xlsx", "notice.wrong_kind"),
    (_zip({"a.txt": b"x"}), "a.zip", "notice.wrong_kind"), (_zip({"word/document.xml": b"<broken"}), "a.docx", "notice.damaged"),
    (_zip({"word/document.xml": b"0" * (101 * 1024 * 1024)}), "a.docx", "notice.bomb"),
    (_zip({"word/document.xml": b"", **{f"word/{i}": b"" for i in range(2100)}}), "a.docx", "notice.bomb"),
    (_zip({"word/document.xml": b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}), "a.docx", "notice.entities"),
    (_zip({"word/document.xml": "<!DOCTYPE a>".encode("utf-16")}), "a.docx", "notice.entities"),
    (Pdf().bytes(), "empty.pdf", "notice.no_text"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "name", "key"), BAD, ids=[f"{n}-{k}" for _, n, k in BAD])
def test_unreadable(content: bytes, name: str, key: str) -> None:
    with pytest.raises(NoticeUnreadable) as caught:
        blocks_of_file(content, name)
    assert caught.value.key == key
    assert isinstance(caught.value, Invalid)


def test_limits_of_pages_and_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    pdf = Pdf()
    pdf.write("一")
    pdf.page()
    pdf.write("二")
    monkeypatch.setattr(notice_pdf, "MAX_PAGES", 1)
    with pytest.raises(NoticeUnreadable, match="too_many_pages"):
        blocks_of_file(pdf.bytes(), "a.pdf")
    monkeypatch.setattr(notice_pdf, "MAX_PAGES", 200)
    monkeypatch.setattr(notice_pdf, "MAX_MARKS", 1)
    with pytest.raises(NoticeUnreadable, match="too_large"):
        blocks_of_file(pdf.bytes(), "a.pdf")
    monkeypatch.setattr(notice_docx, "MAX_UNPACKED_MB", 0)
    with pytest.raises(NoticeUnreadable, match="bomb"):
        blocks_of_file(word(LINES, ROWS), "a.docx")


def _try(content: bytes, name: str) -> None:
    """Read a file; a refusal is an answer, anything else that is raised is not."""
    with contextlib.suppress(NoticeUnreadable):
        read_file(content, name)


def test_deeply_nested_pages_are_refused_or_read() -> None:
    for deep in ("<div>" * 5000 + "3月", "<table><tr><td>" * 400 + "3月", "<b>" * 50_000):
        _try(b"<html><body>" + deep.encode() + b"</body></html>", "a.html")


_WHOLE = [
    word(LINES, ROWS, [(1, 2, 2, 2)]),
    Pdf().bytes(),
    PAGE.format("utf-8").encode(),
    TEXT.encode(),
    TEXT.encode("gbk"),
    TEXT.encode("utf-16"),
]


@given(
    st.sampled_from(_WHOLE),
    st.integers(0, 2**20),
    st.binary(max_size=12),
    st.sampled_from(["docx", "pdf", "html", "txt", "doc", "", "exe"]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_damaged_files_are_read_or_refused(content: bytes, at: int, junk: bytes, ending: str) -> None:
    place = at % (len(content) + 1)
    for broken in (content[:place] + junk + content[place + len(junk) :], content[:place]):
        _try(broken, f"a.{ending}")


@given(st.binary(max_size=600), st.sampled_from([b"", b"PK\x03\x04", b"%PDF-1.7\n", b"<html><body>", b"\xff\xfe", b"\xef\xbb\xbf"]),
       st.sampled_from(["docx", "pdf", "html", "txt", "doc", ""]))  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused(content: bytes, start: bytes, ending: str) -> None:
    _try(start + content, f"a.{ending}")
