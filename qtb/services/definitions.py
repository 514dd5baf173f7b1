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
    files: dict[str, str] = {}
    for path in sorted(folder.rglob("*.yaml")):
        name = path.relative_to(folder).as_posix()
        try:
            files[name] = path.read_text("utf-8")
        except (UnicodeDecodeError, OSError) as error:
            raise DefinitionError([f"{name}:1: cannot be read: {error}"]) from None
    found = definition.from_files(files)
    wrong = lint.findings(found, letters())
    if wrong:
        raise DefinitionError(wrong)
    return found


def letters() -> set[str]:
    """Return the letters that exist in both languages."""
    names = [path.name.rsplit(".", 2) for path in (config.folder("templates") / "mail").glob("*.txt")]
    have = {lang: {name for name, its, _ in names if its == lang} for lang in ("zh", "en")}
    return have["zh"] & have["en"]
