"""What lies inside an office file that is sound to the eye: parts drawn from elsewhere, archives, a count of pages."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

DEEPEST = 3  # archives in archives: a chart in a document is one
HERE = re.compile(
    r"(file:///)?[A-Za-z]:[\\/](?![\\/])|(?![\\/]{2})[^:]*\Z"
)  # a drive of its writer, or beside the file


def is_elsewhere(rels: bytes) -> bool:
    """Tell whether a part's relations, read once already, draw anything but a link from another machine."""
    from defusedxml import ElementTree

    return any(
        one.get("TargetMode") == "External"
        and not one.get("Type", "").endswith("/hyperlink")
        and not HERE.match(one.get("Target", ""))
        for one in ElementTree.fromstring(rels)
    )


def inner(archive: zipfile.ZipFile, depth: int = 1) -> Iterator[tuple[int, list[zipfile.ZipInfo]]]:
    """Yield the entries of each archive in an archive, with its depth. Raises as zipfile does."""
    for entry in archive.infolist():
        with archive.open(entry) as opened:
            if opened.read(4) != b"PK\x03\x04":
                continue
        with zipfile.ZipFile(io.BytesIO(archive.read(entry))) as found:
            yield depth, found.infolist()
            if depth < DEEPEST:
                yield from inner(found, depth + 1)


def claimed_pages(archive: zipfile.ZipFile) -> int | None:
    """Return how many pages a document says of itself to have, as its writer's program counted them."""
    try:
        text = archive.read("docProps/app.xml")[:100_000]
    except KeyError:
        return None
    found = re.search(rb"<Pages>([0-9]{1,6})</Pages>", text)
    return int(found[1]) if found else None
