"""The organiser's page of the national round, its workbook, its command; closed to everybody else."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.cli.calls import good
from tests.web.conftest import Web

PAGE = "/admin/cycles/2024/nominations"


@pytest.fixture
def work(web: Web) -> int:
    """Return a published work of the highest level."""
    case = web.world.submitted()
    web.world.override(case, "recommended")
    web.go("2024-07-10 10:00")
    web.world.judged(case)
    web.world.move(case, "evaluate", "olga")
    web.world.propose(case, "BENCHMARK")
    return case


def test_before_and_after_the_publication(web: Web, work: int, settings: dict[str, Any]) -> None:
    olga = web.client("olga")
    assert "总装一班" not in olga.get(PAGE).text
    web.go("2024-08-20 10:00")
    page = olga.get(PAGE).text
    assert all(text in page for text in ("总装一班", "预选", "名额未定"))
    assert olga.post(f"{PAGE}/places", data={"places": "x"}).status_code == 422
    assert "名额 0 件" in olga.post(f"{PAGE}/places", data={"places": "0"}, follow_redirects=True).text
    olga.post(f"{PAGE}/places", data={"places": "1"})
    shown = olga.get(PAGE).text.split('name="shown" value="')[1].split('"')[0]
    assert olga.post(PAGE, data={"work": [work], "shown": "old"}).status_code == 409
    assert olga.post(PAGE, data={"shown": shown}).status_code == 422
    assert "推荐到下一级" not in web.client("alice").get(f"/submissions/{work}").text
    said = olga.post(PAGE, data={"work": [work], "shown": shown}, follow_redirects=True).text
    assert "已确定推荐 1 件" in said
    assert "请手工填写：20240001" in said
    assert f"/submissions/{work}/forms/national" in said
    assert olga.get(f"/submissions/{work}/forms/national").status_code == 200
    shown = olga.get(PAGE).text.split('name="shown" value="')[1].split('"')[0]
    olga.post(PAGE, data={"shown": shown, "reason": "内部理由"})
    told = web.client("alice").get(f"/submissions/{work}").text
    assert "不再推荐到下一级" in told
    assert "内部理由" not in told
    assert "不再推荐到下一级" not in web.client("rita").get(f"/submissions/{work}").text
    shown = olga.get(PAGE).text.split('name="shown" value="')[1].split('"')[0]
    olga.post(PAGE, data={"work": [work], "shown": shown})
    rows = list(load_workbook(io.BytesIO(olga.get(f"{PAGE}.xlsx").data)).active.iter_rows(values_only=True))
    assert (rows[1][0], rows[1][2]) == (1, "总装一班")
    asked = ("nomination", "show", "2024", "--format", "json", "--as", "olga@example.org")
    told = json.loads(good({**settings, "DEMO": True}, *asked))
    assert (told["places"], told["works"][0]["chosen"], told["works"][0]["team"]) == (1, True, "总装一班")
    assert "曾被推荐" not in olga.get(PAGE).text
    web.world.move(work, "revoke", "olga", note="数据不实")
    page = olga.get(PAGE).text
    assert all(text in page for text in ("曾被推荐", "已撤销", "20240001"))
    shown = page.split('name="shown" value="')[1].split('"')[0]
    assert "已确定推荐 0 件" in olga.post(PAGE, data={"shown": shown}, follow_redirects=True).text
    assert "曾被推荐" not in olga.get(PAGE).text


@pytest.mark.parametrize("who", [None, "alice", "rita", "eve"])
def test_nobody_else_comes_in(web: Web, work: int, who: str | None) -> None:
    for path in (PAGE, f"{PAGE}.xlsx"):
        assert web.client(who).get(path).status_code in (302, 403)
    assert web.client(who).post(PAGE).status_code in (302, 403)
