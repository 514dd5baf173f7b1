"""Say as JSON what a file is by its content; a process of its own, since hostile files may use it up or end it.

python -m qtb.documents.upload_probe PATH
"""

from __future__ import annotations

import json
import re
import resource
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from qtb.documents import upload_inside, upload_pdf

MEMORY, SECONDS = 1024 * 1024 * 1024, 15
MOST_ENTRIES, MOST_UNPACKED, MOST_RATIO, MOST_XML = 5_000, 400 * 1024 * 1024, 200, 40 * 1024 * 1024
MOST_PIXELS = 60_000_000
TAIL = 2048  # a PDF ends here
PARTS = {"docx": "word/document.xml", "pptx": "ppt/presentation.xml", "xlsx": "xl/workbook.xml"}
NOT_ENCRYPTED = -1


class Refused(Exception):
    """A file is not to be taken; the message is a catalogue key."""


def probe(path: Path) -> dict[str, Any]:
    """Return the kind and the count of pages, None where nobody can say. Raises Refused."""
    with path.open("rb") as opened:
        head = opened.read(16)
    for start, reader in READERS.items():
        if head.startswith(start):
            return reader(path)
    raise Refused("file_unknown")


def _pdf(path: Path) -> dict[str, Any]:
    import pypdfium2

    _refuse_two(path)
    with path.open("rb") as opened:
        opened.seek(max(0, path.stat().st_size - TAIL))
        if b"%%EOF" not in opened.read():
            raise Refused("file_broken")
    try:
        with closing(pypdfium2.PdfDocument(path)) as document:
            if pypdfium2.raw.FPDF_GetSecurityHandlerRevision(document.raw) != NOT_ENCRYPTED:
                raise Refused("file_encrypted")
            n_pages = len(document)
            if not n_pages:
                raise Refused("file_broken")
            document[0].get_size()
            document[n_pages - 1].get_size()  # a count is only a claim
            if (
                pypdfium2.raw.FPDFDoc_GetJavaScriptActionCount(document.raw) > 0
                or pypdfium2.raw.FPDFDoc_GetAttachmentCount(document.raw) > 0
            ):
                raise Refused("file_active")
    except pypdfium2.PdfiumError as error:
        raise Refused("file_encrypted" if "password" in str(error).lower() else "file_broken") from None
    if fault := upload_pdf.fault(path, n_pages):
        raise Refused(fault)
    return {"kind": "pdf", "pages": n_pages}


def _office(path: Path) -> dict[str, Any]:
    _refuse_pdf(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return _parts(archive)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, struct.error):
        raise Refused("file_broken") from None


def _parts(archive: zipfile.ZipFile) -> dict[str, Any]:
    entries = archive.infolist()
    _refuse_bomb(entries)
    names = {entry.filename for entry in entries}
    kind = next((kind for kind, part in PARTS.items() if part in names), None)
    if kind is None or "[Content_Types].xml" not in names:
        raise Refused("file_unknown")
    if any(entry.flag_bits & 1 for entry in entries):
        raise Refused("file_encrypted")
    types = _xml(archive, "[Content_Types].xml")
    if re.search(b"macroenabled|vbaproject", types.lower()) or any(
        name.lower().endswith("vbaproject.bin") for name in names
    ):
        raise Refused("file_macros")
    _xml(archive, PARTS[kind])
    for name in names:
        if name.endswith(".rels") and upload_inside.is_elsewhere(_xml(archive, name)):
            raise Refused("file_elsewhere")
    if archive.testzip() is not None:  # reads every entry, none beyond the size that was counted above
        raise Refused("file_broken")
    _refuse_inner_bomb(archive)
    claimed = upload_inside.claimed_pages(archive) if kind == "docx" else None
    slides = [name for name in names if name.startswith("ppt/slides/slide") and name.endswith(".xml")]
    return {"kind": kind, "pages": len(slides) if kind == "pptx" else None, "claimed": claimed}


def _refuse_bomb(entries: list[zipfile.ZipInfo]) -> None:
    unpacked, packed = sum(one.file_size for one in entries), sum(one.compress_size for one in entries)
    if len(entries) > MOST_ENTRIES or unpacked > MOST_UNPACKED or unpacked > MOST_RATIO * max(packed, 1):
        raise Refused("file_bomb")


def _refuse_inner_bomb(archive: zipfile.ZipFile) -> None:
    for depth, entries in upload_inside.inner(archive):
        _refuse_bomb(entries)
        if depth == upload_inside.DEEPEST:
            raise Refused("file_bomb")


def _xml(archive: zipfile.ZipFile, name: str) -> bytes:
    from defusedxml import DefusedXmlException, ElementTree

    if archive.getinfo(name).file_size > MOST_XML:
        raise Refused("file_bomb")
    text = archive.read(name)
    try:
        ElementTree.fromstring(text, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException):
        raise Refused("file_broken") from None
    return text


def _image(path: Path) -> dict[str, Any]:
    from PIL import Image

    _refuse_two(path)
    _refuse_pdf(path)
    _refuse_cut(path)
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Refused("file_bomb")
            image.load()
            kind = {"PNG": "png", "JPEG": "jpg"}[str(image.format)]
    except Image.DecompressionBombError:
        raise Refused("file_bomb") from None
    except (OSError, SyntaxError, ValueError):
        raise Refused("file_broken") from None
    return {"kind": kind, "pages": None}


def _refuse_cut(path: Path) -> None:
    body = path.read_bytes()  # the library draws what is there of a cut PNG without a word
    if body.startswith(b"\x89PNG") and b"IEND" not in body[-12:]:
        raise Refused("file_broken")


def _refuse_two(path: Path) -> None:
    if zipfile.is_zipfile(path):
        raise Refused("file_two")


def _refuse_pdf(path: Path) -> None:
    with path.open("rb") as opened:
        if b"%PDF-" in opened.read(1024):  # readers of PDF look so far for its beginning
            raise Refused("file_two")


def _old_office(path: Path) -> dict[str, Any]:
    raise Refused("file_old_office")  # the old formats, and the new ones under a password


READERS: dict[bytes, Callable[[Path], dict[str, Any]]] = {
    b"%PDF-": _pdf, b"PK\x03\x04": _office, b"\x89PNG\r\n\x1a\n": _image, b"\xff\xd8\xff": _image,
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": _old_office,
}  # fmt: skip


def main() -> None:
    """Print what the file is, or why it is refused."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        found = probe(Path(sys.argv[1]))
    except Refused as error:
        found = {"refused": str(error)}
    except (MemoryError, RecursionError):
        found = {"refused": "file_bomb"}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
