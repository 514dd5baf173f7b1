"""Pages of a judge from whom the applicant is hidden, crawled for its names; the switch on the board."""

from __future__ import annotations

import pytest

from qtb.services import blindness
from qtb.store.cycles import Cycle
from qtb.store.unit import unit
from tests.web.conftest import Web
from tests.web.test_canary import Planted, _everything

NAMES = ("浦江电机厂", "总装一班", "测试组长", "测试联系人", "组员01", "021-55550000", "contact@example.org")
BOARD = "/admin/cycles/2024/judging"


def switch(web: Web, blind: bool, reason: str = "") -> None:
    """Hide the applicant from whoever judges the material, or show it."""
    world = web.world
    with unit(world.session) as session:
        cycle = session.get_one(Cycle, world.cycle.id)
        blindness.change(session, cycle, "MAT", blind, reason=reason, actor=world.actor("olga"), now=world.now)


@pytest.fixture
def work(web: Web) -> int:
    """Return a work in July, with eve, whose title names its unit."""
    case = web.world.submitted(title="浦江电机厂降低返工率")
    web.world.override(case, "recommended")
    web.go("2024-07-02 10:00")
    web.world.assign(case, "eve", "ed", "ewa")
    return case


def test_no_page_or_file_tells_a_judge_whose_work_it_is(web: Web, work: int) -> None:
    assert "总装一班" in web.client("eve").get("/evaluator/").text
    switch(web, blind=True)
    eve, planted = web.client("eve"), Planted(work, "20240001")
    paths = []
    for path, text in _everything(web, eve, planted):
        assert not [name for name in NAMES if name in text], path
        paths.append(path)
    assert {"/evaluator/", "/evaluator/sheets/1", "/evaluator/sheets/1/recuse"} <= {*paths}
    page = eve.get("/evaluator/sheets/1").text
    assert "申报单位已隐去" in page
    assert "〔…〕降低返工率" in page
    assert eve.get(f"/submissions/{work}").status_code == 404


def test_a_judge_stands_back_from_a_hidden_work_but_not_from_its_unit(web: Web, work: int) -> None:
    switch(web, blind=True)
    eve = web.client("eve")
    assert 'name="unit"' not in eve.get("/evaluator/sheets/1/recuse").text
    assert eve.post("/evaluator/sheets/1/recuse", data={"reason": "似为原单位", "unit": "yes"}).status_code == 303
    assert [row.kind for row in web.world.history("account", web.world.people["eve"].id)].count("conflict") == 0


def test_the_organiser_hides_and_shows_on_the_board(web: Web, work: int) -> None:
    olga, eve = web.client("olga"), web.client("eve")
    page = olga.post("/admin/cycles/2024/blind", data={"sheet": "MAT", "blind": "yes"}, follow_redirects=True)
    assert "「资料评价」的评审专家从现在起看不到申报单位。" in page.text
    assert "总装一班" not in eve.get("/evaluator/").text
    refused = olga.post("/admin/cycles/2024/blind", data={"sheet": "MAT", "blind": ""})
    assert refused.status_code == 422
    assert "总装一班" not in eve.get("/evaluator/").text
    assert olga.post("/admin/cycles/2024/blind", data={"sheet": "MAT", "reason": "改为公开"}).status_code == 303
    assert "总装一班" in eve.get("/evaluator/").text
    assert web.client("rita").post("/admin/cycles/2024/blind", data={"sheet": "MAT"}).status_code == 403


def test_the_others_points_stand_beside_a_finished_sheet_without_names(web: Web, work: int) -> None:
    web.world.score(work, "ed", "4.5")
    eve, ewa = web.client("eve"), web.client("ewa")
    assert "其他专家的评分" not in eve.get("/evaluator/sheets/1").text
    web.world.score(work, "eve")
    page = eve.get("/evaluator/sheets/1").text
    assert "其他专家的评分" in page
    assert "专家 1" in page
    assert ">4.5<" in page
    assert "其他专家的评分" not in ewa.get("/evaluator/sheets/3").text
