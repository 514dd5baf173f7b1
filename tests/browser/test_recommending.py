"""A recommending unit in a real browser: returns, ranks by dragging, recommends, hands in, and once too late."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from qtb.demo_texts import experience
from qtb.store.recommendations import ranked
from tests.browser.conftest import Site, press
from tests.browser.test_filling import KEPT
from tests.browser.test_roles import _fits_and_is_accessible, fill
from tests.domain.test_form_check import FIGURES
from tests.web.test_hand_ins import SUMMARY

pytestmark = pytest.mark.browser
OURS = "浦东区质协"


@pytest.fixture
def works(site: Site) -> list[int]:
    """Three works that wait for rita, in the last week of the row."""
    found = [site.world.submitted(f"{n}班") for n in "甲乙丙"]
    site.go("2024-06-24 10:00")
    return found


def test_several_are_returned_with_a_date_ranked_and_recommended(site: Site, works: list[int]) -> None:
    page = site.signed_in("rita", "/recommender/sign-in")
    _fits_and_is_accessible(page, "the queue")
    for team in "甲乙":
        page.get_by_role("checkbox", name=f"{team}班").check()
    page.get_by_role("button", name="退回修改").click()
    page.get_by_label("统一意见").fill("请补充指标口径。")
    page.get_by_label("完成期限").fill("2024-06-27")
    _fits_and_is_accessible(page, "several at once")
    page.get_by_role("button", name="对 2 件退回修改").click()
    expect(page.get_by_role("status").filter(has_text="已办理 2 件")).to_be_visible()
    alice = site.signed_in("alice", width=375)
    expect(alice.get_by_role("region", name="待办事项")).to_contain_text("6月27日")
    for one in works[:2]:
        site.world.move(one, "resubmit", "alice")
    _rank(site, page, works)
    page.goto(f"{site.address}/submissions/{works[2]}/forms/experience")
    fill(page, experience(1, site.world.now))
    press(page.get_by_role("button", name="保存", exact=True))
    page.goto(f"{site.address}/submissions/{works[2]}/moves/recommend")
    page.get_by_role("button", name="确认：同意推荐").click()
    expect(page.locator("[aria-current=step]")).to_contain_text("已推荐")
    page.goto(f"{site.address}/recommender/")
    row = page.get_by_role("row").filter(has_text="丙班")
    expect(row).to_contain_text("1")
    expect(row).to_contain_text(experience(1, site.world.now)["first_review_score"])


def test_figures_and_summary_are_handed_in_before_the_edge_and_not_after(site: Site, works: list[int]) -> None:
    page = site.signed_in("rita", "/recommender/sign-in")
    _hand_in(site, page, "statistics", {**FIGURES, "figures_note": "一队撤回"})
    _hand_in(site, page, "summary", SUMMARY)
    _reopen(site)
    _begin(site, page, "summary", {**SUMMARY, "training": "写到一半"})
    expect(page.locator("#kept")).to_have_text(KEPT)
    _fits_and_is_accessible(page, "the summary")
    page.locator("[name=training]").fill("最后一刻写的")
    site.go("2024-07-01 00:00")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator("#refusal")).to_contain_text("2024年6月30日 24:00")
    expect(page.locator(".draft-banner")).to_contain_text("作为草稿保留")
    page.goto(page.url)
    expect(page.locator("[name=training]")).to_have_value("最后一刻写的")
    page.goto(f"{site.address}/recommender/hand-ins")
    page.get_by_role("link", name="版本记录").last.click()
    expect(page.get_by_role("main")).to_contain_text("组织领导与宣传发动")
    _fits_and_is_accessible(page, "the versions of the summary")
    page.goto(f"{site.address}/recommender/hand-ins")
    _fits_and_is_accessible(page, "what is to be handed in")
    expect(page.get_by_role("main")).to_contain_text("2024年6月30日 24:00")
    site.complaints[:] = [one for one in site.complaints if "409" not in one]


def test_a_unit_looks_after_its_people_on_a_phone(site: Site) -> None:
    page = site.signed_in("rita", "/recommender/sign-in", width=375)
    page.goto(f"{site.address}/unit/members")
    page.get_by_label("姓名").last.fill("新同事")
    page.get_by_label("邮箱").last.fill("colleague@example.org")
    page.get_by_role("button", name="邀请").click()
    expect(page.locator("code.one-time")).to_contain_text("/invitations/")
    page.get_by_text("为 rita 安排代理人").click()
    _fits_and_is_accessible(page, "the members")
    page.locator("[name=name]").first.fill("代理人")
    page.locator("[name=email]").first.fill("deputy@example.org")
    page.get_by_label("代理至").first.fill("2024-06-01T00:00")
    page.get_by_role("button", name="安排代理").first.click()
    expect(page.get_by_role("main")).to_contain_text("代 rita")


def test_the_organiser_sets_a_quota_and_the_unit_sees_it(site: Site, works: list[int]) -> None:
    olga = site.signed_in("olga")
    olga.goto(f"{site.address}/admin/cycles/2024/quotas")
    _fits_and_is_accessible(olga, "the quotas")
    olga.get_by_label(f"{OURS} 的名额").fill("1")
    olga.get_by_label(f"{OURS} 超出名额时").select_option("block")
    line = olga.get_by_role("listitem").filter(has_text=OURS).or_(olga.get_by_role("row").filter(has_text=OURS))
    press(line.get_by_role("button", name="保存"))
    page = site.signed_in("rita", "/recommender/sign-in", width=375)
    expect(page.get_by_role("status").first).to_contain_text("剩余 1 个")
    for team in "甲乙":
        page.get_by_role("checkbox", name=f"{team}班").check()
    page.get_by_role("button", name="同意推荐").click()
    page.get_by_role("button", name="对 2 件同意推荐").click()
    expect(page.locator("#refusal")).to_contain_text("推荐名额为 1 个")
    _fits_and_is_accessible(page, "several refused")


def _rank(site: Site, page: Page, works: list[int]) -> None:
    page.goto(f"{site.address}/recommender/ranking")
    rows = page.locator(".rank-row")
    rows.nth(2).drag_to(rows.nth(0), target_position={"x": 200, "y": 4})
    expect(rows.nth(0)).to_contain_text("丙班")
    expect(rows.nth(0).locator(".rank-number")).to_have_value("1")
    _fits_and_is_accessible(page, "the ranking")
    page.get_by_role("button", name="保存排序").click()
    expect(page.get_by_role("status").filter(has_text="排序")).to_be_visible()
    site.world.session.rollback()
    assert ranked(site.world.session, site.world.cycle, site.world.units[OURS].id) == [works[2], works[0], works[1]]


def _begin(site: Site, page: Page, form: str, answers: dict[str, Any]) -> None:
    unit_id = site.world.units[OURS].id
    page.goto(f"{site.address}/recommender/hand-ins")
    press(page.locator(f"a[href*='/{unit_id}/{form}']").first)
    # What the system says stands there already and is no field.
    fill(page, {key: value for key, value in answers.items() if page.locator(f"[name={key}]").count()})


def _reopen(site: Site) -> None:
    olga = site.signed_in("olga")
    olga.goto(f"{site.address}/admin/cycles/2024/hand-ins")
    _fits_and_is_accessible(olga, "what units handed in")
    cell = olga.locator("td[data-label='推进工作总结']")
    cell.locator("summary").click()
    cell.get_by_label("退回原因").fill("请补充数据")
    cell.get_by_role("button").click()
    expect(olga.get_by_role("status").first).to_be_visible()


def _hand_in(site: Site, page: Page, form: str, answers: dict[str, Any]) -> None:
    _begin(site, page, form, answers)
    page.get_by_role("button", name="报送").click()
    page.get_by_role("button", name="确认报送").click()
    expect(page.get_by_role("main")).to_contain_text("已报送")
