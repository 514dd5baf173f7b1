"""What a browser prints into a PDF, with links, tags and an outline, is taken as a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from qtb.documents import upload_probe

pytestmark = pytest.mark.browser

TEXT = "<h1>成果报告</h1><p><a href='https://example.org'>网页</a> <a href='#end'>文末</a></p>" + "<p>正文</p>" * 90


def test_a_page_printed_by_a_browser_is_taken(chromium: Browser, tmp_path: Path) -> None:
    page = chromium.new_page()
    page.set_content(f"<html lang='zh'>{TEXT}<p id='end'>完</p></html>")
    (tmp_path / "a.pdf").write_bytes(page.pdf(tagged=True, outline=True))
    page.close()
    found = upload_probe.probe(tmp_path / "a.pdf")
    assert found["kind"] == "pdf"
    assert found["pages"] > 1
