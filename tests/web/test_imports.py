"""A spreadsheet of teams: shown line by line by the form's own check, applied whole and as shown, told in history."""

from __future__ import annotations

import hashlib
import io
import re
from typing import Any
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from qtb.store.accounts import Unit
from qtb.store.answers import Answer
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.cli.calls import OLGA, good, refused, run
from tests.sheets import filled
from tests.web.conftest import Web
from tests.world import at


def given(client: FlaskClient, content: bytes, name: str = "班组.xlsx") -> TestResponse:
    """Give a file; return the page that shows it, or the refusal."""
    return client.post(
        "/admin/cycles/2024/import", data={"file": (io.BytesIO(content), name)}, content_type="multipart/form-data"
    )


def shown(client: FlaskClient, content: bytes) -> tuple[str, str]:
    """Give a file that can be read; return its address and its page."""
    answer = given(client, content)
    assert answer.status_code == 303, answer.text
    return answer.location, client.get(answer.location).text


def applied(client: FlaskClient, address: str, page: str) -> TestResponse:
    """Apply what a page showed."""
    found = re.search(r'name="plan" value="(\w+)"', page)
    return client.post(address, data={"plan": found[1] if found else ""})


def counted(web: Web) -> tuple[int, int]:
    """Return how many units and entries there are."""
    web.world.session.rollback()
    n_units, n_entries = (web.world.session.scalar(select(func.count()).select_from(one)) for one in (Unit, Submission))
    return n_units or 0, n_entries or 0


def test_units_and_teams_are_shown_then_made_then_told(web: Web) -> None:
    client, before = web.client("olga"), counted(web)
    new: dict[str, Any] = {"unit_name": "新来的厂", "uscc": "913100000000000022"}
    content = filled({}, {**new, "team_name": "甲班"}, {**new, "team_name": "乙班"})
    address, page = shown(client, content)
    assert (page.count("新单位"), page.count("已有单位"), counted(web)) == (2, 1, before)
    assert applied(client, address, page).status_code == 303
    assert counted(web) == (before[0] + 1, before[1] + 3)
    row = web.world.session.scalars(select(Submission).filter_by(team_name="导入一班")).one()
    assert (row.unit_id, row.recommender_id) == (web.world.units["浦江电机厂"].id, web.world.units["浦东区质协"].id)
    told = next(one for one in web.world.history("submission", row.id) if one.kind == "imported")
    assert told.about()["changes"] == {"file": hashlib.sha256(content).hexdigest(), "line": 3}
    assert told.actor_id == web.world.people["olga"].id
    year = next(one for one in web.world.history("cycle", web.world.cycle.id) if one.kind == "imported")
    assert year.about()["changes"]["file"] == hashlib.sha256(content).hexdigest()
    story = web.client("alice").get(f"/submissions/{row.id}").text
    assert "olga代浦江电机厂" in story
    assert "从表格导入" in story
    web.world.sound()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"uscc": "91310000000000001X"}, "校验码不对"), ({"team_size": "=2+1"}, "公式"),
        ({"team_size": "两"}, "班组人数"),
        ({"unit_nature": "随便"}, "单位性质"), ({"recommender": "没有的协会"}, "推荐单位"),
        ({"team_name": ""}, "班组名称"),
        ({"unit_name": "浦东区质协"}, "不是可以报名的"), ({"contact_phone": "12"}, "联系电话"),
    ],
)  # fmt: skip
def test_one_wrong_line_lets_nothing_in(web: Web, wrong: dict[str, Any], said: str) -> None:
    client, before = web.client("olga"), counted(web)
    address, page = shown(client, filled({}, {"team_name": "二班", **wrong}))
    assert said in page
    assert 'name="plan"' not in page
    assert applied(client, address, page).status_code == 422
    assert counted(web) == before


def test_teams_that_stand_already_are_refused(web: Web) -> None:
    web.world.enter(team="导入一班")
    _, page = shown(web.client("olga"), filled({}, {"team_name": "二班"}, {"team_name": "二 班"}))
    assert page.count('class="reasons"') == 2
    assert "第 4 行是同一个班组" in page


def test_a_unit_is_known_by_its_code_and_a_name_that_is_anothers_is_told(web: Web) -> None:
    web.world.enter(team="旧班")
    _, page = shown(web.client("olga"), filled({"unit_name": ""}, {"unit_name": "江南物业", "team_name": "二班"}))
    assert page.count("已有单位") == 2
    assert "这个代码已属于“浦江电机厂”" in page


def test_what_changed_since_the_preview_is_shown_anew(web: Web) -> None:
    client = web.client("olga")
    address, page = shown(client, filled({"unit_name": "新来的厂", "uscc": "913100000000000022"}))
    client.post("/admin/units", data={"name": "新来的厂", "kind": "applicant"})
    before = counted(web)
    answer = applied(client, address, page)
    assert (answer.status_code, counted(web)) == (409, before)
    assert applied(client, address, answer.text).status_code == 303
    assert applied(client, address, page).status_code == 409


def test_after_the_window_nothing_is_imported(web: Web) -> None:
    client = web.client("olga")
    address, page = shown(client, filled({}))
    web.go("2024-06-02 10:00")
    answer = applied(client, address, page)
    assert answer.status_code == 409
    assert "5月31日" in answer.text
    web.world.extend("register", "2024-06-10", unit_name="浦江电机厂")
    assert applied(client, address, page).status_code == 303


