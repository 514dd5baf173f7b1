"""Reading definitions: plain data and nothing else, and every complaint with file, line and key."""

from __future__ import annotations

import time

import pytest
from pydantic import ValidationError

from qtb.domain import definition, strict_yaml
from qtb.domain.errors import DefinitionError
from tests.domain.sample import edited, files, real


def refused(text: str) -> str:
    """Return the one finding with which a text is refused."""
    with pytest.raises(DefinitionError) as error:
        strict_yaml.read(text, "f.yaml")
    (finding,) = error.value.findings
    return finding


def read(text: str) -> object:
    """Return the data of a text."""
    return strict_yaml.read(text, "f.yaml")[0]


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("on: x", {"on": "x"}),
        ("a: on", {"a": "on"}),
        ("a: yes", {"a": "yes"}),
        ("a: no", {"a": "no"}),
        ("a: 23:59", {"a": "23:59"}),
        ("a: 1_000", {"a": "1_000"}),
        ("a: 0x1f", {"a": "0x1f"}),
        ("a: 1e3", {"a": "1e3"}),
        ("a: 2024-05-31", {"a": "2024-05-31"}),
        ("a: 0.5", {"a": "0.5"}),
        ("a: .inf", {"a": ".inf"}),
        ("a: 42", {"a": 42}),
        ("a: -7", {"a": -7}),
        ("a: '42'", {"a": "42"}),
        ('a: "true"', {"a": "true"}),
        ("a: true", {"a": True}),
        ("a: false", {"a": False}),
        ("a: null", {"a": None}),
        ("a: ~", {"a": None}),
        ("a:", {"a": None}),
        ("1: x", {"1": "x"}),
        ("true: x", {"true": "x"}),
        ("<<: x", {"<<": "x"}),
        ("[1, a, [b]]", [1, "a", ["b"]]),
        ("a: |\n  x\n  y\n", {"a": "x\ny\n"}),
        ("名: 质量", {"名": "质量"}),
        ("", None),
        ("a: Yes", {"a": "Yes"}),
        ("a: 12345678901234567890", {"a": "12345678901234567890"}),
        ("a: =", {"a": "="}),
    ],
)
def test_text_means_what_it_looks_like(text: str, data: object) -> None:
    found = read(text)
    assert found == data
    assert repr(found) == repr(data)  # True is not 1


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3", 3, "a: given twice"),
        ("x:\n  y: 1\n  'y': 2", 3, "x.y: given twice"),
        ("a: !!python/object:os.system x", 1, "tags"),
        ("a: 1\nb: !x y", 2, "tags"),
        ("a: !!str 1", 1, "tags"),
        ("a: &b 1", 1, "anchors"),
        ("a: 1\nb: *a", 2, "anchors"),
        ("&a a: 1", 1, "anchors"),
        ("a: &x [1]", 1, "anchors"),
        ("? [a, b]\n: 1", 1, "a key must be a word"),
        ("{{a: 1}: 2}", 1, "a key must be a word"),
        ("a: 1\n---\nb: 2", 2, ""),
        ("a: [1", 1, ""),
        ("a: 1\n b: 2", 2, ""),
        ("a: 'x", 1, ""),
        ('a: "\\q"', 1, ""),
        ("\t- a", 1, ""),
        ("a: 1\nb: @x", 2, ""),
    ],
)
def test_tricks_and_slips_are_refused_with_their_line(text: str, line: int, words: str) -> None:
    finding = refused(text)
    assert finding.startswith("f.yaml:")
    assert abs(int(finding.split(":")[1]) - line) <= (0 if words else 1)
    assert words in finding


@pytest.mark.parametrize("text", ["\x00", "a: \x01", "a: \ud800", "\ufffe", "a: \x7f"])
def test_characters_that_no_text_holds_are_refused(text: str) -> None:
    assert refused(text).startswith("f.yaml:")


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{a: " * 50_000, "- " * 50_000, "\n".join(" " * n + "a:" for n in range(600))]
)
def test_deep_text_is_refused_at_once(text: str) -> None:
    started = time.monotonic()
    said = refused(text)  # libyaml has a limit of its own, on what it reads ahead
    assert any(why in said for why in ("nested deeper than", "larger than", "exceeded maximum nesting depth"))
    assert time.monotonic() - started < 5


def test_as_deep_as_allowed_is_read() -> None:
    depth = strict_yaml.MAX_DEPTH
    assert read("[" * depth + "]" * depth) is not None
    assert "nested deeper" in refused("[" * (depth + 1) + "]" * (depth + 1))


