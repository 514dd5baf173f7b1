"""Calibration, elimination, consent, feedback and the national round in a real browser: they fit and work by hand."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import LAYOUT, Site
from tests.browser.test_roles import _fits_and_is_accessible
from tests.consenting import bodies, lay
from tests.services.test_calibration import make, score
from tests.services.test_eliminations import propose

pytestmark = pytest.mark.browser
YEAR = "/admin/cycles/2024"


def decided(site: Site) -> int:
    """Let a work of July be judged and have a level in August, one judge calibrated, one proposing to eliminate it."""
    world = site.world
    case = world.placed("recommended")
    site.go("2024-07-10 10:00")
    world.judged(case)
    known = make(world)
    score(world, known)
    propose(world, case)
    world.move(case, "evaluate", "olga")
    site.go("2024-08-10 10:00")
    world.propose(case, "BENCHMARK")
    return case


@LAYOUT
@pytest.mark.parametrize("width", [1280, 320])
def test_pages_of_deciding_fit_and_are_accessible(site: Site, width: int) -> None:
    case = decided(site)
    bodies(site.world)
    page = site.signed_in("olga", width=width)

    def look(*paths: str) -> None:
        for path in paths:
            page.goto(site.address + path)
            for one in page.locator("main details > summary").all():
                one.click()
            _fits_and_is_accessible(page, path)

    look(f"{YEAR}/consents")
    laying = lay(site.world)
    look(*(f"{YEAR}/{name}" for name in ("calibration", "judging", "eliminations", "consents", "results")))
    mine = site.signed_in("gina", width=width)
    for path in ("/guiding/", f"/guiding/{laying}"):
        mine.goto(site.address + path)
        _fits_and_is_accessible(mine, path)
    mine = site.signed_in("eve", width=width)
    for path in ("/evaluator/", "/evaluator/calibration/1", "/evaluator/sheets/1", "/evaluator/sheets/1/eliminate"):
        mine.goto(site.address + path)
        _fits_and_is_accessible(mine, path)
    site.world.override(case, "awarded")
    look(f"{YEAR}/nominations", f"{YEAR}/feedback", f"/admin/submissions/{case}/feedback", f"/submissions/{case}")


def test_a_list_is_laid_consented_to_and_the_results_go_out(site: Site) -> None:
    case = decided(site)
    bodies(site.world)
    olga = site.signed_in("olga")
    olga.goto(f"{site.address}{YEAR}/consents")
    olga.get_by_role("button", name="提请审核").click()
    expect(olga.get_by_text("已提请 2 个指导单位审核")).to_be_visible()
    for name in ("gina", "gus"):
        page = site.signed_in(name)
        page.get_by_role("link", name="2024年质量信得过班组").first.click()
        page.get_by_role("button", name="同意发布").click()
        expect(page.get_by_text("已记录贵单位的同意")).to_be_visible()
    site.go("2024-08-20 10:00")
    assert site.world.state(case) == "awarded"
    olga.goto(f"{site.address}{YEAR}/feedback")
    olga.get_by_role("button", name="按原样全部反馈").click()
    expect(olga.get_by_text("已反馈 1 件")).to_be_visible()
    alice = site.signed_in("alice")
    alice.goto(f"{site.address}/submissions/{case}")
    alice.get_by_role("link", name="评价反馈书").click()
    expect(alice.get_by_role("heading", name="评价反馈书")).to_be_visible()
    expect(alice.get_by_text("标杆级")).to_be_visible()
