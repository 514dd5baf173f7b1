"""A stranger objects to what was published, and the organiser answers: in a real browser, on a phone and a desktop."""

from __future__ import annotations

import pytest
from playwright.sync_api import FilePayload, expect

from tests import files
from tests.browser.conftest import Site
from tests.browser.test_roles import _fits_and_is_accessible
from tests.web.test_objections import ANSWER, PUBLISHED, UNIT

pytestmark = pytest.mark.browser


@pytest.fixture
def work(site: Site) -> int:
    """A work that was published with a level."""
    found = site.world.placed("evaluated")
    site.world.propose(found)
    site.go(PUBLISHED)
    return found


def test_a_unit_objects_on_a_phone_and_the_organiser_upholds_it(site: Site, work: int) -> None:
    page = site.visit("/cycles/2024/results", width=375)
    _fits_and_is_accessible(page, "the public notice")
    page.get_by_role("link", name="对 总装一班 提出异议").click()
    expect(page.get_by_label("统一社会信用代码")).to_be_hidden()  # asked of units alone
    page.get_by_label("提出人类别").select_option("unit")
    for name in ("by_name", "by_uscc", "by_phone", "by_email", "item", "grounds"):
        page.locator(f"[name={name}]").fill(UNIT[name])
    page.get_by_role("button", name="提出异议").click()
    expect(page.locator("#stamped_file-error")).to_be_visible()
    _fits_and_is_accessible(page, "an objection that lacks its paper")
    paper: FilePayload = {"name": "异议书.pdf", "mimeType": "application/pdf", "buffer": files.pdf()}
    page.locator("#stamped_file").set_input_files(paper)
    page.get_by_role("button", name="提出异议").click()
    expect(page.get_by_role("status")).to_contain_text("异议已提交")
    code = page.locator("code.one-time").inner_text()
    _fits_and_is_accessible(page, "how the objection stands")
    olga = site.signed_in("olga")
    olga.goto(f"{site.address}/admin/cycles/2024/objections")
    _fits_and_is_accessible(olga, "the objections")
    olga.get_by_role("link", name=UNIT["item"]).click()
    olga.get_by_role("button", name="受理", exact=True).click()
    expect(olga.get_by_role("status")).to_contain_text("已受理")
    _fits_and_is_accessible(olga, "an objection")
    for name, text in ANSWER.items():
        olga.locator(f"[name={name}]").fill(text)
    olga.get_by_role("radio", name="异议成立 —").check()
    olga.get_by_role("button", name="答复并办结").click()
    expect(olga.get_by_role("status")).to_contain_text("已答复")
    _fits_and_is_accessible(olga, "an answered objection")
    page.goto(f"{site.address}/objections/{code}")
    expect(page.get_by_role("main")).to_contain_text("异议成立")
    page.goto(f"{site.address}/cycles/2024/results")
    expect(page.get_by_role("main")).not_to_contain_text("总装一班")
