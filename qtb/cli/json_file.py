"""A JSON object that somebody hands over as a file, or - from standard input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from qtb.domain.errors import Invalid

MAX_BYTES = 4 * 1024 * 1024


def read(file: str) -> dict[str, Any]:
    """Return the object in a file. Raises Invalid, which says what is wrong and where."""
    shown = file[-80:]
    with click.open_file(file, "rb") if file == "-" else Path(file).open("rb") as opened:
        text = opened.read(MAX_BYTES + 1)
    if len(text) > MAX_BYTES:
        raise Invalid("json_large", file=shown, max=MAX_BYTES // 1024 // 1024)
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise Invalid("not_json", file=shown, line=error.lineno, column=error.colno) from None
    except (ValueError, RecursionError):  # not UTF-8, a number of thousands of digits, or too deep
        raise Invalid("json_unreadable", file=shown) from None
    if not isinstance(found, dict):
        raise Invalid("json_object", file=shown)
    return found
