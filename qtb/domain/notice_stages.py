"""One line that is a stage: a title and its date, in whatever order and with whatever marks between."""

from __future__ import annotations

import re
from typing import Final

from qtb.domain.date_masks import is_recurring, is_relative, is_undecided, mask
from qtb.domain.dates import Phrase, covers, phrases
from qtb.domain.notice_cells import tight, trimmed, without_urls
from qtb.domain.notice_lines import LEAD, TIME_WORD, dated, is_achieved, is_narrative, is_ruled, plain_label
from qtb.domain.notice_model import Draft
from qtb.domain.numerals import fold

_BRACKET: Final = re.compile(
    r"[(（【\[〔]([^()（）【】\[\]〔〕]{2,60}(?:[(（][^()（）]{1,12}[)）][^()（）]{0,40})?)[)）】\]〕]"
)
_LABEL: Final = re.compile(r"^([^:：。;；!！?？]{2,30}?)\s?(?:[:：]|——)\s?(.{2,400})$")
_RUN_IN: Final = re.compile(r"^([^:：。,，;；!！?？]{2,16})。(?=\s?\d)(.{2,400})$")
_SHORT_RANGE: Final = re.compile(
    r"^(.{2,30}?)[\s\u3000]{1,8}(\d{1,2}[./．]\d{1,2}\s?[-－—–~～至到]{1,2}\s?\d{1,2}[./．]\d{1,2})$"
)
_DENIED: Final = re.compile(
    r"更新时间|发文|成文|印发|发表时间|来源|浏览|点击|成立|出生|办公时间|咨询时间|工作时间|接听|上班|电话|手机|传真|邮编|邮箱|账号|开户|地址|联系"
    r"|有效期|实施日期|报告期|统计期|^附件|^备注|^注$|依据|网址|文号|编号|学时|签发|上一篇|下一篇|版权|QQ|微信|代码|公众号|群号|证号"
)
_LIST_LABEL: Final = re.compile(
    r"^[^:：。，,；;]{0,20}(?:安排|时间|进度|流程|步骤|计划|如下|程序|阶段|环节|节点|进行)\s?[:：]"
)
_NO_STAGE: Final = re.compile(
    r"地点|地址|场地|费用|收费|名额|人员|人数|对象|方式|形式|主题|奖金|奖项|评委|要求|周期|频次|材料|规模|标准|说明|备注|注意"
)
_IS_STAGE: Final = re.compile(r"^\s?(?:为|是|属)\s?([^,，。;；:：为]{2,24})(?=[,，。;；]|$)")
_NAMED: Final = re.compile(r"(?:责任|牵头|负责|组织|主办|承办)(?:单位|部门)\s?[:：]\s?([^，。,；;\s]{2,40})")
_POSTED: Final = re.compile(r"^(?:发布|发表|更新|公开|上传|录入)(?:时间|日期)$")
_TAGGED: Final = re.compile(r"^[【\[〖「](.{2,20})[】\]〗」]\s{0,3}[:：]?\s{0,3}(?=\S)")
_PARTY: Final = re.compile(
    r"^[\s(（]{0,3}([^\s,，。;；()（）:：]{1,30}(?:单位|部门|协会|质协|委员会|办公室|公司|学会|中心|机构|秘书处|部|处|会|组|专家|院|企业|工会|小组))[)）。;；\s]{0,3}$"
)


def each_is(body: str) -> list[Draft]:
    """Read several stages told in one sentence: 3月为宣传阶段，4-6月为实施阶段."""
    own = phrases(body[:600], whole=False)
    found = [(p, m[1]) for p in own if (m := _IS_STAGE.match(body[p.stop :]))]
    drafts = [d for p, title in found if (d := _draft(title, body[p.begin : p.stop], p))]
    return drafts if len(drafts) >= 2 else _listed(body)


def _listed(body: str) -> list[Draft]:
    """Read a list in one line: 报名（3月）→评审（4月）, or 报名3月，评审4月."""
    label = _LIST_LABEL.match(body)
    pieces = [
        p.strip()
        for p in re.split(r"[→；;。，,]|、(?![^（(]{0,12}[）)])|->", body[label.end() if label else 0 :])
        if p.strip()
    ]
    if not 2 <= len(pieces) <= 30 or any(len(p) > 50 for p in pieces):
        return []
    drafts = [d for p in pieces if (d := _bracketed(p, True, "") or _date_last(p, True))]
    return drafts if len(drafts) >= 2 and len(drafts) * 4 >= 3 * len(pieces) else []


