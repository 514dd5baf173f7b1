"""Forms on paper: PDF and Word opened by real readers hold every answer; hostile text stays text."""

from __future__ import annotations

import io
import json
import time
import zipfile
from contextlib import closing
from typing import Any

import pdfplumber
import pypdfium2
import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from qtb.documents import dossier, form_content, form_docx, form_pdf, form_xlsx, settable
from qtb.documents.form_content import Filled, Paper
from qtb.domain.fields import FieldSpec
from tests.domain.sample import real
from tests.domain.test_form_check import FIGURES
from tests.world import DECLARATION, REGISTRATION

NAMES = {"recommender": [("7", "浦东区质协")]}
OPINION = {"opinion": "同意推荐，排第一。", "stamp_date": "2024-06-12"}
HOSTILE = ["#let x = 1", "$a_b$ *粗* _斜_", "<b>&amp;</b>", "=1+1", "[括号] {x} @ref", "\\\\ // /* */", "䶮㛃𬭎"]
PROGRAMME = "2024年质量信得过班组"
ANSWERS: dict[str, dict[str, Any]] = {
    "registration": {**REGISTRATION, "recommender": "7", "team_name": "总装一班"}, "declaration": DECLARATION,
    "experience": OPINION, "statistics": FIGURES,
}  # fmt: skip


def paper(form: str, **changed: Any) -> Paper:
    """Return a form of the real programme on paper."""
    answers = {**ANSWERS, form: {**ANSWERS.get(form, {}), **changed}}
    return form_content.paper(
        form,
        Filled(real().forms, answers, NAMES),
        programme="2024年质量信得过班组",
        number="20240001",
        unit="浦江电机厂",
    )


def pdf_text(paper: Paper) -> str:
    """Return the text of the PDF without blanks, in the order in which it is written."""
    with closing(pypdfium2.PdfDocument(form_pdf.written(paper))) as opened:
        texts = [opened[n].get_textpage().get_text_range() for n in range(len(opened))]
    return "".join("".join(texts).replace("\ufffe", "").split())


def docx_text(paper: Paper) -> str:
    """Return all text of the Word file without blanks."""
    document = Document(io.BytesIO(form_docx.written(paper)))
    return "".join("".join(node.text or "" for node in document.element.body.iter() if node.text).split())


def answers_of(paper: Paper) -> list[str]:
    """Return every text that the paper must show."""
    found = []
    for group in paper.groups:
        for piece in group.pieces:
            found += [piece.label, *piece.text.split("\n"), *piece.heads, *(cell for row in piece.rows for cell in row)]
    return ["".join(text.split()) for text in found if text.strip()]


@pytest.mark.parametrize("form", sorted(real().forms))
@pytest.mark.parametrize("read", [pdf_text, docx_text])
def test_every_form_is_a_paper_that_holds_every_label_and_answer(form: str, read: Any) -> None:
    sheet = paper(form)
    found = read(sheet)
    assert sheet.title in found
    lost = [text for text in answers_of(sheet) if len(text) < 16 and text not in found]
    assert lost == [], "a reader does not find it"


def test_long_answers_are_whole_and_tables_have_all_rows() -> None:
    text = "".join(f"第{n}条措施已落实。" for n in range(120))
    assert text in docx_text(paper("declaration", improvement=text))
    found = pdf_text(paper("declaration", improvement=text))  # a page ends somewhere in it
    assert [n for n in range(120) if f"第{n}条措施已落实。" not in found][1:] == []
    found = pdf_text(paper("registration"))
    assert all(f"组员{n:02d}" in found for n in range(1, 13))


def test_a_paper_also_shows_the_fields_of_another_form_that_it_names() -> None:
    assert "同意推荐，排第一。" in pdf_text(paper("declaration"))
    assert "2024年6月12日" in docx_text(paper("declaration"))


def test_hidden_fields_are_not_printed() -> None:
    assert "人数与名单不一致的原因" in pdf_text(paper("registration"))
    labels = [piece.label for group in paper("declaration").groups for piece in group.pieces]
    assert "事故及重大投诉情况" not in labels


LONG = "x" * 80


def beyond(pdf: bytes) -> list[str]:
    """Return the signs that are set beyond the margins of a page."""
    with pdfplumber.open(io.BytesIO(pdf)) as opened:
        return [sign["text"] for page in opened.pages for sign in page.chars if sign["x1"] > page.width - 36]


