# ruff: noqa: E501 - tables of cases are easier to judge unbroken
"""Every form of date that a notice has been seen to print, read in 2024 for a notice of 15 January 2024."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtb.domain.dates import Reading, covers, phrases, read_dates
from qtb.domain.numerals import fold, number, sequence, width

YEAR, SIGNED = 2024, date(2024, 1, 15)

# text | start | end (month-day of 2024, or in full; - for none)
PLAIN = """
2024年2月1日|02-01|02-01        2024-02-01|02-01|02-01          2024.2.1|02-01|02-01          2024/2/1|02-01|02-01
2月1日|02-01|02-01              2月1-15日|02-01|02-15           2月1日-15日|02-01|02-15       2月1日至3月15日|02-01|03-15
2-5月|02-01|05-31               2月-5月|02-01|05-31             2月至5月|02-01|05-31          2024年2-5月|02-01|05-31
２－５月|02-01|05-31            2－5月|02-01|05-31              2—5月|02-01|05-31             2–5月|02-01|05-31
2――5月|02-01|05-31              2——5月|02-01|05-31              2~5月|02-01|05-31             2～5月|02-01|05-31
2〜5月|02-01|05-31              2到5月|02-01|05-31              2─5月|02-01|05-31             2月→5月|02-01|05-31
2024年11月-2025年3月|11-01|2025-03-31                           11月-次年3月|11-01|2025-03-31  12月—翌年1月|12-01|2025-01-31
11月至明年2月|11-01|2025-02-28  2024年12月20日至2025年1月10日|12-20|2025-01-10                次年1月|2025-01-01|2025-01-31
4月上旬|04-01|04-10             4月中旬|04-11|04-20             4月下旬|04-21|04-30           2月下旬|02-21|02-29
3月上中旬|03-01|03-20           3月中下旬|03-11|03-31           3月上、中旬|03-01|03-20       3月上旬至中旬|03-01|03-20
3月上旬-4月中旬|03-01|04-20     2024年3月上旬|03-01|03-10       3月上半月|03-01|03-15         3月下半月|03-16|03-31
一季度|01-01|03-31              第二季度|04-01|06-30            三季度|07-01|09-30            四季度|10-01|12-31
2024年第三季度|07-01|09-30      一、二季度|01-01|06-30          一至三季度|01-01|09-30        前三季度|01-01|09-30
一季度-三季度|01-01|09-30       Q1-Q2|01-01|06-30               上半年|01-01|06-30            下半年|07-01|12-31
全年|01-01|12-31                2024年上半年|01-01|06-30        2024年|01-01|12-31            2024-2025年|01-01|2025-12-31
二〇二四年三月一日|03-01|03-01  二○二四年三月|03-01|03-31       二零二四年三月|03-01|03-31    三月|03-01|03-31
三月至五月|03-01|05-31          十一月十五日至十二月三十一日|11-15|12-31                      三月一日至十五日|03-01|03-15
十二月|12-01|12-31              三、四月|03-01|04-30            三月上旬|03-01|03-10          二O二四年五月|05-01|05-31
3、4月|03-01|04-30              3月、4月|03-01|04-30            3月和4月|03-01|04-30          3月15日、16日|03-15|03-16
3月1日(星期五)|03-01|03-01      3月1日（周五）|03-01|03-01      3月1日（星期五）—5月31日（星期五）|03-01|05-31
5月31日24:00|05-31|05-31        3月15日9:00-11:30|03-15|03-15   3月15日9:00-3月16日17:00|03-15|03-16
2024年3月1日8时至3月31日18时|03-01|03-31                        3月1日上午9点|03-01|03-01     1-12月|01-01|12-31
3月1日一5月31日|03-01|05-31     3.1-5.31|03-01|05-31            2024.3.1-5.31|03-01|05-31     2024.3-5|03-01|05-31
2024.3-2024.5|03-01|05-31       2024-03至2024-05|03-01|05-31    03-01至05-31|03-01|05-31      3月1日-15|03-01|03-15
20240301-20240531|03-01|05-31   2024/3/1~2024/5/31|03-01|05-31  2024-03-01 至 2024-05-31|03-01|05-31
24年3月-5月|03-01|05-31         2024 年 3 月 1 日—5 月 31 日|03-01|05-31                      8月份|08-01|08-31
7-8月份|07-01|08-31             2024年3月份|03-01|03-31         本年度9月|09-01|09-30         今年9月|09-01|09-30
自3月1日起至5月31日止|03-01|05-31                               3月1日起，5月31日止|03-01|05-31
从3月到5月|03-01|05-31          3月1日至当月15日|03-01|03-15    3月15日至次月15日|03-15|04-15  12月-2025年2月|12-01|2025-02-28
3月1日~2024年5月31日24时|03-01|05-31                            6月15|06-15|06-15             2月29日|02-29|02-29
3月1日（暂定）|03-01|03-01      全年每月一次|01-01|12-31        1月1日至12月31日|01-01|12-31  3 月|03-01|03-31
9月上海|09-01|09-30             4月中期检查|04-01|04-30         3月初步方案|03-01|03-31       3月1日前往会场|03-01|03-01
5月1日后续跟进|05-01|05-01      2024年中国质量大会3月|03-01|03-31                             3月1号-5号|03-01|03-05
2024年3月1日至5日|03-01|03-05   3月28日-4月2日|03-28|04-02      5月31日前|-|05-31             5月31日之前|-|05-31
5月31日以前|-|05-31             5月31日截止|-|05-31             截至5月31日|-|05-31           截止到5月31日|-|05-31
不晚于5月31日|-|05-31           不迟于5月31日|-|05-31           5月31日17时前|-|05-31         5月31日止|-|05-31
最迟5月31日|-|05-31             截止时间：5月31日|-|05-31       5月31日（周五）前|-|05-31     5月31日（含）前|-|05-31
2024年6月30日前完成|-|06-30     5月31日24:00前|-|05-31          于9月15日前报送|-|09-15       上半年前|-|06-30
即日起|01-15|-                  自即日起|01-15|-                即日起至5月31日|01-15|05-31   即日起-4月|01-15|04-30
自通知发布之日起至3月31日|01-15|03-31                           3月1日起|03-01|-              6月起|06-01|-
3月1日开始|03-01|-              3月1日以后|03-01|-              2024年3月起|03-01|-           5月31日后|05-31|-
5月31日前提交|-|05-31           第二、三季度|04-01|09-30        5 月 1 0 日|05-10|05-10       2024-03-01 to 2024-03-31|03-01|03-31
"""
LOOSE = """
2月底|02-21|02-29               3月初|03-01|03-10               3月中|03-11|03-20             3月末|03-21|03-31
4月初—12月末|04-01|12-31        3月底至4月初|03-21|04-10        6月底前|-|06-30               9月底以前|-|09-30
年底|12-01|12-31                年初|01-01|01-31                年内|01-01|12-31              2024年底前|-|12-31
2024年年底|12-01|12-31          7月15日左右|07-15|07-15         8月下旬前后|08-21|08-31       3月第二周|03-08|03-14
当年12月底|12-21|12-31          即日起至4月底|01-15|04-30       3月份底|03-21|03-31           二季度末|06-01|06-30
"""
DOUBTFUL = [
    ("11月-2月", "11-01", "2025-02-28", "year_crossed"), ("12月20日至1月10日", "12-20", "2025-01-10", "year_crossed"),
    ("2024年12月-1月", "12-01", "2025-01-31", "year_crossed"), ("10月至3月", "10-01", "2025-03-31", "year_crossed"),
    ("3月、9月各一次", "03-01", "09-30", "several_windows"), ("3月15日、4月20日", "03-15", "04-20", "several_windows"),
    ("3月-4月、9月-10月", "03-01", "10-31", "several_windows"), ("3月/9月", "03-01", "09-30", "several_windows"),
    ("待定", "-", "-", "undecided"), ("另行通知", "-", "-", "undecided"), ("适时", "-", "-", "undecided"),
    ("时间另行公布", "-", "-", "undecided"), ("8月（具体时间另行通知）", "08-01", "08-31", "undecided"),
    ("2月30日", "-", "-", "impossible_date"), ("4月31日", "-", "-", "impossible_date"), ("13月", "-", "-", "impossible_date"),
    ("0月", "-", "-", "impossible_date"), ("2024-02-30", "-", "-", "impossible_date"), ("2025年2月29日", "-", "-", "impossible_date"),
    ("2月1日至2月30日", "-", "-", "impossible_date"), ("2024-13-01", "-", "-", "impossible_date"),
    ("5月31日至3月1日", "-", "-", "reversed_range"), ("8月-5月", "-", "-", "reversed_range"), ("10月—9月", "-", "-", "reversed_range"),
    ("6月30日-6月1日", "-", "-", "reversed_range"), ("5月31日前、6月1日起", "-", "-", "reversed_range"), ("2024年5月1日至2024年3月1日", "-", "-", "reversed_range"),
    ("每月25日前", "-", "-", "recurring"), ("收到通知后10个工作日内", "-", "-", "relative"), ("公示后5日内", "-", "-", "relative"),
    ("5月前", "-", "05-31", "ambiguous_end"), ("暂定8月", "08-01", "08-31", "tentative"),
]  # fmt: skip
NEVER = [
    "T/CAQ 10204-2017", "GB/T 19001-2016", "T/SAQ 0014(S)-2025", "沪质协〔2024〕28号", "国发[2023]4号", "021-12345678", "0571-1234567",
    "13912345678", "1-3分", "10-20元", "9:00-11:30", "上午9:00", "泰安路74号", "附件1-3", "附件：1.报名表", "35%", "V1.2", "310066661018150",
    "200052", "3个月", "为期5天", "5个工作日", "第3届", "《方案（2022-2025年）》", "（2022-2025年）", "「十四五」", "3-5家", "2-3篇", "",
    "无", "/", "——", "http://a.cn/2024/03/01/x.html", "a2024@example.org", "一是", "1.2.", "五一前", "周一至周五",
]  # fmt: skip


def _cases(block: str) -> list[tuple[str, str, str]]:
    import re

    items = [item for line in block.strip().splitlines() for item in re.split(r" {2,}", line.strip())]
    return [(t, a, b) for t, a, b in (item.split("|") for item in items)]


def _day(text: str) -> date | None:
    return None if text == "-" else date.fromisoformat(text if len(text) > 5 else f"2024-{text}")


def _read(text: str, **more: str) -> Reading:
    return read_dates(text, year=YEAR, notice_date=SIGNED, **more)


@pytest.mark.parametrize(("text", "start", "end"), _cases(PLAIN))
def test_plain(text: str, start: str, end: str) -> None:
    reading = _read(text)
    assert (reading.start, reading.end, reading.fuzzy) == (_day(start), _day(end), False)
    assert set(reading.codes) <= {"tentative"}


@pytest.mark.parametrize(("text", "start", "end"), _cases(LOOSE))
def test_loose(text: str, start: str, end: str) -> None:
    reading = _read(text)
    assert (reading.start, reading.end, reading.fuzzy, reading.codes) == (_day(start), _day(end), True, ())


@pytest.mark.parametrize(("text", "start", "end", "code"), DOUBTFUL)
def test_doubtful(text: str, start: str, end: str, code: str) -> None:
    reading = _read(text)
    assert (reading.start, reading.end, reading.codes) == (_day(start), _day(end), (code,))


@pytest.mark.parametrize("text", NEVER)
def test_never_a_date(text: str) -> None:
    reading = _read(text)
    assert (reading.start, reading.end, reading.has_date) == (None, None, False)


def test_without_a_year_nothing_is_guessed() -> None:
    reading = read_dates("3月")
    assert reading.lacks_year
    assert reading.start is None
    assert reading.end is None
    assert read_dates("2023年3月").start == date(2023, 3, 1)
    assert read_dates("11月-2025年2月").start == date(2024, 11, 1)
    assert read_dates("即日起至5月31日", year=2024).start is None


def test_a_heading_may_say_which_edge() -> None:
    assert (_read("5月31日", only="end").start, _read("5月31日", only="end").end) == (None, date(2024, 5, 31))
    assert (_read("3月1日", only="start").start, _read("3月1日", only="start").end) == (date(2024, 3, 1), None)


def test_phrases_keep_the_printed_places() -> None:
    text = "请各单位于２０２４年６月１２日前将材料报送至协会。"
    (found,) = phrases(text, whole=False)
    assert text[found.begin : found.stop] == "２０２４年６月１２日前"
    assert covers("3月1日—5月31日") == 1.0
    assert covers("各单位认真组织") == 0.0


@pytest.mark.parametrize(("text", "value"), [("3", 3), ("三", 3), ("(三)", 3), ("③", 3), ("第三阶段", 3), ("3.", 3), ("十二", 12),
                                             ("㈢", 3), ("（3）", 3), ("３", 3), ("二十一", 21), ("abc", None), ("", None), ("3月", None)])  # fmt: skip
def test_sequence(text: str, value: int | None) -> None:
    assert sequence(text) == value


def test_numerals_and_width() -> None:
    assert [number(t) for t in ("廿三", "三十", "〇五", "x", "9" * 30)] == [23, 30, 5, None, None]
    assert width("ab质协") == 6
    assert fold("（２）") == "(2)"


_PIECES = st.sampled_from(
    [
        "2024",
        "年",
        "月",
        "日",
        "3",
        "12",
        "31",
        "-",
        "—",
        "至",
        "到",
        "、",
        ",",
        "前",
        "后",
        "起",
        "底",
        "上旬",
        "下旬",
        "季度",
        "半年",
        "即日起",
        "次年",
        "(",
        ")",
        ":",
        "/",
        ".",
        "第",
        "一",
        "十",
        "〇",
        "周",
        "每",
        "个",
        "截至",
        "全",
        " ",
        "\n",
    ]
)


@given(st.lists(_PIECES, max_size=25).map("".join))
@settings(max_examples=400, deadline=None)
def test_any_mixture_reads_soundly(text: str) -> None:
    reading = _read(text)
    assert reading == _read(text)
    assert reading.start is None or reading.end is None or reading.start <= reading.end
    assert (reading.start, reading.end) == (_read(text + "  ").start, _read(text + "  ").end)
    wide = text.translate({ord("0") + i: 0xFF10 + i for i in range(10)})
    assert (_read(wide).start, _read(wide).end) == (reading.start, reading.end)


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_text_reads_without_an_error(text: str) -> None:
    _read(text)
    phrases(text, whole=False)
    assert 0.0 <= covers(text) <= 1.0
