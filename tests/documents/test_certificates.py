"""Certificates as files: a page each, read back, none of whose bytes can be another; many of them within memory."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtb.documents import certificate_pdf, receipt_pdf, revocations, signed_papers, signing
from qtb.documents.signing import Keys
from qtb.domain import certificate
from tests.documents.test_receipts import said as receipt_said
from tests.domain.sample import real
from tests.rules.sources import ROOT

AT = datetime(2024, 8, 20, 2, 0, tzinfo=UTC)
ADDRESS = "https://qtb.example.org/certificates"
MOST_MB = 600


def said(level: str = "BENCHMARK", n: int = 1, **facts: Any) -> str:
    """Return what a certificate says."""
    definition = real()
    spec = definition.certificate
    assert spec is not None
    number = certificate.number(spec.number, cycle="2024", level=spec.levels[level].code, n=n)
    given = {
        "number": number, "code": "ABCD-EFGH-JKMN-PQRS", "unit": "浦江电机厂", "team": "总装一班",
        "title": "降低总装线返工率", "cycle": "2024年质量信得过班组", "year": "2024", "submission": "20240001", **facts,
    }  # fmt: skip
    labels = {"level": definition.rubric.levels[level].label, "programme": definition.workflow.programme.title}
    return certificate.written(spec, level, facts=given, labels=labels, at=AT)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """The keys of an installation."""
    return signing.keys(tmp_path_factory.mktemp("keys") / "signing.pem")


@pytest.fixture(scope="module")
def given_out(keys: Keys) -> bytes:
    """A certificate's file."""
    return certificate_pdf.written(said(), address=ADDRESS, by=keys)


def pages(pdf: bytes) -> list[str]:
    """Return the text of each page, without blanks."""
    with closing(pypdfium2.PdfDocument(pdf)) as opened:
        texts = [opened[n].get_textpage().get_text_range() for n in range(len(opened))]
    return ["".join(text.replace("\ufffe", "").split()) for text in texts]


@pytest.mark.parametrize("level", list(real().rubric.levels))
def test_a_certificate_is_one_page_that_says_everything(keys: Keys, level: str) -> None:
    (text,) = pages(certificate_pdf.written(said(level), address=ADDRESS, by=keys))
    label = real().rubric.levels[level].label
    for part in ("荣誉证书", "浦江电机厂", "总装一班", "《降低总装线返工率》", f"获评{label.zh}", label.en.upper()):
        assert part in text
    number = json.loads(said(level))["number"]
    for part in (number, "二〇二四年八月二十日", "质量信得过班组活动主办方", f"{ADDRESS}/ABCD-EFGH-JKMN-PQRS"):
        assert part in text


def test_each_level_looks_its_own(keys: Keys) -> None:
    pictures = set()
    for level in real().rubric.levels:
        with closing(pypdfium2.PdfDocument(certificate_pdf.written(said(level), address=ADDRESS, by=keys))) as opened:
            corner = opened[0].render(scale=1).to_pil().crop((0, 0, 120, 120))
            assert opened[0].get_width() > opened[0].get_height()
        pictures.add(corner.tobytes())
    assert len(pictures) == 3


@pytest.mark.parametrize("text", ["#let x = 1", "$a_b$ *粗* _斜_", "<b>&amp;</b>", "{team}", "\\\\ // /* */", "䶮㛃"])
def test_hostile_names_stay_text(keys: Keys, text: str) -> None:
    (page,) = pages(certificate_pdf.written(said(team=text), address=ADDRESS, by=keys))
    assert "".join(text.split()) in page


def test_the_longest_names_keep_to_their_page(keys: Keys) -> None:
    body = certificate_pdf.written(said(unit="单" * 100, team="班" * 50, title="题" * 60), address=ADDRESS, by=keys)
    (page,) = pages(body)
    assert page.count("单") >= 100
    with closing(pypdfium2.PdfDocument(body)) as opened:
        text = opened[0].get_textpage()
        end = next(n for n in range(text.count_chars()) if text.get_text_range(n, 1) == "励")
        assert text.get_charbox(end)[1] > 190  # points from below: above medallion, number and date


