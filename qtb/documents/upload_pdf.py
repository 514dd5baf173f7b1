"""What lies inside a PDF that is sound to the eye: scripts, what it does by itself, other files, a false count.

It runs where the probe runs. ISO 32000-2, 12.6 (actions), 7.11 (other files), 12.7 (forms).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

ACTIONS = {
    "/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/GoToE", "/Rendition", "/Movie", "/RichMediaExecute",
}  # fmt: skip
KEYS = {"/JS", "/XFA", "/EmbeddedFiles", "/EF", "/RichMediaContent"}
NAMED = {b"/JavaScript", b"/Launch", b"/ImportData", b"/SubmitForm", b"/EmbeddedFile"}
# What is drawn, and what is said about it: large, and nothing in it acts. What acts hangs on the catalog, a page, an
# annotation, a field, an outline or a name.
DRAWN = {"/Resources", "/DR", "/AP", "/Contents", "/StructTreeRoot", "/Metadata", "/PieceInfo", "/Thumb"}
MOST_WALKED = 2_000  # pages: more than a field takes, and a second of work
MOST_OBJECTS = 200_000


def fault(path: Path, n_pages: int) -> str | None:
    """Return the catalogue key of what is amiss in a PDF that pdfium opened and found to have so many pages."""
    with path.open("rb") as opened:
        try:
            return _looked(opened, n_pages)
        except MemoryError:
            raise
        except Exception:  # it mends less than pdfium: what that makes of the file is looked at instead
            return _mended_fault(path, n_pages)


def _mended_fault(path: Path, n_pages: int) -> str | None:
    import pypdfium2

    if _names(path.read_bytes()) & NAMED:  # another program may mend it otherwise
        return "file_active"
    mended = io.BytesIO()
    try:
        with closing(pypdfium2.PdfDocument(path)) as document:
            document.save(mended)
        return _looked(mended, n_pages)
    except MemoryError:
        raise
    except Exception:  # nobody can say what is in it
        return "file_broken"


def _names(body: bytes) -> set[bytes]:
    spelt = re.sub(rb"#([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), body)
    return set(re.findall(rb"/[A-Za-z]{6,13}", spelt))


def _looked(opened: IO[bytes], n_pages: int) -> str | None:
    from pyhanko.pdf_utils.reader import PdfFileReader

    root = PdfFileReader(opened, strict=False).root
    if any(_acts(one) for one in _dictionaries(root)):
        return "file_active"
    return "file_broken" if n_pages <= MOST_WALKED and _n_leaves(root["/Pages"], n_pages) != n_pages else None


def _dictionaries(root: Any) -> Iterator[Any]:
    """Yield each dictionary that hangs on the catalog, once. Raises where there are more than a document has."""
    from pyhanko.pdf_utils.generic import IndirectObject

    reference: Any = IndirectObject
    waiting, seen = [root], set()
    for _ in range(10 * MOST_OBJECTS):
        if not waiting:
            return
        one = waiting.pop()
        if isinstance(one, reference):
            if one in seen:
                continue
            seen.add(one)
            one = one.get_object()
        if isinstance(one, dict):
            yield one
            waiting.extend(dict.__getitem__(one, key) for key in one if key not in DRAWN)
        elif isinstance(one, list):
            waiting.extend(list.__iter__(one))
        if len(seen) > MOST_OBJECTS:
            break
    raise ValueError("more objects than a document has")


def _acts(one: Any) -> bool:
    """Tell whether a dictionary is an action that runs something, holds such a thing, or carries other files."""
    if _at(one, "/S") in ACTIONS or any(_at(one, key) is not None for key in KEYS):
        return True
    address = _at(one, "/URI")
    if isinstance(address, (str, bytes)) and _runs(address):
        return True
    more = _at(one, "/AA")
    starts = [_at(one, "/OpenAction"), *([_at(more, key) for key in more] if isinstance(more, dict) else [])]
    return any(isinstance(start, dict) and _at(start, "/S") == "/URI" for start in starts)  # nobody clicked


def _at(one: Any, key: str) -> Any:
    try:
        return one[key]  # `get` does not follow a reference
    except KeyError:
        return None


def _runs(address: str | bytes) -> bool:
    text = address if isinstance(address, str) else address.decode("latin-1")
    return "".join(text.split()).lower().startswith(("javascript:", "vbscript:", "data:"))


def _n_leaves(tree: Any, most: int) -> int:
    """Count the pages that are really there, and no further than shows that there are too many."""
    waiting, n = [tree], 0
    for _ in range(10 * MOST_WALKED):  # a tree that bites its own tail has no end
        if not waiting or n > most:
            break
        node = waiting.pop()
        kids = node.get("/Kids")
        if kids is None:
            n += 1
        else:
            waiting.extend(kids[i] for i in range(min(len(kids), MOST_WALKED)))
    return n
