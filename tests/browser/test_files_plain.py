"""Files of a form in a browser without scripts: what is typed beside them is never lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests import files
from tests.browser.conftest import Site
from tests.browser.test_files import box, laid
from tests.browser.test_files import team as team

pytestmark = pytest.mark.browser


def test_without_a_script_what_is_typed_stays_when_a_file_goes_up_and_away(
    site: Site, team: int, tmp_path: Path
) -> None:
    signed_in = site.signed_in("alice")
    browser, state = signed_in.context.browser, signed_in.context.storage_state()
    assert browser is not None
    page = browser.new_context(java_script_enabled=False, storage_state=state, locale="zh-CN").new_page()
    address = f"{site.address}/submissions/{team}/forms/declaration"
    page.goto(address)
    title = page.get_by_label("成果名称")
    title.fill("写到一半的成果名称")
    expect(box(page).locator("input[type=file]:visible")).to_have_count(1)
    box(page).locator("input[type=file]:visible").set_input_files(laid(tmp_path, "申报书.pdf", files.pdf(3)))
    box(page).locator(".file-send button:visible").click()
    expect(box(page).locator(".files li")).to_contain_text("3 页")
    expect(title).to_have_value("写到一半的成果名称")
    title.fill("改过的成果名称")
    box(page).get_by_role("button", name="移除 申报书.pdf").click()
    expect(box(page)).to_contain_text("尚无文件")
    expect(title).to_have_value("改过的成果名称")
    title.press("Enter")  # saves, and presses no button of a file
    expect(page.get_by_text("已保存").first).to_be_visible()
    page.goto(address)
    expect(title).to_have_value("改过的成果名称")
    expect(box(page)).to_contain_text("尚无文件")
    page.context.close()
