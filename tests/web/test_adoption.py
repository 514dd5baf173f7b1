"""Adopting a changed definition in the browser: the link, the preview, places chosen, refused, done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from qtb.store.cycles import Cycle
from tests.adopting import changed, evolve, evolved, lay, serve
from tests.web.conftest import Web, web

__all__ = ["web"]

YEAR, PAGE = "/admin/cycles/2024", "/admin/cycles/2024/adoption"
PLACES = {"map.recommended": "endorsed", "map.escalated": "submitted"}


@pytest.fixture
def olga(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """The organiser's browser, with a changed definition in the folder and one case in each state that goes."""
    web.world.placed("recommended")
    web.world.placed("escalated", "二班")
    serve(monkeypatch, tmp_path / "programmes", evolved())
    return web.client("olga")


def hidden(page: str) -> dict[str, str]:
    """Return what the form that adopts carries."""
    form = page[page.index('method="post" action="/admin/cycles/2024/adoption"') :]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[: form.index("</form>")]))


def adopt(client: FlaskClient, **given: str) -> TestResponse:
    """Preview with the places chosen and send the form that comes back."""
    shown = client.get(PAGE, query_string=PLACES).text
    return client.post(PAGE, data={**hidden(shown), "reason": "流程修订", "sure": "yes", **given})


def pinned(web: Web) -> str:
    """Return what the year is pinned to."""
    web.world.session.rollback()
    return web.world.session.get_one(Cycle, web.world.cycle.id).definition_hash


def test_the_link_is_there_only_while_the_folder_differs(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = web.client("olga")
    assert PAGE not in client.get(YEAR).text
    page = client.get(PAGE).text
    assert "没有可改用的内容" in page
    main = page[page.index("<main") : page.index("</main>")]
    assert [main.count(one) for one in ("<li>", "<section", "<form", "<p>")] == [1, 0, 0, 0]
    serve(monkeypatch, tmp_path / "programmes", evolved())
    assert PAGE in client.get(YEAR).text
    monkeypatch.setattr("qtb.config.workflows_folder", lambda *_: tmp_path / "none")
    assert PAGE not in client.get(YEAR).text
    assert client.get(PAGE).status_code == 404


def test_the_preview_tells_what_is_missing(olga: FlaskClient) -> None:
    page = olga.get(PAGE)
    assert page.status_code == 200
    for words in ("不能改用", "待主办方代审", "已取消", "新增", "待审定", "初审通过", "请选择"):
        assert words in page.text
    assert 'method="post" action="/admin/cycles/2024/adoption"' not in page.text
    assert "adoption." not in page.text


def test_places_are_chosen_and_the_year_adopts(web: Web, olga: FlaskClient) -> None:
    shown = olga.get(PAGE, query_string=PLACES).text
    assert "不能改用" not in shown
    assert "“已推荐”的 1 件转入“已推荐”" in shown
    assert set(hidden(shown)) == {"csrf_token", "seen", "plan", *PLACES}
    before = pinned(web)
    answer = adopt(olga)
    assert (answer.status_code, answer.headers["Location"]) == (303, YEAR)
    assert pinned(web) != before
    year = olga.get(YEAR).text
    assert "2 件申报随之转移" in year
    assert "改用了更新后的流程定义" in year
    assert PAGE not in year


def test_all_pages_work_afterwards(web: Web, olga: FlaskClient) -> None:
    world = web.world
    cases = [world.submitted("三班"), world.placed("withdrawn", "四班"), world.placed("escalated", "五班")]
    world.override(cases[2], "recommended")
    world.override(cases[2], "submitted")
    assert adopt(olga).status_code == 303
    assert [row.kind for row in world.history("submission", cases[2])].count("override") == 3
    own = ("/applicant/", "/recommender/", "/evaluator/")
    for name, first in (("olga", "/admin/"), *zip(("alice", "rita", "eve"), own, strict=True)):
        client = web.client(name)
        assert client.get(first).status_code == 200
        for number in range(1, 6):
            assert client.get(f"/submissions/{number}").status_code in ((200,) if name == "olga" else (200, 404))
    for page in (
        "/admin/submissions", "/admin/history", "/admin/history/verify", "/admin/outbox", YEAR, "/", "/cycles/2024",
        "/admin/cycles/2024/ledger", "/admin/submissions?state=escalated", "/admin/submissions?state=endorsed",
    ):  # fmt: skip
        assert olga.get(page, follow_redirects=True).status_code in (200, 404), page
    assert "随流程定义的更新转入新的状态" in web.client("alice").get("/submissions/1").text


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(web: Web, olga: FlaskClient) -> None:
    before = pinned(web)
    for given, status, words in (
        ({"sure": ""}, 422, "请勾选确认"),
        ({"reason": " "}, 422, "请写明理由"),
        ({"seen": "0"}, 409, "已于"),
        ({"seen": "x"}, 409, "已于"),
        ({"plan": "x"}, 409, "方案与您看到的不同"),
        ({"map.escalated": ""}, 409, "还有 1 件申报"),
        ({"map.escalated": "nirvana"}, 409, "nirvana"),
    ):
        answer = adopt(olga, **given)
        assert (answer.status_code, words in answer.text) == (status, True), given
    assert 'value="流程修订"' in adopt(olga, sure="").text
    assert pinned(web) == before


def test_a_plan_that_is_out_of_date_is_shown_anew(web: Web, olga: FlaskClient) -> None:
    shown = hidden(olga.get(PAGE, query_string=PLACES).text)
    web.world.placed("recommended", "三班")
    answer = olga.post(PAGE, data={**shown, "reason": "流程修订", "sure": "yes"})
    assert answer.status_code == 409
    assert "“已推荐”的 2 件转入“已推荐”" in answer.text
    again = olga.post(PAGE, data={**hidden(answer.text), "reason": "流程修订", "sure": "yes"})
    assert again.status_code == 303


def test_a_definition_that_is_wrong_is_told(olga: FlaskClient, tmp_path: Path) -> None:
    lay(tmp_path / "programmes", changed(lambda raw: (evolve(raw), raw["states"].pop("withdrawn"))))
    for answer in (olga.get(PAGE), olga.post(PAGE, data={"sure": "yes"})):
        assert answer.status_code == 422
        assert "workflow.yaml" in answer.text
    assert PAGE in olga.get(YEAR).text


def test_odd_input_is_no_fault(olga: FlaskClient) -> None:
    for query in ({"map.": "endorsed"}, {"map.x" * 200: "y" * 3000}, {"map.recommended": "<script>"}, {"map": "x"}):
        answer = olga.get(PAGE, query_string=query)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "&lt;script&gt;" in answer.text or "script" not in str(query)
    assert olga.get(PAGE, query_string={"map.recommended": "\x00"}).status_code == 422
    assert olga.post(PAGE).status_code == 422


def test_it_is_the_organisers(web: Web) -> None:
    for name in ("alice", "rita", "eve"):
        assert web.client(name).get(PAGE).status_code == 403
        assert web.client(name).post(PAGE, data={"sure": "yes"}).status_code == 403
    assert web.client().get(PAGE).status_code == 302
    assert web.client("olga").get("/admin/cycles/1999/adoption").status_code == 404
