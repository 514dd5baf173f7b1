"""Crafted files: sound to the eye and hostile inside, each by the smallest means that shows it."""

from __future__ import annotations

import io
import secrets
import struct
import warnings
import zipfile
import zlib

from PIL import Image
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from tests import files

EMPTY_ZIP = b"PK\x05\x06" + bytes(18)


def pdf(*objects: str, root: str = "/Pages 2 0 R") -> bytes:
    """Return a PDF of these objects, numbered from 2, with a true table of them."""
    out, places = bytearray(b"%PDF-1.7\n"), []
    for n, body in enumerate((f"<</Type/Catalog {root}>>", *objects), 1):
        places.append(len(out))
        out += f"{n} 0 obj\n{body}\nendobj\n".encode()
    start = len(out)
    out += f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out) + f"trailer\n<</Size {len(places) + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n".encode()


PAGE = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"


def claiming(claimed: int, pages: int) -> bytes:
    """Return a PDF of so many pages that says it has another number of them."""
    kids = " ".join(f"{n} 0 R" for n in range(3, 3 + pages))
    return pdf(f"<</Type/Pages/Count {claimed}/Kids[{kids}]>>", *[PAGE] * pages)


def one_page(root: str, *more: str) -> bytes:
    """Return a PDF of one page with entries in its catalog; `more` are objects from number 4."""
    return pdf("<</Type/Pages/Count 1/Kids[3 0 R]>>", PAGE, *more, root=f"/Pages 2 0 R {root}")


SCRIPT = "<</S/JavaScript/JS(app.alert\\(1\\))>>"


def scripted() -> bytes:
    """Return a PDF with a script among its names."""
    return one_page(f"/Names<</JavaScript<</Names[(a) {SCRIPT}]>>>>")


def opening(action: str = SCRIPT) -> bytes:
    """Return a PDF that does something when it is opened."""
    return one_page(f"/OpenAction {action}")


def without_table(body: bytes) -> bytes:
    """Return a PDF whose table of objects is gone: a reader has to look for them."""
    start = body.index(b"xref\n0 ")
    return body[:start] + body[body.index(b"trailer", start) : body.index(b"startxref")] + b"startxref\n0\n%%EOF\n"


def page_with(entry: str, *more: str) -> bytes:
    """Return a PDF of one page with an entry in the page; `more` are objects from number 4."""
    page = PAGE.replace("/Type/Page", f"/Type/Page {entry}")
    return pdf("<</Type/Pages/Count 1/Kids[3 0 R]>>", page, *more)


def clicked(action: str, *more: str) -> bytes:
    """Return a PDF that does something when somebody clicks; `more` are objects from number 4."""
    return page_with(f"/Annots[<</Subtype/Link/Rect[0 0 9 9]/A {action}>>]", *more)


def in_a_stream() -> bytes:
    """Return a PDF whose catalog and script lie packed in a stream of objects."""
    catalog, script = "<</Type/Catalog/Pages 2 0 R/OpenAction 5 0 R>>", SCRIPT
    inside = f"1 0 5 {len(catalog) + 1} ".encode()
    packed = zlib.compress(inside + f"{catalog} {script}".encode())
    out, places = bytearray(b"%PDF-1.7\n"), {}
    plain = {2: b"<</Type/Pages/Count 1/Kids[3 0 R]>>", 3: PAGE.encode()}
    head = f"<</Type/ObjStm/N 2/First {len(inside)}/Filter/FlateDecode/Length {len(packed)}>>stream\n".encode()
    for n, body in {**plain, 4: head + packed + b"\nendstream"}.items():
        places[n] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (n, body)
    places[6] = len(out)
    rows = [(0, 0, 255), (2, 4, 0), *((1, places[n], 0) for n in (2, 3, 4)), (2, 4, 1), (1, places[6], 0)]
    table = b"".join(struct.pack(">BHB", *row) for row in rows)
    out += b"6 0 obj\n<</Type/XRef/Size 7/W[1 2 1]/Root 1 0 R/Length %d>>stream\n%b\nendstream\nendobj\n" % (
        len(table),
        table,
    )
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % places[6]


