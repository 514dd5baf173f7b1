"""Receipts as files: whoever holds one can prove it, and nobody can change a byte of it."""

from __future__ import annotations

import asyncio
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pdfplumber
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtb.documents import receipt_pdf, signing
from qtb.documents.signing import Keys
from qtb.domain import receipt
from tests.domain.sample import real
from tests.world import DECLARATION

AT = datetime(2024, 5, 20, 2, 0, 0, 123456, tzinfo=UTC)
FACTS = {
    "programme": "质量信得过班组", "cycle": "2024年质量信得过班组", "number": "20240001", "unit": "浦江电机厂",
    "team": "总装一班", "title": "降低返工率", "recommender": "浦东区质协",
    "move": "提交申报", "history": {"seq": 4, "hash": "a" * 64},
}  # fmt: skip
FILE = {"name": "申报书.pdf", "size": 1234, "sha256": "b" * 64}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """The keys of an installation."""
    return signing.keys(tmp_path_factory.mktemp("keys") / "signing.pem")


def test_long_names_and_digests_keep_to_their_cells(keys: Keys) -> None:
    file = {**FILE, "name": f"{'x' * 80}.pdf"}
    told = said(declaration={**DECLARATION, "report_file": [file]})
    with pdfplumber.open(io.BytesIO(receipt_pdf.written(told, address="https://example.org/verify", by=keys))) as made:
        page = made.pages[0]
        edge = max(line["x0"] for line in page.lines if line["x0"] < 420)
        names = [sign for sign in page.chars if sign["text"].startswith("x")]
        digests = [sign for sign in page.chars if sign["size"] == 6.5]
    assert len(names) >= 80
    assert all(sign["x1"] < 188 or sign["size"] < 10 for sign in names)  # where the next column begins
    assert len(digests) == 64
    assert max(sign["x1"] for sign in digests) <= edge - 5


def said(**answers: Any) -> str:
    """Return what a receipt says."""
    inside = receipt.content(real().forms, answers or {"declaration": DECLARATION})
    return receipt.written(FACTS, code="ABCD-EFGH-JKMN-PQRS", at=AT, inside=inside)


@pytest.fixture(scope="module")
def given_out(keys: Keys) -> bytes:
    """A receipt's file."""
    return receipt_pdf.written(said(), address="https://qtb.example.org/verify", by=keys)


def test_a_receipt_is_read_back_as_it_was_said(given_out: bytes, keys: Keys) -> None:
    assert receipt_pdf.read(given_out, keys.certificate) == json.loads(said())
    assert receipt_pdf.instant("2024-05-20T02:00:00.123456Z") == "2024-05-20 10:00:00（上海时间）"


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_byte_can_be_another(data: st.DataObject, given_out: bytes, keys: Keys) -> None:
    at = data.draw(st.integers(0, len(given_out) - 1))
    flipped = data.draw(st.integers(1, 255))
    changed = given_out[:at] + bytes([given_out[at] ^ flipped]) + given_out[at + 1 :]
    assert receipt_pdf.read(changed, keys.certificate) is None


def test_every_byte_of_the_signature_counts(given_out: bytes, keys: Keys) -> None:
    begin = given_out.rindex(b"/Contents <")
    for n, at in enumerate(range(begin, begin + 1_700, 3)):
        changed = bytearray(given_out)
        changed[at] ^= (0x01, 0x20)[n % 2]
        assert not signing.is_ours(bytes(changed), keys.certificate), at


def test_what_is_cut_longer_or_anothers_is_not_ours(given_out: bytes, keys: Keys, tmp_path: Path) -> None:
    other = signing.keys(tmp_path / "other.pem")
    for body in (given_out + b"\n", given_out[:-1], b"", b"%PDF-1.7", b"\x00" * 5_000):
        assert not signing.is_ours(body, keys.certificate)
    assert not signing.is_ours(given_out, other.certificate)
    theirs = receipt_pdf.written(said(), address="https://qtb.example.org/verify", by=other)
    assert not signing.is_ours(theirs, keys.certificate)


def test_a_thread_that_turns_an_event_loop_can_sign_and_check(keys: Keys) -> None:
    async def deed() -> bool:
        made = receipt_pdf.written(said(), address="https://qtb.example.org/verify", by=keys)
        return signing.is_ours(made, keys.certificate)

    with ThreadPoolExecutor(1) as thread:  # the tests' own thread may turn a loop already
        assert thread.submit(asyncio.run, deed()).result()


def test_keys_are_made_once_and_kept_for_their_owner(tmp_path: Path) -> None:
    path = tmp_path / "home" / "signing.pem"
    made = signing.keys(path)
    assert signing.keys(path) == made
    assert path.stat().st_mode & 0o077 == 0
    assert signing.certificate(made.pem.encode()) == made.certificate
    assert [one.name for one in path.parent.iterdir()] == ["signing.pem"]


def test_the_content_hash_is_that_of_the_values_and_of_nothing_else() -> None:
    first = receipt.content(real().forms, {"declaration": {"a": 1, "b": "字"}, "unknown": {}})
    again = receipt.content(real().forms, {"declaration": {"b": "字", "a": 1}})
    other = receipt.content(real().forms, {"declaration": {"a": 1, "b": "宇"}})
    assert first == again
    assert first["sha256"] != other["sha256"]
    assert len(first["forms"]) == 1


@pytest.mark.parametrize("typed", ["abcd-efgh-jkmn-pqrs", " ABCDEFGHJKMNPQRS ", "abcd efgh jkmn pqrs"])
def test_a_code_may_be_typed_in_any_way(typed: str) -> None:
    assert receipt.plain(typed) == "ABCD-EFGH-JKMN-PQRS"


def test_codes_are_made_of_signs_that_are_told_apart() -> None:
    code = receipt.code(list(range(16)))
    assert receipt.plain(code) == code
    assert not set("01OI") & set(receipt.SIGNS)
    assert len(set(receipt.SIGNS)) == 32
