# ruff: noqa: E501 - pages and tables of bad files are easier to judge unbroken
"""Notices as files: each format, merged cells, encodings, and files that are hostile or no notices at all."""

from __future__ import annotations

from datetime import date

import docx
import pytest

from qtb.documents.notices import read_file
from qtb.domain.notice import Notice
from tests.documents.makers import Pdf, saved, word

LINES = ["关于开展2024年质量信得过班组活动的通知", "各单位：", "二、活动安排"]
ROWS = [
    ["序号", "内容", "时间", "责任单位"],
    ["1", "活动报名\nhttp://a.cn", "3-5月", "各单位"],
    ["2", "培训", "", ""],
    ["3", "评审", "7月下旬", "市质协"],
]
AFTER = ["三、联系方式", "某市质量协会", "2024年1月15日"]
WIDTHS = [40, 200, 100, 120]
TEXT = "\n".join(LINES) + "\n序号\t内容\t时间\n1\t报名\t3月\n2\t评审\t4月\n" + "\n".join(AFTER)
FIRST, LAST = date(2024, 3, 1), date(2024, 5, 31)


def _brief(notice: Notice) -> list[tuple[str, str, bool]]:
    return [(r.title, r.text, r.inherited) for r in notice.rows]


def _is_framed(notice: Notice) -> bool:
    return (notice.title, notice.year, notice.notice_date) == (LINES[0], 2024, date(2024, 1, 15))


def test_word_with_merged_cells() -> None:
    notice = read_file(word(LINES, ROWS, [(1, 2, 2, 2), (1, 3, 2, 3)], AFTER), "a.docx")
    assert _brief(notice) == [("活动报名", "3-5月", False), ("培训", "3-5月", True), ("评审", "7月下旬", False)]
    assert [r.party for r in notice.rows] == ["各单位", "各单位", "市质协"]
    assert notice.rows[0].url == "http://a.cn"
    assert _is_framed(notice)
    assert notice.warnings == ()


def test_word_keeps_blank_cells_blank() -> None:
    notice = read_file(word(LINES, ROWS, (), AFTER), "a.docx")
    assert (notice.rows[1].start, notice.rows[1].inherited) == (None, False)
    assert [(w.row, w.code) for w in notice.warnings] == [(2, "no_date")]


def test_word_caption_over_the_whole_width() -> None:
    rows = [["2024年活动安排表", "", "", ""], *ROWS]
    assert [r.title for r in read_file(word(LINES, rows, [(0, 0, 0, 3)]), "a.docx").rows] == [
        "活动报名",
        "培训",
        "评审",
    ]


def test_word_stages_in_text() -> None:
    notice = read_file(word([*LINES, "（一）报名阶段（3月1日—5月31日）", "（二）评审（6月）"], [], (), AFTER), "a.docx")
    assert _brief(notice) == [("报名阶段", "3月1日—5月31日", False), ("评审", "6月", False)]


def test_word_table_inside_a_table_and_tables_drawn_with_tabs() -> None:
    document = docx.Document()
    document.add_paragraph(LINES[0])
    inner = document.add_table(1, 1).cell(0, 0).add_table(3, 2)
    for i, row in enumerate([["时间", "内容"], ["3月", "报名"], ["4月", "评审"]]):
        for j, text in enumerate(row):
            inner.cell(i, j).text = text
    assert _brief(read_file(saved(document), "a.docx")) == [("报名", "3月", False), ("评审", "4月", False)]
    drawn = word([LINES[0], "序号\t内容\t时间", "1\t报名\t3月", "2\t评审\t4月"], [])
    assert _brief(read_file(drawn, "a.docx")) == [("报名", "3月", False), ("评审", "4月", False)]


def test_word_text_box_and_automatic_numbers() -> None:
    document = docx.Document()
    document.add_paragraph(LINES[0])
    for text in ("报名：3月1日至3月31日", "评审：4月"):
        document.add_paragraph(text, style="List Number")
    box = docx.oxml.parse_xml(
        '<w:r xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:pict><w:txbxContent><w:p><w:r>'
        "<w:t>公示时间：5月</w:t></w:r></w:p></w:txbxContent></w:pict></w:r>"
    )
    document.add_paragraph("见下框")._p.append(box)
    assert _brief(read_file(saved(document), "a.docx")) == [
        ("报名", "3月1日至3月31日", False),
        ("评审", "4月", False),
        ("公示", "5月", False),
    ]


def test_pdf_ruled_table_with_a_merged_cell() -> None:
    pdf = Pdf()
    for line in LINES:
        pdf.write(line)
    pdf.table([ROWS[0], ["1", "活动报名", "3-5月", "各单位"], ["2", "培训", None, None], ROWS[3]], WIDTHS)
    for line in AFTER:
        pdf.write(line)
    notice = read_file(pdf.bytes(), "a.pdf")
    assert _brief(notice) == [("活动报名", "3-5月", False), ("培训", "3-5月", True), ("评审", "7月下旬", False)]
    assert _is_framed(notice)


