"""Text as it can be set: long words may break anywhere, and a sign that no packed font has is named by its code."""

from __future__ import annotations

import re
import struct
import sys
import unicodedata
from bisect import bisect
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

BREAK = "\u200b"
# What has no place to break at: no blank, and nothing of the scripts that break after each sign.
SOLID = r"[^\s\u2e80-\ud7ff\uf900-\ufaff\ufe30-\uffef\U0001f000-\U0003ffff]"
LONG, LONG_IN_ROWS = re.compile(SOLID + "{20,}"), re.compile(SOLID + "{12,}")  # the columns of a table are narrow
DIGEST = re.compile(r"[0-9a-f]{64}")  # is copied out of the page: nothing unseen in it
EXACT = {"said", "address", "qr", "rosettes", "rosette", "corner", "look", "kind"}  # not for the eye
OTHERS = ((0, 0x5FF), (0x1E00, 0x2BFF))  # Latin, Greek, Cyrillic, signs: the typesetter's own fonts have them
UNSEEN = ("Cf", "Mn", "Me", "Cc", "Zl", "Zp", "Zs")


class Text:
    """Makes all text of some data settable; `lacks` tells whether a sign was replaced."""

    def __init__(self) -> None:
        self.lacks = False

    def made(self, data: Any, long: re.Pattern[str] = LONG) -> Any:
        """Return JSON-ready data with its texts made settable, except what is not for the eye."""
        if isinstance(data, str) and DIGEST.fullmatch(data):
            return data
        if isinstance(data, str):
            return long.sub(lambda run: BREAK.join(run[0]), self._covered(data))
        if isinstance(data, dict):
            return {key: value if key in EXACT else self.made(value, _long(key)) for key, value in data.items()}
        return [self.made(one, long) for one in data] if isinstance(data, (list, tuple)) else data

    def _covered(self, text: str) -> str:
        if all(_is_set(sign) for sign in set(text)):
            return text
        self.lacks = True
        return "".join(sign if _is_set(sign) else f"□U+{ord(sign):04X}" for sign in text)


def _long(key: str) -> re.Pattern[str]:
    return LONG_IN_ROWS if key == "rows" else LONG


@cache
def fonts() -> Path:
    """Return the folder of the packed fonts."""
    import pylopdf_fonts_zh_cn

    return Path(pylopdf_fonts_zh_cn.__file__).parent


@cache
def _is_set(sign: str) -> bool:
    code = ord(sign)
    if any(first <= code <= last for first, last in OTHERS) or unicodedata.category(sign) in UNSEEN:
        return True
    n = bisect(_covers(), (code, sys.maxunicode + 1)) - 1
    return n >= 0 and code <= _covers()[n][1]


@cache
def _covers() -> list[tuple[int, int]]:
    """Return the ranges of signs that the packed fonts have, joined."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(group for path in fonts().glob("*.otf") for group in _groups(path.read_bytes())):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _groups(font: bytes) -> Iterator[tuple[int, int]]:
    """Yield the ranges of a font's table of signs (OpenType `cmap`, format 12)."""
    tables = struct.iter_unpack(">4sIII", font[12 : 12 + 16 * struct.unpack_from(">H", font, 4)[0]])
    start = next(place for name, _, place, _ in tables if name == b"cmap")
    n_lists = struct.unpack_from(">H", font, start + 2)[0]
    for _, _, place in struct.iter_unpack(">HHI", font[start + 4 :][: 8 * n_lists]):
        if struct.unpack_from(">H", font, start + place)[0] == 12:
            n = struct.unpack_from(">I", font, start + place + 12)[0]
            for first, last, _ in struct.iter_unpack(">III", font[start + place + 16 :][: 12 * n]):
                yield first, last
