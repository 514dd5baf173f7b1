"""A JSON object that somebody hands over as a file, or - from standard input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from qtb.domain.errors import Invalid

MAX_BYTES = 4 * 1024 * 1024


def read(file: str) -> dict[str, Any]:
    """Return the object in a file. Raises Invalid("not_json") with what is wrong."""
    shown = file[-80:]
    with click.open_file(file, "rb") if file == "-" else Path(file).open("rb") as opened:
        text = opened.read(MAX_BYTES + 1)
    if len(text) > MAX_BYTES:
        raise Invalid("not_json", file=shown, why=f"> {MAX_BYTES // 1024 // 1024} MB")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid("not_json", file=shown, why=str(error)[:120]) from None
    if not isinstance(found, dict):
        raise Invalid("not_json", file=shown, why=type(found).__name__)
    return found
