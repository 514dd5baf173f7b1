"""A judge's pages name a work only as `blindness.seen` tells it: no template of theirs reads the submission itself."""

from __future__ import annotations

import re

import pytest

from qtb.config import PACKAGE

PAGES = sorted((PACKAGE.parent / "templates" / "evaluator").glob("*.html"))
# A presentation is public to those who judge it: its turns are shown with their works.
TOLD = re.compile(r"{% for one in turns %}.*?{% endfor %}", re.DOTALL)


def test_there_are_pages() -> None:
    assert len(PAGES) >= 4


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_of_a_judge_reads_the_submission(page: object) -> None:
    text = TOLD.sub("", page.read_text(encoding="utf-8"))  # type: ignore[attr-defined]
    assert not re.search(r"\bsubmission\.", text)
