# ruff: noqa: E501 - tables of cases are easier to judge unbroken
"""The notice reader: the real notice to the letter, many made-up ones, and whatever a stranger may send."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qtb.domain.notice import Cell, Notice, Paragraph, Table, diff, read, read_text
from qtb.domain.notice_words import CODES
from tests.domain.notices import HEAD, NO_SCHEDULE, PROSE, TABLES, TAIL, Sample
from tests.domain.notices_more import MORE_PROSE, MORE_TABLES, MORE_WITHOUT

TITLE = "关于开展2024年度“质量信得过班组”建设活动的通知"

DATED = TABLES + PROSE + MORE_TABLES + MORE_PROSE


def _expected(rows: str) -> list[tuple[object, ...]]:
    result: list[tuple[object, ...]] = []
    for row in filter(None, rows.split(";")):
        title, start, end, party = row.split("|")
        bare = party.rstrip("~^")
        result.append((title, _day(start), _day(end), bare, "~" in party, "^" in party))
    return result


def _day(text: str) -> date | None:
    return None if text == "-" else date.fromisoformat(text if len(text) > 5 else f"2024-{text}")


def _rows(notice: Notice) -> list[tuple[object, ...]]:
    return [(r.title, r.start, r.end, r.party, r.fuzzy, r.inherited) for r in notice.rows]


@pytest.mark.parametrize("sample", DATED + NO_SCHEDULE + MORE_WITHOUT, ids=lambda s: s.name)
def test_rows(sample: Sample) -> None:
    notice = read_text(HEAD + sample.text + TAIL)
    assert _rows(notice) == _expected(sample.rows)
    assert (notice.title, notice.year, notice.notice_date) == (TITLE, 2024, date(2024, 1, 15))


@pytest.mark.parametrize("sample", DATED, ids=lambda s: s.name)
def test_the_way_it_is_typed_does_not_matter(sample: Sample) -> None:
    text = HEAD + sample.text + TAIL
    plain = _rows(read_text(text))
    assert _rows(read_text(text.replace("\n", "\r\n"))) == plain
    assert _rows(read_text("\ufeff" + text.replace("\n", "  \n"))) == plain
    assert [row[1:3] for row in _rows(read_text(_widened(text)))] == [row[1:3] for row in plain]


def _widened(text: str) -> str:
    return text.translate({ord("0") + i: 0xFF10 + i for i in range(10)})


def test_real_notice(real_notice: str) -> None:
    notice = read_text(real_notice)
    assert notice.title == "关于开展2024年上海市“质量信得过班组”建设活动的通知"
    assert (notice.year, notice.notice_date, notice.warnings) == (2024, None, ())
    assert [r.seq for r in notice.rows] == list(range(1, 10))
    assert [(r.title, r.text, f"{r.start:%m-%d}", f"{r.end:%m-%d}", r.party) for r in notice.rows] == [
        ("活动报名", "2-5月", "02-01", "05-31", "各自愿申报单位"),
        ("活动推进及成果申报说明会", "2月底", "02-21", "02-29", "上海市质协"),
        ("活动成果辅导、培训活动", "1-12月", "01-01", "12-31", "上海市质协/相关专业机构"),
        ("成果申报", "2-5月", "02-01", "05-31", "各自愿申报单位"),
        ("成果推荐", "4-6月", "04-01", "06-30", "各推荐单位"),
        ("成果评价及推优", "7-8月", "07-01", "08-31", "上海市质协"),
        ("活动成果发布", "8月", "08-01", "08-31", "上海市质协"),
        ("活动优秀成果交流会", "9月", "09-01", "09-30", "上海市质协"),
        ("成果宣传推广", "10-12月", "10-01", "12-31", "上海市质协"),
    ]
    assert {r.seq: r.url for r in notice.rows if r.url} == {
        1: "http://shqi.saq.org.cn/", 4: "http://shqi.saq.org.cn/", 5: "http://shqi.saq.org.cn/customer/tjdw/login",
    }  # fmt: skip
    assert [r.seq for r in notice.rows if r.fuzzy] == [2]
    assert not any(r.inherited for r in notice.rows)


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("关于开展2024年\n质量活动的通知\n", "关于开展2024年质量活动的通知"),
        (
            "某市质量协会文件\n某质协〔2024〕5号\n\n关于印发《方案（2022-2025年）》的通知\n",
            "关于印发《方案（2022-2025年）》的通知",
        ),
        ("关 于 开 展 2024 年 质 量 活 动 的 通 知\n", "关于开展2024年质量活动的通知"),
        (
            "[bookmark: _Hlk1] 关于举办Quality Month活动的通知（征求意见稿）\n",
            "关于举办Quality Month活动的通知（征求意见稿）",
        ),
        ("首页 > 通知公告 > 正文\n某省质量协会关于开展评选的公告\n", "某省质量协会关于开展评选的公告"),
        ("2024年度质量活动实施方案\n", "2024年度质量活动实施方案"),
        ("# 2024年度活动安排表\n", "2024年度活动安排表"),
    ],
)
def test_title(head: str, title: str) -> None:
    assert read_text(head + "各单位：\n时间\t内容\n3月\t报名\n4月\t评审\n").title == title


@pytest.mark.parametrize(
    ("head", "tail", "given_year", "year"),
    [
        ("关于开展2024年活动的通知\n", "", None, 2024),
        ("关于开展活动的通知\n某质协〔2023〕8号\n", "", None, 2023),
        ("关于开展活动的通知\n", "某某协会\n2022年3月1日\n", None, 2022),
        ("关于开展二〇二四年活动的通知\n", "", None, 2024),
        ("关于开展活动的通知\n根据《规划（2021-2035年）》和国发〔2019〕5号\n", "", None, None),
        ("关于开展2024年活动的通知\n", "", 2026, 2026),
    ],
)
def test_year(head: str, tail: str, given_year: int | None, year: int | None) -> None:
    notice = read_text(head + "时间\t内容\n3月\t报名\n4月\t评审\n" + tail, year=given_year)
    assert notice.year == year
    assert [r.start.year if r.start else None for r in notice.rows] == [year, year]
    assert ("year_unknown" in [w.code for w in notice.warnings]) == (year is None)


def _codes(table: str, **more: int) -> list[tuple[int | None, str]]:
    return [(w.row, w.code) for w in read_text("关于开展2024年活动的通知\n" + table, **more).warnings]


def test_doubts_stand_beside_their_rows() -> None:
    head = "序号\t内容\t时间\n1\t报名\t3月\n"
    assert _codes(head + "2\t评审\t待定\n3\t交流\t2月30日\n4\t推广\t8月-5月\n5\t总结\t见附件\n") == [
        (2, "undecided"), (3, "impossible_date"), (4, "reversed_range"), (5, "no_date"),
    ]  # fmt: skip
    assert _codes(head + "2\t评审\t11月-2月\n3\t交流\t3月、9月各一次\n") == [
        (2, "year_crossed"),
        (3, "several_windows"),
    ]
    assert _codes(head + "2\t启动\t即日起\n") == [(2, "open_start")]
    assert _codes(head + "2\t评审\t2024年5月\n", year=2025) == [(2, "year_differs")]


def test_text_beside_a_table_is_pointed_out() -> None:
    table = "序号\t内容\t时间\n1\t报名\t3月\n2\t评审\t5月\n"
    assert _codes("请于5月31日前报送材料。\n" + table) == []
    assert _codes(table + "请于6月20日前报送推荐汇总表。\n") == [(None, "prose_skipped")]


def test_a_page_says_when_it_was_published() -> None:
    text = "关于2024年征文的通知\n发布时间：2024-02-27 来源：协会 点击：1024\n（一）征文（即日起至4月10日）\n"
    notice = read_text(text)
    assert (notice.notice_date, [r.title for r in notice.rows]) == (date(2024, 2, 27), ["征文"])
    assert notice.rows[0].start == date(2024, 2, 27)
    assert read_text("关于2024年征文的通知\n征文：3月\n评审：4月\n2024年2月3日印发\n").notice_date == date(2024, 2, 3)


def test_a_stage_keeps_the_address_behind_it() -> None:
    text = "（一）注册阶段（4月1日至4月15日）：登录http://a.example.org/reg注册。\n（二）学习阶段（5月）\n登录http://a.example.org/study学习。\n"
    assert [r.url for r in read_text(HEAD + text).rows] == ["http://a.example.org/reg", "http://a.example.org/study"]


def test_years_follow_the_order_of_rows() -> None:
    told = read_text("关于评选的通知\n时间\t内容\n2024年11月\t报名\n12月\t评审\n2025年1月\t公示\n3月\t表彰\n")
    assert [r.start.year for r in told.rows if r.start] == [2024, 2024, 2025, 2025]
    assert [(w.row, w.code) for w in told.warnings] == [(4, "year_inferred")]
    silent = read_text("关于2024年评选的通知\n时间\t内容\n9月\t报名\n11月\t评审\n12月\t公示\n1月\t表彰\n")
    assert [r.start.year for r in silent.rows if r.start] == [2024, 2024, 2024, 2025]
    assert [(w.row, w.code) for w in silent.warnings] == [(4, "year_crossed")]


def test_merged_cells_are_marked_and_blank_ones_are_not_filled() -> None:
    def table(cell: Cell) -> Table:
        rows = [("序号", "内容", "时间"), ("1", "报名", "3月")]
        return Table((*(tuple(map(Cell, r)) for r in rows), (Cell("2"), Cell("培训"), cell)), knows_merges=True)

    title = Paragraph("关于开展2024年活动的通知")
    merged, blank = read([title, table(Cell("3月", True))]), read([title, table(Cell(""))])
    assert (merged.rows[1].start, merged.rows[1].inherited) == (date(2024, 3, 1), True)
    assert (blank.rows[1].start, blank.rows[1].inherited) == (None, False)
    assert [w.code for w in blank.warnings] == ["no_date"]


def test_the_result_is_plain_and_its_codes_are_known() -> None:
    notice = read_text(HEAD + "序号\t内容\t时间\n1\t报名\t3月\n2\t评审\t待定\n" + TAIL)
    shown = notice.as_dict("en")
    assert list(shown) == ["title", "year", "notice_date", "rows", "warnings"]
    assert list(shown["rows"][0]) == ["seq", "title", "text", "start", "end", "party", "url", "fuzzy", "inherited"]  # type: ignore[index]
    assert shown["warnings"] == [{"row": 2, "code": "undecided", "message": notice.warnings[0].message("en")}]
    assert notice.rows[0].source == "1 | 报名 | 3月"
    assert {w.code for w in notice.warnings} <= CODES
    assert notice.warnings[0].message() != notice.warnings[0].message("en")


def test_diff_names_what_changed() -> None:
    old = read_text(
        HEAD + "序号\t内容\t时间\t责任单位\n1\t活动报名\t3月\t甲\n2\t成果评审\t4月\t乙\n3\t成果发布\t5月\t乙\n"
    )
    new = read_text(
        HEAD + "序号\t内容\t时间\t责任单位\n1\t活动报名\t3-4月\t甲\n2\t培训\t3月\t丙\n3\t成果评审工作\t4月\t丁\n"
    )
    changes = [(c.kind, c.fields, (c.old or c.new).title) for c in diff(old, new)]  # type: ignore[union-attr]
    assert ("moved", ("end", "text"), "活动报名") in changes
    assert ("changed", ("title", "party"), "成果评审") in changes
    assert ("removed", (), "成果发布") in changes
    assert ("added", (), "培训") in changes
    assert diff(old, old) == ()


_LINES = st.sampled_from(
    ["序号\t内容\t时间", "1\t报名\t3月", "2\t评审\t4月-2月", "\t序号", "\t1", "\t3月", "| 3月 | 报名 |", "|---|---|", "", "3月", "一、安排", "时间",
     "内容", "责任单位", "（一）报名（3月）", "第一阶段：宣传（4-5月）", "请于3月1日前报送材料。", "2024年1月15日", "某协会", "+--+--+", "│3月│报名│",
     "序号  内容  时间", "1  报名  3月", "附件：1.表", "关于开展2024年活动的通知", "http://a.cn", "时间：3月", "\t\t", "　", "备注：无"]
)  # fmt: skip


@given(st.lists(_LINES, max_size=30).map("\n".join))
@settings(max_examples=200, deadline=None)
def test_any_mixture_of_lines_reads_soundly(text: str) -> None:
    notice = read_text(text)
    assert asdict(notice) == asdict(read_text(text))
    assert all(r.start is None or r.end is None or r.start <= r.end for r in notice.rows)
    assert all(r.title or any(w.code == "no_title" for w in notice.warnings) for r in notice.rows)
    assert {w.code for w in notice.warnings} <= CODES


@given(st.text(max_size=400), st.sampled_from(["", HEAD, "序号\t内容\t时间\n", "（一）"]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_reads_without_an_error(text: str, head: str) -> None:
    read_text(head + text).as_dict()


@pytest.mark.parametrize(
    "piece", ["时间,内容\n", "\"", "出席3月1日", "延长至3月1日", "1.报名：待定\n", "征集时间\n3月\n", "1 ", "1", "-", "—", "3月-", "3、", "(", "\t", "|", "\n", "\t\n", "1\t", " ", "一", "第一", "《", "http://", "a.", "2024年", "9:00-", "a@",
              "1\t报名\t3月\n", "+--+--+\n", "内容\n时间\n", "请于3月1日前报送材料，", "（一）报名（3月）\n", "a  b  3月\n"],
)  # fmt: skip
def test_long_and_hostile_text_is_answered_soon(piece: str) -> None:
    text = "关于开展2024年活动的通知\n" + piece * (200_000 // len(piece))
    began = time.process_time()
    assert len(read_text(text).rows) <= 500
    assert time.process_time() - began < 5  # a second on an idle machine; a runaway expression takes minutes


@pytest.fixture
def real_notice() -> str:
    root = Path(__file__).resolve().parents[2]
    return (root / "workflows" / "qtb" / "notice-2024.txt").read_text(encoding="utf-8")
