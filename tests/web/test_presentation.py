"""The presentation's pages: confirmed as previewed, drawn once, told to whom it concerns and to nobody else."""

from __future__ import annotations

import io

import pdfplumber
import pytest
from openpyxl import load_workbook

from qtb.services import feeds, panels, presentation_sheets
from qtb.store import presentation as store
from qtb.store.cycles import Cycle
from qtb.store.unit import unit
from tests import presenting
from tests.journeys.test_suspended import resume, suspend
from tests.web.conftest import Web

HOME = "/cycles/2024/presentation"
DAY = {
    "starts_at": "2024-08-01T09:00", "minutes": "15", "questions": "5", "place": presenting.HALL, "seed": "7 19 23",
    "break_from": "", "break_to": "",
}  # fmt: skip


def admin(path: str = "") -> str:
    return f"/admin{HOME}{path}"


@pytest.fixture
def works(web: Web) -> list[int]:
    """July: three works were evaluated."""
    found = presenting.evaluated(web.world, 92, 91, 70)
    web.go("2024-07-10 10:05")
    return found


def seen(web: Web) -> str:
    web.world.session.rollback()
    made = store.of(web.world.session, web.world.cycle.id)
    assert made is not None
    return str(made.version)


def test_the_shortlist_is_proposed_previewed_and_confirmed_as_one_act(web: Web, works: list[int]) -> None:
    olga, (best, second, _) = web.client("olga"), works
    page = olga.get(admin()).text
    assert "有效成果3项 × 12%，取整，至少1项，得名额1个；不低于85分的2项；建议入围1项。" in page
    assert page.count(" checked") == 1
    preview = olga.post(admin("/shortlist"), data={"work": [str(best), str(second)]})
    assert preview.status_code == 200
    shown = preview.text.partition('name="shown" value="')[2].partition('"')[0]
    asked = {"work": [str(best), str(second)], "shown": shown}
    assert olga.post(admin("/shortlist/confirm"), data=asked).status_code == 422  # no reason
    given = {**asked, "reason": "并列处理"}
    assert olga.post(admin("/shortlist/confirm"), data=given).status_code == 303
    again = olga.post(admin("/shortlist/confirm"), data=given)
    assert again.status_code == 409
    assert "名单没有变化" in again.text
    assert [letter for letter, _ in web.world.letters(best)].count("invited") == 1


@pytest.mark.parametrize(
    ("given", "status"),
    [({}, 422), ({"work": "x"}, 404), ({"work": "99999"}, 404), ({"work": "9" * 40}, 404)],
)
def test_odd_ticks_are_refused_with_a_sentence(
    web: Web, works: list[int], given: dict[str, str], status: int
) -> None:
    answer = web.client("olga").post(admin("/shortlist"), data=given)
    assert answer.status_code == status
    assert web.client("olga").post(admin("/shortlist/confirm"), data=given).status_code == status


def test_the_order_is_drawn_once_and_printed(web: Web, works: list[int]) -> None:
    presenting.confirm(web.world, *works[:2])
    olga = web.client("olga")
    assert olga.get("/admin/cycles/2024/running-order.pdf").status_code == 404
    given = {**DAY, "seen": seen(web)}
    assert olga.post(admin("/draw"), data=given).status_code == 303
    assert olga.post(admin("/draw"), data=given).status_code == 409  # a double click
    page = olga.get(admin()).text
    assert "2024年8月1日 09:20（上海时间）" in page
    assert "2024年7月25日 24:00（上海时间）" in page
    assert page.count("未提交") == 2
    web.world.fill(works[0], "slides", presenting.LACKING)
    body = olga.get("/admin/cycles/2024/running-order.pdf").data
    with pdfplumber.open(io.BytesIO(body)) as paper:
        text = "".join(page.extract_text() for page in paper.pages)
    assert "7 19 23" in text
    assert presenting.number(web.world, works[1]) in text
    book = load_workbook(io.BytesIO(olga.get("/admin/cycles/2024/running-order.xlsx").data))
    rows = [[str(cell) for cell in row] for row in book.worksheets[0].iter_rows(values_only=True)]
    assert [row[-1] for row in rows if row[3] == presenting.number(web.world, works[0])] == ["测试发布人"]
    assert olga.get("/admin/cycles/2024/running-order.docx").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"starts_at": ""}, {"starts_at": "x"}, {"minutes": "0"}, {"minutes": "-3"},
        {"minutes": "1e3"}, {"questions": ""}, {"place": "厅" * 201}, {"seed": "x" * 65},
        {"break_from": "2024-08-01T10:00"}, {"break_from": "2024-08-01T10:00", "break_to": "2024-08-01T09:00"},
        {"starts_at": "2024-07-11T09:00"}, {"starts_at": "2024-12-24T09:00"}, {"starts_at": "2190-01-01T09:00"},
    ],
)  # fmt: skip
def test_a_day_that_cannot_be_is_a_sentence_and_nothing_is_drawn(
    web: Web, works: list[int], wrong: dict[str, str]
) -> None:
    presenting.confirm(web.world, works[0])
    answer = web.client("olga").post(admin("/draw"), data={**DAY, "seen": seen(web), **wrong})
    assert answer.status_code == 422
    assert 'id="refusal"' in answer.text
    made = store.of(web.world.session, web.world.cycle.id)
    assert made is not None
    assert made.drawn_at is None


