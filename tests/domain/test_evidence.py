"""Canonical bytes: what the database puts together from pieces is what Python writes whole."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtb.domain import evidence

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
PLAIN = st.text("abcdefghijklmnopqrstuvwxyz_0123456789", max_size=20)
HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
CONSTANTS = st.fixed_dictionaries(
    {
        "v": st.integers(1, 9), "subject": WORDS, "kind": WORDS, "transition": WORDS, "to": WORDS, "batch": WORDS,
        "actor": st.none() | st.integers(1, 2**60), "role": WORDS, "via": WORDS, "at": WORDS, "row": WORDS,
        "details": HEX,
    }
)  # fmt: skip
VARYING = st.fixed_dictionaries(
    {"subject_id": st.integers(1, 2**60), "seq": st.integers(1, 2**31), "prev": HEX, "from": PLAIN, "due": PLAIN}
)


def joined(pieces: list[str], varying: dict[str, object]) -> str:
    """Put pieces and varying values together as the database does."""
    order = [key for key in evidence.KEYS if key in evidence.VARYING]
    text = pieces[0]
    for key, piece in zip(order, pieces[1:], strict=True):
        text += str(varying[key]) + piece
    return text


@given(CONSTANTS, VARYING)
def test_the_frame_filled_is_the_canonical_text(constants: dict[str, object], varying: dict[str, object]) -> None:
    assert joined(evidence.frame(constants), varying) == evidence.canonical({**constants, **varying})


@given(CONSTANTS, VARYING)
def test_the_canonical_text_reads_back_as_what_was_written(
    constants: dict[str, object], varying: dict[str, object]
) -> None:
    assert json.loads(evidence.canonical({**constants, **varying})) == {**constants, **varying}


def test_the_canonical_text_is_this_one_for_ever() -> None:
    entry = {
        "v": 1, "subject": "submission", "subject_id": 7, "seq": 3, "prev": "0" * 64, "kind": "move",
        "transition": "submit", "from": "registered", "to": "submitted", "batch": "b1", "actor": 5, "role": "applicant",
        "via": "web", "at": "2024-05-31T15:59:59.999999Z", "due": "", "row": "declare", "details": "d" * 64,
    }  # fmt: skip
    text = evidence.canonical(entry)
    assert text == (
        '{"v":1,"subject":"submission","subject_id":7,"seq":3,"prev":"' + "0" * 64 + '","kind":"move",'
        '"transition":"submit","from":"registered","to":"submitted","batch":"b1","actor":5,"role":"applicant",'
        '"via":"web","at":"2024-05-31T15:59:59.999999Z","due":"","row":"declare","details":"' + "d" * 64 + '"}'
    )
    assert evidence.digest(text) == hashlib.sha256(text.encode()).hexdigest()
    assert evidence.FORMAT == 1


def test_every_key_is_needed() -> None:
    with pytest.raises(KeyError):
        evidence.canonical({"v": 1})


def test_chinese_is_hashed_as_utf8_and_not_escaped() -> None:
    assert evidence.digest("质量") == hashlib.sha256("质量".encode()).hexdigest()
    whole = {**dict.fromkeys(evidence.KEYS, ""), "row": "成果🎉"}
    assert "成果🎉" in evidence.canonical(whole)


def test_details_are_sealed_with_their_salt() -> None:
    assert evidence.sealed("a", "{}") != evidence.sealed("b", "{}")
    assert evidence.sealed("a", "{}") == evidence.digest("a\n{}")
