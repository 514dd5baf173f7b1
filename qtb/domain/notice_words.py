"""The closed set of doubts a reading may raise, and their wording in both languages."""

from __future__ import annotations

from typing import Final

# code: (Chinese, English); {row} and {text} are filled in.
WORDS: Final[dict[str, tuple[str, str]]] = {
    "year_unknown": (
        "通知中没有可以确定活动年度的内容，请指定年度后重读。",
        "Nothing in the notice tells the year of the activity; name the year and read again.",
    ),
    "year_differs": (
        "{row}「{text}」写明的年份与活动年度不一致，已按原文年份读取。",
        "{row}“{text}” names another year than the activity's; the printed year was kept.",
    ),
    "year_crossed": (
        "{row}「{text}」没有写明跨年，已按跨到次年理解，请核对。",
        "{row}“{text}” runs into the next year without saying so; it was read that way, please check.",
    ),
    "year_inferred": (
        "{row}「{text}」没有写年份，已按前后各行的年份推定，请核对。",
        "{row}“{text}” names no year; it was taken from the rows around it, please check.",
    ),
    "impossible_date": (
        "{row}「{text}」中有不存在的日期，未读取，请人工填写。",
        "{row}“{text}” holds a day that does not exist; no date was read, please fill it in.",
    ),
    "reversed_range": (
        "{row}「{text}」的结束早于开始，未读取，请人工填写。",
        "{row}“{text}” ends before it starts; no date was read, please fill it in.",
    ),
    "several_windows": (
        "{row}「{text}」包含多个时间段，已取最早与最晚之日，请核对。",
        "{row}“{text}” holds several windows; the outermost days were taken, please check.",
    ),
    "undecided": (
        "{row}「{text}」表明时间尚未确定，请在确定后填写。",
        "{row}“{text}” leaves the time open; fill it in when it is known.",
    ),
    "tentative": ("{row}「{text}」是暂定时间。", "{row}“{text}” is provisional."),
    "recurring": (
        "{row}「{text}」是周期性时间，没有确定日期。",
        "{row}“{text}” is a rhythm, not a date; no date was read.",
    ),
    "relative": (
        "{row}「{text}」以其他事项为起点计算，没有确定日期。",
        "{row}“{text}” counts from another event; no date was read.",
    ),
    "ambiguous_end": (
        "{row}「{text}」未写明截止到哪一天，已按当月最后一日理解，请核对。",
        "{row}“{text}” does not say which day is the last; the end of that month was taken, please check.",
    ),
    "open_start": (
        "{row}「{text}」从通知发布之日起算，而通知没有日期，开始日期留空。",
        "{row}“{text}” starts with the notice, which bears no date; the start is left open.",
    ),
    "no_date": ("{row}没有可读取的时间。", "{row}holds no time that can be read."),
    "no_title": ("{row}没有事项名称。", "{row}has no title."),
    "seq_repeated": ("{row}的序号与前面的行重复。", "{row}bears a number that an earlier row has."),
    "table_skipped": (
        "另有含日期的表格未作为活动安排读取：「{text}」。",
        "Another table with dates was not read as part of the schedule: “{text}”.",
    ),
    "prose_skipped": (
        "正文中另有时间未列入活动安排：「{text}」，请核对是否需要补充。",
        "The running text sets another date that is not a row of the schedule: “{text}”; please check.",
    ),
    "tables_joined": ("活动安排由多个表格合并而成。", "The schedule was joined from several tables."),
    "truncated": ("内容过长，只读取了前面的部分。", "The text is too long; only its first part was read."),
}
CODES: Final = frozenset(WORDS)
_MOST: Final = 60


def word(code: str, lang: str, row: int | None, text: str) -> str:
    """Word a doubt in the language, naming the row and quoting a short piece of the text."""
    chinese, english = WORDS[code]
    quoted = text if len(text) <= _MOST else text[: _MOST - 1] + "…"
    if lang == "en":
        return english.format(row="" if row is None else f"Row {row}: ", text=quoted)
    return chinese.format(row="" if row is None else f"第{row}行", text=quoted)
