"""What a line of running text does with its dates: begins with one, is one, looks back, bounds what is achieved."""

from __future__ import annotations

import re
from typing import Final

from qtb.domain.date_masks import mask
from qtb.domain.dates import Phrase, covers, phrases
from qtb.domain.notice_cells import trimmed
from qtb.domain.numerals import fold

TIME_WORD: Final = re.compile(
    r"(?:的)?(?:具体|起止|截止|截至|开始|结束|受理|计划|安排|完成|预计){0,2}(?:时间|日期|期限|时限|节点|时段|时间安排|时间节点|时间要求|(?<=[示名报理])期)(?:安排|要求|节点|为|是)?$"
)
_NARRATIVE: Final = re.compile(
    r"以来|已经|曾|荣获|获得了|成立于|创建于|截[至止].{0,24}(?:共有|已有|累计|全市|全省|全国|共计)|召开了|举办了|开展了|印发了|发布了|圆满|以下简称|[至迄]今已?|据悉|会上[,，]|同比|环比|(?:走访|参观|调研|考察|听取|审议|总结|部署|完成|组织|举行|参加)了"
    r"|\d余?(?:人|名|家|位)?(?:代表|嘉宾|职工|班组|单位|企业)?(?:参加|出席|参会)(?:了|$|[。,，])"
)
_ACHIEVED: Final = re.compile(
    r"^.{0,6}(?:期间|以来|之间|以内|内|度)?[^,。;]{0,14}?(?:取得|完成|产生|形成|发布|立项|投产|竣工|实施|获得|验收|结题)(?:并[^,。;]{0,10})?的[^,。;]{0,12}"
    r"(?:成果|项目|课题|案例|专利|工程|作品|业绩|奖)"
)
_RULED: Final = re.compile(r"^[^。;；]{0,30}(?:施行|实行|生效|有效|废止)")
_ADVERB: Final = re.compile(
    r"不晚于|不迟于|截至|截止|暂定|预计|拟于|之前|以前|左右|前后|北京时间|具体|时间|另行|通知|为准|以|完成|举行|进行|召开|开始|结束|各一次"
)
LEAD: Final = re.compile(r"^(?:自|从|于|在|拟于|定于|计划|拟|时间为|每年|暂定|预计)?\s?$")


def is_when(body: str) -> bool:
    """Tell whether a line is a date and nothing else."""
    if len(body) > 60 or covers(body) < 0.8 or re.match(r"^\d{4}\s?年?$", body.strip()):
        return False
    own = phrases(body, whole=True)
    around = _ADVERB.sub("", body[: own[0].begin] + "|" + mask(fold(body))[own[-1].stop :]) if own else ""
    return bool(own) and not re.search(r"[\u4e00-\u9fff]{2}", around)


def is_led_by_date(body: str) -> bool:
    """Tell whether a line begins with a date."""
    own = phrases(body[:200], whole=False)
    return bool(own) and bool(LEAD.match(body[: own[0].begin].strip()))


def plain_label(text: str) -> str:
    """Take the words for time from a label: 报名截止时间 becomes 报名."""
    return trimmed(TIME_WORD.sub("", text))


def dated(text: str) -> tuple[Phrase, ...]:
    """Find the dates of running text, short forms such as 3.1—5.31 only where they are a text's whole."""
    found = phrases(text, whole=False)
    if not found and covers(text) >= 0.8:
        found = tuple(p for p in phrases(text, whole=True) if not all(w.left.is_year_only for w in p.windows))
    return found


def is_achieved(text: str, phrase: Phrase) -> bool:
    """Tell whether a date bounds what has been achieved rather than what is to be done."""
    return bool(_ACHIEVED.match(text[phrase.stop :]))


def is_ruled(after: str) -> bool:
    """Tell whether the words behind a date let a rule take effect or expire on it."""
    return bool(_RULED.match(after))


def is_narrative(text: str) -> bool:
    """Tell whether a sentence looks back."""
    return bool(_NARRATIVE.search(text))
