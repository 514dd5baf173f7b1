"""Small readings of one cell or line: wraps joined, addresses taken out, leftovers removed, numbering parted."""

from __future__ import annotations

import re
from typing import Final

from qtb.domain.numerals import fold, sequence

_RANGES: Final = ((0, 9), (0x0E, 0x20), (0x7F, 0x85), (0x86, 0xA0), (0xAD, 0xAE), (0x200B, 0x2010), (0x202A, 0x202F),
                  (0x2060, 0x2061), (0xD800, 0xE100), (0xFEFF, 0xFF00), (0xFFFE, 0x10000))  # fmt: skip
_INVISIBLE: Final = dict.fromkeys(code for first, stop in _RANGES for code in range(first, stop))
_LEFTOVER: Final = re.compile(
    r"\[bookmark:[^\]\n]{0,80}\]|\[(?:_GoBack|_Toc\d{1,12}|_Hlk\d{1,12})\]|HYPERLINK\s{1,3}\"[^\"\n]{0,300}\"(?:\s\\\w)?|"
    r"(?:PAGEREF|TOC \\o)[^\n]{0,40}"
)
_LINK: Final = re.compile(r"\[([^\[\]\n]{1,80})\]\((https?://[^()\s]{1,300})\)")
_BREAK: Final = re.compile(r"\r\n?|\x0b|\x0c|\x85|\u2028|\u2029")
_URL: Final = re.compile(
    r"https?\s?[:：]\s?//[A-Za-z0-9./?&=%_#~:@!$'*+,;-]{1,300}|(?<![A-Za-z0-9@./-])(?:[A-Za-z0-9-]{1,40}\.){1,5}"
    r"(?:com|cn|org|net|gov|edu|top|vip|info)(?![A-Za-z0-9-])(?:[:/][A-Za-z0-9./?&=%_#~:-]{0,200})?"
)
_URL_LABEL: Final = re.compile(
    r"[(（]?\s?(?:(?:报名|申报|登录|活动|官方|推荐|平台|系统|在线|网上){0,2}(?:网址|链接|网站|地址|入口|平台|系统))\s?[:：]?\s?(?:为|是)?\s?[)）]?$"
)
_GO_TO: Final = re.compile(r"[,，;；、]\s?(?:请)?(?:登录|登陆|访问|详见|见|进入|打开|点击)\s{0,3}$")
_EMPTY_PAIR: Final = re.compile(r"[(（\[【<《]\s{0,3}[)）\]】>》]")
_NUMBERING: Final = re.compile(
    r"^\s{0,8}(?:第\s?(?P<a>[一二三四五六七八九十\d]{1,3})\s?(?:阶段|步骤|步|环节|期|轮)\s?[:：、,.]?|"
    r"[(（]\s?(?P<b>[一二三四五六七八九十]{1,3}|\d{1,2})\s?[)）][、.]?|(?P<c>[一二三四五六七八九十]{1,3})\s?[、.．]|"
    r"(?P<d>\d{1,2})\s?(?:[、.](?!\d)|[)）])|(?P<e>[一二三四五六七八九十])是(?!否)|"
    r"(?:阶段|步骤)\s?(?P<g>[一二三四五六七八九十\d]{1,2})\s?[:：、.]?|(?P<f>[①-⑳⑴-⒇㈠-㈩❶-➓⒈-⒛]))\s{0,4}"
)


def clean(text: str) -> str:
    """Remove what is not seen and what word processors leave behind; line ends become plain ones."""
    plain = _LEFTOVER.sub("", _BREAK.sub("\n", text).replace("\x07", "\t").translate(_INVISIBLE))
    return _LINK.sub(r"\1 \2", plain) if "](" in plain else plain


def joined(text: str) -> str:
    """Join the lines of a wrapped cell: Chinese without a gap, Latin words with one."""
    result = ""
    for line in (piece.strip() for piece in fold_blanks(text).split("\n")):
        if line:
            result += (" " if result and _needs_gap(result, line) else "") + line
    return result


def _needs_gap(left: str, right: str) -> bool:
    a, b = left[-1], right[0]
    if right.startswith(("http", "www.")):
        return True
    if a.isdigit() and b.isdigit():
        return bool(re.search(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}$", left))
    return a.isascii() and b.isascii() and (a.isalnum() or a in ",;.") and b.isalnum()


def fold_blanks(text: str) -> str:
    """Make every run of blanks inside a line one plain blank."""
    return re.sub(r"[ \t\u00a0\u2000-\u200a\u202f\u205f\u3000]{1,}", " ", text)


def tight(text: str) -> str:
    """Remove blanks between Chinese characters, keep one between Latin words."""
    text = fold_blanks(text.replace("\n", " ")).strip()
    return re.sub(r"(?<![A-Za-z0-9,.;:]) (?=.)|(?<=.) (?![A-Za-z0-9])", "", text)


def key(text: str) -> str:
    """Give a header cell without blanks, brackets' edges and punctuation, to compare it."""
    return re.sub(r"[\s:：*※]", "", fold(text.replace("\n", "")))


def without_urls(text: str) -> tuple[str, str | None]:
    """Part the web addresses from a text: what remains, and the first address."""
    first: str | None = None
    pieces: list[str] = []
    at = 0
    for found in _URL.finditer(text):
        url = re.sub(r"\s", "", found[0]).rstrip(".,;:!'")
        first = first or url
        pieces.append(_URL_LABEL.sub("", text[at : found.start()]))
        at = found.end()
    if first is None:
        return text, None
    rest = _EMPTY_PAIR.sub("", "".join([*pieces, text[at:]]))
    # A label that went with its address leaves the bracket behind that closed it.
    if rest.count("）") + rest.count(")") > rest.count("（") + rest.count("("):
        rest = re.sub(r"[)）](?=[^)）]{0,40}$)", "", rest, count=1)
    return _GO_TO.sub("", rest), first


def parted(text: str) -> tuple[int | None, str, str]:
    """Part a line's numbering from its words: number, style of numbering, words."""
    found = _NUMBERING.match(text)
    if not found or found.end() == 0:
        return None, "", text.strip()
    style = next(name for name, value in found.groupdict().items() if value)
    return sequence(found[style]), style, text[found.end() :].strip()


def trimmed(text: str) -> str:
    """Remove punctuation and open brackets that a cut has left at the edges."""
    return re.sub(r"^[\s,，、;；:：。.·—-]{1,20}|[\s,，、;；:：。—\-(（]{1,20}$", "", text)
