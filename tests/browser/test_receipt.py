"""From a form that is handed in to a receipt that a stranger can check, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site
from tests.browser.test_roles import _fits_and_is_accessible

pytestmark = pytest.mark.browser


def test_a_receipt_is_taken_and_a_stranger_checks_it(site: Site, tmp_path: Path) -> None:
    team = site.world.enter()
    site.world.move(team, "register", "alice")
    site.world.declare(team)
    page = site.signed_in("alice", width=375)
    page.goto(f"{site.address}/submissions/{team}/moves/submit")
    page.get_by_role("button", name="确认：提交申报").click()
    address = page.locator("a[href*='/receipts/']").get_attribute("href")
    answer = page.request.get(f"{site.address}{address}")
    assert (answer.status, answer.body()[:5]) == (200, b"%PDF-")
    receipt, changed = tmp_path / "receipt.pdf", tmp_path / "changed.pdf"
    receipt.write_bytes(answer.body())
    changed.write_bytes(answer.body().replace(b"%PDF-1.7", b"%PDF-1.6", 1)[:-1])
    stranger = site.visit("/verify", width=375)
    stranger.get_by_label("回执或证书文件（PDF）").set_input_files(receipt)
    stranger.get_by_role("button", name="核验文件").click()
    expect(stranger.get_by_role("status")).to_contain_text("没有任何改动")
    expect(stranger.get_by_role("main")).to_contain_text("总装一班")
    _fits_and_is_accessible(stranger, "a receipt that verifies")
    code = stranger.locator("dl.pairs dt", has_text="回执码").locator("xpath=following-sibling::dd[1]").inner_text()
    stranger.get_by_label("回执或证书文件（PDF）").set_input_files(changed)
    stranger.get_by_role("button", name="核验文件").click()
    expect(stranger.get_by_role("alert")).to_contain_text("已被改动")
    stranger.get_by_label("回执码").fill(code)
    stranger.get_by_role("button", name="核验", exact=True).click()
    expect(stranger.get_by_role("status")).to_contain_text("由本系统出具")
