"""A whole submission as one ZIP: each form as PDF and Word, its receipts, its files."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from typing import IO

STILL = (2000, 1, 1, 0, 0, 0)  # the same content is the same file
ODD = re.compile(r'[\x00-\x1f\x7f\\/:*?"<>|\u202a-\u202e\u2066-\u2069]')
MEMORY = 8 * 1024 * 1024


def packed(parts: Iterable[tuple[str, Iterable[bytes]]]) -> IO[bytes]:
    """Return an open file with a ZIP of (path, chunks of bytes), at its beginning; two of one name are both kept."""
    kept = tempfile.SpooledTemporaryFile(MEMORY)  # noqa: SIM115 (whoever sends it closes it)
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, chunks in _apart(parts):
            with archive.open(zipfile.ZipInfo(path, STILL), "w", force_zip64=True) as member:
                for chunk in chunks:
                    member.write(chunk)
    kept.seek(0)
    return kept


def name(text: str) -> str:
    """Return a text as a file's name that every system takes."""
    return ODD.sub("_", text).strip(" .")[:100] or "_"


def _apart(parts: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[tuple[str, Iterable[bytes]]]:
    taken: dict[str, int] = {}
    for path, chunks in parts:
        n = taken[path] = taken.get(path, 0) + 1
        stem, dot, end = path.rpartition(".")
        yield (path if n == 1 else f"{stem} ({n}){dot}{end}"), chunks