def stage_of(body: str, is_numbered: bool, style: str) -> Draft | None:
    """Read a line as one stage, or tell that it is none."""
    if len(body) > 1500 or _DENIED.search(body[:14]):
        return None
    tagged = _TAGGED.match(body)
    if tagged and not dated(tagged[1]):
        body = f"{tagged[1]}:{body[tagged.end() :]}"
    return (
        _bracketed(body, is_numbered, style)
        or _labelled(body, is_numbered)
        or _date_first(body, is_numbered)
        or _date_last(body, is_numbered)
        or _open_stage(body, is_numbered)
        or _all_year(body)
    )


def _draft(title: str, text: str, found: Phrase | None, party: str = "") -> Draft | None:
    words, url = without_urls(title)
    name = trimmed(tight(words))
    if not name or len(name) > 60:
        return None
    sides = {w.side for w in found.windows} if found else set()
    only = next(iter(sides)) if len(sides) == 1 and found and len(found.windows) == 1 else ""
    return Draft(title=name, text=text.strip(), party=party, url=url, only=only, whole=True)


def _bracketed(body: str, is_numbered: bool, style: str) -> Draft | None:
    for found in _BRACKET.finditer(body[:300]):
        before, after = body[: found.start()].strip(), body[found.end() :].strip()
        inner = found[1]
        own = dated(inner)
        if (
            not own
            or (covers(inner) < 0.5 and not (is_numbered and own[0].begin <= 1 and len(inner) <= 20))
            or re.search(r"[。;；,，:：]", before)
            or len(before) > 40
        ):
            continue
        if mask(fold(body))[found.start()] == "\x02" or is_achieved(body, own[0]):
            continue
        is_stage = is_numbered or "阶段" in before or not after or after[0] in ":：。,，、;；—-" or len(body) <= 40
        title = before or _clause(after)
        if is_stage and title:
            party = _PARTY.match(after) or _NAMED.search(after[:200]) if before else None
            if len(own) == 1 and (behind := _PARTY.match(inner[own[0].stop :].lstrip(",，、;； "))):
                inner, party = inner[: own[0].stop], behind
            only = own[0] if len(own) == 1 else None
            return _draft(plain_label(title), inner, only, party[1] if party else "")
    return None


def _clause(text: str) -> str:
    return re.split(r"[,，。;；:：(（]", trimmed(text), maxsplit=1)[0].strip()


def _labelled(body: str, is_numbered: bool) -> Draft | None:
    found = _LABEL.match(_SHORT_RANGE.sub(r"\1:\2", body)) or (_RUN_IN.match(body) if is_numbered else None)
    if not found or _DENIED.search(found[1]) or is_narrative(body) or dated(found[1]):
        return None
    label, rest = tight(found[1]), found[2].strip()
    if re.match(r"^(?:各|请各?|现将|通知如下|如下|敬请)", label) or label.endswith("如下"):
        return None
    own = dated(rest)
    is_time = bool(TIME_WORD.search(label)) or label in ("时间", "日期")
    if not own:
        return (
            _draft(plain_label(label), rest[:60].rstrip("。；;"), None)
            if is_time and is_undecided(fold(rest))
            else None
        )
    first = own[0]
    if _POSTED.match(label) and first.windows[0].left.days and first.windows[0].left.year:
        return None
    if is_achieved(rest, first) or (first.begin > 8 and not is_time):
        return None
    within = [p for p in own if not re.search(r"[。；;]", rest[: p.begin])] or [first]
    last = within[-1] if covers(rest[: within[-1].stop]) >= 0.6 else first
    if not (is_time or covers(rest) >= 0.6 or _is_lead(rest[: first.begin])):
        return None
    party = _PARTY.match(rest[last.stop :])
    only = (
        "end"
        if "截止" in label or "截至" in label
        else "start"
        if re.search(r"(?:开始|启动)(?:时间|日期)", label)
        else ""
    )
    text = rest[first.begin : last.stop] if not _until(rest, first) else rest[: last.stop]
    title = plain_label(label) or ""
    draft = _draft(title or label, text, first if len(own) == 1 else None, party[1] if party else "")
    if draft is None:
        return None
    return Draft(title if title else "", draft.text, party=draft.party, url=draft.url, only=only or draft.only)


