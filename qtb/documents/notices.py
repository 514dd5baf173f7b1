"""Notices as files: whatever an association publishes, turned into paragraphs and tables for the reader.

The kind of a file is judged by its content; everything that cannot be read raises `NoticeUnreadable`.
"""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Callable
from typing import Final

from qtb.documents.unreadable import NoticeUnreadable
from qtb.domain.notice import Block, Notice, read
from qtb.domain.notice_text import blocks_of

MAX_MB: Final = 20
_MB: Final = 1024 * 1024
_SIGNS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "doc"), (b"{\\rtf", "rtf"), (b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpg"),
    (b"GIF8", "gif"), (b"BM", "bmp"), (b"II*\x00", "tif"), (b"MM\x00*", "tif"), (b"MZ", "exe"), (b"\x7fELF", "exe"),
    (b"\x1f\x8b", "gz"), (b"7z\xbc\xaf", "7z"), (b"Rar!", "rar"), (b"RIFF", "riff"), (b"SQLite format", "sqlite"),
    (b"%!PS", "ps"), (b"OggS", "ogg"), (b"ID3", "mp3"), (b"\xca\xfe\xba\xbe", "exe"), (b"BZh", "bz2"),
    (b"\xfd7zXZ", "xz"),
)  # fmt: skip
_MARKUP: Final = re.compile(r"<\s?(?:!doctype\s+html|html|head|body|table|div|p|meta|span|h[1-6])\b[^>]{0,500}>", re.I)
_CHARSET: Final = re.compile(rb"<meta[^>]{0,200}?charset\s{0,3}=\s{0,3}[\"']?\s{0,3}([A-Za-z0-9_-]{2,20})", re.I)
_TEXT_KINDS: Final = frozenset(
    {"", "txt", "text", "md", "csv", "tsv", "htm", "html", "xhtml", "shtml", "doc", "wps", "log", "asp", "jsp", "php"}
)


def read_file(content: bytes, filename: str = "", *, year: int | None = None) -> Notice:
    """Read a notice from the bytes of a file."""
    return read(blocks_of_file(content, filename), year=year)


def blocks_of_file(content: bytes, filename: str = "") -> list[Block]:
    """Turn the bytes of a file into blocks, judging its kind by content and its name second."""
    if len(content) > MAX_MB * _MB:
        raise NoticeUnreadable("notice.too_large", limit_mb=MAX_MB)
    if not content.strip(b"\x00\t\n\r\x0b\x0c "):
        raise NoticeUnreadable("notice.empty")
    kind = _kind(content, filename)
    try:
        return _reader(kind)(content)
    except NoticeUnreadable:
        raise
    except RecursionError:
        raise NoticeUnreadable("notice.too_deep") from None
    except (MemoryError, zlib.error) as error:
        raise NoticeUnreadable("notice.damaged", kind=kind) from error
    except Exception as error:  # the libraries below document no common ancestor of what damaged files raise
        raise NoticeUnreadable("notice.damaged", kind=kind) from error


def _reader(kind: str) -> Callable[[bytes], list[Block]]:
    # Imported on use: each of these libraries costs a start-up of its own.
    if kind == "docx":
        from qtb.documents.notice_docx import docx_blocks

        return docx_blocks
    if kind == "pdf":
        from qtb.documents.notice_pdf import pdf_blocks

        return pdf_blocks
    return _text_blocks


def _kind(content: bytes, filename: str) -> str:
    ending = filename.rpartition(".")[2].lower() if "." in filename else ""
    if content.startswith(b"PK\x03\x04") or content.startswith(b"PK\x05\x06"):
        return "docx"
    if b"%PDF-" in content[:1024]:
        return "pdf"
    sign = next((name for magic, name in _SIGNS if content.startswith(magic)), None)
    if sign and not (sign in ("bmp", "exe", "riff", "mp3") and _is_clean(content)):
        raise NoticeUnreadable("notice.old_word" if sign == "doc" else "notice.wrong_kind", kind=sign)
    if ending in ("docx", "pdf"):
        raise NoticeUnreadable("notice.damaged", kind=ending)
    if ending not in _TEXT_KINDS and not _is_clean(content):
        raise NoticeUnreadable("notice.wrong_kind", kind=ending)
    return "text"


def _is_clean(content: bytes) -> bool:
    return not any(b < 9 or 13 < b < 32 for b in content[:4096])


def _text_blocks(content: bytes) -> list[Block]:
    charset = _CHARSET.search(content[:4096])
    text = decoded(content, charset[1].decode("ascii", "ignore") if charset else "")
    if len(_MARKUP.findall(text[:20_000])) >= 2 and re.search(r"</\s?\w{1,10}\s?>|<br", text[:200_000], re.I):
        from qtb.documents.notice_html import html_blocks

        return html_blocks(text)
    return blocks_of(text)


def decoded(content: bytes, charset: str = "") -> str:
    """Decode text as UTF-8, UTF-16, UTF-32, the declared charset or GB18030, whichever fits."""
    for mark, name in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
                       (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):  # fmt: skip
        if content.startswith(mark):
            return _checked(content.decode(name, "replace"))
    for name in _candidates(content, charset):
        try:
            return _checked(content.decode(name))
        except (UnicodeDecodeError, LookupError, NoticeUnreadable):
            continue
    # A page cut in the middle of a character is still a page.
    for name in ("utf-8", "gb18030"):
        text = content.decode(name, "replace")
        if text.count("\ufffd") * 50 <= len(text):
            return _checked(text)
    raise NoticeUnreadable("notice.encoding")


def _candidates(content: bytes, charset: str) -> list[str]:
    names = ["utf-8"]
    if charset and charset.lower() not in ("utf-8", "utf8"):
        names.append("gb18030" if charset.lower() in ("gb2312", "gbk", "gb_2312-80", "x-gbk") else charset)
    sample = content[:4000]
    if sample.count(0) * 20 > len(sample) or _is_wide_text(content):
        names = ["utf-16-le", "utf-16-be", *names]
    return [*names, "gb18030", "big5"]


def _is_wide_text(content: bytes) -> bool:
    # Chinese in UTF-16 has few zero bytes, but its line ends and digits have theirs.
    return len(content) % 2 == 0 and (b"\n\x00" in content[:4000] or b"\x00\n" in content[:4000])


def _checked(text: str) -> str:
    """Return the text if it reads like one: hardly any control characters, mostly letters that people use."""
    sample = text[:20_000]
    odd, known = sum(map(_is_odd, sample)), sum(map(_is_common, sample))
    if odd * 50 > len(sample) or known * 10 < len(sample) * 7:
        raise NoticeUnreadable("notice.encoding")
    return text


def _is_odd(char: str) -> bool:
    return (ord(char) < 32 and char not in "\t\n\r\x07\x0b\x0c") or "\ue000" <= char <= "\uf8ff" or char == "\ufffd"


def _is_common(char: str) -> bool:
    return (
        " " <= char <= "~"
        or "\u2000" <= char <= "\u9fff"
        or "\uff00" <= char <= "\uffef"
        or char in "\t\n\r\ufeff\xa0·×°±§÷"
    )
