"""Typst: data and a template become a PDF. Data never becomes part of the template's text, so text stays text."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from qtb import config
from qtb.documents import settable
from qtb.i18n import word


def pdf(template: str, data: Any) -> bytes:
    """Return a template of `templates/documents` set with JSON-ready data, or with a dataclass."""
    import typst  # at first use: it costs memory that a scheduler need not have

    given = dataclasses.asdict(data) if dataclasses.is_dataclass(data) and not isinstance(data, type) else data
    text = settable.Text()
    given = text.made(given)
    if text.lacks and "foot" in given:
        given["foot"] += word("zh", "paper.no_font")
    folder = config.folder("templates") / "documents"
    made: bytes = typst.compile(
        str(folder / f"{template}.typ"), root=str(folder), font_paths=[str(settable.fonts())], ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(given, ensure_ascii=False)}, format="pdf",
    )  # fmt: skip
    return made
