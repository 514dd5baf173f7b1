"""Pages of judging: panels, one judge, plans with their edits and files, standing back, the record as a paper."""

from __future__ import annotations

import io
import re

import pypdfium2
import pytest
from flask.testing import FlaskClient
from openpyxl import Workbook, load_workbook
from sqlalchemy import select
from werkzeug.test import TestResponse

from qtb.store.assignments import AssignmentPlan
from qtb.store.conflicts import Declared
from qtb.store.evaluations import Sheet
from qtb.store.panels import Panel
from qtb.store.submissions import Submission
from tests.judging import belongs, facts, panel, recuse, sheets
from tests.rules.test_query_counts import _counting
from tests.web.conftest import Web
from tests.world import at

YEAR = "/admin/cycles/2024"


@pytest.fixture
def works(web: Web) -> list[int]:
    """Three works that are judged in July."""
    found = [web.world.placed("recommended", team=f"{name}班") for name in "甲乙丙"]
    web.go("2024-07-02 10:00")
    return found


def ids(web: Web, *names: str) -> list[int]:
    """Return people's ids."""
    return [web.world.people[name].id for name in names]


def number(web: Web, work: int) -> str:
    """Return a work's number."""
    web.world.session.rollback()
    return web.world.session.get_one(Submission, work).number


def plan(client: FlaskClient, n: int = 2) -> str:
    """Ask for a plan; return its address."""
    answer = client.post(f"{YEAR}/assignments", data={"n": n})
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def mark(page: str) -> str:
    """Return what the page's button would apply."""
    found = re.search(r'name="plan" value="(\w+)"', page)
    return found[1] if found else ""


def given(client: FlaskClient, content: bytes, name: str = "分配.xlsx") -> TestResponse:
    """Give a file."""
    data = {"file": (io.BytesIO(content), name)}
    return client.post(f"{YEAR}/assignments/file", data=data, content_type="multipart/form-data")


def book(*rows: tuple[object, ...]) -> bytes:
    """Return a workbook with these rows."""
    made = Workbook()
    for row in rows:
        made.active.append(row)
    kept = io.BytesIO()
    made.save(kept)
    return kept.getvalue()


def text_of(pdf: bytes) -> str:
    """Return the text of a PDF."""
    read = pypdfium2.PdfDocument(pdf)
    return "".join(page.get_textpage().get_text_range() for page in read)


# --- panels ------------------------------------------------------------------------------------------


def test_panels_are_made_filled_changed_and_dissolved(web: Web) -> None:
    client, (eve, ed) = web.client("olga"), ids(web, "eve", "ed")
    assert client.post(f"{YEAR}/panels", data={"title": "制造组", "category": ["MANUFACTURING"]}).status_code == 303
    web.world.session.rollback()
    made = web.world.session.scalars(select(Panel)).one().id
    for one, leads in ((eve, {"leads": "yes"}), (ed, {})):
        data = {"account_id": one, "most": "5", **leads}
        assert client.post(f"{YEAR}/panels/{made}/members", data=data).status_code == 303
    page = client.get(f"{YEAR}/panels").text
    assert [word for word in ("制造组", "eve", "组长", "制造类") if word not in page] == []
    refused = client.post(f"{YEAR}/panels", data={"title": "二组", "category": ["MANUFACTURING"]})
    assert (refused.status_code, "已由“制造组”评审" in refused.text) == (409, True)
    assert client.post(f"{YEAR}/panels/{made}/members", data={"account_id": ed, "most": "x"}).status_code == 422
    data = {"title": "一组", "category": ["CONSTRUCTION"], "panel_id": made}
    assert client.post(f"{YEAR}/panels", data=data).status_code == 303
    assert client.post(f"{YEAR}/panels/members/{ed}/out").status_code == 303
    web.world.session.rollback()
    assert "ed" not in [one.account.name for one in web.world.session.get_one(Panel, made).members]
    assert client.post(f"{YEAR}/panels/{made}/drop").status_code == 303
    assert client.post(f"{YEAR}/panels/{made}/drop").status_code == 404
    assert "还没有评审组" in client.get(f"{YEAR}/panels").text
    web.world.sound()


@pytest.mark.parametrize("who", ["eve", "alice", "rita"])
def test_they_are_the_organisers(web: Web, who: str) -> None:
    client = web.client(who)
    for path in ("panels", "assignments", "assignments.xlsx", "recusals.pdf", "judges/1"):
        assert client.get(f"{YEAR}/{path}").status_code == 403


