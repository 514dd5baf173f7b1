"""The guiding bodies' pages and the organiser's: what is read, what is answered, what nobody else learns."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from qtb.store.accounts import Account
from qtb.store.reads import Read
from qtb.store.unit import unit
from tests.consenting import answer, bodies, lay, waive
from tests.web.conftest import Web
from tests.web.test_canary import Planted, _everything
from tests.web.test_panels import text_of

PAGE, MINE = "/admin/cycles/2024/consents", "/guiding/"
LEVEL = "标杆级"


@pytest.fixture
def work(web: Web) -> int:
    """Return a judged work with a level, in August."""
    case = web.world.submitted()
    web.world.override(case, "recommended")
    web.go("2024-07-10 10:00")
    web.world.judged(case)
    web.go("2024-08-10 10:00")
    web.world.propose(case, "BENCHMARK")
    return case


def test_a_body_reads_the_list_and_consents(web: Web, work: int) -> None:
    bodies(web.world)
    olga, gina = web.client("olga"), web.client("gina")
    assert gina.get("/").status_code in (200, 302)
    assert "目前没有" in gina.get(MINE).text
    assert "尚未提请审核" in olga.get(PAGE).text
    page = olga.post(PAGE, follow_redirects=True).text
    assert "1 件成果已提请 2 个指导单位审核" in page
    listed = gina.get("/guiding/1").text
    assert all(text in listed for text in ("总装一班", LEVEL, "浦江电机厂", "市质量办"))
    assert "市总工会" not in listed
    body = {"body": web.world.units["市质量办"].id}
    assert gina.post("/guiding/1", data={**body, "answer": "no"}).status_code == 422
    said = gina.post("/guiding/1", data={**body, "answer": "yes"}, follow_redirects=True)
    assert "已记录贵单位的同意。" in said.text
    assert "还有 1 个单位未同意" in olga.get(PAGE).text
    assert {row.what for row in web.world.session.scalars(select(Read))} >= {"consent", "consents"}


def test_the_list_is_taken_away_as_a_paper_with_ones_own_answer_and_as_a_workbook(web: Web, work: int) -> None:
    people = bodies(web.world)
    olga, gina = web.client("olga"), web.client("gina")
    assert olga.get(f"{PAGE}.pdf").status_code == 404
    answer(web.world, lay(web.world), people["gus"], False, "请核对第一名")
    mine, all_ = text_of(gina.get("/guiding/1.pdf").data), text_of(olga.get(f"{PAGE}.pdf").data)
    for told in ("拟定结果审核单", LEVEL, "总装一班", "浦江电机厂", "市质量办", "待答复"):
        assert told in mine, told
    assert [(one in mine, one in all_) for one in ("请核对第一名", "市总工会")] == [(False, True)] * 2
    web.go("2024-08-12 10:00")
    waive(web.world, 1, "市总工会", "多次催办未复")
    mine, all_ = text_of(web.client("gus").get("/guiding/1.pdf").data), text_of(olga.get(f"{PAGE}.pdf").data)
    assert ("多次催办未复" in mine, "多次催办未复" in all_) == (False, True)
    assert "主办方于2024年8月12日10:00（上海时间）决定不再等待：多次催办未复" in "".join(all_.split())
    page = olga.get(PAGE).text
    assert [one in page for one in ("请核对第一名", "决定不再等待：多次催办未复", "不同意")] == [True] * 3
    book = load_workbook(io.BytesIO(gina.get("/guiding/1.xlsx").data))
    assert [(row[0], row[-1]) for row in book.active.iter_rows(values_only=True)] == [("等级", "总评分"), (LEVEL, 40)]
    read = web.world.session.scalar(select(func.count()).select_from(Read))
    assert gina.get("/guiding/1.docx").status_code == olga.get(f"{PAGE}.docx").status_code == 404
    web.world.session.rollback()
    assert web.world.session.scalar(select(func.count()).select_from(Read)) == read
    assert web.client("gus").get("/guiding/99.pdf").status_code == 404
    assert {row.what for row in web.world.session.scalars(select(Read))} >= {"consent", "consents"}


def test_the_organiser_goes_on_without_one_and_takes_the_list_back(web: Web, work: int) -> None:
    bodies(web.world)
    olga = web.client("olga")
    olga.post(PAGE)
    body = {"body": web.world.units["市总工会"].id}
    assert olga.post(f"{PAGE}/waive", data=body).status_code == 422
    said = olga.post(f"{PAGE}/waive", data={**body, "reason": "已书面同意"}, follow_redirects=True)
    assert "不再等待该单位" in said.text
    assert olga.post(f"{PAGE}/back", data={}).status_code == 422
    assert "名单已收回" in olga.post(f"{PAGE}/back", data={"reason": "有误"}, follow_redirects=True).text
    assert olga.post(f"{PAGE}/back", data={"reason": "有误"}).status_code == 404


def test_whoever_is_silent_is_reminded_and_earlier_lists_stay_to_be_read(web: Web, work: int) -> None:
    people = bodies(web.world)
    olga = web.client("olga")
    olga.post(PAGE)
    answer(web.world, 1, people["gina"], False, "第三名存疑")
    assert "请在2024年8月20日 10:00（上海时间）发布之前答复" in web.client("gus").get("/guiding/1").text
    body = {"body": web.world.units["市总工会"].id}
    assert olga.post(f"{PAGE}/remind", data=body).status_code == 409
    web.go("2024-08-21 10:00")
    assert "已提醒 1 人" in olga.post(f"{PAGE}/remind", data=body, follow_redirects=True).text
    assert "原定于2024年8月20日 10:00" in olga.get(PAGE).text
    assert "正等待贵单位" in web.client("gus").get("/guiding/1").text
    olga.post(f"{PAGE}/back", data={"reason": "重排"})
    olga.post(PAGE)
    page = olga.get(PAGE).text
    assert all(text in page for text in ("以往提请", "第三名存疑"))
    for one in people.values():
        answer(web.world, 2, one)
    web.go("2024-08-21 10:01")
    page = olga.get(PAGE).text
    assert "都已发布" in page
    assert "收回名单" not in page
    assert olga.post(PAGE).status_code == 409  # nothing waits for the publication


@pytest.mark.parametrize("who", ["alice", "rita", "eve"])
def test_nobody_else_comes_in(web: Web, work: int, who: str) -> None:
    bodies(web.world)
    lay(web.world)
    for path in (PAGE, f"{PAGE}.pdf", MINE, "/guiding/1", "/guiding/1.pdf"):
        assert web.client(who).get(path).status_code == 403


def test_a_body_finds_nothing_but_the_list(web: Web, work: int) -> None:
    gina = bodies(web.world)["gina"]
    planted = Planted(work, "20240001")
    secrets = ("秘密评委甲", "秘密评委乙", "秘密评委丙")
    with unit(web.world.session) as session:
        for name, secret in zip(("eve", "ed", "eli"), secrets, strict=True):
            session.get_one(Account, web.world.people[name].id).name = secret
    assert LEVEL not in web.client("gina").get(MINE).text
    laying = lay(web.world)
    read = []
    for path, text in _everything(web, web.client("gina"), planted):
        assert not [one for one in secrets if one in text], path
        read += [path] if LEVEL in text else []
    assert sorted(read) == ["/guiding/1", "/guiding/1.pdf", "/guiding/1.xlsx"]
    answer(web.world, laying, gina)
    assert web.client("gina").get(f"/submissions/{work}").status_code == 404