def test_a_huge_file_is_refused_unread() -> None:
    assert "larger than" in refused("a: " + "x" * strict_yaml.MAX_CHARACTERS)


def test_every_path_knows_its_line() -> None:
    _, places = strict_yaml.read("a: 1\nb:\n  - x\n  - c: 2\n    d: 3\n", "f.yaml")
    assert (places["a",], places["b",], places["b", 0], places["b", 1, "c"], places["b", 1, "d"]) == (1, 2, 3, 4, 5)
    assert strict_yaml.place(places, ("b", 1, "missing", "deeper")) == 4
    assert strict_yaml.place(places, ("nowhere",)) == 1
    assert strict_yaml.dotted(("b", 1, "d")) == "b.1.d"


def test_the_real_programme_is_read() -> None:
    found = real()
    assert found.workflow.start == "draft"
    assert found.forms.keys() == {
        "registration", "declaration", "experience", "statistics", "summary", "form_review", "objection", "slides",
        "national",
    }  # fmt: skip
    assert found.timeline.rows["publish"].held == "10:00"


def test_a_definition_is_one_object_for_one_text() -> None:
    assert real() is real()
    assert real().machine is real().machine
    assert edited("zone: Asia/Shanghai", "zone: Asia/Hong_Kong").hash != real().hash
    assert definition.from_text(real().text) is real()


def test_a_definition_cannot_be_changed() -> None:
    with pytest.raises((AttributeError, TypeError, ValidationError)):
        real().workflow.states["draft"].kind = "end"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("old", "new", "file", "where", "what"),
    [
        ("    kind: start", "    kind: begin", "workflow.yaml", "states.draft.kind", "live"),
        ("    kind: start", "    kin: start", "workflow.yaml", "states.draft.kind", "required"),
        (
            "    holder: organiser\n    rests: true\n    listed",
            "    holder: organiser\n    rests: maybe\n    listed",
            "workflow.yaml",
            "states.awarded.rests",
            "boolean",
        ),
        (
            "letter: revoked, to: applicant}\n    tone: danger",
            "letter: revoked, to: applicant}\n    tone: loud",
            "workflow.yaml",
            "transitions.revoke.tone",
            "danger",
        ),
        ("  zone: Asia/Shanghai", "  zone: 8", "workflow.yaml", "programme.zone", "string"),
        ("  zone: Asia/Shanghai", "  zone: Asia/Shanghai\n  colour: red", "workflow.yaml", "programme.colour", "Extra"),
        ("label: {zh: 草稿, en: Draft}", "label: {zh: 草稿}", "workflow.yaml", "states.draft.label.en", "required"),
        (
            "label: {zh: 草稿, en: Draft}",
            "label: {zh: 草稿, en: ''}",
            "workflow.yaml",
            "states.draft.label.en",
            "at least 1",
        ),
        ('    held: "10:00"', "    held: 10", "timeline.yaml", "rows.publish.held", "string"),
        ('step: "0.5"', "step: half", "rubric.yaml", "step", "number"),
        (
            "        type: decimal",
            "        type: money",
            "forms/declaration.yaml",
            "sections.2.fields.benefit_wanyuan.type",
            "",
        ),
    ],
)
def test_a_wrong_shape_is_refused_with_file_line_and_key(old: str, new: str, file: str, where: str, what: str) -> None:
    with pytest.raises(DefinitionError) as error:
        edited(old, new, file)
    findings = [finding for finding in error.value.findings if f": {where}: " in finding]
    assert findings, error.value.findings
    assert findings[0].startswith(f"{file}:")
    assert what in findings[0]
    text = files()[file].replace(old, new).splitlines()
    line = int(findings[0].split(":")[1])
    key = where.rsplit(".", 1)[-1]
    assert any(part in text[line - 1] for part in (key, where.split(".")[-2] if "." in where else key))


def test_every_finding_of_every_file_is_told_at_once() -> None:
    broken = {**files(), "workflow.yaml": "a: 1\na: 2", "timeline.yaml": "rows: 5", "odd.yaml": "x: 1"}
    del broken["rubric.yaml"]
    with pytest.raises(DefinitionError) as error:
        definition.from_files(broken)
    told = {finding.split(":")[0] for finding in error.value.findings}
    assert told == {"workflow.yaml", "timeline.yaml", "rubric.yaml", "odd.yaml"}
    assert "rubric.yaml:1: the file is missing" in error.value.findings
