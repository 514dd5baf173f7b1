"""Header words: what the cell over a column announces, and which rows are made of such words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from qtb.domain import date_masks
from qtb.domain.dates import covers, phrases
from qtb.domain.notice_cells import joined, key
from qtb.domain.notice_model import Cell
from qtb.domain.numerals import fold, sequence

# A header cell has the role of the first rule that finds something in it.
_ROLES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (role, re.compile(rule, re.I))
    for role, rule in (
        ("seq", r"^(?:序号?|编号|no\.?|#|项次|次序|顺序号?|排序)$"),
        (
            "other",
            r"成立|出生|获奖|得奖|颁奖时间|发证|取得|有效期|任职|入职|工作时间|办公时间|咨询时间|服务时间|接待|营业|注册|授予"
            r"|批准|认定|颁布|发布日期|实施日期|建设(?:起止)?时间|参加工作|签订|竣工|投产|建厂|立项|时长|学时|课时",
        ),
        ("year", r"^(?:年份|年度|年)$"),
        (
            "start",
            r"^(?:.{0,6}(?:开始|起始)(?:时间|日期|日|月份)?|起(?:时间|日期)?|自|开始|从|启动时间|启动日期|start)$",
        ),
        (
            "end",
            r"^(?:.{0,6}(?:结束|截止|截至|终止)(?:时间|日期|日|月份|期限|时限)?|(?:计划|预计|拟)完成|止(?:时间|日期)?|至|到|deadline|end)$",
        ),
        ("until", r"截止|截至|最迟|完成(?:时限|期限)|办结"),
        ("finish", r"完成(?:时间|日期|节点)"),
        (
            "time",
            r"时间|日期|时段|节点(?!名称)|期限|时限|月份|何时|周期|日程(?!内容)|进度|起止|^时$|^月$|^日$"
            r"|time|date|when|schedule",
        ),
        (
            "party",
            r"责任|主责|归口|督办|经办|牵头|主办|承办|协办|组织(?:单位|部门|者|方)|实施(?:单位|部门|主体)|负责|执行|参与|参加|主体|对象|落实"
            r"|处室|科室|机构|^.{0,4}(?:单位|部门)$|谁|配合"
            r"|party|owner|responsible|organi[sz]er",
        ),
        ("link", r"网址|链接|网站|入口|url|link"),
        ("content", r"内容|事宜|措施|做法|描述"),
        (
            "note",
            r"备注|说明|要求|联系|电话|手机|邮箱|地点|地址|场所|会场|形式|方式|途径|材料|附件|注意|人数|费用|名额|输出|金额"
            r"|remark|note",
        ),
        (
            "name",
            r"事项|环节|步骤|阶段|任务|项目|活动|流程|程序|名称|主题|工作|标题|议程|议题|课程|班次|期次|赛程|安排|做什么"
            r"|item|event|task|stage|phase",
        ),
    )
)
_MARK: Final = re.compile(r"^[\s√✓✔☑●■★▲◆◎○△※*xX＊☆▇█▓█]{1,6}$")


def role(text: str) -> str:
    """Name what a header cell announces, empty when it is no header word."""
    word = re.sub(r"[(（][^()（）]{0,20}[)）]", "", key(text)) or key(text)
    if not word or len(word) > 14 or sequence(word) is not None:
        return ""
    return next((name for name, rule in _ROLES if rule.search(word)), "")


def is_header(row: Sequence[Cell]) -> bool:
    """Tell whether a row is made of header words."""
    texts = [joined(c.text) for c in row if c.text.strip()]
    roles = [role(t) for t in texts]
    known = [r for r in roles if r]
    if len(texts) < 2 or len(set(known)) < 2 or any(is_dated(t) for t in texts):
        return False
    return len(known) * 2 >= len(texts) and bool(
        {"time", "start", "end", "until", "finish", "other", "name", "content"} & set(known)
    )


def is_dated(text: str) -> bool:
    """Tell whether a cell is a date, whole and nothing else."""
    return bool(text) and covers(joined(text)) >= 0.6


def is_timed(text: str) -> bool:
    """Tell whether a cell stands in for a date: one, or the word that it is open."""
    folded = fold(joined(text))
    if is_dated(text):
        return True
    return len(folded) <= 40 and (
        bool(phrases(folded, whole=False)) or date_masks.is_undecided(folded) or date_masks.is_recurring(folded)
        or date_masks.is_relative(folded)
    )  # fmt: skip


def is_mark(text: str) -> bool:
    """Tell whether a cell is only ticked."""
    return bool(text.strip()) and bool(_MARK.match(text))
