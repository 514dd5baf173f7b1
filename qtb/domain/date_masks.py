"""What looks like a date and is none: standards, document numbers, telephones, clocks, quoted titles.

Each is blanked by as many fillers as it has characters, so that positions stay those of the printed text.
Every repetition is bounded: the text comes from strangers.
"""

from __future__ import annotations

import re
from typing import Final

FILLER: Final = "\x01"  # a mark that stands for something a date may stand beside: a clock, a weekday
WALL: Final = "\x02"  # a mark that parts what stands on its two sides

_COUNTED: Final = (
    "%|‰|万|亿|元|分(?!钟)|人|名|家|个(?!月)|项|篇|页|字|类|级|届|期|版|米|公里|平方|kg|MB|GB|KB|位|支|张|套|倍|楼|室|路|"
    "件|本|台|所|门|例|条|款|章|课时|学时|场"
)
_CLOCK: Final = (
    r"(?:(?:上午|下午|中午|晚上?|早上?|凌晨)\s?)?"
    r"(?:(?<!\d)\d{1,2}\s?:\s?\d{2}(?::\d{2})?(?!\d)|(?:(?<!\d)\d{1,2}|[零一二三四五六七八九十]{1,3})\s?"
    r"(?:时(?!间)|点(?!评))(?:\s?\d{1,2}\s?分|整|半)?)"
)
_WALLED: Final = (
    r"https?://[^\s\u4e00-\u9fff,。;、()]{1,300}|www\.[^\s\u4e00-\u9fff,。;、()]{1,200}|"
    r"[A-Za-z0-9_.+×*-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}",
    r"《[^《》]{1,120}》|「[^「」]{1,80}」|『[^『』]{1,80}』",
    r"[〔\[(【﹝]\s?(?:19|20)\d\d\s?[〕\])】﹞]\s?(?:第\s?)?\d{1,5}\s?号",
    r"\(\s?(?:19|20)\d\d\s?年?\s?[-—~至]{1,2}\s?(?:19|20)\d\d\s?年?\s?\)",
    r"(?<![A-Za-z])[A-Z]{1,6}(?:\s?/\s?[A-Z]{1,6}){0,2}\s?\d{2,6}(?:\.\d{1,3}){0,2}(?:\s?\([A-Z]\))?"
    r"(?:\s?[-—:]\s?(?:19|20)?\d\d(?!\d))?",
    r"(?<![A-Za-z])[Vv](?:er)?\.?\s?\d{1,3}(?:\.\d{1,3}){1,3}",
    r"(?<!\d)0\d{2,3}\s?[-—]\s?\d{7,8}(?!\d)|(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)[48]00[-—]?\d{3,4}[-—]?\d{3,4}(?!\d)",
    r"(?<!\d)\d{9,40}(?!\d)",
    r"(?:附件|附表|附录|图|表|第)\s?[\d一二三四五六七八九十]{1,3}\s?(?:[-—~至、]\s?[\d一二三四五六七八九十]{1,3}\s?)?"
    r"(?![\d月年日周季]|\s?[-—~至到、和及]\s?第?[一二三四1-4]\s?季)",
    rf"(?<![\d./])(?:\d{{1,6}}\s?[-—~]\s?)?\d{{1,8}}(?:\.\d{{1,4}})?\s?(?:{_COUNTED})(?![月日])",
)
# The length of a stay is not a day of a month: 5日内, 10个工作日, 为期3天.
_RELATIVE: Final = (
    r"(?:[自在从收到接][^\d。;\n]{0,20})?(?:之日起|后)?\s?(?<![月\d第-])(?:\d{1,3}|[一二三四五六七八九十两]{1,3})\s?"
    r"(?:个?工作日|个?自然日|个月|天|日(?:之?内)|周(?!年|期)|小时|分钟|年内)(?:之?内|以内)?"
)
_FREE: Final = (
    rf"{_CLOCK}(?:\s?[-—~至到]{{1,2}}\s?{_CLOCK})?",
    r"[(（]?\s?(?:星期|礼拜|周)\s?[一二三四五六日天](?![年期度次个])(?:\s?[、至到\-—~]\s?(?:星期|周)?[一二三四五六日天])?\s?[)）]?",
    r"(?<=[日号)])\s?(?:上午|下午|晚上|中午|全天)",
    r"\(\s?(?:含|含当日|含当天|不含|暂定|拟|预计|北京时间|以邮戳为准|以邮戳日期为准|农历[^()]{0,8})\s?\)",
)
_WALL_RULE: Final = re.compile("|".join(_WALLED))
_RELATIVE_RULE: Final = re.compile(_RELATIVE)
_FREE_RULE: Final = re.compile("|".join(_FREE))

_UNDECIDED: Final = re.compile(
    r"待定|另行(?:通知|公布|安排|确定|告知|公告|发布|发文)|另定|另见通知|适时|待通知|待确定|待公布|未定|择期|择日|择机|视情况?|"
    r"届时通知|以(?:实际|正式|具体)?通知为准|T\.?B\.?[DA]",
    re.I,
)
_TENTATIVE: Final = re.compile(r"暂定|预计|初步定|拟定于|拟于")
_VAGUE: Final = re.compile(r"左右|前后|上下旬之交|大约|约(?=\s?\d)|前夕")
_RECURRING: Final = re.compile(
    r"每(?:个)?(?:月|季度?|周|日|天|半年|双月|单月)(?:的?\s?(?:\d{1,2}|[一二三四五六七八九十]{1,3})\s?[日号]|[初底末中旬]|[上中下]旬)?"
    r"(?:之前|以前|前)?|按月|按季度?|逐月|双月|单月"
)


def mask(text: str) -> str:
    """Blank whatever is no date, keeping every position."""
    if not any("0" <= c <= "9" for c in text) and not any(c in text for c in "月日季年周期时点《「"):
        return text
    for rule, mark in ((_FREE_RULE, FILLER), (_RELATIVE_RULE, WALL), (_WALL_RULE, WALL), (_RECURRING, WALL)):
        text = _blank(rule, mark, text)
    return text


def _blank(rule: re.Pattern[str], mark: str, text: str) -> str:
    return rule.sub(lambda found: mark * len(found[0]), text)


def is_undecided(folded: str) -> bool:
    """Tell whether the text leaves the date to a later word."""
    return bool(_UNDECIDED.search(folded))


def is_tentative(folded: str) -> bool:
    """Tell whether the text calls its own date provisional."""
    return bool(_TENTATIVE.search(folded))


def is_vague(folded: str) -> bool:
    """Tell whether the text says about or around."""
    return bool(_VAGUE.search(folded))


def is_recurring(folded: str) -> bool:
    """Tell whether the text names a rhythm rather than a day."""
    return bool(_RECURRING.search(folded))


def is_relative(folded: str) -> bool:
    """Tell whether the text counts days from an event that has no date of its own."""
    return bool(_RELATIVE_RULE.search(folded))
