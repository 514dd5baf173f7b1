"""`qtb test`: pytest's own exit code and last line; no test at all is no success. `qtb serve` only hands over."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from qtb.cli import test as command
from tests.cli.calls import good, refused, run


def qtb_test(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `qtb test` as a person would."""
    return subprocess.run(
        [sys.executable, "-m", "qtb", "test", *arguments], capture_output=True, text=True, check=False,
        env={**os.environ, "QTB_INSIDE_VENV": "1"}, cwd=Path(__file__).parent.parent.parent,
    )  # fmt: skip


def test_what_pytest_says_last_is_the_last_line(tmp_path: Path) -> None:
    (tmp_path / "test_good.py").write_text("def test_it(): pass\n")
    done = qtb_test(str(tmp_path), "-k", "it")
    assert done.returncode == 0
    assert "1 passed" in done.stdout.splitlines()[-1]


def test_a_failure_and_an_empty_run_are_passed_on(tmp_path: Path) -> None:
    (tmp_path / "test_bad.py").write_text("def test_it(): assert False\n")
    assert qtb_test(str(tmp_path), "-n", "0").returncode == 1
    assert qtb_test(str(tmp_path), "-k", "nothing").returncode == 5


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would have been run."""
    calls: list[list[str]] = []

    def record(arguments: list[str], **_kw: object) -> types.SimpleNamespace:
        calls.append(arguments)
        return types.SimpleNamespace(returncode=0)

    monkeypatch.setattr(command.subprocess, "run", record)
    return calls


def test_all_cores_unless_told_otherwise(called: list[list[str]]) -> None:
    good({}, "test", "tests/domain")
    assert called[-1][3:] == ["-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder", "tests/domain"]
    for given in (["-n", "3"], ["-k", "x"], ["tests/a.py::b"], ["--pdb"]):
        good({}, "test", *given)
        assert called[-1][3:] == given


def test_chromium_is_fetched_only_where_it_can_and_must_be(
    called: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = {"apt-get"}
    monkeypatch.setattr(command.shutil, "which", lambda name: name if name in there else None)
    monkeypatch.setattr(command.os, "geteuid", lambda: 0)
    good({}, "test")
    assert [one[:2] for one in called[:2]] == [["apt-get", "update"], ["apt-get", "install"]]
    called.clear()
    good({}, "test", "tests/domain")
    assert len(called) == 1
    monkeypatch.setattr(command.os, "geteuid", lambda: 1000)
    assert "Chromium" in run({}, "test").stderr
    there.add("chromium")
    assert run({}, "test").stderr == ""


def test_without_the_sources_there_is_nothing_to_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "PACKAGE", tmp_path / "qtb")
    refused({}, "test")


def test_serve_hands_over(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setitem(sys.modules, "qtb.serve", types.SimpleNamespace(serve=lambda **kw: given.update(kw)))
    good({}, "serve", "--demo", "--port", "8001")
    assert given == {"demo": True, "host": "127.0.0.1", "port": 8001}
    refused({}, "serve", "--port", "99999", code=2)
