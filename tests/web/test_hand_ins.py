"""Statistics and summary of a recommending unit: filled by what the system knows, handed in once, opened again."""

from __future__ import annotations

import io
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from qtb.domain.errors import Conflict, Denied, Invalid, NotNow
from qtb.services import hand_ins
from qtb.services.answers import Incorrect
from qtb.store.hand_ins import HandIn
from qtb.store.unit import unit
from tests.domain.test_form_check import FIGURES
from tests.web.conftest import Web
from tests.world import World, at

SUMMARY = {
    "org_and_mobilise": "召开动员会。", "training": "培训四十人。", "activities": "岗位练兵。", "results": "见统计表。",
    "next_plan": "扩大覆盖。",
}  # fmt: skip
COUNTED = {"teams_registered": "2", "teams_declared": "1", "teams_recommended": "0"}


@pytest.fixture
def year(world: World) -> World:
    """May: one team submitted and one registered with the unit; one team is another unit's."""
    world.go("2024-05-20 10:00")
    world.submitted()
    world.move(world.enter(team="总装二班"), "register", "alice")
    other = str(world.units["机电行业协会"].id)
    world.move(world.enter("bob", team="别的班", recommender=other, unit_name="江南物业"), "register", "bob")
    return world


def save(world: World, form: str, raw: dict[str, Any], who: str = "rita", seen: int | None = None) -> HandIn:
    """Save a form of the unit."""
    with unit(world.session) as work:
        return hand_ins.save(
            work, cycle=world.cycle, unit=world.units["浦东区质协"], form=form, raw=raw, actor=world.actor(who),
            now=world.now, seen=seen,
        )  # fmt: skip


def send(world: World, form: str, who: str = "rita") -> HandIn:
    """Hand a form of the unit in."""
    with unit(world.session) as work:
        return hand_ins.hand_in(
            work, cycle=world.cycle, unit=world.units["浦东区质协"], form=form, actor=world.actor(who), now=world.now
        )


def test_the_system_counts_the_units_own_teams(year: World) -> None:
    said = hand_ins.said(year.session, year.cycle, year.units["浦东区质协"].id)
    assert [said[key] for key in hand_ins.FAR] == [2, 1, 0]
    said = hand_ins.said(year.session, year.cycle, year.units["机电行业协会"].id)
    assert [said[key] for key in hand_ins.FAR] == [1, 0, 0]


def test_a_team_that_ended_still_counts_as_far_as_it_came(year: World) -> None:
    team = year.submitted(team="总装三班")
    year.move(team, "decline", "rita", note="材料不足")
    said = hand_ins.said(year.session, year.cycle, year.units["浦东区质协"].id)
    assert [said[key] for key in hand_ins.FAR] == [3, 2, 0]


def test_a_changed_figure_wants_a_word_before_it_is_handed_in(year: World) -> None:
    assert not save(year, "statistics", {**FIGURES, "teams_recommended": "0"}).is_complete
    with pytest.raises(Invalid, match="hand_in_incomplete"):
        send(year, "statistics")
    assert save(year, "statistics", {**FIGURES, "figures_note": "另有纸质报名"}).is_complete


def test_what_is_handed_in_is_closed_until_the_organiser_opens_it(year: World) -> None:
    save(year, "statistics", {**FIGURES, **COUNTED})
    kept = send(year, "statistics")
    assert kept.handed_at == year.now
    for deed in (lambda: save(year, "statistics", FIGURES), lambda: send(year, "statistics")):
        with pytest.raises(NotNow, match="handed_in"):
            deed()
    with pytest.raises(Denied), unit(year.session) as work:
        hand_ins.reopen(work, kept, actor=year.actor("rita"), now=year.now, reason="改数字")
    with pytest.raises(Invalid), unit(year.session) as work:
        hand_ins.reopen(work, kept, actor=year.actor("olga"), now=year.now, reason=" ")
    with unit(year.session) as work:
        hand_ins.reopen(work, work.get_one(HandIn, kept.id), actor=year.actor("olga"), now=year.now, reason="数字有误")
    save(year, "statistics", {**FIGURES, **COUNTED, "suggestions": "10"})
    assert send(year, "statistics").values["suggestions"] == 10
    kinds = [row.kind for row in year.history("unit", year.units["浦东区质协"].id)][-5:]
    assert kinds == ["hand_in_saved", "handed_in", "hand_in_reopened", "hand_in_saved", "handed_in"]
    year.sound()


