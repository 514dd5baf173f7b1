"""Deadlines and events that stand inside sentences, with a title made from the words around the date."""

from __future__ import annotations

import re
from typing import Final

from qtb.domain.dates import Phrase, covers, phrases
from qtb.domain.notice_cells import tight, trimmed, without_urls
from qtb.domain.notice_lines import is_achieved, is_narrative, is_ruled, plain_label
from qtb.domain.notice_model import Draft

_SENTENCE: Final = re.compile(r"[^。;；!！?\n]{1,600}[。;；!！?]?")
_ACTION: Final = re.compile(
    r"报送|提交|报名|申报|上报|寄|发送|发至|发到|填报|填写|完成|推荐|反馈|登录|上传|递交|汇总|缴|参加|召开|举办|举行|开展|公布|发布|评审|评价|公示|颁奖|表彰"
    r"|组织|启动|受理|截止|报到|关闭|出席|延长|延期|推迟|顺延|交至|交到|送达|送至|报至|报我会|报协会|报秘书处|汇款|回执|注册|培训|交流|验收|宣贯|总结|审核|检查|进行|将.{1,40}[报交送]"
)
_EVENT: Final = re.compile(
    r"召开|举办|举行|公布|发布|公示|评审|开展|组织|启动|进行|受理|颁奖|表彰|报名|报到|申报|培训|开放|开通|关闭"
)
_TIMED: Final = re.compile(
    r"([^,，:：。;；]{2,24}?)(?:的)?(?:具体|起止|截止|受理|开始)?(?:时间|日期|期限|期)\s?(?:安排)?(?:为|是|定于|定在|自|从|在|:|：)\s?(?:自|从)?$"
)
_SUBJECT: Final = re.compile(
    r"([^,，:：。;；]{2,40}?)(?:拟|定|将|计划|初步定|暂定|预计|预定|于)?(?:定)?(?:于|在|自|从)\s?$"
)
_GIVEN: Final = re.compile(
    r"(?:将|把)([^,，。]{1,40}?)(?:一式.{1,6}份)?(?:以.{1,16}形式|统一|一并|分别|及时)?(报送|提交|发送|寄送|上报|反馈|上传|递交|送交|汇总|(?:报|发|寄|交|送)(?=[至到给往我协秘]))"
)
_SENT: Final = re.compile(
    r"(报送|提交|发送|寄送|上报|反馈|上传|递交|填报|填写|完成|缴纳|推荐)([^,，。;；]{1,30}?)(?:至|到|给|,|，|。|;|；|工作|$)"
)
_HELD: Final = re.compile(r"(?:召开|举办|举行|开展|组织|公布|发布|进行|启动)(?:对)?([^,，。;；]{2,30})")
_MOVED: Final = re.compile(r"(?:延长|延期|推迟|顺延|延迟|调整|变更|改期?)(?:到|至|为)\s?$")
_MOVED_FROM: Final = re.compile(r"(?:截止)?(?:时间|日期|期限|期)?(?:将|现|已|拟|统一|[由从][^的]{1,16})?$")
_HELD_OF: Final = re.compile(r"^[^,，。;；]{0,40}(?:举行|举办|召开)的([^,，。;；]{2,30})")
# What a condition looks back to is no date of the schedule.
_PAST: Final = re.compile(r"^\s?(?:注册|依法)?(?:成立|创建|组建|出生|入职|取得|投产|竣工|参加工作)")
_LENGTHENED: Final = re.compile(r"(?:截止[^,，。]{0,12}|延长|顺延)(?:到|至|为)\s?$")
_POSTED: Final = re.compile(r"^\s{0,8}(?:发布|发表|更新|公开|上传|录入|发文|成文|印发|编辑)(?:时间|日期)\s?[:：]")
_FILLER: Final = re.compile(
    r"^(?:请|各|有关|相关|推荐|申报|参评|参赛|单位|企业|我会|协会|应|须|需|务必|必须|可|将|把|统一|并|前|之前|,|，|、|于|在)+"
)


def deadlines(body: str, heading: str) -> list[Draft]:
    """Read the deadlines and events of a paragraph."""
    result: list[Draft] = []
    for found in _SENTENCE.finditer(body[:20_000]):
        sentence = found[0]
        if not _ACTION.search(sentence) or is_narrative(sentence) or _POSTED.match(sentence):
            continue
        for phrase in phrases(sentence, whole=False):
            draft = _deadline(sentence, phrase, heading)
            if draft:
                result.append(draft)
    return result