def _until(text: str, phrase: Phrase) -> bool:
    return phrase.begin <= 8 and bool(re.search(r"截|晚于|迟于|最晚|最迟|暂定|预计|约", text[: phrase.begin]))


def _is_lead(text: str) -> bool:
    return bool(LEAD.match(text.strip())) or bool(
        re.match(r"^(?:截[至止]|不[晚迟]于|最[晚迟]|请?(?:务必)?[于在])", text)
    )


def _date_first(body: str, is_numbered: bool) -> Draft | None:
    own = phrases(body[:200], whole=False)
    if not own or not _is_lead(body[: own[0].begin]) or is_achieved(body, own[0]) or is_narrative(body):
        return None
    if is_ruled(body[own[0].stop :]):
        return None
    rest = body[own[0].stop :]
    mark = re.match(r"^\s{0,3}(?:[:：,，—\-、]{1,2}|为|是|\s|\|)\s{0,4}", rest)
    if not mark and not is_numbered:
        return None
    words = rest[mark.end() :] if mark else rest
    title = re.sub(r"^(?:为|是)", "", _clause(words))
    first = title.partition(" ")[0]
    if not is_numbered and len(first) >= 2:
        title = first  # 9月1日 启动仪式 上午9:00 会展中心
    if len(title) < 2 or len(title) > 40 or (not is_numbered and len(body) > 80 and not re.match(r"^\s?[:：]", rest)):
        return None
    side = own[0].windows[0].side
    if side == "end" and re.match(r"^[将把]", title):
        return None
    return _draft(title, body[own[0].begin : own[0].stop], own[0])


def _date_last(body: str, is_numbered: bool) -> Draft | None:
    own = phrases(body[:120], whole=False)
    if len(own) != 1 or own[0].begin < 2 or len(body) > 100 or is_achieved(body, own[0]) or is_narrative(body):
        return None
    before, after = body[: own[0].begin], body[own[0].stop :]
    if is_numbered and before.rstrip().endswith((",", "，", "、")):
        before, after = before.rstrip()[:-1], re.sub(r"^\s?[,，、]", " ", after)
    party = _PARTY.match(after) if after.startswith((" ", "\u3000", "(", "（")) else None
    if (after.strip("。;；.,， ") and not party) or len(before.strip()) > 30 or re.search(r"[。;；,，《》]", before):
        return None
    is_parted = before.endswith((" ", "\u3000", "-", "—", "|")) or before.rstrip().endswith(
        ("阶段", "为", "时间", "日期")
    )
    if not (is_numbered or is_parted) or re.search(r"[于请在截]\s?$", before) or signed_like(before):
        return None
    title = plain_label(re.sub(r"(?:定为|定在|为|是|拟定|暂定)\s?$", "", before.strip()))
    return _draft(title, body[own[0].begin : own[0].stop], own[0], party[1] if party else "")


def signed_like(before: str) -> bool:
    """Tell whether the words before a date are those of a signing body."""
    return bool(re.search(r"(?:协会|委员会|办公室|总会|学会|公司|局|厅|联合会|促进会|秘书处)\s{1,10}$", before))


def _all_year(body: str) -> Draft | None:
    # In running text these words are an adverb; before a colon they are a date.
    found = re.match(r"^(全年度?)\s?[:：]\s?([^,，。;；:：]{2,40})[。;；]?$", body)
    return _draft(found[2], found[1], None) if found else None


def open_stage(body: str) -> Draft | None:
    """Read a label whose time is left open or counted from another event: 颁奖：另行通知, 初审：报名结束后5日内."""
    found = _LABEL.match(body) if len(body) <= 60 else None
    if not found or _DENIED.search(found[1]) or _NO_STAGE.search(found[1]):
        return None
    rest = fold(found[2])
    is_open = is_undecided(rest) or is_relative(rest) or is_recurring(rest)
    return _draft(plain_label(tight(found[1])), found[2].rstrip("。；;"), None) if is_open and not dated(rest) else None


def _open_stage(body: str, is_numbered: bool) -> Draft | None:
    """Keep a stage whose bracket says that its time is still open."""
    found = _BRACKET.search(body[:80])
    if (
        not found
        or not is_undecided(fold(found[1]))
        or not (is_numbered and ("时间" in found[1] or "阶段" in body[: found.start()]))
    ):
        return None
    return _draft(body[: found.start()], found[1], None)