def test_it_is_read_back_as_it_was_said_and_is_no_receipt(given_out: bytes, keys: Keys) -> None:
    assert certificate_pdf.read(given_out, keys.certificate) == json.loads(said())
    assert receipt_pdf.read(given_out, keys.certificate) is None
    other = receipt_pdf.written(receipt_said(), address=ADDRESS, by=keys)
    assert certificate_pdf.read(other, keys.certificate) is None
    bare = signing.signed(certificate_pdf.joined([said(), said(n=2)], address=ADDRESS).read(), keys, reason="x")
    assert signed_papers.read(bare, keys.certificate) is None  # signed, and says nothing


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_byte_can_be_another(data: st.DataObject, given_out: bytes, keys: Keys) -> None:
    at = data.draw(st.integers(0, len(given_out) - 1))
    flipped = data.draw(st.integers(1, 255))
    changed = given_out[:at] + bytes([given_out[at] ^ flipped]) + given_out[at + 1 :]
    assert certificate_pdf.read(changed, keys.certificate) is None


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2024, 8, 20), "二〇二四年八月二十日"),
        (date(2030, 10, 10), "二〇三〇年十月十日"),
        (date(1999, 12, 31), "一九九九年十二月三十一日"),
        (date(2025, 1, 1), "二〇二五年一月一日"),
        (date(2025, 11, 29), "二〇二五年十一月二十九日"),
    ],
)
def test_days_in_words(day: date, words: str) -> None:
    assert certificate_pdf.day_in_words(day) == words


def test_a_batch_has_a_page_each_in_the_order_given() -> None:
    levels = list(real().rubric.levels) * 60
    body = certificate_pdf.joined([said(level, n) for n, level in enumerate(levels)], address=ADDRESS).read()
    texts = pages(body)
    assert len(texts) == 180 > certificate_pdf.PORTION
    for n in (0, 1, certificate_pdf.PORTION, 179):
        assert json.loads(said(levels[n], n))["number"] in texts[n]


# The peak of the program itself: what the system reports of a child counts that of the process it was started from too.
BATCH = """
from pathlib import Path
from tests.documents.test_certificates import ADDRESS, said
from qtb.documents import certificate_pdf
body = certificate_pdf.joined([said(n=n) for n in range(300)], address=ADDRESS).read()
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(len(body), int(peak.split()[1]) // 1024)
"""


def test_three_hundred_in_one_file_keep_within_memory() -> None:
    done = subprocess.run([sys.executable, "-c", BATCH], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    size, megabytes = map(int, done.stdout.split())
    assert size < 20 * 2**20
    assert megabytes < MOST_MB


def test_a_list_is_read_back_until_anything_in_it_is_another(keys: Keys, tmp_path: Path) -> None:
    ended = [{"number": "2024-BG-0001", "since": "2024-09-01T00:00:00.000000Z", "reason": "更名", "replaced_by": ""}]
    text = revocations.written("2024", "2024-09-02T00:00:00.000000Z", ended, by=keys)
    told = revocations.read(text.encode(), keys.certificate)
    assert told is not None
    assert (told["year"], told["ended"]) == ("2024", ended)
    spaced = json.dumps(json.loads(text), indent=7).encode()
    assert revocations.read(spaced, keys.certificate) == told
    for old, new in (("0001", "0002"), ("更名", "改名"), ("2024-09-02", "2025-09-02"), ('"format": 1', '"format": 2')):
        assert old in text
        assert revocations.read(text.replace(old, new).encode(), keys.certificate) is None
    sealed = json.loads(text)
    for signature in ("", "!", "AAAA", 7, None):
        assert revocations.read(json.dumps({**sealed, "signature": signature}).encode(), keys.certificate) is None
    for bad in (b"", b"[]", b"null", b"{}", b"\xff", b'{"list": "\\ud800", "signature": ""}', b"[" * 100_000):
        assert revocations.read(bad, keys.certificate) is None
    other = signing.keys(tmp_path / "other.pem")
    assert revocations.read(text.encode(), other.certificate) is None

