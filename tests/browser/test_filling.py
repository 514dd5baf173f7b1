"""Filling in a real browser: what is typed survives a lost connection, a reload, a sign-in that ended, a deadline."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Error, Page, expect

from tests.browser.conftest import LAYOUT, Site, press
from tests.browser.test_roles import _fits_and_is_accessible
from tests.colleagues import colleague

pytestmark = pytest.mark.browser
# Goes to the end of the page, and tells where the button is one frame later.
JUMP = """async button => {
    window.scrollTo(0, document.documentElement.scrollHeight);
    await new Promise(requestAnimationFrame);
    const box = button.getBoundingClientRect();
    return [box.x, box.y];
}"""
KEPT = re.compile(r"已自动保存 \d\d:\d\d")


@pytest.fixture
def team(site: Site) -> int:
    """A registered team without a declaration."""
    found = site.world.enter()
    site.world.move(found, "register", "alice")
    return found


def address(site: Site, team: int, rest: str = "") -> str:
    """The address of the team's declaration."""
    return f"{site.address}/submissions/{team}/forms/declaration{rest}"


@LAYOUT
def test_the_foot_of_a_form_stays_under_the_pointer_while_its_button_is_pressed(site: Site) -> None:
    page = site.signed_in("alice")
    page.goto(f"{site.address}/applicant/cycles/2024/enter")
    button = page.get_by_role("button", name="保存并提交报名")
    x, y = button.evaluate(JUMP)
    page.mouse.move(x + 20, y + 20)
    page.mouse.down()
    page.wait_for_function("() => scrollY + innerHeight >= document.documentElement.scrollHeight - 1")  # a slow hand
    page.mouse.up()
    page.wait_for_url("**/moves/register")


def test_what_is_typed_without_a_connection_is_there_again_and_a_late_save_keeps_it(site: Site, team: int) -> None:
    page = site.signed_in("alice")
    page.goto(address(site, team))
    progress = page.locator("[data-whole]").inner_text()
    page.get_by_label("成果名称").fill("写到一半的成果名称")
    expect(page.locator("#kept")).to_have_text(KEPT)
    expect(page.locator("[data-whole]")).not_to_have_text(progress)
    _cut(page)
    page.get_by_label("班组概况").fill("断线以后写的概况。")
    expect(page.locator("#kept")).to_contain_text("连接中断")
    with pytest.raises(Error, match="INTERNET_DISCONNECTED"):
        page.reload()
    _mend(site, page)
    page.goto(address(site, team))
    expect(page.get_by_label("班组概况")).to_have_value("断线以后写的概况。")
    expect(page.get_by_label("成果名称")).to_have_value("写到一半的成果名称")
    expect(page.locator(".draft-banner")).to_contain_text("尚未保存的内容")
    _fits_and_is_accessible(page, "the page with a draft")
    page.get_by_label("班组概况").fill("最后一刻写的概况。")
    site.go("2024-06-01 00:00")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("2024年5月31日 24:00")
    expect(page.get_by_label("班组概况")).to_have_value("最后一刻写的概况。")
    expect(page.locator(".draft-banner")).to_contain_text("作为草稿保留")
    _fits_and_is_accessible(page, "the late page")
    page.goto(address(site, team))
    expect(page.get_by_label("班组概况")).to_have_value("最后一刻写的概况。")
    _not_offered(site, page)


@LAYOUT
@pytest.mark.parametrize("width", [1280, 375])
def test_the_buttons_stay_where_they_are_when_a_draft_is_kept(site: Site, team: int, width: int) -> None:
    """A button that moves between a finger's going down and up is not pressed, and nothing is saved."""
    page = site.signed_in("alice", width=width)
    page.goto(address(site, team))
    save = page.get_by_role("button", name="保存", exact=True)
    page.get_by_label("成果名称").fill("写到一半的成果名称")
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    before = save.bounding_box()
    expect(page.locator("#kept")).to_have_text(KEPT)
    assert save.bounding_box() == before


def test_a_connection_that_comes_back_sends_what_was_kept_here(site: Site, team: int) -> None:
    page = site.signed_in("alice")
    page.goto(address(site, team))
    _cut(page)
    page.get_by_label("成果名称").fill("断线时写的")
    expect(page.locator("#kept")).to_contain_text("连接中断")
    _mend(site, page)
    expect(page.locator("#kept")).to_have_text(KEPT)
    other = site.signed_in("alice")
    other.goto(address(site, team))
    expect(other.get_by_label("成果名称")).to_have_value("断线时写的")


def test_what_was_typed_after_the_sign_in_ended_is_there_after_the_next(site: Site, team: int) -> None:
    page = site.signed_in("alice")
    page.goto(address(site, team))
    elsewhere = page.context.new_page()
    elsewhere.goto(f"{site.address}/applicant/")
    press(elsewhere.get_by_role("button", name="退出"))
    page.get_by_label("成果名称").fill("登录结束后写的")
    expect(page.locator("#kept")).to_contain_text("登录已结束")
    page.goto(address(site, team))
    page.get_by_label("邮箱").fill("alice@example.org")
    page.get_by_label("密码").fill("a long enough secret")
    page.get_by_role("main").get_by_role("button", name="登录").click()
    expect(page).to_have_url(re.compile("/forms/declaration"))
    expect(page.get_by_label("成果名称")).to_have_value("登录结束后写的")


def test_two_people_meet_at_one_form_and_one_chooses(site: Site, team: int) -> None:
    site.world.declare(team)
    colleague(site.world)
    alice, anna = site.signed_in("alice"), site.signed_in("anna", width=375)
    for page in (alice, anna):
        page.goto(address(site, team))
    anna.get_by_label("成果名称").fill("乙的题目")
    expect(anna.locator("#kept")).to_have_text(KEPT)
    alice.get_by_label("成果名称").fill("甲的题目")
    expect(alice.locator("#at-work")).to_contain_text("正在由 anna")
    press(alice.get_by_role("button", name="保存", exact=True))
    anna.get_by_role("button", name="保存", exact=True).click()
    expect(anna.get_by_role("heading", name="合并两份改动")).to_be_visible()
    _fits_and_is_accessible(anna, "the merge view")
    anna.get_by_label("用我填写的内容").check()
    anna.get_by_role("button", name="按所选保存").click()
    expect(anna.get_by_text("已保存")).to_be_visible()
    for rest, told in {"/versions": "乙", "/versions/2": "甲的题目", "/print": "乙的题目", "/copy": "带入"}.items():
        anna.goto(address(site, team, rest))
        expect(anna.locator("main")).to_contain_text(told)
        _fits_and_is_accessible(anna, rest)
    anna.goto(address(site, team))
    _not_offered(site, anna)


def _not_offered(site: Site, page: Page) -> None:
    """What reached the server is neither offered nor left in the browser."""
    expect(page.locator("#held")).to_be_hidden()
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('qtb:'))") == []


def _cut(page: Page) -> None:
    page.context.set_offline(True)


def _mend(site: Site, page: Page) -> None:
    page.context.set_offline(False)
    # The browser and the live panel complain of what they could not reach; that is what was to happen.
    lost = ("ERR_INTERNET_DISCONNECTED", "htmx:afterRequest", "htmx:sendError")
    site.complaints[:] = [one for one in site.complaints if not any(what in one for what in lost)]
