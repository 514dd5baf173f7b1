"""A whole submission as one ZIP: each form as PDF and Word, its receipts, its files."""

from __future__ import annotations

import re
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import chain, count
from typing import IO

STILL = (2000, 1, 1, 0, 0, 0)  # the same content is the same file
ODD = re.compile(r'[\x00-\x1f\x7f\\/:*?"<>|\u202a-\u202e\u2066-\u2069]')
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)  # no file on Windows has such a name
MEMORY = 8 * 1024 * 1024


def packed(parts: Iterable[tuple[str, Iterable[bytes]]]) -> IO[bytes]:
    """Return an open file with a ZIP of (path, chunks of bytes), at its beginning; two of one name are both kept."""
    with ExitStack() as until_sent:
        kept = until_sent.enter_context(tempfile.SpooledTemporaryFile(MEMORY))
        with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, chunks in _apart(parts):
                with archive.open(zipfile.ZipInfo(path, STILL), "w", force_zip64=True) as member:
                    for chunk in chunks:
                        member.write(chunk)
        kept.seek(0)
        until_sent.pop_all()  # whoever sends it closes it
    return kept


def name(text: str) -> str:
    """Return a text as a file's name that every system takes."""
    plain = ODD.sub("_", text).strip(" .")[:100] or "_"
    return f"_{plain}" if DEVICE.match(plain) else plain


def _apart(parts: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[tuple[str, Iterable[bytes]]]:
    taken: set[str] = set()
    for path, chunks in parts:
        stem, dot, end = path.rpartition(".")
        tries = chain([path], (f"{stem} ({n}){dot}{end}" for n in count(2)))
        own = next(one for one in tries if _alike(one) not in taken)
        taken.add(_alike(own))
        yield own, chunks


def _alike(path: str) -> str:
    """Return what two paths share that are one to some file systems."""
    return unicodedata.normalize("NFKC", path).casefold()
