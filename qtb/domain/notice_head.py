"""What stands around the schedule: the notice's title, its number, its signature date, hence its year."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from qtb.domain.dates import phrases, read_dates
from qtb.domain.notice_cells import parted, tight
from qtb.domain.numerals import fold

_KINDS: Final = (
    r"(?:通知|公告|通告|启事|方案|函|意见|安排|计划|办法|细则|邀请|倡议书|通报|决定|安排表|计划表|日程|须知|指南|规程)"
)
_SUFFIX: Final = r"(?:\s?[(（][^()（）]{1,20}[)）])?"
_TITLE: Final = re.compile(rf"{_KINDS}{_SUFFIX}$")
_ABOUT: Final = re.compile(r"^(?:[\u4e00-\u9fff“”‘’\"()()、·\s]{0,40})?关\s{0,4}于")
_NUMBER: Final = re.compile(
    r"^[^\d。,，]{0,24}[〔\[(（【﹝]\s?((?:19|20)\d\d)\s?[〕\])）】﹞]\s?(?:第\s?)?[\d×xX*]{1,5}\s?号\s?(?:签发人.{0,12})?$"
)
_LABEL: Final = re.compile(r"^(?:标题|题目|主题|文件名称|附件\s?\d{0,2})\s?[:：]\s?")
_LETTERHEAD: Final = re.compile(r"(?:文件|红头|便函)$")
_ORGAN_END: Final = re.compile(
    r"(?:协会|委员会|办公室|总会|学会|公司|局|厅|部|中心|联合会|促进会|院|组委会|工会|所|处|秘书处|市质协|委)\s?(?:[(（][^()（）]{0,10}[)）])?$"
)
_POSTED: Final = re.compile(
    r"^\s{0,8}(?:发布|发文|成文|印发|签发|公布)(?:时间|日期)\s{0,2}[:：]\s{0,2}"
    r"((?:19|20)\d\d\s?[-./年]\s?\d{1,2}\s?[-./月]\s?\d{1,2}\s?日?)"
    r"|((?:19|20)\d\d年\d{1,2}月\d{1,2}日)\s?印发$"
)
_FIRST_LINES: Final = 25


def find_title(lines: Sequence[str]) -> str:
    """Find the notice's own title among its first lines, joined where it wraps."""
    head = [line.strip() for line in lines[:_FIRST_LINES]]
    about = next((t for i in range(len(head)) if (t := _wrapped(head, i))), None)
    if about:
        return _bare(about)
    for line in head:
        if _TITLE.search(tight(line)) and 6 <= len(tight(line)) <= 80 and not re.search(r"[。;；>»:：]", line):
            return _bare(line)
    first = next((line for line in head[:4] if _may_be_title(line)), "")
    return _bare(first)


def _wrapped(head: Sequence[str], at: int) -> str | None:
    """Give the title that starts on this line, over up to three more, with its kind at the end."""
    if not _ABOUT.match(_LABEL.sub("", head[at])) or re.search(r"[>»]", head[at]):
        return None
    text = ""
    for line in head[at : at + 4]:
        text += line
        if _TITLE.search(tight(text)) and len(text) <= 160:
            return text
        if re.search(r"[。:：;；]$", line) or len(text) > 160:
            return None
    return None


def _may_be_title(line: str) -> bool:
    words = tight(line)
    return 4 <= len(words) <= 50 and not re.search(r"[。;；:：|,，]", words) and not _NUMBER.match(fold(words)) and (
        not _LETTERHEAD.search(words) and parted(line)[0] is None and not phrases(words, whole=False)
        and not _ORGAN_END.search(words) and bool(re.search(r"[\u4e00-\u9fffA-Za-z]", words))
    )  # fmt: skip


def _bare(text: str) -> str:
    return tight(_LABEL.sub("", re.sub(r"^[#*\s]{1,6}|[*#]{1,4}$", "", text)))


def document_year(lines: Sequence[str]) -> int | None:
    """Give the year of the notice's own number, which stands alone on one of its first lines."""
    for line in lines[:_FIRST_LINES]:
        found = _NUMBER.match(re.sub(r"\s", "", line)) if len(line) <= 60 else None
        if found:
            return int(found[1])
    return None


def title_year(title: str) -> int | None:
    """Give the year a title names outside of quoted titles; the first of several."""
    bare = re.sub(r"《[^《》]{0,120}》", "", fold(title))
    found = re.search(r"(?<!\d)((?:19|20)\d\d)(?=\s?(?:年|[-—~/至]))|(?<![\d.])(20\d\d)(?![\d.])", bare)
    if found:
        return int(found[1] or found[2])
    digits = re.search(r"[一二][〇○◯零OoО一二三四五六七八九]{3}(?=\s?年)", bare)
    return read_dates(digits[0] + "年1月1日").years[0] if digits and read_dates(digits[0] + "年1月1日").years else None


def signature(lines: Sequence[str]) -> tuple[int, date] | None:
    """Find the signature date: a full date alone on a line, best below an issuing body, last of several."""
    found = [
        (i, day)
        for i, line in enumerate(lines)
        if (day := signed_day(line)) and not _is_asked(lines[i - 1] if i else "")
    ]
    signed = [pair for pair in found if pair[0] and _is_organ(lines[pair[0] - 1])]
    late = [pair for pair in found if pair[0] >= len(lines) // 3 and pair[0] >= 2]
    own = [pair for pair in found if _ORGAN_END.search(_before(lines[pair[0]]))]
    choice = signed or own or late
    return choice[-1] if choice else None


def posted_day(lines: Sequence[str]) -> date | None:
    """Give the day a page or a letterhead says it was published, where nobody has signed."""
    edges = [*lines[:_FIRST_LINES], *lines[-4:]]
    found = next((m for line in edges if (m := _POSTED.search(line[:120]))), None)
    own = phrases(found[1] or found[2], whole=True) if found else ()
    if len(own) != 1 or len(own[0].windows) != 1:
        return None
    left = own[0].windows[0].left
    return read_dates(found[1] or found[2]).start if found and left.year and left.days and not left.loose else None


def _is_asked(above: str) -> bool:
    # Below a heading such as 一、会议时间 a date answers it.
    return parted(above)[0] is not None or bool(re.search(r"(?:时间|日期|阶段|期限|时限)\s?[:：]?$", above.strip()))


def _is_organ(line: str) -> bool:
    return len(line.strip()) <= 60 and bool(_ORGAN_END.search(line.strip()))


def signed_day(line: str) -> date | None:
    """Give the day when a line is one full date, perhaps behind the signing body's name."""
    text = line.strip().strip("。.").strip()
    if (
        not 8 <= len(text) <= 60
        or re.search(r"[:：(（]", text)
        or not re.search(r"[\d一二三四五六七八九十日号]$", text)
    ):
        return None
    own = phrases(text, whole=True)
    if len(own) != 1 or own[0].stop < len(text) or len(own[0].windows) != 1 or own[0].windows[0].right:
        return None
    point = own[0].windows[0].left
    before = text[: own[0].begin].strip()
    if (
        point.year is None
        or point.days is None
        or point.loose
        or own[0].windows[0].side
        or (point.days[0] != point.days[1])
    ):
        return None
    if before and not (_ORGAN_END.search(before) and not re.search(r"[:：,，。;；]", before)):
        return None
    return read_dates(text[own[0].begin :]).start


def _before(line: str) -> str:
    found = phrases(line, whole=True)
    return line[: found[0].begin].strip() if found else ""