def test_long_words_stay_on_the_paper() -> None:
    file = {"name": f"{LONG}.pdf", "size": 1, "sha256": "a" * 64, "pages": 3, "kind": "pdf"}
    honours = [{"name": LONG, "level": "CITY", "giver": LONG, "month": "2023-01"}]
    sheet = paper("declaration", title=LONG, results=LONG * 3, report_file=[file], honours=honours)
    assert beyond(form_pdf.written(sheet)) == []
    assert pdf_text(sheet).replace(settable.BREAK, "").count("x") >= 5 * 80


def test_the_head_of_a_text_is_never_left_alone_at_the_foot_of_a_page() -> None:
    alone = []
    for n in (1, *range(36, 44)):
        sheet = paper("declaration", results="\n".join("行" * n), distinctive="尾声" * 60)
        with closing(pypdfium2.PdfDocument(form_pdf.written(sheet))) as opened:
            pages = [opened[k].get_textpage().get_text_range() for k in range(len(opened))]
        heads = [text for text in pages if "特色与推广价值：" in text]
        alone += [n for text in heads if "尾声" not in text]
    assert alone == []


def test_a_sign_that_no_font_has_is_named_and_the_page_says_so() -> None:
    found = pdf_text(paper("declaration", title="𠮷野🎉组"))
    assert "□U+20BB7野□U+1F389组" in found
    assert "为字体未收之字的编码" in found
    assert "为字体未收之字的编码" not in pdf_text(paper("declaration", title="䶮㛃𬭎→αжé①"))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    plain = "".join(text.split())
    assert plain in pdf_text(paper("declaration", title=text))
    assert plain in docx_text(paper("declaration", title=text))


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=200))
def test_any_text_makes_a_paper(text: str) -> None:
    sheet = paper("declaration", title=text, results=text)
    assert form_pdf.written(sheet).startswith(b"%PDF")
    assert form_docx.written(sheet).startswith(b"PK")


def test_a_paper_tells_nothing_about_who_made_it_and_when(monkeypatch: pytest.MonkeyPatch) -> None:
    core = Document(io.BytesIO(form_docx.written(paper("registration")))).core_properties
    assert (core.author, core.last_modified_by) == ("2024年质量信得过班组", "")
    first = form_docx.written(paper("registration"))
    monkeypatch.setattr(time, "time", lambda: 1_500_000_000.0)
    assert form_docx.written(paper("registration")) == first
    with pdfplumber.open(io.BytesIO(form_pdf.written(paper("registration")))) as opened:
        assert "CreationDate" not in opened.metadata


def test_values_are_shown_in_the_words_of_the_form() -> None:
    assert form_content.shown(real().forms["registration"].fields["category"], "MANUFACTURING") == "制造类"
    month = FieldSpec.model_validate({"type": "month", "label": real().forms["registration"].title})
    assert form_content.shown(month, "2016-04") == "2016年4月"


def test_an_import_sheet_has_a_column_a_field_and_choices_to_pick_from() -> None:
    form = real().forms["registration"]
    book = load_workbook(io.BytesIO(form_xlsx.template(form, extra=[("unit", "单位")])))
    sheet = book.worksheets[0]
    keys = [cell.value for cell in sheet[2]]
    assert keys == ["unit", *(key for key, _ in form_xlsx.columns(form))]
    assert "members" not in keys
    assert sheet.cell(1, keys.index("uscc") + 1).value == "统一社会信用代码 *"
    assert len(sheet.data_validations.dataValidation) >= 6
    assert [form_xlsx.safe(text) for text in ("=1+1", "-3", "好", 3, "a\x00b")] == ["'=1+1", "'-3", "好", 3, "ab"]


def test_files_of_one_name_are_both_kept_and_names_fit_every_system() -> None:
    parts = [("甲.pdf", [b"1"]), ("甲.pdf", [b"2"]), ("乙/丙.docx", [b"3", b"4"])]
    with dossier.packed(parts) as kept, zipfile.ZipFile(kept) as archive:
        assert [(one, archive.read(one)) for one in archive.namelist()] == [
            ("甲.pdf", b"1"), ("甲 (2).pdf", b"2"), ("乙/丙.docx", b"34"),
        ]  # fmt: skip
    assert dossier.name('a/b\\c:*?"<>|\u202e.pdf') == "a_b_c________.pdf"
    assert dossier.name("..") == "_"
    assert json.dumps(dossier.name("长" * 300)).count("\\u") == 100
