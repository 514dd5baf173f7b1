"""`qtb certificate`: issued, reissued, revoked by the organiser; checked by anybody without a database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.calls import OLGA, good, refused
from tests.services.test_certificates import awarded
from tests.world import World

ALICE = ("--as", "alice@example.org")


@pytest.fixture
def file(settings: dict[str, Any], world: World, tmp_path: Path) -> Path:
    """A certificate's file, written by the command line."""
    awarded(world, "BENCHMARK", "PROGRESS")
    told = good(settings, "certificate", "issue", "2024", *OLGA)
    assert "2024-BG-0001" in told
    assert "已颁发 2 份" in told
    assert "已颁发 0 份" in good(settings, "certificate", "issue", "2024", *OLGA)
    path = tmp_path / "certificate.pdf"
    assert good(settings, "certificate", "write", "20240001", str(path), *ALICE).strip() == "2024-BG-0001"
    return path


def list_of(settings: dict[str, Any], folder: Path, name: str = "list.json", year: str = "2024") -> str:
    """Write the signed list of a year; return its path."""
    path = folder / name
    path.write_text(good(settings, "certificate", "revoked", year))
    return str(path)


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let whatever is called without settings have this installation's key and no database."""
    monkeypatch.setenv("QTB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("QTB_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")


def test_a_certificate_is_checked_without_a_database(
    settings: dict[str, Any], file: Path, away: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = good({}, "certificate", "verify", str(file))
    assert "2024-BG-0001" in told
    assert "标杆级" in told
    assert "未核对" in told
    key = tmp_path / "key.pem"
    key.write_text(good({}, "receipt", "key"))
    before = list_of(settings, tmp_path)
    assert "有效" in good({}, "certificate", "verify", str(file), "--revoked", before)
    good(settings, "certificate", "revoke", "2024-BG-0001", "--reason", "材料不实", *OLGA)
    after = list_of(settings, tmp_path)
    said = refused({}, "certificate", "verify", str(file), "--revoked", after)
    assert "材料不实" in said
    assert "2024-BG-0001" in said
    monkeypatch.setenv("QTB_HOME", str(tmp_path / "elsewhere"))
    assert "材料不实" in refused(
        {}, "certificate", "verify", str(file), "--revoked", after, "--key", str(key)
    )
    assert "改动" in refused({}, "certificate", "verify", str(file))


def test_a_changed_file_or_list_is_refused(settings: dict[str, Any], file: Path, away: None, tmp_path: Path) -> None:
    good(settings, "certificate", "revoke", "2024-BG-0001", "--reason", "材料不实", *OLGA)
    path = Path(list_of(settings, tmp_path))
    path.write_text(path.read_text().replace("2024-BG-0001", "2024-BG-0009"))
    assert "清单" in refused({}, "certificate", "verify", str(file), "--revoked", str(path))
    refused({}, "certificate", "verify", str(file), "--revoked", str(tmp_path / "none.json"))
    body = file.read_bytes()
    file.write_bytes(body.replace(b"/Type", b"/Typf", 1))
    assert "改动" in refused({}, "certificate", "verify", str(file))


def test_a_list_of_another_year_proves_nothing(
    settings: dict[str, Any], world: World, file: Path, away: None, tmp_path: Path
) -> None:
    world.another_cycle("2025")
    said = refused({}, "certificate", "verify", str(file), "--revoked", list_of(settings, tmp_path, year="2025"))
    assert "2025" in said


def test_a_reissued_one_names_its_successor(
    settings: dict[str, Any], file: Path, away: None, tmp_path: Path
) -> None:
    new = good(settings, "certificate", "reissue", "2024-bg-0001", "--reason", "更名", *OLGA).strip()
    assert new == "2024-BG-0002"
    assert new in refused({}, "certificate", "verify", str(file), "--revoked", list_of(settings, tmp_path))
    listed = good(settings, "certificate", "list", "2024", *OLGA)
    assert "已失效 → 2024-BG-0002" in listed
    good(settings, "certificate", "write", "20240001", str(file), *OLGA)
    assert new in good({}, "certificate", "verify", str(file), "--revoked", list_of(settings, tmp_path))


def test_who_may_not_is_refused(settings: dict[str, Any], file: Path) -> None:
    for line in (
        ("issue", "2024"),
        ("revoke", "2024-BG-0001", "--reason", "x"),
        ("reissue", "2024-BG-0001", "--reason", "x"),
        ("list", "2024"),
    ):
        refused(settings, "certificate", *line, *ALICE)
    refused(settings, "certificate", "write", "20240001", str(file), "--as", "bob@example.org")
    refused(settings, "certificate", "revoke", "2024-BG-0099", "--reason", "x", *OLGA)
    refused(settings, "certificate", "revoke", "2024-BG-0001", *OLGA, code=2)
