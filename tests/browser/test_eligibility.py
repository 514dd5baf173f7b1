"""The rules of eligibility beside a form, a waiver, another recommending unit and a conversation, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from qtb.store.submissions import Submission
from tests.browser.conftest import Site, press
from tests.browser.test_roles import _fits_and_is_accessible, fill
from tests.world import DECLARATION

pytestmark = pytest.mark.browser


def rule(page: Page, code: str) -> Locator:
    """Return what the panel says of one rule."""
    return page.locator(".rules li").filter(has=page.get_by_text(code, exact=True))


@pytest.mark.parametrize("width", [1280, 375])
def test_the_panel_follows_what_is_typed(site: Site, width: int) -> None:
    team = site.world.enter()
    site.world.move(team, "register", "alice")
    page = site.signed_in("alice", width=width)
    page.goto(f"{site.address}/submissions/{team}/forms/declaration")
    if width < 1100 and page.locator(".rules-card details:not([open]) summary").count():
        page.locator(".rules-card summary").click()
    _fits_and_is_accessible(page, "the form with its rules")
    expect(rule(page, "E5")).to_contain_text("待填写")
    page.locator("[name=incidents_any]").select_option("some")
    expect(rule(page, "E5")).to_contain_text("不符合")
    page.locator("[name=incidents_any]").select_option("none")
    expect(rule(page, "E5")).to_contain_class("rule-met")
    fill(page, {**DECLARATION, "incidents_any": "none"})
    expect(rule(page, "E13")).to_contain_class("rule-met")


def test_a_blocking_rule_is_waived_and_the_team_hands_in(site: Site) -> None:
    team = site.world.enter(team_founded="2024-01")
    site.world.move(team, "register", "alice")
    site.world.declare(team)
    alice, olga = site.signed_in("alice"), site.signed_in("olga")
    alice.goto(f"{site.address}/submissions/{team}")
    expect(alice.locator("#why-submit")).to_contain_text("12 个月")
    olga.goto(f"{site.address}/submissions/{team}")
    olga.get_by_text("豁免一项条件").click()
    olga.locator("#w-rule").select_option("E2")
    olga.locator("#w-reason").fill("原班组整建制转入")
    _fits_and_is_accessible(olga, "a case with a waiver")
    press(olga.get_by_role("button", name="豁免", exact=True))
    alice.reload()
    alice.get_by_role("link", name="提交申报").click()
    alice.get_by_role("button", name="确认：提交申报").click()
    expect(alice.locator("[aria-current=step]")).to_contain_text("已申报")


def test_another_unit_is_asked_and_people_talk_inside_the_case(site: Site) -> None:
    team = site.world.submitted()
    alice = site.signed_in("alice", width=375)
    alice.goto(f"{site.address}/submissions/{team}/recommender")
    _fits_and_is_accessible(alice, "another recommending unit")
    alice.get_by_label("新推荐单位").select_option(label="机电行业协会")
    alice.get_by_label("理由").fill("归口单位调整")
    press(alice.get_by_role("button", name="更换推荐单位"))
    alice.goto(f"{site.address}/submissions/{team}/conversation")
    alice.get_by_label("留言（").fill("请问何时可以初审？")
    press(alice.get_by_role("button", name="发送"))
    ralf = site.signed_in("ralf", "/recommender/sign-in")
    expect(ralf.get_by_role("main")).to_contain_text("有新留言")
    ralf.goto(f"{site.address}/submissions/{team}/conversation")
    expect(ralf.locator(".talk")).to_contain_text("请问何时可以初审？")
    expect(ralf.get_by_role("button", name="退出")).to_be_visible()
    _fits_and_is_accessible(ralf, "the conversation")
    site.world.session.rollback()
    assert site.world.session.get_one(Submission, team).recommender_id == site.world.units["机电行业协会"].id