def test_pages_ask_as_often_for_many_works_as_for_few(web: Web, works: list[int]) -> None:
    panel(web.world, "eve", "ed", "eli", "ewa")
    client, (eve,) = web.client("olga"), ids(web, "eve")
    web.world.assign(works[0], "eve")
    recuse(web.world, works[0], "eve")
    counts = []
    for names in ((), ("丁", "戊", "己")):
        web.world.now = at("2024-05-20 10:00")
        more = [web.world.placed("recommended", team=f"{name}班") for name in names]
        web.world.now = at("2024-07-02 10:00")
        for one in more:
            web.world.assign(one, "eve", "ed")
            recuse(web.world, one, "eve")
        pages = ["panels", "assignments", f"judges/{eve}", plan(client).removeprefix(f"{YEAR}/")]
        found = []
        for path in pages:
            client.get(f"{YEAR}/{path}")
            with _counting() as told:
                assert client.get(f"{YEAR}/{path}").status_code == 200
            found.append(len(told))
        counts.append(found)
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 30


# --- by hand, in both directions ---------------------------------------------------------------------


def test_works_are_given_to_a_judge_where_nothing_stands_against_it(web: Web, works: list[int]) -> None:
    client, (eve,) = web.client("olga"), ids(web, "eve")
    address = f"{YEAR}/judges/{eve}"
    data = {"number": number(web, works[0]), "reason": "曾任顾问"}
    assert client.post(f"{address}/conflicts", data=data).status_code == 303
    page = client.get(address).text
    assert re.search(rf'value="{works[0]}" disabled', page)
    assert not re.search(rf'value="{works[1]}" disabled', page)
    assert client.post(address, data={"work": works[:2]}).status_code == 409
    assert [facts(web.world, one) for one in works] == [(0, 0)] * 3
    assert client.post(address, data={"work": works[1:]}).status_code == 303
    assert [facts(web.world, one) for one in works] == [(0, 0), (0, 1), (0, 1)]
    assert client.post(address, data={}).status_code == 422
    key = web.world.session.scalars(select(Declared.id)).one()
    assert client.post(f"{YEAR}/conflicts/{key}/end").status_code == 303
    assert client.post(address, data={"work": works[0]}).status_code == 303


def test_a_namesake_is_cleared_on_the_judges_page(web: Web) -> None:
    work = web.world.placed("recommended", contact_name="eve")
    web.go("2024-07-02 10:00")
    client, (eve,) = web.client("olga"), ids(web, "eve")
    address = f"{YEAR}/judges/{eve}"
    assert "表中有名" in client.get(address).text
    data = {"number": number(web, work), "clears": "yes", "reason": "经核实为另一人"}
    assert client.post(f"{address}/conflicts", data=data).status_code == 303
    page = client.get(address).text
    assert ("表中有名<" in page, "同名他人" in page) == (False, True)
    assert client.post(address, data={"work": work}).status_code == 303
    assert "经核实为另一人" not in text_of(client.get(f"{YEAR}/recusals.pdf").data)


@pytest.mark.parametrize("data", [{}, {"unit_id": "1", "number": "1"}, {"number": "nothing"}, {"unit_id": "99999"}])
def test_a_conflict_is_with_one_unit_or_one_work(web: Web, data: dict[str, str]) -> None:
    (eve,) = ids(web, "eve")
    answer = web.client("olga").post(f"{YEAR}/judges/{eve}/conflicts", data={**data, "reason": "亲属"})
    assert answer.status_code in (404, 422)
    assert web.world.session.scalars(select(Declared.id)).all() == []


def test_a_works_page_offers_judges_without_a_conflict_only(web: Web, works: list[int]) -> None:
    belongs(web.world, "eve", "浦江电机厂", "applicant")
    client, (eve, ed) = web.client("olga"), ids(web, "eve", "ed")
    page = client.get(f"/submissions/{works[0]}").text
    assert re.search(rf'name="evaluator" value="{eve}" disabled', page)
    assert re.search(rf'name="evaluator" value="{ed}">', page)
    answer = client.post(f"/admin/submissions/{works[0]}/evaluators", data={"evaluator": [eve, ed]})
    assert answer.status_code == 409
    assert "申报单位的人员" in answer.text
    assert facts(web.world, works[0]) == (0, 0)


# --- plans -------------------------------------------------------------------------------------------


