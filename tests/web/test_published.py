"""The published list to take away, its figures, and nothing of either before the publication."""

from __future__ import annotations

import io
import re

import pdfplumber
import pytest
from openpyxl import load_workbook

from qtb.domain import lint
from qtb.services.definitions import letters
from tests.domain.sample import edited
from tests.web.conftest import Web
from tests.web.test_objections import accepted, filed

LIST, FIGURES = "/cycles/2024/results", "/cycles/2024/results/figures"


@pytest.fixture
def published(web: Web) -> Web:
    """Three works with levels and one without, on the day of the publication."""
    for team, level in (("甲班", "PROGRESS"), ("乙班", "BENCHMARK"), ("丙班", "PROGRESS"), ("丁班", "none")):
        web.world.propose(web.world.placed("evaluated", team=team), level)
    web.go("2024-08-20 10:00")
    return web


def test_the_list_begins_with_the_highest_level(published: Web) -> None:
    page = published.client().get(LIST).text
    assert page.index("乙班") < page.index("甲班") < page.index("丙班")
    assert "丁班" not in page


def test_the_paper_lists_each_level_with_its_number(published: Web) -> None:
    answer = published.client().get(f"{LIST}.pdf")
    with pdfplumber.open(io.BytesIO(answer.data)) as document:
        text = re.sub(r"\s", "", "".join(page.extract_text() for page in document.pages))
    assert text.index("标杆级（1件）") < text.index("乙班") < text.index("推进级（2件）") < text.index("甲班")
    assert "丁班" not in text
    assert "浦东区质协" in text


def test_the_workbook_holds_the_list_and_its_figures(published: Web) -> None:
    book = load_workbook(io.BytesIO(published.client().get(f"{LIST}.xlsx").data))
    assert [row[0].value for row in book.worksheets[0].iter_rows(min_row=2)] == ["标杆级", "推进级", "推进级"]
    figures = {sheet.title: list(sheet.iter_rows(min_row=2, values_only=True)) for sheet in book.worksheets[1:]}
    assert figures["全部"] == [("全部", 1, 0, 2, 3)]
    assert figures["推荐单位"] == [("浦东区质协", 1, 0, 2, 3)]
    assert [name for name in figures if "区" in name]  # by district


def test_the_figures_have_a_page_in_both_languages(published: Web) -> None:
    client = published.client()
    zh, en = client.get(FIGURES).text, client.get(FIGURES, headers={"Accept-Language": "en"}).text
    assert "浦东区质协" in zh
    assert "Recommending unit" in en
    assert len(re.findall("<table", zh)) == 4


def test_an_award_that_is_objected_to_is_marked_on_paper_too(published: Web) -> None:
    world = published.world
    accepted(world, filed(world, 1))
    with pdfplumber.open(io.BytesIO(published.client().get(f"{LIST}.pdf").data)) as document:
        assert "异议核查中" in "".join(page.extract_text() for page in document.pages)


def test_before_the_publication_there_is_nothing(web: Web) -> None:
    web.world.propose(web.world.placed("evaluated"), "BENCHMARK")
    for address in (f"{LIST}.pdf", f"{LIST}.xlsx", FIGURES):
        answer = web.client().get(address)
        assert answer.status_code == 404
        assert "尚未发布" in answer.text
    web.go("2024-08-20 10:00")
    assert web.client().get(f"{LIST}.docx").status_code == 404
    assert web.client().get("/cycles/1999/results.pdf").status_code == 404


@pytest.mark.parametrize("field", ["team_duty", "nothing"])
def test_lint_finds_a_figure_without_choices(field: str) -> None:
    other = edited("{form: registration, field: district}", f"{{form: registration, field: {field}}}")
    found = lint.findings(other, letters())
    assert [one for one in found if "figures.1: no field with choices" in one]
