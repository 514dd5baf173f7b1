"""The real programme as text, to be edited; and its timeline with dates, to be asked."""

from __future__ import annotations

from typing import Any

from qtb.domain import definition
from qtb.domain.definition import Definition
from qtb.domain.timeline import Row, Timeline
from tests.rules.sources import ROOT
from tests.world import ROWS

FOLDER = ROOT / "workflows" / "qtb"


def files() -> dict[str, str]:
    """Return the programme's files by name."""
    return {path.relative_to(FOLDER).as_posix(): path.read_text("utf-8") for path in sorted(FOLDER.rglob("*.yaml"))}


def edited(old: str, new: str, file: str = "workflow.yaml") -> Definition:
    """Return the programme with one piece of text replaced, read but not linted."""
    found = files()
    assert found[file].count(old) == 1, f"{old!r} stands {found[file].count(old)} times in {file}"
    return definition.from_files({**found, file: found[file].replace(old, new)})


def real() -> Definition:
    """Return the programme as it is."""
    return definition.from_files(files())


def times() -> Timeline:
    """Return the rows of the 2024 notice with their dates, and the working days."""
    rows = [Row(row.key, row.seq, row.title, row.opens_at, row.closes_at, row.held_at) for row in ROWS]  # type: ignore[arg-type]
    return Timeline({row.key: row for row in rows}, calendar=real().calendar)


def standing(form: str) -> dict[str, list[dict[str, Any]]]:
    """Return a file for each field of a form of the real programme that must have one."""
    fields = real().forms[form].fields.items()
    return {key: [{"id": 1, "name": "a.pdf"}] for key, spec in fields if spec.type == "file" and spec.required}