def _deadline(sentence: str, phrase: Phrase, heading: str) -> Draft | None:
    if is_achieved(sentence, phrase) or not any(w.left.months or w.left.now for w in phrase.windows):
        return None
    # What decides stands near; a sentence without an end would cost too much.
    before, after = sentence[max(0, phrase.begin - 120) : phrase.begin], sentence[phrase.stop :][:120]
    if not _is_set(before, after, phrase):
        return None
    title = heading or derived(before, after)
    text = sentence[phrase.begin : phrase.stop].strip()
    if len(title) < 2 or covers(text) < 0.3:
        return None
    side = phrase.windows[0].side if len(phrase.windows) == 1 else ""
    if phrase.windows[0].right is None and (_LENGTHENED.search(before) or re.match(r"[^,，。]{0,4}关闭", after)):
        side = "end"
    _words, url = without_urls(after)
    return Draft(title=title[:40], text=text, url=url, only=side)


def _is_set(before: str, after: str, phrase: Phrase) -> bool:
    """Tell whether a date is set for something to be done, not told in passing."""
    near = before[-24:] + after[:40]
    if is_ruled(after) or _PAST.match(after) or re.search(r"原(?:定|计划)?(?:于|在)?\s?$", before):
        return False
    if re.search(r"(?:出席|参加|莅临)\s?$", before) and _HELD_OF.match(after):
        return True
    if re.match(r"^\s?(?:的|[,，]?\s?第)", after) or (
        re.search(r"(?:对|关于|根据|自|的|《)\s?$", before) and not re.search(r"自\s?$", before)
    ):
        return False
    if any(w.side == "end" for w in phrase.windows):
        return bool(_ACTION.search(near))
    if _TIMED.search(before) or _MOVED.search(before[-8:]):
        return True
    is_led = (
        bool(re.search(r"(?:于|在|自|从|定为|期间)\s?$", before))
        or not before.strip()
        or before.rstrip().endswith((",", "，", "、"))
    )
    return is_led and bool(_EVENT.search(after[:40]))


def derived(before: str, after: str) -> str:
    """Make a title from the words on both sides of a date."""
    if moved := _MOVED.search(before[-8:]):
        words = re.split(r"[,，。;；]", before[: len(before) - len(moved[0])])[-1]
        return _short(_MOVED_FROM.sub("", words).rpartition("的")[2])
    if named := _TIMED.search(before):
        return trimmed(tight(plain_label(named[1])))[:40]
    if re.search(r"(?:出席|参加|莅临)\s?$", before) and (meeting := _HELD_OF.match(after)):
        return _short(meeting[1])
    clause = next((c for c in re.split(r"[,，。;；]", without_urls(after)[0]) if c.strip()), "")
    last = re.split(r"[,，。;；]", before)[-1]
    if given := _GIVEN.search(clause) or _GIVEN.search(last):
        return _short(_verb(given[2]) + _thing(given[1]))
    if held := _HELD.search(clause):
        return _short(held[1])
    if sent := _SENT.search(clause + "。"):
        return _short(_verb(sent[1]) + _thing(sent[2]))
    return _short(_subject(before, clause)) or _short(_placed(clause)) or _short(clause) or _short(last)


def _subject(before: str, clause: str) -> str:
    found = _SUBJECT.search(before)
    if not found or len(_short(found[1])) < 2 or re.match(r"^(?:请|各)", found[1]):
        return ""
    verb = clause.strip().rstrip("。")
    return found[1] + (verb if 2 <= len(verb) <= 4 and not re.match(r"在|进行|开展|实施", verb) else "")


def _placed(clause: str) -> str:
    return re.split(r"(?<=..)[至到给](?!期)", clause, maxsplit=1)[0]


def _thing(text: str) -> str:
    return re.sub(r"^(?:本单位|本企业|上述|以上|相关|有关)(?:的)?", "", text.strip())


def _verb(word: str) -> str:
    return {"报": "报送", "发": "发送", "寄": "寄送", "交": "提交", "送": "报送"}.get(word, word)


def _short(text: str) -> str:
    return trimmed(re.sub(r"请$", "", tight(_FILLER.sub("", text.strip()))))[:40]
