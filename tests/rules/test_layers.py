"""The arrows between the rooms point down: import-linter's contracts of pyproject.toml are kept."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib

import pytest

from tests.rules.sources import ROOT, modules

# The command is what import-linter promises to keep; what lies behind it changed names between two small releases.
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


@pytest.fixture(scope="module")
def report() -> str:
    """What import-linter says; its exit code is asserted with it."""
    done = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", "--no-logo", str(ROOT / "pyproject.toml")],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_module_was_looked_at(report: str) -> None:
    found = re.search(r"Analyzed (\d+) files, (\d+) dependencies", report)
    assert found, report
    assert int(found[1]) >= len(modules()) > 40
    assert int(found[2]) > 100


def test_the_contracts_are_kept(report: str) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    assert len(contracts) >= 3
    assert [one["name"] for one in contracts if f"{one['name']} KEPT" not in report] == []
    assert f"Contracts: {len(contracts)} kept, 0 broken" in report
