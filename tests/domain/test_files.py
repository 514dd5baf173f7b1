"""Names of files: fit to be shown, saved and packed, whatever they were."""

from __future__ import annotations

import pytest

from qtb.domain import files


@pytest.mark.parametrize(
    ("given", "kind", "wanted"),
    [
        ("申报书.pdf", "pdf", "申报书.pdf"),
        ("../../etc/passwd", "pdf", "passwd.pdf"),
        ("C:\\work\\报告.DOCX", "docx", "报告.docx"),
        ("a\x00b\x1f\u202ec\u200b.pdf", "pdf", "abc.pdf"),
        ("a\r\nb.pdf", "pdf", "a b.pdf"),
        ("e\u0301.png", "png", "\u00e9.png"),
        ("e\u200b\u0301.png", "png", "\u00e9.png"),
        ("photo.jpeg", "jpg", "photo.jpg"),
        ("evil.pdf.exe", "pdf", "evil.pdf.exe.pdf"),
        ("", "pdf", "_.pdf"), ("...", "pdf", "_.pdf"), ("/", "png", "_.png"),
    ],
)  # fmt: skip
def test_a_name_is_fit_to_be_shown_and_saved(given: str, kind: str, wanted: str) -> None:
    assert files.clean_name(given, kind) == wanted


def test_a_long_name_keeps_its_ending() -> None:
    found = files.clean_name("长" * 300 + ".pdf", "pdf")
    assert found == "长" * files.LONGEST + ".pdf"
    assert len(found.encode()) < 255
