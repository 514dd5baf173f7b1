"""The pages of a score sheet: what is typed is kept, versions are seen by those concerned, the organiser reopens."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from qtb.store.evaluations import Sheet
from tests.web.conftest import Web

KEY = re.compile(r'name="(seen|since|request_key|takes)" value="([^"]*)"')


@pytest.fixture
def work(web: Web) -> int:
    """Return a work that eve and ed judge, in July."""
    case = web.world.placed("recommended")
    web.go("2024-07-02 10:00")
    web.world.assign(case, "eve", "ed")
    return case


def sheet_id(web: Web, work: int, whose: str = "eve") -> int:
    web.world.session.rollback()
    mine = select(Sheet.id).filter_by(submission_id=work, evaluator_id=web.world.people[whose].id)
    return web.world.session.scalars(mine).one()


def scores(web: Web, score: str = "5") -> dict[str, str]:
    return dict.fromkeys(web.world.cycle.definition.rubric.sheets["MAT"].items, score)


def carried(page: str) -> dict[str, str]:
    return dict(KEY.findall(page.split("data-keep", 1)[1]))


def drawn(client: FlaskClient, path: str) -> dict[str, str]:
    """Return what a fresh drawing of the page carries in its hidden fields."""
    return carried(client.get(path).text)


def sent(client: FlaskClient, path: str, fields: dict[str, str], **given: Any) -> TestResponse:
    return client.post(path, data={**fields, **given})


def test_what_is_typed_on_a_sheet_is_kept_and_shown_again(web: Web, work: int) -> None:
    eve, path = web.client("eve"), f"/evaluator/sheets/{sheet_id(web, work)}"
    answer = sent(eve, f"{path}/draft", drawn(eve, path), M1_POSITION="7.5", comment="写到一半")
    assert answer.json is not None
    assert answer.json["kept"] is True
    assert "1/8" in answer.json["whole"].replace(" ", "")
    page = eve.get(path).text
    assert 'value="7.5"' in page
    assert "写到一半" in page
    assert "写到一半" not in web.client("olga").get(f"/submissions/{work}").text  # nobody else's business yet
    assert sent(eve, path, {**carried(page), **scores(web)}, finish="1").status_code == 303
    assert "写到一半" not in eve.get(path).text


def test_a_draft_is_thrown_away(web: Web, work: int) -> None:
    eve, path = web.client("eve"), f"/evaluator/sheets/{sheet_id(web, work)}"
    sent(eve, f"{path}/draft", drawn(eve, path), M1_POSITION="7.5")
    assert sent(eve, f"{path}/draft", {}, discard="1").status_code == 303
    assert 'value="7.5"' not in eve.get(path).text


@pytest.mark.parametrize("late", [False, True])
def test_what_could_not_be_saved_is_kept(web: Web, work: int, late: bool) -> None:
    eve, path = web.client("eve"), f"/evaluator/sheets/{sheet_id(web, work)}"
    fields = drawn(eve, path)
    if late:
        web.go("2024-09-01 10:00")
    answer = sent(eve, path, fields, M1_POSITION="3", M2_PLANNING="99", comment="最后一刻", finish="1")
    assert answer.status_code == (409 if late else 422)
    page = eve.get(path).text
    assert "最后一刻" in page
    assert 'value="99"' in page
    web.world.session.rollback()
    assert web.world.session.get_one(Sheet, sheet_id(web, work)).version == 0


def test_two_windows_on_one_sheet_end_with_what_is_saved_last(web: Web, work: int) -> None:
    """The second one is told once, keeps what was typed, and can be saved: nothing is lost, nobody is locked out."""
    eve, path = web.client("eve"), f"/evaluator/sheets/{sheet_id(web, work)}"
    first, second = drawn(eve, path), drawn(eve, path)
    assert sent(eve, path, first, M1_POSITION="7.5", keep="1").status_code == 303
    answer = sent(eve, path, second, M1_POSITION="6.5", comment="另一窗口", keep="1")
    assert answer.status_code == 409
    assert "在您打开之后已有改动" in answer.text
    assert "合并" not in answer.text
    assert all(text in answer.text for text in ('value="6.5"', "另一窗口"))
    page = eve.get(path).text
    assert "再次保存将以本页内容为准" in page
    assert "合并" not in page
    assert sent(eve, path, carried(page), M1_POSITION="6.5", comment="另一窗口", keep="1").status_code == 303
    page = eve.get(path).text
    assert all(text in page for text in ('value="6.5"', "另一窗口"))
    assert "7.5" in eve.get(f"{path}/versions").text


def test_a_draft_kept_past_the_end_says_so(web: Web, work: int) -> None:
    eve, path = web.client("eve"), f"/evaluator/sheets/{sheet_id(web, work)}"
    fields = drawn(eve, path)
    web.go("2024-09-01 10:00")
    told = sent(eve, f"{path}/draft", fields, M1_POSITION="3").json
    assert told is not None
    assert "不能再提交" in told["says"]


def test_a_judge_sees_own_versions_and_takes_one_up_again(web: Web, work: int) -> None:
    eve, path = web.client("eve"), f"/evaluator/sheets/{sheet_id(web, work)}"
    for score in ("7.5", "6.5"):
        assert sent(eve, path, drawn(eve, path), M1_POSITION=score, keep="1").status_code == 303
    page = eve.get(f"{path}/versions").text
    assert page.index("6.5") < page.index("7.5")
    assert eve.post(f"{path}/versions/1", data={"seen": "2"}).status_code == 303
    assert 'value="7.5"' in eve.get(path).text
    assert eve.post(f"{path}/versions/9", data={"seen": "3"}).status_code == 404
    assert eve.post(f"{path}/versions/1", data={"seen": "x"}).status_code == 409
    for other in ("ed", "alice", "rita"):
        assert web.client(other).get(f"{path}/versions").status_code in (403, 404)


def test_the_organiser_sees_versions_and_reopens(web: Web, work: int) -> None:
    eve, olga, one = web.client("eve"), web.client("olga"), sheet_id(web, work)
    path, staff = f"/evaluator/sheets/{one}", f"/admin/sheets/{one}"
    sent(eve, path, {**drawn(eve, path), **scores(web), "comment": "秘密评语"}, finish="1")
    assert staff in olga.get(f"/submissions/{work}").text
    assert "秘密评语" in olga.get(staff).text
    assert olga.post(staff, data={"reason": ""}).status_code == 422
    assert olga.post(staff, data={"reason": "漏评一项"}).status_code == 303
    assert olga.post(staff, data={"reason": "漏评一项"}).status_code == 409
    page = eve.get(path).text
    assert "漏评一项" in page
    assert sent(eve, path, {**carried(page), **scores(web, "4")}, finish="1").status_code == 303
    assert "漏评一项" not in eve.get(path).text
    for other in ("eve", "alice", "rita"):
        assert web.client(other).get(staff).status_code in (403, 404)
    assert olga.get("/admin/sheets/99999").status_code == 404


def test_the_presentation_is_given_and_scored_where_the_work_stands(web: Web, work: int) -> None:
    web.world.assign(work, "eli")
    for name in ("eve", "ed", "eli"):
        web.world.score(work, name)
    web.world.move(work, "evaluate", "olga")
    olga, person = web.client("olga"), web.world.people["ewa"].id
    assert 'name="kind"' in olga.get(f"/submissions/{work}").text
    given = {"evaluator": str(person), "kind": "PRE"}
    assert olga.post(f"/submissions/{work}/evaluators", data={**given, "kind": "MAT"}).status_code == 404
    assert olga.post(f"/admin/submissions/{work}/evaluators", data={**given, "kind": "MAT"}).status_code == 422
    assert olga.post(f"/admin/submissions/{work}/evaluators", data=given).status_code == 303
    ewa = web.client("ewa")
    assert "现场发布" in ewa.get("/evaluator/").text
    path = f"/evaluator/sheets/{sheet_id(web, work, 'ewa')}"
    page = ewa.get(path).text
    assert "P1_LOGIC" in page
    assert "M1_POSITION" not in page
    raw = dict.fromkeys(web.world.cycle.definition.rubric.sheets["PRE"].items, "10")
    assert sent(ewa, path, {**carried(page), **raw}, finish="1").status_code == 303
    assert "60" in olga.get("/admin/cycles/2024/results").text
