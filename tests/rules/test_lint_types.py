"""ruff and mypy, with the settings of pyproject.toml, find nothing."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.rules.sources import ROOT, modules


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=280
    )


def test_ruff_finds_nothing() -> None:
    looked_at = _run("ruff", "check", "--show-files", ".").stdout.splitlines()
    assert len([path for path in looked_at if path.endswith(".py")]) > len(modules())
    done = _run("ruff", "check", "--output-format=concise", ".")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(300)
def test_mypy_finds_nothing() -> None:
    done = _run("mypy")
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"no issues found in (\d+) source files", done.stdout)
    assert found, done.stdout
    assert int(found[1]) >= len(modules())
