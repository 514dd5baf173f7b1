"""Pages of proposing to eliminate and of answering; nobody else learns of it."""

from __future__ import annotations

import pytest

from tests.web.conftest import Web

SHEET, LIST = "/evaluator/sheets/1/eliminate", "/admin/cycles/2024/eliminations"
REASON, ANSWER = "秘密淘汰理由", "秘密淘汰答复"


@pytest.fixture
def work(web: Web) -> int:
    """Return a work in July that three judge."""
    case = web.world.submitted()
    web.world.override(case, "recommended")
    web.go("2024-07-10 10:00")
    web.world.judged(case)
    return case


def test_from_the_judges_page_to_the_organisers_and_back(web: Web, work: int) -> None:
    eve, olga = web.client("eve"), web.client("olga")
    assert SHEET in eve.get("/evaluator/sheets/1").text
    assert eve.post(SHEET, data={"reason": ""}).status_code == 422
    assert "等待主办方确认" in eve.post(SHEET, data={"reason": REASON}, follow_redirects=True).text
    assert REASON in eve.get(SHEET).text
    assert "(1)" in olga.get("/admin/cycles/2024/results").text
    assert REASON in olga.get(LIST).text
    refused = olga.post(f"{LIST}/1", data={"act": "confirm", "reason": ""})
    assert refused.status_code == 422
    assert olga.post(f"{LIST}/1", data={"act": "other", "reason": "x"}).status_code == 404
    said = olga.post(f"{LIST}/1", data={"act": "confirm", "reason": ANSWER}, follow_redirects=True)
    assert "已确认淘汰" in said.text
    assert "已淘汰" in olga.get("/admin/cycles/2024/results").text
    assert "主办方已于" in eve.get(SHEET).text
    case, sheet = f"/submissions/{work}", "/evaluator/sheets/2"
    for name, path in (("alice", case), ("rita", case), ("ed", case), ("ed", sheet), ("ed", f"{sheet}/eliminate")):
        assert not [one for one in (REASON, ANSWER) if one in web.client(name).get(path).text]
    said = olga.post(f"{LIST}/1", data={"act": "back", "reason": "误判"}, follow_redirects=True)
    assert "已撤销淘汰" in said.text


def test_a_judge_withdraws(web: Web, work: int) -> None:
    eve = web.client("eve")
    eve.post(SHEET, data={"reason": REASON})
    assert eve.post(f"{SHEET}/withdraw").status_code == 303
    assert eve.post(f"{SHEET}/withdraw").status_code == 409
    assert web.client("ed").get(SHEET).status_code == 404


def test_the_board_says_which_sheets_are_not_waited_for(web: Web) -> None:
    case, board = web.world.submitted(), "/admin/cycles/2024/judging"
    web.world.override(case, "recommended")
    web.go("2024-07-10 10:00")
    web.world.assign(case, "eve", "ed")
    eve, olga = web.client("eve"), web.client("olga")
    eve.post(SHEET, data={"reason": REASON})
    assert "不再等待" not in olga.get(board).text
    olga.post(f"{LIST}/1", data={"act": "confirm", "reason": ANSWER})
    assert "另有 2 份评分表所评成果已确认淘汰，不再等待。" in olga.get(board).text
