"""Files of a form in a real browser: sent up while one types, refused by content, replaced, handed out, taken away."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import files
from tests.browser.conftest import Site
from tests.browser.test_roles import _fits_and_is_accessible

pytestmark = pytest.mark.browser


@pytest.fixture
def team(site: Site) -> int:
    """A registered team without a declaration."""
    found = site.world.enter()
    site.world.move(found, "register", "alice")
    return found


def box(page: Page) -> Locator:
    """Return the field of the report."""
    return page.locator("[data-file-box=report_file]")


def laid(folder: Path, name: str, body: bytes) -> Path:
    """Lay a file where the browser picks it up."""
    path = folder / name
    path.write_bytes(body)
    return path


@pytest.mark.parametrize("width", [1280, 375])
def test_a_file_goes_up_beside_what_is_typed(site: Site, team: int, tmp_path: Path, width: int) -> None:
    page = site.signed_in("alice", width=width)
    page.goto(f"{site.address}/submissions/{team}/forms/declaration")
    page.get_by_label("成果名称").fill("写到一半的成果名称")
    box(page).locator("input[type=file]").set_input_files(laid(tmp_path, "假的.pdf", b"<html>no report</html>"))
    expect(box(page).locator("[data-says]")).to_contain_text("不是可接受的类型")
    expect(box(page)).to_contain_text("尚无文件")
    box(page).locator("input[type=file]").set_input_files(laid(tmp_path, "申报书.pdf", files.pdf(3)))
    expect(box(page).locator("[data-says]")).to_contain_text("已上传：申报书.pdf")
    expect(box(page).locator(".files li")).to_contain_text("3 页")
    section = page.locator("fieldset.card").filter(has=box(page))
    expect(section.locator("[data-part]")).to_have_text("必填 1/1")
    expect(page.get_by_label("成果名称")).to_have_value("写到一半的成果名称")
    _fits_and_is_accessible(page, "a form with a file")
    second = laid(tmp_path, "申报书二.pdf", files.pdf(2))
    box(page).locator("input[type=file]").set_input_files(second)
    expect(box(page).locator(".files li")).to_have_count(1)
    expect(box(page).locator(".files li")).to_contain_text("申报书二.pdf")
    with page.expect_download() as download:
        box(page).locator(".files a").click()
    assert Path(download.value.path()).read_bytes() == second.read_bytes()
    assert download.value.suggested_filename == "申报书二.pdf"
    box(page).get_by_role("button", name="移除 申报书二.pdf").click()
    expect(box(page)).to_contain_text("尚无文件")


def test_a_late_file_is_refused_and_what_was_typed_stays(site: Site, team: int, tmp_path: Path) -> None:
    page = site.signed_in("alice")
    page.goto(f"{site.address}/submissions/{team}/forms/declaration")
    page.get_by_label("成果名称").fill("写到一半的成果名称")
    site.go("2024-06-01 00:00")
    box(page).locator("input[type=file]").set_input_files(laid(tmp_path, "申报书.pdf", files.pdf()))
    expect(box(page).locator("[data-says]")).to_contain_text("2024年5月31日 24:00")
    expect(page.get_by_label("成果名称")).to_have_value("写到一半的成果名称")
    expect(box(page)).to_contain_text("尚无文件")