def test_the_row_shuts_the_form_and_an_extension_opens_it(year: World) -> None:
    year.go("2024-03-31 23:59")
    with pytest.raises(NotNow, match="not_open"):
        save(year, "summary", SUMMARY)
    year.now = at("2024-07-01")
    with pytest.raises(NotNow, match="closed"):
        save(year, "summary", SUMMARY)
    year.extend("recommend", "2024-07-05")
    assert save(year, "summary", SUMMARY).is_complete


def test_only_the_unit_fills_its_forms_and_errors_leave_nothing(year: World) -> None:
    for who in ("ralf", "alice", "olga"):
        with pytest.raises(Denied):
            save(year, "statistics", FIGURES, who)
    with pytest.raises(Incorrect):
        save(year, "statistics", {**FIGURES, "participants": "301"})
    assert not year.session.scalars(select(HandIn)).all()


def test_two_who_save_from_one_page_do_not_overwrite_each_other(year: World) -> None:
    save(year, "summary", SUMMARY, seen=0)
    with pytest.raises(Conflict, match="stale"):
        save(year, "summary", {**SUMMARY, "training": "另一稿"}, seen=0)
    assert save(year, "summary", {**SUMMARY, "training": "再一稿"}, seen=1).values["training"] == "再一稿"


def test_a_unit_fills_hands_in_and_prints_in_the_browser(web: Web) -> None:
    web.world.submitted()
    rita, pudong = web.client("rita"), web.world.units["浦东区质协"].id
    path = f"/recommender/years/2024/{pudong}/statistics"
    page = rita.get("/recommender/hand-ins").text
    assert path in page
    assert 'name="teams_registered" type="text" value="1"' in rita.get(path).text
    told = {**FIGURES, "teams_registered": "1", "teams_declared": "1", "teams_recommended": "0", "seen": "0"}
    wrong = rita.post(path, data={**told, "participants": "301"})
    assert wrong.status_code == 422
    assert "参与人数不能多于职工总数" in wrong.text
    assert rita.post(path, data={**told, "then": "hand_in"}).location.endswith("/hand-in")
    assert rita.post(f"{path}/hand-in").status_code == 303
    assert rita.post(f"{path}/hand-in").status_code == 409
    assert rita.post(path, data={**told, "seen": "2"}).status_code == 409
    assert "已报送" in rita.get("/recommender/hand-ins").text
    web.world.session.rollback()
    kept = web.world.session.scalars(select(HandIn.id)).one()
    book = load_workbook(io.BytesIO(rita.get(f"/hand-ins/{kept}.xlsx").data))
    assert [sheet.title for sheet in book] == ["统计表", "推荐成果汇总表"]
    assert ("职工总数", 300) in [tuple(row) for row in book.worksheets[0].iter_rows(max_col=2, values_only=True)]
    assert rita.get(f"/hand-ins/{kept}.pdf").data.startswith(b"%PDF")
    assert {web.client(name).get(f"/hand-ins/{kept}.pdf").status_code for name in ("ralf", "alice", "eve")} == {
        403,
        404,
    }
    assert web.client("ralf").get(path).status_code == 404
    olga = web.client("olga")
    assert "已报送" in olga.get("/admin/cycles/2024/hand-ins").text
    assert olga.post(f"/admin/cycles/2024/hand-ins/{kept}/reopen", data={"reason": ""}).status_code == 422
    assert olga.post(f"/admin/cycles/2024/hand-ins/{kept}/reopen", data={"reason": "数字有误"}).status_code == 303
    assert olga.post(f"/admin/cycles/2024/hand-ins/{kept}/reopen", data={"reason": "再来"}).status_code == 409


def test_a_recommended_work_stands_in_the_list_behind_the_figures(web: Web) -> None:
    team = web.world.submitted(title="=1+1")
    web.world.move(team, "recommend", "rita")
    save(web.world, "statistics", FIGURES)
    kept = web.world.session.scalars(select(HandIn.id)).one()
    book = load_workbook(io.BytesIO(web.client("rita").get(f"/hand-ins/{kept}.xlsx").data))
    assert [cell.value for cell in book.worksheets[1][2]] == [
        1,
        "20240001",
        "总装一班",
        "'=1+1",
        "浦江电机厂",
        "制造类",
    ]


def test_the_summary_names_teams_of_the_unit_only(year: World) -> None:
    theirs = year.enter("bob", team="又一班", recommender=str(year.units["机电行业协会"].id))
    with pytest.raises(Incorrect):
        save(year, "summary", {**SUMMARY, "exemplars": [{"team": str(theirs)}]})
