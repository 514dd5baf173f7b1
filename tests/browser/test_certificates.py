"""Certificates issued and reissued by the organiser, and checked by a stranger, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site
from tests.browser.test_roles import _fits_and_is_accessible
from tests.services.test_certificates import awarded

pytestmark = pytest.mark.browser


def test_a_certificate_is_issued_reissued_and_checked_by_a_stranger(site: Site, tmp_path: Path) -> None:
    (team,) = awarded(site.world, "BENCHMARK")
    site.go("2024-08-20 10:00")
    olga = site.signed_in("olga", width=375)
    olga.goto(f"{site.address}/admin/cycles/2024/certificates")
    _fits_and_is_accessible(olga, "no certificates yet")
    olga.get_by_role("button", name="颁发全部待发证书（1）").click()
    expect(olga.get_by_role("main")).to_contain_text("有效 1 份")
    _fits_and_is_accessible(olga, "certificates")

    alice = site.signed_in("alice", width=375)
    alice.goto(f"{site.address}/submissions/{team}")
    address = alice.get_by_role("link", name="证书 2024-BG-0001").get_attribute("href")
    body = alice.request.get(f"{site.address}{address}").body()
    paper = tmp_path / "certificate.pdf"
    paper.write_bytes(body)

    stranger = site.visit("/verify", width=375)
    _fits_and_is_accessible(stranger, "the check")
    stranger.get_by_label("回执或证书文件（PDF）").set_input_files(paper)
    stranger.get_by_role("button", name="核验文件").click()
    expect(stranger.get_by_role("status")).to_contain_text("证书有效")
    _fits_and_is_accessible(stranger, "a certificate that holds")

    olga.get_by_role("link", name="2024-BG-0001").click()
    olga.get_by_text("换发", exact=True).first.click()
    olga.get_by_label("原因（公开显示）").first.fill("班组更名")
    olga.get_by_label("我确认换发，原证书立即失效").check()
    _fits_and_is_accessible(olga, "a certificate with its acts open")
    olga.get_by_role("button", name="换发").click()
    expect(olga.get_by_role("main")).to_contain_text("2024-BG-0002")

    stranger.goto(f"{site.address}/verify?code=2024-BG-0001")
    expect(stranger.get_by_role("alert")).to_contain_text("班组更名")
    _fits_and_is_accessible(stranger, "a certificate that was replaced")
    stranger.get_by_role("link", name="已由证书 2024-BG-0002 取代").click()
    expect(stranger.get_by_role("status")).to_contain_text("证书有效")