@pytest.mark.parametrize("name", ["alice", "rita", "eve"])
def test_only_the_organiser_imports(web: Web, name: str) -> None:
    address, _ = shown(web.client("olga"), filled({}))
    client = web.client(name)
    assert given(client, filled({})).status_code == 403
    for page in ("/admin/cycles/2024/import", address, "/admin/cycles/2024/import.xlsx"):
        assert client.get(page).status_code == 403
    assert client.post(address, data={"plan": ""}).status_code == 403


def test_odd_files_and_addresses_are_refused_with_a_sentence(web: Web) -> None:
    client = web.client("olga")
    for content in (b"", b"PK", filled()):
        answer = given(client, content)
        assert (answer.status_code, "alert" in answer.text) == (422, True)
    assert client.post("/admin/cycles/2024/import").status_code == 422
    assert client.get("/admin/cycles/2024/import/99").status_code == 404
    assert client.get("/admin/cycles/nope/import").status_code == 404
    template = client.get("/admin/cycles/2024/import.xlsx")
    assert (template.status_code, template.data[:2]) == (200, b"PK")
    name = unquote(template.headers["Content-Disposition"].partition("''")[2])
    assert re.fullmatch(r"2024 [^\W\d]+\.xlsx", name), name


def test_the_template_offers_the_active_recommenders(web: Web) -> None:
    with unit(web.world.session):
        web.world.units["机电行业协会"].is_active = False
    book = load_workbook(io.BytesIO(web.client("olga").get("/admin/cycles/2024/import.xlsx").data))
    sheet, lists = book.worksheets[0], book.worksheets[-1]
    column = next(cell.column_letter for cell in sheet[2] if cell.value == "recommender")
    (rule,) = [one for one in sheet.data_validations.dataValidation if f"{column}3" in str(one.sqref)]
    source = re.sub(r".*!|[$]", "", rule.formula1)
    assert [cell.value for (cell,) in lists[source]] == ["浦东区质协"]


def test_the_command_shows_and_with_apply_imports(web: Web, settings: dict[str, Any], tmp_path: Any) -> None:
    file = tmp_path / "teams.xlsx"
    file.write_bytes(filled({}, {"team_name": "二班"}))
    call, before = ("--demo", "import", str(file), "--cycle", "2024"), counted(web)
    assert "二班" in good(settings, *call)
    assert counted(web) == before
    assert refused(settings, *call, "--apply")
    assert refused(settings, *call, "--apply", "--as", "alice@example.org")
    assert "2 个班组" in good(settings, *call, "--apply", *OLGA)
    assert counted(web)[1] == before[1] + 2
    assert run(settings, *call).exit_code == 1
    file.write_bytes(b"no")
    assert "xlsx" in refused(settings, *call)
    assert at("2024-05-20") < web.world.now


MEMBER = {"unit_name": "浦江电机厂", "team_name": "导入一班", "sex": "女", "post": "操作工"}
MEMBERS: list[dict[str, Any]] = [{**MEMBER, "name": f"组员{n:02d}", "age": 30 + n} for n in range(1, 13)]


def test_members_come_from_a_sheet_of_their_own(web: Web) -> None:
    client = web.client("olga")
    address, page = shown(client, filled({"unit_name": "浦江电机厂"}, members=MEMBERS))
    assert "尚缺" not in page
    assert applied(client, address, page).status_code == 303
    web.world.session.rollback()
    row = web.world.session.scalars(select(Submission).filter_by(team_name="导入一班")).one()
    members = web.world.session.get_one(Answer, (row.id, "registration")).values["members"]
    assert [one["name"] for one in members] == [f"组员{n:02d}" for n in range(1, 13)]
    assert (members[0]["sex"], members[0]["age"]) == ("F", 31)
    assert row.registration_complete


def test_a_wrong_member_is_named_by_row_and_column_and_nothing_is_made(web: Web) -> None:
    client, before = web.client("olga"), counted(web)
    wrong = [*MEMBERS[:2], {**MEMBERS[2], "age": 200}]
    address, page = shown(client, filled({"unit_name": "浦江电机厂", "team_size": "3"}, members=wrong))
    assert "第 5 行年龄" in page
    assert applied(client, address, page).status_code == 422
    formula = [*MEMBERS[:2], {**MEMBERS[2], "name": "=1+1"}]
    assert "第 5 行" in shown(client, filled({"unit_name": "浦江电机厂", "team_size": "3"}, members=formula))[1]
    assert counted(web) == before


def test_members_of_no_team_are_refused_and_the_unit_may_be_left_out(web: Web) -> None:
    client = web.client("olga")
    lost = given(client, filled({"unit_name": "浦江电机厂"}, members=[{**MEMBERS[0], "team_name": "别的班"}]))
    assert lost.status_code == 422
    assert "班组成员" in lost.text
    assert "第 3 行" in lost.text
    plain = [{key: value for key, value in one.items() if key != "unit_name"} for one in MEMBERS]
    assert given(client, filled({"unit_name": "浦江电机厂"}, members=plain)).status_code == 303
    twice = filled({"unit_name": "浦江电机厂"}, {"unit_name": "江南物业", "uscc": "913100000000000022"}, members=plain)
    assert given(client, twice).status_code == 422, "two teams of that name: the unit must be said"