@pytest.mark.parametrize("repeats", [True, False])
def test_pdf_table_over_two_pages(repeats: bool) -> None:
    pdf = Pdf()
    pdf.write(LINES[0])
    pdf.table([ROWS[0], ["1", "活动报名", "3-5月", "各单位"], ["2", "培训", "6月", "各单位"]], WIDTHS)
    pdf.page()
    pdf.table([*([ROWS[0]] if repeats else []), ["3", "评审", "7月", "市质协"], ["4", "发布", "8月", "市质协"]], WIDTHS)
    notice = read_file(pdf.bytes(), "a.pdf")
    assert [(r.seq, r.title, r.text) for r in notice.rows] == [
        (1, "活动报名", "3-5月"),
        (2, "培训", "6月"),
        (3, "评审", "7月"),
        (4, "发布", "8月"),
    ]


def test_pdf_without_rules_and_in_text() -> None:
    pdf = Pdf()
    pdf.write(LINES[0])
    for row in (ROWS[0], ["1", "活动报名", "3-5月", "各单位"], ["2", "评审", "7月", "市质协"]):
        pdf.at([(60, row[0]), (110, row[1]), (300, row[2]), (400, row[3])])
    assert _brief(read_file(pdf.bytes(), "a.pdf")) == [("活动报名", "3-5月", False), ("评审", "7月", False)]
    pdf = Pdf()
    for line in (LINES[0], "（一）报名阶段（3月1日—5月31日）", "（二）评审（6月）", "— 1 —"):
        pdf.write(line)
    assert _brief(read_file(pdf.bytes(), "a.pdf")) == [("报名阶段", "3月1日—5月31日", False), ("评审", "6月", False)]


PAGE = (
    "<!DOCTYPE html><html><head><meta charset='{}'><title>x</title><style>td{{}}</style></head><body><script>var a='3月1日前报送';</script>"
    "<div>首页 &gt; 通知公告</div><h1>关于开展2024年<br>活动的通知</h1><p>发布时间：2024-01-10 10:00 来源：本会</p><table><tr><th>序号</th>"
    "<th>内&nbsp;&nbsp;容</th><th>时间</th><th>责任单位</th></tr><tr><td>1</td><td>报名<br><a href='x'>http://x.cn/a</a></td><td rowspan=2>"
    "3月1日<br>—5月31日</td><td rowspan=2>各单位</td></tr><tr><td>2</td><td>申报</td></tr><tr><td colspan=4>二、后续</td></tr><tr><td>3</td>"
    "<td>评审</td><td>7月</td><td>市质协</td></tr></table><p style='display:none'>请于9月1日前报送</p><p>某市质量协会</p><p>2024年1月10日</p></body></html>"
)


@pytest.mark.parametrize(
    ("charset", "codec"),
    [("utf-8", "utf-8"), ("gb2312", "gbk"), ("gb18030", "gb18030"), ("utf-8", "gbk"), ("gbk", "utf-8")],
)
@pytest.mark.parametrize("name", ["a.html", "a.htm", "a.txt", ""])
def test_web_page(charset: str, codec: str, name: str) -> None:
    notice = read_file(PAGE.format(charset).encode(codec), name)
    assert [(r.seq, r.title, r.start, r.end, r.party, r.inherited) for r in notice.rows] == [
        (1, "报名", FIRST, LAST, "各单位", False), (2, "申报", FIRST, LAST, "各单位", True),
        (3, "评审", date(2024, 7, 1), date(2024, 7, 31), "市质协", False),
    ]  # fmt: skip
    assert (notice.title, notice.notice_date, notice.rows[0].url) == (
        "关于开展2024年活动的通知",
        date(2024, 1, 10),
        "http://x.cn/a",
    )


@pytest.mark.parametrize(
    "body",
    [
        "<table><tr><td>导航</td></tr><tr><td><p>{0}</p><table><tr><td>时间</td><td>内容</td></tr><tr><td>3月</td><td>报名</td></tr>"
        "<tr><td>4月</td><td>评审</td></tr></table></td></tr></table>",
        "<div>{0}</div><div>内容</div><div>时间</div><div>单位</div><div>报名</div><div>3月</div><div>甲</div><div>评审</div><div>4月</div><div>乙</div>",
        "<table><tr><td><ul><li>首页</li><li>通知</li></ul></td><td><h2>{0}</h2><p>来源：协会</p><p>（一）报名（3月）</p><p>（二）评审（4月）</p></td></tr></table>",
        "<p>{0}</p><dl><dt>报名时间</dt><dd>3月</dd><dt>评审时间</dt><dd>4月</dd></dl>",
        "<p>{0}</p><ol><li>报名（3月）</li><li>评审（4月）</li></ol>",
        "<h1>{0}</h1><pre>序号  内容  时间\n1     报名  3月\n2     评审  4月</pre>",
        "<p>{0}</p><table><thead><tr><th>事项<th>时间<tbody><tr><td>报名<td>3月<tr><td>评审<td>4月</table>",
    ],
)
def test_web_page_layouts(body: str) -> None:
    page = "<html><body>" + body.format(LINES[0]) + "</body></html>"
    assert [(r.title, r.text) for r in read_file(page.encode(), "a.html").rows] == [("报名", "3月"), ("评审", "4月")]


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "gbk"]
)
@pytest.mark.parametrize("name", ["a.txt", "notice", "a.md"])
def test_encodings(codec: str, name: str) -> None:
    notice = read_file(TEXT.encode(codec), name)
    assert [r.title for r in notice.rows] == ["报名", "评审"]
    assert _is_framed(notice)
