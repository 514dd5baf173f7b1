"""`qtb receipt`: shown and written for those who may see it, checked by anybody without a database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.calls import good, refused
from tests.world import World

ALICE = ("--as", "alice@example.org")


@pytest.fixture
def file(settings: dict[str, Any], world: World, tmp_path: Path) -> Path:
    """A receipt's file, written by the command line."""
    world.submitted()
    path = tmp_path / "receipt.pdf"
    assert "2024-03-01T01:00:00Z" in good(settings, "receipt", "show", "20240001", *ALICE, "--file", str(path))
    return path


def test_a_receipt_is_checked_without_a_database(
    settings: dict[str, Any], file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QTB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("QTB_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    told = good({}, "receipt", "verify", str(file))
    assert "20240001" in told
    assert "2024-03-01 09:00:00" in told
    certificate = tmp_path / "certificate.pem"
    certificate.write_text(good({}, "receipt", "key"))
    monkeypatch.setenv("QTB_HOME", str(tmp_path / "elsewhere"))
    assert "20240001" in good({}, "receipt", "verify", str(file), "--key", str(certificate))
    refused({}, "receipt", "verify", str(file))


def test_a_changed_file_is_refused(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QTB_HOME", str(tmp_path / "home"))
    body = file.read_bytes()
    file.write_bytes(body.replace(b"/Type", b"/Typf", 1))
    assert "改动" in refused({}, "receipt", "verify", str(file))
    file.write_bytes(b"")
    refused({}, "receipt", "verify", str(file))
    refused({}, "receipt", "verify", str(tmp_path / "none.pdf"))
    refused({}, "receipt", "verify", str(file), "--key", str(file))


def test_receipts_are_for_those_who_may_see_the_submission(settings: dict[str, Any], world: World) -> None:
    world.enter()
    assert "20240001" in refused(settings, "receipt", "show", "20240001", *ALICE)
    refused(settings, "receipt", "show", "20240001", "--as", "bob@example.org")
