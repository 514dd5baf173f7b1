"""What a signed paper holds, read back without any database: which kind of paper it is, and its facts."""

from __future__ import annotations

import io
import json
import threading
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import segno

from qtb.documents import signing

MAX_BYTES = 5 * 1024 * 1024
MAX_SAID = 256 * 1024
ENDING = ".json"
READER = threading.Lock()  # the library that opens PDFs serves one thread at a time


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper of ours: `kind` is the name of the file inside, `receipt` or `certificate`; `told` what it says."""

    kind: str
    told: dict[str, Any]


def read(pdf: bytes, certificate: bytes) -> Paper | None:
    """Return what a paper says; None where it is none of ours, or any byte was changed."""
    if not 0 < len(pdf) <= MAX_BYTES or not signing.is_ours(pdf, certificate):
        return None
    import pypdfium2

    with READER, closing(pypdfium2.PdfDocument(io.BytesIO(pdf))) as opened:
        if not opened.count_attachments():
            return None
        kept = opened.get_attachment(0)
        name, told = kept.get_name(), json.loads(bytes(kept.get_data())[:MAX_SAID])
    return Paper(name.removesuffix(ENDING), told) if isinstance(told, dict) else None


def qr(address: str) -> str:
    """Return an address as a QR code, in SVG."""
    kept = io.BytesIO()
    segno.make(address, error="m").save(kept, kind="svg", border=0, xmldecl=False)
    return kept.getvalue().decode()
