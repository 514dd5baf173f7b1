"""Small made-up files, sound and hostile."""

from __future__ import annotations

import hashlib
import io
import secrets
import struct
import zipfile
import zlib
from datetime import datetime
from pathlib import Path

import docx
import pypdfium2
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.store import files as store
from qtb.store.files import File, Owner
from qtb.store.objects import Storage
from qtb.store.submissions import Submission
from qtb.store.unit import unit

MADE_UP = "made-up"  # how the keys of files begin that lie nowhere
TYPES = "[Content_Types].xml"


def pdf(pages: int = 1) -> bytes:
    """Return a PDF with so many empty pages."""
    document, out = pypdfium2.PdfDocument.new(), io.BytesIO()
    for _ in range(pages):
        document.new_page(595, 842)
    document.save(out)
    document.close()
    return out.getvalue()


def word(text: str = "成果材料") -> bytes:
    """Return a Word file."""
    document, out = docx.Document(), io.BytesIO()
    document.add_paragraph(text)
    document.save(out)
    return out.getvalue()


def picture(kind: str = "PNG") -> bytes:
    """Return a small picture."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, kind)
    return out.getvalue()


def with_entry(body: bytes, name: str, content: bytes) -> bytes:
    """Return a ZIP with one entry more."""
    out = io.BytesIO(body)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def macros() -> bytes:
    """Return a Word file with macros under the name of one without."""
    return with_entry(word(), "word/vbaProject.bin", b"macros")


def bomb() -> bytes:
    """Return a Word file that unpacks to a thousand times its size."""
    return with_entry(word(), "word/media/image1.bmp", bytes(100 * 1024 * 1024))


def entities() -> bytes:
    """Return a Word file whose types are given with an entity that grows."""
    text = b'<!DOCTYPE t [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><Types>&b;</Types>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(TYPES, text)
        archive.writestr("word/document.xml", "<w/>")
    return out.getvalue()


def locked_pdf() -> bytes:
    """Return a PDF that opens only with a password: a trailer that says so is enough for a reader."""
    lock = b"<</Filter/Standard/V 1/R 2/P -4/O<" + b"41" * 32 + b">/U<" + b"42" * 32 + b">>>"
    body = pdf()
    return body.replace(b"trailer\r\n<<", b"trailer\r\n<</ID[<00><00>]/Encrypt " + lock).replace(
        b"trailer\n<<", b"trailer\n<</ID[<00><00>]/Encrypt " + lock
    )


def huge_picture() -> bytes:
    """Return a PNG that says it is 60,000 by 60,000."""
    body = picture()
    head = b"IHDR" + struct.pack(">II", 60_000, 60_000) + body[24:29]
    return body[:12] + head + struct.pack(">I", zlib.crc32(head)) + body[33:]


def let_stand(session: Session, owner: Owner, form: str, *, now: datetime) -> None:
    """Let a file stand in each field of a form that must have one; nothing lies in any storage."""
    standing = store.standing(session, owner, form)
    for field, spec in owner.cycle.definition.forms[form].fields.items():
        if spec.type == "file" and spec.required and field not in standing:
            place = {"submission_id" if isinstance(owner, Submission) else "hand_in_id": owner.id}
            looked = {"name": "成果材料.pdf", "kind": "pdf", "size": 2048, "n_pages": 3, "sha256": "0" * 64}
            key = f"{MADE_UP}-{secrets.token_hex(16)}"
            session.add(File(**place, **looked, form=form, field=field, key=key, uploaded_at=now))
    session.flush()


def lay(session: Session, kept: Storage, folder: Path) -> None:
    """Lay the files that stand only in the database into a storage."""
    body = pdf()
    (folder / "laid").write_bytes(body)
    with unit(session):
        for row in session.scalars(select(File).where(File.key.startswith(MADE_UP))):
            row.key, row.sha256 = kept.put(folder / "laid"), hashlib.sha256(body).hexdigest()
