"""Each role does its main act in a real browser: one team from registration to the public list."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FilePayload, Page, expect
from sqlalchemy import select

from qtb.demo_texts import experience
from qtb.store.outbox import Outbox
from tests import files
from tests.browser.conftest import LAYOUT, Site, press
from tests.world import DECLARATION, REGISTRATION

pytestmark = pytest.mark.browser


def test_a_team_goes_from_registration_to_the_public_list(site: Site) -> None:
    number = _applicant_registers_and_declares(site)
    _recommender_returns_then_recommends(site, number)
    _organiser_assigns(site, number)
    site.go("2024-07-02 10:00")
    for name in ("eve", "ed", "eli"):
        _evaluator_scores(site, name)
    site.go("2024-07-03 10:00")
    _organiser_proposes_a_level(site, number)
    public = site.visit("/cycles/2024/results")
    expect(public.get_by_text("结果尚未发布")).to_be_visible()
    site.go("2024-08-20 10:00")
    public.reload()
    expect(public.get_by_role("row").filter(has_text="浏览器班")).to_contain_text("优秀级")


@LAYOUT
@pytest.mark.parametrize("width", [1280, 375, 320])
def test_main_pages_fit_and_are_accessible(site: Site, width: int) -> None:
    team = site.world.submitted()
    letter = site.world.session.scalars(select(Outbox.id)).first()
    for name, paths in {
        None: ["/", "/sign-in", "/recommender/sign-in", "/sign-up", "/cycles/2024/results"],
        "alice": ["/applicant/", "/applicant/cycles/2024/enter", f"/submissions/{team}"],
        "rita": ["/recommender/", f"/submissions/{team}/moves/recommend"],
        "eve": ["/evaluator/"],
        "olga": [
            "/admin/", "/admin/submissions", "/admin/cycles/2024", "/admin/users", "/admin/units", "/admin/history",
            "/admin/outbox", f"/admin/outbox/{letter}", "/admin/notices/read", f"/submissions/{team}",
        ],
    }.items():  # fmt: skip
        page = site.signed_in(name, width=width) if name else site.visit(width=width)
        for path in paths:
            page.goto(site.address + path)
            _fits_and_is_accessible(page, path)
        if name == "rita":
            press(page.get_by_role("button", name="English"))
            path = f"/submissions/{team}/moves/return"
            page.goto(site.address + path)
            _fits_and_is_accessible(page, path)


def test_the_year_is_readable_on_a_phone(site: Site) -> None:
    for when in ("2024-01-02 10:00", "2024-05-02 10:00", "2024-12-30 10:00"):
        site.go(when)
        page = site.visit(width=375)
        flag, line = (page.locator(part).bounding_box() for part in (".p-today-flag", ".p-today >> nth=-1"))
        months = [one.bounding_box() for one in page.locator(".p-month").all()]
        assert flag is not None
        assert line is not None
        assert all(month and month["y"] >= flag["y"] + flag["height"] for month in months)
        assert flag["x"] + flag["width"] <= line["x"] + line["width"] + 1  # in view as soon as its line is
        picture = page.locator(".picture svg").bounding_box()
        assert picture is not None
        assert flag["x"] >= picture["x"]
        assert flag["y"] >= picture["y"]
        row = page.get_by_role("row").filter(has_text="成果推荐")
        expect(row.locator("td").first).to_have_css("display", "grid")
        badge, cell = (row.locator(part).bounding_box() for part in (".state", "td:last-child"))
        assert badge is not None
        assert cell is not None
        assert badge["width"] < cell["width"] / 2


def test_a_notice_becomes_a_year_in_the_browser(site: Site) -> None:
    page = site.signed_in("olga")
    page.goto(f"{site.address}/admin/notices/read")
    page.get_by_label("或粘贴通知全文").fill(
        "关于开展2025年质量信得过班组活动的通知\n\n"
        + "\n".join(f"{n}\t{row}" for n, row in enumerate(
            ["活动报名\t2-5月\t申报单位", "成果申报\t2-5月\t申报单位", "成果推荐\t4-6月\t推荐单位",
             "成果评价\t7-8月\t主办方", "成果发布\t8月\t主办方", "宣传推广\t10-12月\t主办方"], 1))
    )  # fmt: skip
    page.get_by_role("button", name="读取时间表").click()
    expect(page.get_by_role("heading", name="核对时间表")).to_be_visible()
    expect(page.locator("#end-1")).to_have_value("2025-05-31")
    page.get_by_role("button", name="确认并建立年度").click()
    expect(page.get_by_text("年度已建立")).to_be_visible()
    public = site.visit("/cycles/2025")
    expect(public.get_by_role("row").filter(has_text="成果推荐")).to_contain_text("2025年4月1日 – 2025年6月30日")


def test_a_disabled_act_says_why_and_from_when(site: Site) -> None:
    site.go("2024-03-05 10:00")
    team = site.world.submitted()
    page = site.signed_in("rita", "/recommender/sign-in")
    page.goto(f"{site.address}/submissions/{team}")
    expect(page.get_by_role("button", name="同意推荐")).to_be_disabled()
    expect(page.locator("#why-recommend")).to_contain_text("2024年4月1日 00:00（上海时间）")


def test_what_was_typed_too_late_is_kept_on_the_page(site: Site) -> None:
    team = site.world.enter()
    site.world.move(team, "register", "alice")
    page = site.signed_in("alice")
    page.goto(f"{site.address}/submissions/{team}/forms/declaration")
    page.get_by_label("成果名称").fill("写到一半的成果名称")
    site.go("2024-06-01 00:00")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("成果名称")).to_have_value("写到一半的成果名称")


def test_english_is_complete_enough_to_work_in(site: Site) -> None:
    page = site.signed_in("alice")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="My entries")).to_be_visible()
    expect(page.get_by_role("link", name="Register a team")).to_be_visible()


def _applicant_registers_and_declares(site: Site) -> str:
    page = site.signed_in("alice")
    page.get_by_role("link", name="报名班组").click()
    page.get_by_label("拟推荐单位").select_option(label="浦东区质协")
    fill(page, {**REGISTRATION, "team_name": "浏览器班", "contact_phone": "12"})
    page.get_by_role("button", name="保存并提交报名").click()
    expect(page.locator("#contact_phone-error")).to_be_visible()
    page.get_by_label("联系电话").fill("021-55550000")
    page.get_by_role("button", name="保存并提交报名").click()
    page.get_by_role("button", name="确认：提交报名").click()
    press(page.get_by_role("link", name="填写申报表"))
    fill(page, DECLARATION)
    page.get_by_role("button", name="保存并提交申报").click()
    page.get_by_role("button", name="确认：提交申报").click()
    expect(page.locator("[aria-current=step]")).to_contain_text("已申报")
    return page.locator(".pairs dd").first.inner_text()


def fill(page: Page, answers: dict[str, Any]) -> None:
    """Type a whole form as a person does: fields by their names, rows added as they are needed."""
    for key, value in answers.items():
        if not isinstance(value, list):
            _answer(page, key, value)
            continue
        rows = page.locator(f"[data-rows={key}]")
        while rows.locator(".row-card").count() < len(value):
            rows.locator("[data-add]").click()
        for n, row in enumerate(value):
            for column, cell in row.items():
                _answer(page, f"{key}-{n}-{column}", cell)
    for box in page.locator("[data-file-box]:has(.must)").all():
        paper: FilePayload = {"name": "盖章件.pdf", "mimeType": "application/pdf", "buffer": files.pdf()}
        box.locator("input").set_input_files(paper)
        expect(box.locator("[data-standing]")).to_contain_text("盖章件.pdf")


def _answer(page: Page, name: str, value: str) -> None:
    field = page.locator(f"[name={name}]")
    if field.get_attribute("type") == "checkbox":
        field.check()
    elif field.evaluate("field => field.tagName") == "SELECT":
        field.select_option(value)
    else:
        field.fill(value)


def _recommender_returns_then_recommends(site: Site, number: str) -> None:
    page = site.signed_in("rita", "/recommender/sign-in")
    page.locator(".todo a").click()
    page.get_by_role("link", name="退回修改").click()
    page.get_by_label("意见").fill("请补充指标口径。")
    press(page.get_by_role("button", name="确认：退回修改"))
    applicant = site.signed_in("alice")
    applicant.locator(".todo a").click()
    expect(applicant.get_by_text("请补充指标口径。")).to_be_visible()
    applicant.get_by_role("link", name="重新提交").click()
    press(applicant.get_by_role("button", name="确认：重新提交"))
    page.goto(f"{site.address}/recommender/")
    page.locator(".todo a").click()
    expect(page.locator("#why-recommend")).to_contain_text("推荐表")
    press(page.get_by_role("link", name="填写"))
    fill(page, experience(1, site.world.now))
    press(page.get_by_role("button", name="保存", exact=True))
    page.goto(f"{site.address}/recommender/")
    page.locator(".todo a").click()
    page.get_by_role("link", name="同意推荐").click()
    page.get_by_role("button", name="确认：同意推荐").click()
    expect(page.locator("[aria-current=step]")).to_contain_text("已推荐")


def _organiser_assigns(site: Site, number: str) -> None:
    page = site.signed_in("olga")
    _open(page, site, number)
    for name in ("eve", "ed", "eli"):
        page.get_by_label(name, exact=True).check()
    page.get_by_role("button", name="分配").click()
    expect(page.get_by_text("已分配。")).to_be_visible()


def _evaluator_scores(site: Site, name: str) -> None:
    page = site.signed_in(name)
    press(page.get_by_role("link", name="评分", exact=True))
    for field in page.locator("input.points").all():
        field.fill("5")
    page.get_by_role("button", name="完成评分").click()
    expect(page.get_by_text("评分已完成。")).to_be_visible()


def _organiser_proposes_a_level(site: Site, number: str) -> None:
    page = site.signed_in("olga")
    _open(page, site, number)
    page.locator("#f-level").select_option("EXCELLENT")
    page.locator("#l-reason").fill("只有一件成果，经合议")  # the ranking of one work gives it less
    page.get_by_role("button", name="保存等级").click()
    expect(page.get_by_text("等级已拟定").or_(page.get_by_text("已拟定等级")).first).to_be_visible()


def _open(page: Page, site: Site, number: str) -> None:
    page.goto(f"{site.address}/admin/submissions")
    page.get_by_label("搜索").fill(number)
    # The list is put in place anew as soon as the search answers; a click on a line that goes at that moment is lost.
    expect(page).to_have_url(re.compile("q="))
    press(page.get_by_role("link", name=number))


def _fits_and_is_accessible(page: Page, path: str) -> None:
    page.wait_for_load_state()  # after a click the next page may not have a single element yet
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over == 0, f"{path} is {over} px too wide"
    found = Axe().run(page).response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert [f"{path}: {one['id']}: {one['nodes'][0]['html'][:160]}" for one in serious] == []
