"""Panels, plans of who judges what and standing back, in a real browser: they fit, are accessible, and work by hand."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from qtb.store.evaluations import Sheet
from tests.browser.conftest import LAYOUT, Site
from tests.browser.test_roles import _fits_and_is_accessible
from tests.judging import asked, belongs, declare, facts, panel, recuse

pytestmark = pytest.mark.browser
YEAR = "/admin/cycles/2024"


def judged(site: Site) -> list[int]:
    """Put three works before a panel in July; one judge may not have one of them, one stood back from another."""
    contacts = {"甲": "联系人", "乙": "联系人", "丙": "ewa"}
    found = [site.world.placed("recommended", team=f"{one}班", contact_name=name) for one, name in contacts.items()]
    site.go("2024-07-02 10:00")
    panel(site.world, "eve", "ed", "eli", most=9)
    declare(site.world, "ed", found[0])
    site.world.assign(found[1], "eve")
    recuse(site.world, found[1], "eve")
    return found


@LAYOUT
@pytest.mark.parametrize("width", [1280, 375, 320])
def test_pages_of_judging_fit_and_are_accessible(site: Site, width: int) -> None:
    works = judged(site)
    site.world.assign(works[2], "eli")
    belongs(site.world, "ewa", "浦江电机厂", "applicant")
    plan = asked(site.world, 3)
    people, page = site.world.people, site.signed_in("olga", width=width)
    for path in (
        "panels", "assignments", f"assignments/{plan}", f"judges/{people['ed'].id}", f"judges/{people['ewa'].id}"
    ):  # fmt: skip
        page.goto(f"{site.address}{YEAR}/{path}")
        for one in page.locator("main details > summary").all():
            one.click()
        _fits_and_is_accessible(page, path)
    page.goto(f"{site.address}/submissions/{works[0]}")
    _fits_and_is_accessible(page, "case")
    sheet = site.world.session.scalars(select(Sheet.id).filter_by(evaluator_id=people["eli"].id)).one()
    page = site.signed_in("eli", width=width)
    for path in ("/evaluator/", f"/evaluator/sheets/{sheet}", f"/evaluator/sheets/{sheet}/recuse"):
        page.goto(site.address + path)
        _fits_and_is_accessible(page, path)


def test_a_plan_is_asked_for_edited_and_applied_and_a_judge_stands_back(site: Site) -> None:
    works = judged(site)
    page = site.signed_in("olga")
    page.goto(f"{site.address}{YEAR}/panels")
    page.get_by_role("link", name="分配方案").click()
    page.get_by_label("每件成果的专家数").fill("2")
    page.get_by_role("button", name="生成方案").click()
    expect(page.get_by_text("将新增 6 份评分表")).to_be_visible()
    page.get_by_role("row").filter(has_text="甲班").get_by_role("button", name="移除eve").click()
    expect(page.get_by_text("还缺 1 位专家")).to_be_visible()
    page.get_by_label("成果", exact=True).select_option(value=str(works[0]))
    page.get_by_label("评审专家", exact=True).select_option(label="ewa")
    page.get_by_role("button", name="加入方案").click()
    page.get_by_role("button", name="执行方案").click()
    expect(page.get_by_text("已分配 6 份评分表")).to_be_visible()
    assert [facts(site.world, one) for one in works] == [(0, 2)] * 3
    mine = site.signed_in("ewa")
    mine.get_by_role("link", name="我需回避").first.click()
    mine.get_by_label("原因").fill("曾辅导该班组")
    mine.get_by_role("button", name="确认回避").click()
    expect(mine.get_by_text("已记录您的回避")).to_be_visible()
    page.reload()
    expect(page.get_by_text("曾辅导该班组").last).to_be_visible()
