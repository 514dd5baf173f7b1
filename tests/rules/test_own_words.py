"""Committed text holds no address of the machine it was written on, and no e-mail address of anybody real."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.rules.sources import ROOT

# Put together so that this file does not hold what it looks for.
FOLDERS = "|".join(("wo" + "rk", "ro" + "ot", "ho" + "me", "tm" + "p"))
PLACE = re.compile(rf"(?<![\w.:/])/(?:{FOLDERS})/\w[\w./-]*")
ADDRESS = re.compile(r"[\w.+%-]+@((?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,})")
MADE_UP = re.compile(r"(?:.*\.)?(?:example\.(?:org|com|net)|[\w-]+\.(?:example|invalid|test))$", re.IGNORECASE)
SECRETS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY|gh[pousr]_[A-Za-z0-9]{30}|AKIA[A-Z0-9]{16}")


def texts() -> Iterator[tuple[str, str]]:
    """Yield (path, text) of every file that is or would be committed; what is not text is left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    names = listed.stdout.split("\0") if listed.returncode == 0 else _walked()
    for name in filter(None, names):
        path = ROOT / name
        if path.is_file():
            try:
                yield name, path.read_text("utf-8")
            except UnicodeDecodeError:
                continue


def _walked() -> list[str]:
    skipped = {".venv", ".git", "instance", "__pycache__", "vendor", ".mypy_cache", ".ruff_cache"}
    paths = [path.relative_to(ROOT) for path in ROOT.rglob("*")]
    return [path.as_posix() for path in paths if not skipped & set(path.parts)]


def test_there_is_something_to_read() -> None:
    assert len(list(texts())) > 150


def test_no_path_of_a_machine() -> None:
    assert [f"{name}: {found}" for name, text in texts() for found in PLACE.findall(text)] == []


def test_no_address_of_anybody_real() -> None:
    found = [(name, match) for name, text in texts() for match in ADDRESS.finditer(text)]
    assert [f"{name}: {match[0]}" for name, match in found if not MADE_UP.match(match[1])] == []


def test_no_secret() -> None:
    assert [name for name, text in texts() if SECRETS.search(text)] == []


def test_what_is_looked_for_would_be_found() -> None:
    slash = "/"
    for word in (slash + "tm" + "p/out.txt", " " + slash + "ro" + "ot/x", "'" + slash + "wo" + "rk/main'"):
        assert PLACE.search(word)
    for fine in ("https://example.org/home/page", "sqlite:///x", "instance/home/x"):
        assert not PLACE.search(fine)
    real = "somebody" + "@" + "corporation.cn"
    assert not MADE_UP.match(ADDRESS.search(real)[1])  # type: ignore[index]
    assert Path(__file__).name in {name.rsplit("/", 1)[-1] for name, _ in texts()}
