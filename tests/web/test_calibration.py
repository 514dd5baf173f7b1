"""Pages of the known works: the judge sees what was agreed only afterwards, nobody else sees any of it."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from qtb.store import calibration as store
from tests.adopting import adopted, as_definition
from tests.services.test_calibration import make
from tests.web.conftest import Web

BOARD, ONE = "/admin/cycles/2024/calibration", "/evaluator/calibration/1"
WHY, TEXT = "秘密校准理由", "样例正文内容"


@pytest.fixture
def work(web: Web) -> int:
    """Return a work in July that eve and ed judge."""
    case = web.world.submitted()
    web.world.override(case, "recommended")
    web.go("2024-07-10 10:00")
    web.world.assign(case, "eve", "ed")
    return case


def known(web: Web, **more: str) -> dict[str, str]:
    items = web.world.cycle.definition.rubric.sheets["MAT"].items
    return {"title": "样例甲", "text": TEXT, **{f"p-{key}": "3.5" for key in items}, "w-M1_POSITION": WHY, **more}


def test_from_a_known_work_to_the_distance_and_the_real_sheet(web: Web, work: int) -> None:
    olga, eve = web.client("olga"), web.client("eve")
    assert olga.post(BOARD, data=known(web, **{"p-M1_POSITION": "99"})).status_code == 422
    assert "样例已保存" in olga.post(BOARD, data=known(web), follow_redirects=True).text
    assert "请先完成 1 件校准样例的评分" in eve.get("/evaluator/").text
    page = eve.get(ONE).text
    assert TEXT in page
    assert WHY not in page
    assert "3.5" not in page
    items = web.world.cycle.definition.rubric.sheets["MAT"].items
    assert eve.post(ONE, data={}).status_code == 422
    said = eve.post(ONE, data=dict.fromkeys(items, "5"), follow_redirects=True).text
    assert all(one in said for one in (WHY, "3.5", "+12.00", "差距较大"))
    assert eve.post(ONE, data=dict.fromkeys(items, "3")).status_code == 409
    assert "请先完成" not in eve.get("/evaluator/").text
    board = olga.get(BOARD).text
    assert "+12.00" in board
    rows = list(load_workbook(io.BytesIO(olga.get(f"{BOARD}.xlsx").data)).active.iter_rows(values_only=True))
    assert [row[:3] for row in rows[1:]] == [("ed", None, None), ("eve", 12, 1.5)]
    assert olga.post(f"{BOARD}/trials/1/again", data={}).status_code == 422
    assert "已允许重评" in olga.post(f"{BOARD}/trials/1/again", data={"reason": "误填"}, follow_redirects=True).text
    assert "样例已停用" in olga.post(f"{BOARD}/1/retire", follow_redirects=True).text
    assert olga.post(f"{BOARD}/1/retire").status_code == 409
    assert olga.post(f"{BOARD}/9/retire").status_code == 404


def test_a_work_is_taken_over_without_its_names(web: Web, work: int) -> None:
    page = web.client("olga").get(f"{BOARD}?from=20240001").text
    assert "降低总装线返工率" in page
    assert "总装一班" not in page.split('id="new"')[1]
    assert web.client("olga").get(f"{BOARD}?from=xx").status_code == 404


def test_whoever_stood_back_is_shown_none(web: Web, work: int) -> None:
    make(web.world)
    assert ONE in web.client("eve").get("/evaluator/").text
    web.client("eve").post("/evaluator/sheets/1/recuse", data={"reason": "曾在该单位工作"})
    assert ONE not in web.client("eve").get("/evaluator/").text
    assert web.client("eve").get(ONE).status_code == 404


def test_works_for_a_sheet_that_is_calibrated_no_more_are_shown_to_nobody(web: Web, work: int) -> None:
    make(web.world)
    adopted(web.world, as_definition(lambda raw: raw["calibration"].update(sheet="PRE"), "rubric.yaml"), {})
    assert ONE not in web.client("eve").get("/evaluator/").text
    assert web.client("eve").get(ONE).status_code == 404
    assert web.client("eve").get("/evaluator/sheets/1").status_code == 200
    page = web.client("olga").get(BOARD)
    assert (page.status_code, "样例甲" in page.text) == (200, False)


def test_only_the_years_judges_come_in(web: Web, work: int) -> None:
    make(web.world, reasons={"M1_POSITION": WHY}, text=TEXT)
    assert WHY not in web.client("eve").get(ONE).text
    assert web.client("ewa").get(ONE).status_code == 404
    for name in ("alice", "rita", "eve"):
        assert web.client(name).get(BOARD).status_code == 403
    assert store.trials(web.world.session, web.world.cycle.id) == []
