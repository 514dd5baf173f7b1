"""`qtb workflow`: a definition checked, drawn and told; no database is touched."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from qtb import config
from qtb.services import definitions
from tests.cli.calls import good, refused

NOWHERE: dict[str, object] = {}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the programme, to be spoiled."""
    target = tmp_path / "mine"
    shutil.copytree(config.workflows_folder() / "qtb", target)
    return target


def test_sound_definitions(folder: Path) -> None:
    assert "qtb" in good(NOWHERE, "workflow", "check")
    assert "qtb" in good(NOWHERE, "workflow", "check", "qtb")


def test_each_finding_with_its_file_and_line(folder: Path) -> None:
    for path in folder.glob("*.txt"):
        path.unlink()
    assert "mine" in good(NOWHERE, "workflow", "check", str(folder))
    flow = folder / "workflow.yaml"
    flow.write_text(flow.read_text("utf-8").replace("to: submitted\n    by", "to: nowhere\n    by"), "utf-8")
    said = refused(NOWHERE, "workflow", "check", str(folder))
    assert "workflow.yaml:" in said
    assert "nowhere" in said


def test_bad_input_to_check(tmp_path: Path) -> None:
    assert "nope" in refused(NOWHERE, "workflow", "check", "nope")
    refused(NOWHERE, "workflow", "check", str(tmp_path))
    refused(NOWHERE, "workflow", "check", "x" * 5000)


def test_no_programme_at_all_is_not_a_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "workflows_folder", lambda: tmp_path)
    refused(NOWHERE, "workflow", "check")
    refused(NOWHERE, "workflow", "diagram")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_diagram_shows_every_state_and_move(lang: str) -> None:
    said = good(NOWHERE, "workflow", "diagram", "--lang", lang)
    workflow = definitions.load("qtb").workflow
    assert "stateDiagram-v2" in said
    for key, state in workflow.states.items():
        assert f'state "{state.label.get(lang)}" as {key}' in said
    for rule in workflow.transitions.values():
        assert rule.label.get(lang) in said
    arrows = {(source, rule.to) for key, rule in workflow.transitions.items() for source in workflow.sources(key)}
    assert all(f"{source} --> {target}: " in said for source, target in arrows)
    text = good(NOWHERE, "workflow", "diagram", "qtb", "--format", "text", "--lang", lang)
    assert len(text.splitlines()) == len(workflow.transitions)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_explanation_names_every_move(lang: str) -> None:
    workflow = definitions.load("qtb").workflow
    said = good(NOWHERE, "workflow", "explain", "qtb", "--lang", lang)
    assert all(state.label.get(lang) in said for state in workflow.states.values())
    assert all(f"({key})" in said or f"（{key}）" in said for key in workflow.transitions)
    assert "cli." not in said
    shown = {re.findall(r"[（(](\w+)[，,]", part)[0]: part for part in said.strip().split("\n\n")}
    for move, rule in workflow.transitions.items():
        assert all(move in shown[state] for state in workflow.sources(move)), (move, rule.source)
    one = good(NOWHERE, "workflow", "explain", "qtb", workflow.start, "--lang", lang)
    assert one.strip() == said.split("\n\n")[0].strip()


def test_bad_input_to_explain() -> None:
    refused(NOWHERE, "workflow", "explain", "nope")
    refused(NOWHERE, "workflow", "explain", "qtb", "nope")
    refused(NOWHERE, "workflow", "diagram", "qtb", "--format", "dot", code=2)
