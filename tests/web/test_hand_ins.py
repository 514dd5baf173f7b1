"""Statistics and summary of a recommending unit: filled by what the system knows, handed in once, opened again."""

from __future__ import annotations

import io
import re
from typing import Any

import pdfplumber
import pytest
from docx import Document
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from qtb.demo_texts import experience
from qtb.domain.errors import Denied, Invalid, NotNow
from qtb.services import hand_ins, rankings
from qtb.services.answers import Incorrect
from qtb.services.merging import Filled
from qtb.store import recommendations
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.drafts import AnswerDraft
from qtb.store.files import File
from qtb.store.hand_ins import HandIn
from qtb.store.unit import unit
from tests import files
from tests.colleagues import colleague
from tests.domain.test_form_check import FIGURES
from tests.web.conftest import Web
from tests.world import World, at

SUMMARY = {
    "org_and_mobilise": "召开动员会。", "training": "培训四十人。", "activities": "岗位练兵。", "results": "见统计表。",
    "next_plan": "扩大覆盖。",
}  # fmt: skip
STAMPED = files.pdf()
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
        if form == "summary":
            mine = hand_ins.begun(
                work, world.cycle, world.units["浦东区质协"], form, actor=world.actor(who), now=world.now
            )
            files.let_stand(work, mine, form, now=world.now)
        return hand_ins.save(
            work, cycle=world.cycle, unit=world.units["浦东区质协"], filled=Filled(form, raw, seen),
            actor=world.actor(who), now=world.now,
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


def test_two_members_who_changed_the_same_are_shown_both_and_one_chooses(web: Web) -> None:
    colleague(web.world, "rose", "浦东区质协", "recommender")
    world, rita, rose = web.world, web.client("rita"), web.client("rose")
    path = f"/recommender/years/2024/{world.units['浦东区质协'].id}/summary"
    first = rita.post(path, data={**SUMMARY, "seen": "0", "request_key": "page-of-rita-1"})
    assert first.status_code == 303
    apart = rose.post(path, data={**SUMMARY, "problems": "缺人手。", "seen": "0", "training": SUMMARY["training"]})
    assert apart.status_code == 303, "what only one changed is merged"
    told = {**SUMMARY, "problems": "缺人手。"}
    rita.post(path, data={**told, "training": "甲稿", "seen": "2", "request_key": "page-of-rita-2"})
    both = {**told, "training": "乙稿", "seen": "2", "request_key": "page-of-rose-2"}
    clash = rose.post(path, data=both)
    assert clash.status_code == 409
    assert "甲稿" in clash.text
    assert "乙稿" in clash.text
    assert rose.get(path).text.count("乙稿") == 1, "what was refused is kept as a draft"
    chosen = rose.post(path, data={**both, "against": "3", "pick-training": "mine"})
    assert chosen.status_code == 303
    world.session.rollback()
    kept = world.session.scalars(select(HandIn)).one()
    assert (kept.version, kept.values["training"], kept.values["problems"]) == (4, "乙稿", "缺人手。")
    versions = f"/hand-ins/{kept.id}/versions"
    shown = rita.get(f"{versions}?from=3&to=4").text
    assert "<del>" in shown
    assert "rose" in shown
    assert "甲稿" in web.client("olga").get(f"{versions}/3").text
    assert {web.client(name).get(versions).status_code for name in ("ralf", "alice", "eve")} == {403, 404}


def test_what_is_typed_is_kept_while_it_is_typed_and_when_it_comes_late(web: Web) -> None:
    colleague(web.world, "rose", "浦东区质协", "recommender")
    world, rita = web.world, web.client("rita")
    path = f"/recommender/years/2024/{world.units['浦东区质协'].id}/summary"
    typed = {"training": "写到一半。", "seen": "0", "request_key": "page-one-of-rita"}
    kept = rita.post(f"{path}/draft", data=typed)
    assert (kept.status_code, kept.json["kept"]) == (200, True)
    assert kept.json["whole"] == "必填 1/6"
    assert "写到一半。" in rita.get(path).text
    assert "写到一半。" not in web.client("rose").get(path).text, "a draft is one person's"
    assert web.client("ralf").post(f"{path}/draft", data=typed).status_code == 404
    web.go("2024-07-01")
    late = rita.post(path, data={**typed, "training": "最后一刻写的。", "takes": "page-one-of-rita"})
    assert late.status_code == 409
    assert "作为草稿保留" in late.text
    assert "最后一刻写的。" in rita.get(path).text
    world.extend("recommend", "2024-07-05")
    done = rita.post(path, data={**SUMMARY, "seen": "0", "request_key": "page-two", "takes": "page-one-of-rita"})
    assert done.status_code == 303
    assert world.session.scalars(select(AnswerDraft)).all() == []
    again = rita.post(f"{path}/draft", data={**typed, "request_key": "page-two"})
    assert again.json["kept"] is False, "what a saved page sent before does not come back"


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


def test_the_recommended_works_stand_behind_the_figures_as_they_were_when_handed_in(web: Web) -> None:
    world, rita = web.world, web.client("rita")
    second, first = world.submitted(title="=1+1"), world.submitted(team="总装二班", title="第二项成果")
    for team in (second, first):
        world.fill(team, "experience", experience(1, world.now), "rita")
        world.move(team, "recommend", "rita")
    waiting = world.submitted(team="待审班")  # it is ranked too, and leaves no gap among the recommended ones
    with unit(world.session) as work:
        cycle, own = work.get_one(Cycle, world.cycle.id), work.get_one(Unit, world.units["浦东区质协"].id)
        order, wanted = recommendations.ranked(work, cycle, own.id), [waiting, first, second]
        rankings.rank(work, cycle, own, wanted, seen=order, actor=world.actor("rita"), now=world.now)
    save(world, "statistics", {**FIGURES, "teams_registered": "3", "teams_declared": "3", "teams_recommended": "2"})
    kept = world.session.scalars(select(HandIn.id)).one()
    head, one, two = (list(row) for row in listed(rita, kept))
    assert head[:5] == ["序号", "排序", "编号", "班组名称", "成果名称"]
    assert one[:5] == [1, 1, "20240002", "总装二班", "第二项成果"]
    assert two[:7] == [2, 2, "20240001", "总装一班", "'=1+1", "浦江电机厂", "制造类"]
    assert two[7:] == [12, "测试组长", "测试联系人", "021-55550000", 85.1, None]
    for kind, text in (("pdf", printed), ("docx", worded)):
        found = "".join(text(rita.get(f"/hand-ins/{kept}.{kind}").data).split())
        assert found.index("第二项成果") < found.index("=1+1")
        assert "推荐成果汇总表" in found
    send(world, "statistics")
    world.move(first, "withdraw", "alice")
    assert len(listed(rita, kept)) == 3, "what was handed in stays as it was"
    reopened = web.client("olga").post(f"/admin/cycles/2024/hand-ins/{kept}/reopen", data={"reason": "撤回一项"})
    assert reopened.status_code == 303
    assert len(listed(rita, kept)) == 2


def listed(client: FlaskClient, kept: int) -> list[tuple[Any, ...]]:
    """Return the list of works in a unit's workbook."""
    book = load_workbook(io.BytesIO(client.get(f"/hand-ins/{kept}.xlsx").data))
    return list(book.worksheets[1].iter_rows(values_only=True))


def worded(body: bytes) -> str:
    """Return the text of a Word file's tables, those in cells too."""
    return "".join(Document(io.BytesIO(body)).element.body.itertext())


def test_the_summary_wants_its_stamped_file_and_a_page_that_is_open_stays_good(web: Web) -> None:
    world, rita = web.world, web.client("rita")
    pudong = world.units["浦东区质协"].id
    path = f"/recommender/years/2024/{pudong}/summary"
    text = {**SUMMARY}
    assert f"{path}/files/stamp_file" in rita.get(path).text
    assert web.client("ralf").post(f"{path}/files/stamp_file", data=stamped()).status_code == 404
    assert rita.post(f"{path}/files/stamp_file", data=stamped("a.pdf")).location.endswith(path)
    assert rita.post(path, data={**text, "seen": "0"}).status_code == 303, "the file did not make the page stale"
    (first,) = world.session.scalars(select(File))
    assert rita.get(f"/files/{first.id}").data == STAMPED
    assert web.client("olga").get(f"/files/{first.id}").status_code == 200
    assert {web.client(name).get(f"/files/{first.id}").status_code for name in ("ralf", "alice", "eve")} == {404}
    assert rita.post(f"/files/{first.id}/away").status_code == 303
    lacking = rita.post(f"{path}/hand-in")
    assert lacking.status_code == 422
    assert "盖章件" in lacking.text
    assert rita.post(f"{path}/files/stamp_file", data=stamped("b.pdf")).status_code == 303
    assert rita.post(f"{path}/hand-in").status_code == 303
    for late in (f"{path}/files/stamp_file", f"/files/{first.id + 1}/away"):
        assert rita.post(late, data=stamped()).status_code == 409
    world.session.rollback()
    assert [row.name for row in world.session.scalars(select(File).where(File.ended_at.is_(None)))] == ["b.pdf"]
    kept = world.session.scalars(select(HandIn)).one()
    assert kept.values["training"] == SUMMARY["training"]
    assert "b.pdf" in printed(rita.get(f"/hand-ins/{kept.id}.pdf").data)


def test_what_is_typed_comes_along_with_a_file_and_is_kept(web: Web) -> None:
    world = web.world
    path, rita = f"/recommender/years/2024/{world.units['浦东区质协'].id}/summary", web.client("rita")
    page = rita.get(path).text
    carried = dict(re.findall(r'name="(seen|takes|request_key)"[^>]*value="([^"]*)"', page))
    label = re.findall(r'<textarea[^>]*name="([^"]+)"', page)[0]
    (given,) = stamped().values()
    sent = {**carried, label: "写到一半的总结", "file-stamp_file": given}
    assert rita.post(f"{path}/files/stamp_file", data=sent).status_code == 303
    page = rita.get(path).text
    assert "写到一半的总结" in page
    assert "盖章件.pdf" in page


def stamped(name: str = "盖章件.pdf") -> dict[str, Any]:
    """Return a file as a page sends it."""
    return {"file": (io.BytesIO(STAMPED), name)}


def printed(body: bytes) -> str:
    """Return the text of a PDF."""
    with pdfplumber.open(io.BytesIO(body)) as opened:
        return "".join(page.extract_text() for page in opened.pages)


def test_the_summary_names_teams_of_the_unit_only(year: World) -> None:
    theirs = year.enter("bob", team="又一班", recommender=str(year.units["机电行业协会"].id))
    with pytest.raises(Incorrect):
        save(year, "summary", {**SUMMARY, "exemplars": [{"team": str(theirs)}]})
