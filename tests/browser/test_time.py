"""What bears on the timeline, in a real browser: previewed, rehearsed, suspended, taken back, adopted, and by clock."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from qtb.store.cycles import timeline_of
from tests.adopting import evolved, serve
from tests.browser.conftest import Site, press
from tests.browser.test_roles import _fits_and_is_accessible
from tests.calendars import opened
from tests.world import at

pytestmark = pytest.mark.browser
YEAR = "/admin/cycles/2024"


def test_a_moved_date_is_previewed_and_a_stale_preview_is_shown_anew(site: Site) -> None:
    site.world.enter()
    olga, other = site.signed_in("olga"), site.signed_in("olga", width=375)
    for page, day in ((olga, "2024-06-08"), (other, "2024-06-05")):
        _preview(site, page, "活动报名", day)
        expect(page.get_by_role("region", name="受影响的申报")).to_contain_text("草稿：1 件")
        _fits_and_is_accessible(page, "the preview")
    _apply(other, "台风")
    expect(other).to_have_url(re.compile(f"{YEAR}$"))
    _apply(olga, "台风之后")
    expect(olga.locator("#refusal")).to_be_visible()
    expect(olga.get_by_label("调整理由")).to_have_value("台风之后")
    expect(olga.get_by_role("region", name="变更的日期")).to_contain_text("2024年6月4日 24:00")
    assert _closes(site, "register") == at("2024-06-05")
    _apply(olga, "台风之后")
    expect(olga.get_by_role("region", name="经过")).to_contain_text("台风之后")
    assert _closes(site, "register") == at("2024-06-08")


def test_an_extension_for_one_team_reaches_its_applicant_and_nobody_else(site: Site) -> None:
    late, other = site.world.enter(team="迟到班"), site.world.enter(team="准时班")
    olga = site.signed_in("olga")
    olga.goto(f"{site.address}/submissions/{late}")
    olga.get_by_text("为本件延期").click()
    olga.get_by_label("延期至").fill("2024-06-04T00:00")
    olga.get_by_role("button", name="预览调整").click()
    _apply(olga, "单位搬迁")
    expect(olga.get_by_role("main")).to_contain_text("2024年6月3日 24:00")
    site.go("2024-06-02 10:00")
    alice = site.signed_in("alice", width=375)
    for team, told in ((late, "2024年6月3日 24:00"), (other, "逾期")):
        alice.goto(f"{site.address}/submissions/{team}")
        expect(alice.get_by_role("main")).to_contain_text(told)
        _fits_and_is_accessible(alice, told)


def test_a_year_is_rehearsed(site: Site) -> None:
    olga = site.signed_in("olga")
    olga.goto(f"{site.address}{YEAR}/rehearsals")
    olga.locator("input[name=n]").fill("12")
    olga.get_by_role("button", name="开始").click()
    expect(olga.get_by_role("heading", name="全年各状态的案例数")).to_be_visible(timeout=120_000)
    expect(olga.get_by_role("img", name=re.compile("全年每天处于各状态的案例数"))).to_be_visible()
    olga.get_by_text("以表格查看各月末的数字").click()
    _fits_and_is_accessible(olga, "the rehearsal")
    olga.set_viewport_size({"width": 375, "height": 800})
    _fits_and_is_accessible(olga, "the rehearsal on a phone")


def test_the_demo_clock_goes_to_the_next_deadline(site: Site) -> None:
    team = site.world.enter()
    alice = site.signed_in("alice", width=375)
    alice.goto(f"{site.address}/submissions/{team}")
    alice.locator(".demo-bar summary").click()
    _fits_and_is_accessible(alice, "the open bar")
    alice.get_by_role("button", name="到下一个时点").click()
    expect(alice.get_by_role("status")).to_contain_text("时钟已到 2024年6月1日 00:00（上海时间）")
    expect(alice.get_by_role("main")).to_contain_text("逾期")
    assert [entry.transition for entry in site.world.trail(team)][-1] == "lapse_unregistered"


def test_a_team_is_suspended_and_resumed(site: Site) -> None:
    team = site.world.submitted()
    olga = site.signed_in("olga")
    olga.goto(f"{site.address}/submissions/{team}/suspension")
    _fits_and_is_accessible(olga, "suspending")
    olga.get_by_label("理由").fill("核实举报")
    olga.get_by_role("button", name="确认暂停").click()
    expect(olga.get_by_role("main")).to_contain_text("已暂停")
    rita = site.signed_in("rita", "/recommender/sign-in")
    rita.goto(f"{site.address}/submissions/{team}")
    expect(rita.get_by_role("main")).to_contain_text("已暂停")
    expect(rita.get_by_role("link", name="同意推荐")).to_have_count(0)
    site.go("2024-05-23 10:00")
    olga.goto(f"{site.address}/submissions/{team}/suspension")
    olga.get_by_label("理由").fill("核实完毕")
    olga.get_by_role("button", name="确认恢复").click()
    expect(olga.get_by_role("status").first).to_contain_text("已恢复计时")
    rita.reload()
    expect(rita.get_by_role("main")).not_to_contain_text("已暂停：自")
    kinds = [entry.kind for entry in site.world.history("submission", team)]
    assert kinds.index("suspended") < kinds.index("resumed")


def test_a_recommendation_is_taken_back(site: Site) -> None:
    team = site.world.submitted()
    site.world.move(team, "recommend", "rita", note="同意推荐")
    rita = site.signed_in("rita", "/recommender/sign-in", width=375)
    rita.goto(f"{site.address}/submissions/{team}/undo")
    _fits_and_is_accessible(rita, "taking back")
    rita.get_by_label("理由").fill("附件有误")
    rita.get_by_role("button", name="确认撤销").click()
    expect(rita.get_by_role("status").first).to_contain_text("已撤销")
    assert site.world.trail(team)[-1].kind == "undo"


def test_a_changed_programme_is_adopted_with_its_mapping(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = site.world.placed("recommended")
    serve(monkeypatch, tmp_path / "programmes", evolved())
    olga = site.signed_in("olga")
    olga.goto(f"{site.address}{YEAR}")
    olga.get_by_role("link", name="流程定义有更新").click()
    expect(olga.locator("select[name$=recommended]")).to_be_visible()
    expect(olga.get_by_role("button", name="改用此流程定义")).to_have_count(0)
    _fits_and_is_accessible(olga, "adopting without a mapping")
    olga.locator("select[name$=recommended]").select_option("endorsed")
    olga.locator("select[name$=escalated]").select_option("submitted")
    olga.get_by_role("button", name="查看结果").click()
    olga.locator("input[name=reason]").fill("流程修订")
    olga.get_by_role("checkbox").check()
    olga.get_by_role("button", name="改用此流程定义").click()
    expect(olga).to_have_url(re.compile(f"{YEAR}$"))
    assert site.world.state(team) == "endorsed"


def test_a_personal_calendar_is_read_at_the_address_the_page_shows(site: Site) -> None:
    site.world.enter()
    alice = site.signed_in("alice")
    alice.goto(f"{site.address}/calendar")
    _fits_and_is_accessible(alice, "the calendar")
    shown = alice.locator("code.one-time").inner_text()
    first = site.visit("/").request.get(site.address + _path(shown))
    assert any("成果申报" in event.summary for event in opened(first.body()).events)
    press(alice.get_by_role("button", name="更换为新地址"))
    renewed = alice.locator("code.one-time").inner_text()
    assert renewed != shown
    assert alice.request.get(site.address + _path(shown)).status == 404
    assert alice.request.get(site.address + _path(renewed)).status == 200


def _preview(site: Site, page: Page, row: str, day: str) -> None:
    page.goto(f"{site.address}{YEAR}")
    line = page.locator(".row-list > li").filter(has_text=row).first
    line.locator("summary").click()
    line.locator("input[name=closes_at]").fill(f"{day}T00:00")
    line.get_by_role("button", name="预览调整").click()


def _apply(page: Page, reason: str) -> None:
    form = page.get_by_role("region", name="保存日期")
    form.get_by_label("调整理由").fill(reason)
    if form.get_by_label("我已核对以上情况").count():
        form.get_by_label("我已核对以上情况").check()
    form.get_by_role("button", name="保存日期").click()


def _closes(site: Site, row: str) -> object:
    site.world.session.rollback()
    return timeline_of(site.world.session, site.world.cycle.id).rows[row].closes_at


def _path(address: str) -> str:
    return "/calendar/" + address.rsplit("/", 1)[1]