def test_a_plan_is_shown_edited_and_applied(web: Web, works: list[int]) -> None:
    panel(web.world, "eve", "ed", "eli")
    client, (ewa,) = web.client("olga"), ids(web, "ewa")
    address = plan(client)
    page = client.get(address).text
    assert [facts(web.world, one) for one in works] == [(0, 0)] * 3
    assert "分配 6 份评分表" in page
    remove = re.search(r'name="remove" value="([\d:]+)"', page)
    assert remove is not None
    client.post(f"{address}/edit", data={"seen": 0, "remove": remove[1]})
    page = client.get(address).text
    assert "还缺 1 位专家" in page
    assert client.post(f"{address}/edit", data={"seen": 0, "remove": remove[1]}).status_code == 409
    client.post(f"{address}/edit", data={"seen": 1, "work": remove[1].split(":")[0], "judge": ewa})
    page = client.get(address).text
    assert "ewa" in page
    assert client.post(address, data={"plan": mark(page)}).status_code == 303
    assert [facts(web.world, one) for one in works] == [(0, 2)] * 3
    assert client.post(address, data={"plan": mark(page)}).status_code == 409
    assert "已于" in client.get(address).text


def test_a_plan_that_changed_is_shown_anew_instead_of_applied(web: Web, works: list[int]) -> None:
    panel(web.world, "eve", "ed", "eli")
    client = web.client("olga")
    address = plan(client)
    shown = mark(client.get(address).text)
    web.world.assign(works[0], "ewa")
    answer = client.post(address, data={"plan": shown})
    assert (answer.status_code, "已有变化" in answer.text) == (409, True)
    assert mark(answer.text) not in ("", shown)
    assert facts(web.world, works[1]) == (0, 0)


def test_drawing_again_makes_another_plan(web: Web, works: list[int]) -> None:
    panel(web.world, "eve", "ed", "eli", "ewa")
    client = web.client("olga")
    for seed in range(4):
        assert client.post(f"{YEAR}/assignments", data={"n": 2, "panel": "", "seed": seed}).status_code == 303
    kept = web.world.session.scalars(select(AssignmentPlan)).all()
    assert len({str(one.pairs) for one in kept}) > 1
    assert client.get(f"{YEAR}/assignments").text.count("未执行") == 4


@pytest.mark.parametrize("n", ["", "0", "99", "x"])
def test_a_number_of_judges_that_cannot_be(web: Web, n: str) -> None:
    assert web.client("olga").post(f"{YEAR}/assignments", data={"n": n}).status_code == 422


def test_what_is_no_plan_is_not_found(web: Web, works: list[int]) -> None:
    client = web.client("olga")
    web.world.another_cycle("2025")
    there = plan(client).rsplit("/", 1)[1]
    assert client.get(f"{YEAR}/assignments/{there}").status_code == 200
    assert client.get(f"/admin/cycles/2025/assignments/{there}").status_code == 404
    assert client.get(f"{YEAR}/assignments/999").status_code == 404
    assert client.post(f"{YEAR}/assignments/{there}/edit", data={"seen": "0", "add": "1"}).status_code == 422


# --- a file ------------------------------------------------------------------------------------------


