"""Files that are handed in: their kinds, their names, and what one of them comes to as an answer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qtb.domain.errors import Invalid, Reason, Refusal
from qtb.domain.fields import FieldSpec

MB = 1024 * 1024
MOST_MB = 20  # where a field names no limit
MOST_POSSIBLE_MB = 100  # that a field may name
LONGEST = 80  # characters of a name before its ending: it stands on paper, and file systems count bytes
OFFICE = "application/vnd.openxmlformats-officedocument"
FLOWING = ("docx", "xlsx")  # they have pages only where they are printed
MEDIA = {
    "pdf": "application/pdf",
    "docx": f"{OFFICE}.wordprocessingml.document",
    "pptx": f"{OFFICE}.presentationml.presentation",
    "xlsx": f"{OFFICE}.spreadsheetml.sheet",
    "jpg": "image/jpeg",
    "png": "image/png",
}


class TooLarge(Refusal):
    """A file is larger than its field takes."""

    status = 413


@dataclass(frozen=True, slots=True)
class Looked:
    """A file that was read: what it is by its content."""

    name: str
    kind: str
    size: int
    n_pages: int | None
    sha256: str
    n_claimed: int | None = None  # where nobody can count: how many pages the file says of itself


def refuse_size(spec: FieldSpec, size: int) -> None:
    """Raise TooLarge or Invalid for a size that the field does not take."""
    most = spec.max_mb or MOST_MB
    if size > most * MB:
        raise TooLarge("file_large", max=most)
    if not size:
        raise Invalid("file_empty")


def refuse_content(spec: FieldSpec, kind: str, n_pages: int | None) -> None:
    """Raise Invalid for a kind of file or a count of pages that the field does not take."""
    if kind not in spec.accept:
        raise Invalid("file_kind", kinds=", ".join(spec.accept).upper(), kind=kind.upper())
    if n_pages is not None and spec.max_pages is not None and n_pages > spec.max_pages:
        raise Invalid("file_pages", max=spec.max_pages, n=n_pages)


def doubt(spec: FieldSpec, kind: str, n_claimed: int | None) -> Reason | None:
    """Return what to tell of a file whose pages nobody counted though its field limits them."""
    if spec.max_pages is None or kind not in FLOWING:
        return None
    if n_claimed is not None and n_claimed > spec.max_pages:
        return Reason("file_pages_claimed", {"max": spec.max_pages, "n": n_claimed})
    return Reason("file_pages_unknown", {"max": spec.max_pages})


def clean_name(given: str, kind: str) -> str:
    """Return a name fit to be shown and saved under: no path, no unseen signs, NFC, the ending that is true."""
    last = re.split(r"[/\\]", given)[-1]
    seen = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C" or sign in "\t\r\n")
    seen = unicodedata.normalize("NFC", seen)  # after what stood between a letter and its mark is gone
    stem, dot, end = " ".join(seen.split()).rpartition(".")
    is_ending = end.lower() in (kind, "jpeg") if dot else False
    whole = stem if is_ending else f"{stem}{dot}{end}"
    return f"{whole.strip(' .')[:LONGEST].rstrip() or '_'}.{kind}"


def as_answer(file_id: int, looked: Looked) -> dict[str, Any]:
    """Return a file as it stands among a form's answers."""
    return {
        "id": file_id, "name": looked.name, "kind": looked.kind, "size": looked.size, "pages": looked.n_pages,
        "sha256": looked.sha256,
    }  # fmt: skip


def on_paper(one: Mapping[str, Any], *, pages: str) -> str:
    """Return a file as a line of a paper: name, size, pages (worded by the caller), the beginning of its SHA-256."""
    return " · ".join(part for part in (one.get("name"), size(one.get("size")), pages, _mark(one)) if part)


def size(n: Any) -> str:
    """Return a count of bytes as people read it."""
    if not isinstance(n, int):
        return ""
    return f"{n / MB:.1f} MB" if n >= MB else f"{max(1, round(n / 1024))} KB"


def _mark(one: Mapping[str, Any]) -> str:
    found = one.get("sha256")
    return f"SHA-256 {found[:12]}" if found else ""


def accepted(spec: FieldSpec) -> str:
    """Return what a browser offers to choose; what comes is judged by its content."""
    return ",".join(part for kind in spec.accept for part in (f".{kind}", MEDIA[kind]))
