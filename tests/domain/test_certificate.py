"""`certificate.yaml`: what it may say, what is refused with file and line, and the text that is signed."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from qtb.domain import certificate, definition, lint
from qtb.domain.errors import DefinitionError
from qtb.services import definitions
from tests.domain.sample import edited, files, real

FILE = definition.CERTIFICATE
FACTS = {
    "code": "C", "number": "N", "unit": "甲厂", "team": "一班", "title": "题", "cycle": "2024年活动", "year": "2024",
}  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("from: [awarded, shared]", "from: [awarded, crowned]", "unknown state crowned"),
        ("  BENCHMARK: {code: BG", "  GOLDEN: {code: BG", "unknown level GOLDEN"),
        ("  BENCHMARK: {code: BG", "  GOLDEN: {code: BG", "no look for the level BENCHMARK"),
        ("{code: YX", "{code: BG", "another level has the code BG"),
    ],
)
def test_names_that_lead_nowhere_are_found(old: str, new: str, finding: str) -> None:
    found = lint.findings(edited(old, new, FILE), definitions.letters())
    assert any(one.startswith(f"{FILE}:") and finding in one for one in found), found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"{cycle}-{level}-{n:04}"', '"{cycle}-{n:04}"'),
        ('"{cycle}-{level}-{n:04}"', '"{cycle}-{level}-{n:04}-{team}"'),
        ('"{cycle}-{level}-{n:04}"', '"{cycle}-{level}-{n:04"'),
        ('"{cycle}-{level}-{n:04}"', '"{cycle}-{level}-{n:zz}"'),
        ('"{unit}　{team}："', '"{unit}　{password}："'),
        ('"{unit}　{team}："', '"{unit.__class__}："'),
        ("{code: BG,", "{code: bg-1,"),
        ('ink: "#8c1d18"', 'ink: "red"'),
        ("petals: 36", "petals: 500"),
        ("lines: 3", "lines: 4"),
        ("lines: 3", "lines: 3, shade: 1"),
    ],
)
def test_what_could_not_be_printed_is_refused_with_its_place(old: str, new: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        edited(old, new, FILE)
    assert all(one.startswith(f"{FILE}:") for one in refused.value.findings)


def test_a_programme_needs_none() -> None:
    bare = definition.from_files({name: text for name, text in files().items() if name != FILE})
    assert bare.certificate is None
    assert lint.findings(bare, definitions.letters()) == []


def test_states_may_be_named_by_their_kind() -> None:
    found = edited("from: [awarded, shared]", "from: [end]", FILE)
    assert found.certificate is not None
    kinds = {found.workflow.states[name].kind for name in found.certificate.states(found.workflow)}
    assert kinds == {"end"}


def test_it_says_all_that_its_page_shows() -> None:
    found = real()
    spec = found.certificate
    assert spec is not None
    labels = {"level": found.rubric.levels["PROGRESS"].label, "programme": found.workflow.programme.title}
    at = datetime(2024, 8, 20, 2, tzinfo=UTC)
    told = json.loads(certificate.written(spec, "PROGRESS", facts=FACTS, labels=labels, at=at))
    assert told["to"] == {"zh": "甲厂　一班：", "en": "一班, 甲厂"}
    assert "《题》参加2024年活动" in told["statement"]["zh"]
    assert told["statement"]["en"].endswith("awarded: Progress.")
    assert told["at"] == "2024-08-20T02:00:00.000000Z"
    assert told["look"] == spec.levels["PROGRESS"].model_dump()
    assert certificate.number(spec.number, cycle="2024", level="TJ", n=7) == "2024-TJ-0007"
    assert certificate.number(spec.number, cycle="2024", level="TJ", n=12_345) == "2024-TJ-12345"


def test_every_wording_is_in_both_languages() -> None:
    spec = real().certificate
    assert spec is not None
    for text in (spec.title, spec.statement, spec.issuer):
        assert any("\u4e00" <= sign <= "\u9fff" for sign in text.zh)
        assert not any("\u4e00" <= sign <= "\u9fff" for sign in text.en)
