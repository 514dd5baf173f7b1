"""The organiser's page of results: what it says, what it proposes, its workbook; and nobody else has it."""

from __future__ import annotations

import io
import re

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from qtb.i18n import word
from qtb.store.submissions import Submission
from tests.services.test_results import FAIR, GOOD, POOR, levels, scored
from tests.web.conftest import Web

PAGE = "/admin/cycles/2024/results"


@pytest.fixture
def judged(web: Web) -> Web:
    """July: three works were scored, one of them by two judges only."""
    web.go("2024-07-10 10:00")
    scored(web.world, "甲班", GOOD, GOOD, "74")
    scored(web.world, "乙班", FAIR, FAIR, FAIR)
    scored(web.world, "丙班", POOR, POOR)
    return web


def test_the_page_says_order_cuts_and_judges(judged: Web) -> None:
    page = re.sub(r"\s+", " ", judged.client("olga").get(PAGE).text)
    assert "有效成果 2 件 × 42%，名额 1 个。" in page
    assert page.index("甲班") < page.index("丙班")
    assert "有效评分不足" in page
    assert "将改变 2 件成果的拟定等级" in page
    assert "%%" not in page


def test_levels_are_proposed_and_taken_back_by_the_page(judged: Web) -> None:
    olga = judged.client("olga")
    shown = re.findall(r'name="shown" value="([0-9a-f]{64})"', olga.get(PAGE).text)[0]
    assert olga.post(f"{PAGE}/levels", data={"shown": "0" * 64}).status_code == 409
    assert olga.post(f"{PAGE}/levels", data={"shown": shown}).status_code == 303
    assert levels(judged.world) == {"甲班": "EXCELLENT", "乙班": "PROGRESS", "丙班": ""}
    assert "已为 2 件成果拟定等级" in olga.get(PAGE).text
    assert olga.post(f"{PAGE}/levels", data={"shown": shown}).status_code == 409
    assert olga.post(f"{PAGE}/levels/back").status_code == 303
    assert set(levels(judged.world).values()) == {""}
    assert olga.post(f"{PAGE}/levels/back").status_code == 409
    history = olga.get("/admin/history").text
    assert "批量拟定等级" in history
    assert "撤回批量拟定" in history


def test_a_level_without_its_reason_is_refused_with_the_way_back_to_the_work(judged: Web) -> None:
    olga = judged.client("olga")
    work = judged.world.session.scalar(select(Submission.id).where(Submission.team_name == "甲班"))
    page, url = f"/submissions/{work}", f"/admin/submissions/{work}/level"
    refused = olga.post(url, data={"level": "PROGRESS"}, headers={"Referer": f"http://localhost{page}?x=1"})
    assert refused.status_code == 422
    assert f'href="{page}?x=1"' in refused.text
    for other in ("http://evil.example/x", "http://localhost//evil.example", "http://[", "http://a]b/"):
        assert "返回刚才的页面" not in olga.post(url, data={"level": "x"}, headers={"Referer": other}).text
    assert olga.post(url, data={"level": "PROGRESS", "reason": "会议意见"}).status_code == 303
    undecided = word("zh", "tools.undecided")
    assert f"拟定了等级：{undecided} → 推进级" in olga.get(page).text
    assert "单独决定" in olga.get(PAGE).text
    assert olga.post(url, data={}).status_code == 422
    assert olga.post(url, data={"level": ""}).status_code == 303
    assert olga.post(url, data={"level": ""}).status_code == 422
    assert set(levels(judged.world).values()) == {""}


def test_the_workbook_holds_the_same(judged: Web) -> None:
    answer = judged.client("olga").get(f"{PAGE}.xlsx")
    book = load_workbook(io.BytesIO(answer.data))
    works, cuts, judges = book.worksheets
    heads = [cell.value for cell in works[1]]
    first = dict(zip(heads, [cell.value for cell in works[2]], strict=True))
    assert (first["名次"], first["班组"], first["总评分"], first["按排名拟定"]) == (1, "甲班", 90, "优秀级")
    assert [row[0].value for row in cuts.iter_rows(min_row=2)] == ["标杆级", "优秀级", "推进级"]
    assert sorted(row[0].value for row in judges.iter_rows(min_row=2)) == ["ed", "eli", "eve"]


def test_nobody_else_learns_of_it(judged: Web) -> None:
    for who in ("alice", "rita", "eve"):
        client = judged.client(who)
        assert [client.get(url).status_code for url in (PAGE, f"{PAGE}.xlsx")] == [403, 403]
        assert client.post(f"{PAGE}/levels", data={"shown": "0"}).status_code == 403
        assert client.post(f"{PAGE}/levels/back").status_code == 403
    assert judged.client().get(PAGE).status_code == 302


def test_a_year_without_works_says_so(web: Web) -> None:
    assert "还没有进入评价的成果" in web.client("olga").get(PAGE).text
