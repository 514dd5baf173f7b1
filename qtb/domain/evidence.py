"""Canonical bytes and the hash chain: each entry of a history carries the hash of the one before it.

The canonical text of an entry is a JSON object with fixed key order and no spaces. It is written in two places,
by Python and by the database while it moves a thousand rows at once, so it holds only integers, keys, hashes and
one form of instants, whose text is the same everywhere. Free text and personal details stay outside; the entry
holds their digest, so they can be erased and the chain still verifies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Any

GENESIS = "0" * 64
FORMAT = 1

# The keys in canonical order. VARYING differ from row to row within one batch, the rest are the batch's own.
KEYS = (
    "v", "subject", "subject_id", "seq", "prev", "kind", "transition", "from", "to",
    "batch", "actor", "role", "via", "at", "due", "row", "details",
)  # fmt: skip
VARYING = ("subject_id", "seq", "prev", "from", "due")
QUOTED = ("prev", "from", "due")


def _written(value: Any) -> str:
    """Return a text, an integer or null as JSON."""
    return str(value) if type(value) is int else "null" if value is None else encode_basestring(value)


def _cut() -> tuple[list[str], list[str]]:
    """Return the pieces of the canonical text around its VARYING values, and the keys of the others, in order."""
    pieces, own, piece = [], [], "{"
    for n, key in enumerate(KEYS):
        piece += f'{"," if n else ""}"{key}":'
        if key not in VARYING:
            own.append(key)
            piece += "%s"
            continue
        quote = '"' if key in QUOTED else ""
        pieces.append(piece + quote)
        piece = quote
    return [*pieces, piece + "}"], own


_PIECES, _OWN = _cut()
_CUT = "\x00"  # no text that is kept holds it
_FRAME = _CUT.join(_PIECES)


def canonical(entry: Mapping[str, Any]) -> str:
    """Return the canonical text of an entry; every key of KEYS must be there."""
    return "{" + ",".join(f'"{key}":{_written(entry[key])}' for key in KEYS) + "}"


def digest(text: str) -> str:
    """Return the SHA-256 of a text's UTF-8 bytes, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def frame(constants: Mapping[str, Any]) -> list[str]:
    """Cut the canonical text of a batch into the pieces that stand around its VARYING values, in key order.

    Joining pieces[0] + subject_id + pieces[1] + seq + … + pieces[-1] gives `canonical()` of the row. Quotes around
    text values are part of the pieces; the values themselves must need no escaping, and `due` must not be null.
    """
    return (_FRAME % tuple([_written(constants[key]) for key in _OWN])).split(_CUT)


def sealed(salt: str, details: str) -> str:
    """Return the digest that stands in the chain for details kept beside it."""
    return digest(f"{salt}\n{details}")