def packed_pdf() -> bytes:
    """Return a PDF that carries another file."""
    file = "<</Type/Filespec/F(a.exe)/EF<</F 5 0 R>>>>"
    return one_page("/Names<</EmbeddedFiles<</Names[(a.exe) 4 0 R]>>>>", file, "<</Length 2>>stream\nMZ\nendstream")


def encrypted(password: str) -> bytes:
    """Return a PDF that is really encrypted (AES-256); with an empty password it opens without being asked."""
    writer, out = copy_into_new_writer(PdfFileReader(io.BytesIO(files.pdf()))), io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        writer.encrypt(secrets.token_hex(8), password)
        writer.write(out)
    return out.getvalue()


def changed(body: bytes, name: str, old: bytes, new: bytes) -> bytes:
    """Return a ZIP with something put in place of something else in one entry."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as given, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in given.namelist():
            text = given.read(entry)
            if entry == name:
                assert old in text
                text = text.replace(old, new)
            made.writestr(entry, text)
    return out.getvalue()


def renamed_docm() -> bytes:
    """Return a Word file whose own list of types says that it takes macros."""
    old, new = b"wordprocessingml.document.main+xml", b"ms-word.document.macroEnabled.main+xml"
    old = b"application/vnd.openxmlformats-officedocument." + old
    return changed(files.word(), files.TYPES, old, b"application/vnd." + new)


def hidden_macros() -> bytes:
    """Return a Word file with macros under a name that says nothing."""
    part = b'<Override PartName="/word/a.bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>'
    return files.with_entry(changed(files.word(), files.TYPES, b"</Types>", part), "word/a.bin", b"macros")


def linked(target: str, kind: str = "attachedTemplate", mode: str = "External") -> bytes:
    """Return a Word file that refers to something outside of it."""
    about = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    part = (
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{about}/{kind}" Target="{target}" TargetMode="{mode}"/></Relationships>'
    )
    return files.with_entry(files.word(), "word/_rels/settings.xml.rels", part.encode())


def nested_bomb() -> bytes:
    """Return a Word file with a ZIP in it that holds a ZIP that unpacks to a thousand times its size."""
    inner = files.with_entry(EMPTY_ZIP, "a", bytes(300 * 1024 * 1024))
    return files.with_entry(files.word(), "word/embeddings/a.zip", files.with_entry(EMPTY_ZIP, "b", inner))


def lying_zip() -> bytes:
    """Return a Word file one entry of which is far larger than its directory says."""
    body = files.with_entry(files.word(), "word/media/a.bin", bytes(10_000_000))
    return body.replace(struct.pack("<I", 10_000_000), struct.pack("<I", 10))


def crowded() -> bytes:
    """Return a Word file of very many entries."""
    out = io.BytesIO(files.word())
    with zipfile.ZipFile(out, "a") as archive:
        for n in range(6_000):
            archive.writestr(f"word/media/{n}", b"")
    return out.getvalue()


def word_that_begins(text: bytes) -> bytes:
    """Return a Word file whose first entry lies there as it is and is another kind of file."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(files.word())) as given, zipfile.ZipFile(out, "w") as made:
        made.writestr("a", text)
        for entry in given.namelist():
            made.writestr(entry, given.read(entry))
    return out.getvalue()


def jpeg_with(comment: bytes) -> bytes:
    """Return a JPEG with a comment."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "JPEG", comment=comment)
    return out.getvalue()


def huge_jpeg() -> bytes:
    """Return a JPEG that says it is 60,000 by 60,000."""
    body = files.picture("JPEG")
    at = body.index(b"\xff\xc0") + 5
    return body[:at] + struct.pack(">HH", 60_000, 60_000) + body[at + 4 :]


def bloated_png() -> bytes:
    """Return a PNG with a packed remark of a hundred megabytes."""
    text = b"a\x00\x00" + zlib.compress(bytes(100_000_000), 9)
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text + struct.pack(">I", zlib.crc32(b"zTXt" + text))
    body = files.picture()
    return body[:33] + chunk + body[33:]


def pages_claimed(n: int) -> bytes:
    """Return a Word file that says of itself how many pages it has."""
    app = f'<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"><Pages>{n}</Pages></Properties>'
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(files.word())) as given, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in given.namelist():
            made.writestr(entry, app if entry == "docProps/app.xml" else given.read(entry))
    return out.getvalue()
