"""Programmes on disk: read, checked, found by key."""

from __future__ import annotations

from pathlib import Path

from qtb import config
from qtb.domain import definition, lint
from qtb.domain.definition import Definition
from qtb.domain.errors import DefinitionError, Missing


def programmes() -> list[str]:
    """Return the keys of the programmes in the workflows folder."""
    return sorted(path.parent.name for path in config.workflows_folder().glob("*/workflow.yaml"))


def load(key: str) -> Definition:
    """Return a programme's definition. Raises Missing, or DefinitionError with every finding of reading or lint."""
    if key not in programmes():
        raise Missing("programme", name=key[:40])
    return load_folder(config.workflows_folder() / key)


def load_folder(folder: Path) -> Definition:
    """Return the definition in a folder, checked."""
    found = definition.from_files(_files(folder))
    wrong = lint.findings(found, letters())
    if wrong:
        raise DefinitionError(wrong)
    return found


def digest(key: str) -> str | None:
    """Return the hash that a programme's definition would have as its files are now, unchecked; None without them."""
    if key not in programmes():
        return None
    try:
        return definition.digest(_files(config.workflows_folder() / key))
    except DefinitionError:
        return ""  # like no definition's: whoever loads it is told why


def letters() -> set[str]:
    """Return the letters that exist in both languages."""
    names = [path.name.rsplit(".", 2) for path in (config.folder("templates") / "mail").glob("*.txt")]
    have = {lang: {name for name, its, _ in names if its == lang} for lang in ("zh", "en")}
    return have["zh"] & have["en"]


def _files(folder: Path) -> dict[str, str]:
    files: dict[str, str] = {}
    for path in sorted(folder.rglob("*.yaml")):
        name = path.relative_to(folder).as_posix()
        try:
            files[name] = path.read_text("utf-8")
        except (UnicodeDecodeError, OSError) as error:
            raise DefinitionError([f"{name}:1: cannot be read: {error}"]) from None
    return files