def test_the_list_to_fill_comes_back_and_is_shown_line_by_line(web: Web, works: list[int]) -> None:
    client = web.client("olga")
    empty = load_workbook(io.BytesIO(client.get(f"{YEAR}/assignments.xlsx").data))
    sheet = empty.active
    assert [cell.value for cell in sheet["A"]][1:] == [number(web, one) for one in works]
    for row, email in ((2, "eve@example.org"), (3, "ED@example.org")):  # of the third nobody is named
        sheet.cell(row, 2, email)
    kept = io.BytesIO()
    empty.save(kept)
    address = given(client, kept.getvalue()).location
    page = client.get(address).text
    assert (page.count("可分配"), "分配 2 份评分表" in page) == (2, True)
    assert client.post(address, data={"plan": mark(page)}).status_code == 303
    assert [facts(web.world, one) for one in works] == [(0, 1), (0, 1), (0, 0)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("comma", [",", ";"])
def test_commas_and_encodings_of_spreadsheets(web: Web, works: list[int], encoding: str, comma: str) -> None:
    text = f"编号{comma}班组{comma}评审专家邮箱\r\n{number(web, works[0])}{comma}甲班{comma}eve@example.org\r\n"
    address = given(web.client("olga"), text.encode(encoding), "a.csv").location
    assert "可分配" in web.client("olga").get(address).text


def test_a_line_that_cannot_be_given_lets_nothing_be_given(web: Web, works: list[int]) -> None:
    belongs(web.world, "ed", "浦江电机厂", "applicant")
    client, one = web.client("olga"), number(web, works[0])
    heads = ("编号", "邮箱")
    lines = [(one, "eve@example.org"), (one, "ed@example.org"), ("9", "a@example.org")]
    address = given(client, book(heads, *lines)).location
    page = client.get(address).text
    assert [said for said in ("申报单位的人员", "没有编号为“9”", "a@example.org") if said not in page] == []
    assert mark(page) == ""
    assert client.post(address, data={"plan": "x"}).status_code == 409
    assert facts(web.world, works[0]) == (0, 0)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"PK no zip", b"\x00\x01\x02", "没有\n这样\n".encode(), "编号,邮箱\n".encode(),
        book(("编号", "邮箱"), ("1", "=A1")), "编号,邮箱\n".encode() + b"1,a@example.org\n" * 3_001,
    ],
)  # fmt: skip
def test_what_is_no_list_is_refused_with_a_sentence(web: Web, content: bytes) -> None:
    answer = given(web.client("olga"), content)
    assert answer.status_code == 422
    assert 'id="refusal"' in answer.text
    assert web.world.session.scalars(select(AssignmentPlan.id)).all() == []


# --- standing back -----------------------------------------------------------------------------------


def test_a_judge_stands_back_and_sees_the_work_no_more(web: Web, works: list[int]) -> None:
    web.world.assign(works[0], "eve", "ed")
    client = web.client("eve")
    sheet = web.world.session.scalars(select(Sheet.id).filter_by(evaluator_id=ids(web, "eve")[0])).one()
    assert f"/evaluator/sheets/{sheet}/recuse" in client.get("/evaluator/").text
    assert client.get(f"/evaluator/sheets/{sheet}/recuse").status_code == 200
    refused = client.post(f"/evaluator/sheets/{sheet}/recuse", data={"reason": " "})
    assert (refused.status_code, "请写明原因" in refused.text) == (422, True)
    assert web.client("ed").post(f"/evaluator/sheets/{sheet}/recuse", data={"reason": "x"}).status_code == 404
    assert client.post(f"/evaluator/sheets/{sheet}/recuse", data={"reason": "曾辅导该班组"}).status_code == 303
    assert "曾辅导该班组" in client.get("/evaluator/").text
    for path in (f"/evaluator/sheets/{sheet}", f"/evaluator/sheets/{sheet}/recuse", f"/submissions/{works[0]}"):
        assert client.get(path).status_code == 404
    assert "曾辅导该班组" in web.client("olga").get(f"/submissions/{works[0]}").text
    for who in ("alice", "rita", "ed"):
        assert "曾辅导" not in web.client(who).get(f"/submissions/{works[0]}").text
    assert facts(web.world, works[0]) == (0, 1)
    assert sheets(web.world, works[0]) == [(ids(web, "eve")[0], True), (ids(web, "ed")[0], False)]


def test_standing_back_is_offered_only_while_the_work_is_judged(web: Web, works: list[int]) -> None:
    web.world.assign(works[0], "eve")
    client = web.client("eve")
    assert "我需回避" in client.get("/evaluator/").text
    web.world.override(works[0], "evaluated")
    sheet = web.world.session.scalars(select(Sheet.id)).one()
    assert "我需回避" not in client.get("/evaluator/").text
    assert "我需回避" not in client.get(f"/evaluator/sheets/{sheet}").text
    assert client.post(f"/evaluator/sheets/{sheet}/recuse", data={"reason": "x"}).status_code == 409


def test_the_record_is_printed(web: Web, works: list[int]) -> None:
    client = web.client("olga")
    empty = client.get(f"{YEAR}/recusals.pdf")
    assert (empty.mimetype, "回避记录" in text_of(empty.data)) == ("application/pdf", True)
    web.world.assign(works[0], "eve")
    recuse(web.world, works[0], "eve", "亲属在该班组 #1 *x*", whole_unit=True)
    told = text_of(client.get(f"{YEAR}/recusals.pdf").data)
    for word in (number(web, works[0]), "甲班", "eve", "亲属在该班组 #1 *x*", "2024-07-02 10:00", "浦江电机厂"):
        assert word in told, word