def test_the_applicant_reads_turn_place_and_date_and_nobody_beside_it_does(web: Web, works: list[int]) -> None:
    best, other, _ = works
    presenting.confirm(web.world, best)
    alice = web.client("alice")
    assert "抽签确定" in alice.get(f"/submissions/{best}").text
    presenting.draw(web.world)
    page = alice.get(f"/submissions/{best}").text
    assert presenting.HALL in page
    assert "2024年8月1日 09:00（上海时间）" in page
    assert "2024年7月25日 24:00（上海时间）" in page
    assert presenting.HALL not in alice.get(f"/submissions/{other}").text
    assert f"/submissions/{best}/forms/slides" in alice.get("/applicant/").text  # something to do
    web.world.fill(best, "slides", presenting.LACKING)
    assert "现场发布材料" not in alice.get("/applicant/").text
    for name in ("rita", "eve"):
        text = web.client(name).get(f"/submissions/{best}").text
        assert "现场发布" not in text
        assert "slides" not in text
        assert web.client(name).get(f"/submissions/{best}/forms/slides/read").status_code == 404
        assert web.client(name).get(f"/submissions/{best}/forms/slides").status_code in (403, 404)
        assert web.client(name).get(f"/submissions/{best}/papers/slides.pdf").status_code == 404


def test_the_calendar_tells_the_turn_and_the_date_of_the_slides(web: Web, works: list[int]) -> None:
    presenting.confirm(web.world, works[0])
    presenting.draw(web.world)
    feed = {name: _feed(web, name) for name in ("alice", "bob", "rita", "eve")}
    assert presenting.HALL in feed["alice"]
    assert "DTSTART;TZID=Asia/Shanghai:20240801T090000" in feed["alice"]
    assert "发布材料提交截止" in feed["alice"]
    assert not [name for name in ("bob", "rita", "eve") if presenting.HALL in feed[name]]


def test_nobody_is_pressed_for_the_slides_of_a_work_on_hold(web: Web, works: list[int]) -> None:
    presenting.confirm(web.world, works[0])
    presenting.draw(web.world)
    suspend(web.world, works[0])
    assert "发布材料提交截止" not in _feed(web, "alice")
    assert f"/submissions/{works[0]}/forms/slides" not in web.client("alice").get("/applicant/").text
    web.world.later(days=2)
    resume(web.world, works[0])
    assert "2024年7月27日 24:00（上海时间）" in web.client("alice").get(f"/submissions/{works[0]}").text
    for name in ("rita", "eve"):  # that it presents is the applicant's alone, also where its dates move
        text = web.client(name).get(f"/submissions/{works[0]}").text
        assert "发布材料" not in text
        assert "7月27日" not in text
    assert "发布材料提交截止" in _feed(web, "alice")
    assert f"/submissions/{works[0]}/forms/slides" in web.client("alice").get("/applicant/").text


def _feed(web: Web, name: str) -> str:
    key = feeds.token(web.world.people[name], secret=str(web.app.config["SECRET_KEY"]))
    answer = web.client().get(f"/calendar/{key}.ics")
    assert answer.status_code == 200
    return answer.text.replace("\r\n ", "")


def test_judges_of_the_presentation_read_the_order_and_the_slides(web: Web, works: list[int]) -> None:
    best = works[0]
    presenting.confirm(web.world, best)
    presenting.draw(web.world)
    web.world.fill(best, "slides", presenting.LACKING)
    world = web.world
    with unit(world.session) as session:
        cycle, olga = session.get_one(Cycle, world.cycle.id), world.actor("olga")
        panel = panels.save(session, cycle, None, title="发布评审组", keys=[], actor=olga, now=world.now)
        session.flush()
        judge = world.people["ewa"]
        panels.put(session, panel, judge, cycle=cycle, leads=True, most=None, actor=olga, now=world.now)
        panel_id = panel.id
    client = web.client("olga")
    preview = client.get(admin("/sheets"), query_string={"panel": panel_id})
    assert preview.status_code == 200
    mark = presentation_sheets.plan(world.session, world.cycle, [panel_id]).digest
    given = {"panel": str(panel_id), "shown": mark}
    assert client.post(admin("/sheets"), data=given).status_code == 303
    assert client.post(admin("/sheets"), data=given).status_code == 409
    assert client.get(admin("/sheets"), query_string={"panel": "999"}).status_code == 404
    assert client.get(admin("/sheets")).status_code == 422
    ewa = web.client("ewa")
    page = ewa.get("/evaluator/").text
    assert presenting.HALL in page
    assert "2024年8月1日 09:00（上海时间）" in page
    sheet = page.partition("/evaluator/sheets/")[2].partition('"')[0]
    assert "测试发布人" in ewa.get(f"/evaluator/sheets/{sheet}").text
    assert ewa.get(f"/submissions/{best}/forms/slides/read").status_code == 200
    assert presenting.HALL not in web.client("eve").get("/evaluator/").text  # she judges the material only


def test_pages_of_a_year_without_a_presentation_and_of_others_are_not_there(web: Web) -> None:
    assert web.client("olga").get("/admin/cycles/1999/presentation").status_code == 404
    for name in ("alice", "rita", "eve"):
        assert web.client(name).get(admin()).status_code in (403, 404)
