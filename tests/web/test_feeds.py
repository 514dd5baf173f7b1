"""Calendar feeds: what each role is told, nothing that is sealed, and addresses that can be ended."""

from __future__ import annotations

import re
from datetime import date

import pytest
from flask.testing import FlaskClient
from ical.calendar import Calendar
from ical.event import Event
from itsdangerous import URLSafeSerializer
from sqlalchemy import select

from qtb.services import accounts, cycles
from qtb.services.cycles import Planned
from qtb.store.accounts import Membership
from qtb.store.cycles import Cycle
from qtb.store.unit import unit
from tests.calendars import named, opened, rings_at, summaries
from tests.journeys.test_suspended import resume, suspend
from tests.rules.test_query_counts import _counting
from tests.web.conftest import Web
from tests.world import ROWS, at

PUBLIC = "/cycles/2024/calendar.ics"
SECRET = "for tests only"


def test_the_public_feed_tells_the_rows_and_nothing_else(web: Web) -> None:
    calendar = feed(web)
    assert len(calendar.events) == 3 + 2 * 6 + 1
    opening, closing = named(calendar, "开始：成果申报"), named(calendar, "截止：成果申报")
    assert (opening.start, closing.end) == (at("2024-02-01"), at("2024-06-01"))
    assert "截止时间：2024年5月31日 24:00（上海时间）" in closing.description
    assert "时间表第4项：成果申报" in closing.description
    held = named(calendar, "活动成果发布")
    assert (held.start, "2024年8月20日 10:00（上海时间）" in held.description) == (at("2024-08-20 10:00"), True)
    assert all(not event.alarm for event in calendar.events)


def test_rows_without_a_gate_are_days_with_their_address(web: Web) -> None:
    with unit(web.world.session) as work:
        row = next(row for row in work.get_one(Cycle, web.world.cycle.id).rows if row.key == "briefing")
        row.url, row.party = "https://example.org/live?a=1,2", "主办方；承办方"
    briefing = named(feed(web), "活动推进及成果申报说明会")
    assert (briefing.start, briefing.end) == (date(2024, 2, 21), date(2024, 3, 1))
    assert briefing.url == "https://example.org/live?a=1,2"
    assert "2024年2月21日 – 2024年2月29日，均为上海时间" in briefing.description
    assert "网址：https://example.org/live?a=1,2" in briefing.description
    assert "主办方；承办方" in briefing.description


def test_english_is_asked_for_by_the_address_and_by_nothing_else(web: Web) -> None:
    assert "Closes: Declaration" in summaries(feed(web, PUBLIC + "?lang=en"))
    chinese = web.client().get(PUBLIC, headers={"Accept-Language": "en"})
    assert chinese.data == web.client().get(PUBLIC + "?lang=xx").data == web.client().get(PUBLIC).data


def test_a_moved_date_moves_its_event(web: Web) -> None:
    before = feed(web)
    move(web, "declare", closes_at=at("2024-06-11"))
    after = feed(web)
    assert {event.uid for event in after.events} == {event.uid for event in before.events}
    old, new = named(before, "截止：成果申报"), named(after, "截止：成果申报")
    assert (old.uid, old.sequence, new.end) == (new.uid, new.sequence - 1, at("2024-06-11"))
    assert new.dtstamp > old.dtstamp
    unmoved = {event.uid: event for event in before.events if "成果申报" not in event.summary}
    assert all(event == unmoved.get(event.uid, event) for event in after.events)


def test_a_grace_that_nobody_is_told_changes_no_byte(web: Web) -> None:
    web.world.submitted()
    ask = [web.client(), web.client(), web.client(), web.client()]
    paths = [PUBLIC, address(web, "alice"), address(web, "rita"), address(web, "eve")]
    before = [client.get(path).data for client, path in zip(ask, paths, strict=True)]
    with unit(web.world.session) as work:
        for row in work.get_one(Cycle, web.world.cycle.id).rows:
            row.grace_minutes = 90
    assert [client.get(path).data for client, path in zip(ask, paths, strict=True)] == before


def test_the_applicant_reads_the_windows_and_fates_of_own_cases_only(web: Web) -> None:
    team = web.world.enter(team="总装一班🏅，二组")
    calendar = feed(web, address(web, "alice"))
    about = [summary for summary in summaries(calendar) if "总装一班🏅" in summary]
    assert len(about) == 2
    closing = named_start(calendar, "截止：活动报名 · 总装一班🏅，二组（")
    assert (closing.end, rings_at(closing)) == (at("2024-06-01"), at("2024-05-31"))
    assert "此期间可办理：" in closing.description
    assert "提交报名" in closing.description
    assert "届时由系统自动处理：报名截止未提交" in closing.description
    assert closing.url == f"http://localhost/submissions/{team}"
    assert not any("总装一班" in summary for name in ("bob", "rita", "eve") for summary in told(web, name))


def test_an_extension_reaches_the_feed_of_whom_it_was_granted_to(web: Web) -> None:
    team = web.world.enter()
    web.world.move(team, "register", "alice")
    before = named_start(feed(web, address(web, "alice")), "截止：成果申报 · ")
    public = web.client().get(PUBLIC).data
    web.world.extend("declare", "2024-06-05", submission_id=team)
    after = named_start(feed(web, address(web, "alice")), "截止：成果申报 · ")
    assert (after.uid, after.end) == (before.uid, at("2024-06-05"))
    assert (after.sequence, rings_at(after)) == (before.sequence + 1, at("2024-06-04"))
    assert web.client().get(PUBLIC).data == public
    assert any(event.end == at("2024-06-05") for event in feed(web, address(web, "olga")).events)
    web.world.extend("declare", "2024-06-03")
    assert named(feed(web), "截止：成果申报").end == at("2024-06-03")


def test_a_recommending_unit_with_a_later_end_reads_its_own(web: Web) -> None:
    web.world.extend("recommend", "2024-07-08", unit_name="浦东区质协")
    own, other = (told(web, name) for name in ("rita", "ralf"))
    assert [name.startswith("截止：成果推荐 · ") for name in own].count(True) == 1
    assert not any(name.startswith("截止：成果推荐 · ") for name in other)
    assert named_start(feed(web, address(web, "rita")), "截止：成果推荐 · ").end == at("2024-07-08")
    assert "推荐截止：2024年7月7日 24:00" in web.client("rita").get("/recommender/").text
    assert "推荐截止：2024年6月30日 24:00" in web.client("ralf").get("/recommender/").text


def test_the_recommender_reads_how_many_wait_and_until_when(web: Web) -> None:
    mine = address(web, "rita")
    idle = named(feed(web, mine), "截止：成果推荐（待处理申报 0 件）")
    assert (idle.end, idle.alarm) == (at("2024-07-01"), [])
    web.world.submitted("一班")
    other = web.world.submitted("二班")
    busy = named(feed(web, mine), "截止：成果推荐（待处理申报 2 件）")
    assert (busy.uid, rings_at(busy)) == (idle.uid, at("2024-06-30"))
    web.world.extend("recommend", "2024-07-08", submission_id=other)
    assert "截止：成果推荐（待处理申报 1 件）" in told(web, "rita")
    late = named_start(feed(web, mine), "截止：成果推荐 · 二班")
    assert (late.end, rings_at(late)) == (at("2024-07-08"), at("2024-07-07"))
    assert "截止：成果推荐（待处理申报 0 件）" in told(web, "ralf")


def test_the_evaluator_reads_how_many_sheets_are_open(web: Web) -> None:
    team = recommended(web)
    web.world.assign(team, "eve", "ed")
    closing = named(feed(web, address(web, "eve")), "截止：成果评价及推优（未完成评分表 1 份）")
    assert (closing.end, rings_at(closing)) == (at("2024-09-01"), at("2024-08-31"))
    web.world.score(team, "eve")
    assert "截止：成果评价及推优（未完成评分表 0 份）" in told(web, "eve")
    assert "截止：成果评价及推优（未完成评分表 1 份）" in told(web, "ed")


def test_nothing_presses_for_a_case_on_hold(web: Web) -> None:
    first, late = web.world.submitted("一班"), web.world.submitted("二班")
    judged = web.world.placed("recommended", "三班")
    web.world.extend("recommend", "2024-07-08", submission_id=late)
    web.world.assign(judged, "eve")
    for case in (first, late, judged):
        suspend(web.world, case)
    idle = named(feed(web, address(web, "rita")), "截止：成果推荐（待处理申报 0 件）")
    assert idle.alarm == []
    assert not any(one.startswith("截止：成果推荐 · 二班") for one in told(web, "rita"))
    assert named(feed(web, address(web, "eve")), "截止：成果评价及推优（未完成评分表 0 份）").alarm == []
    for case in (first, late, judged):
        resume(web.world, case)
    assert "截止：成果推荐（待处理申报 1 件）" in told(web, "rita")
    assert "截止：成果评价及推优（未完成评分表 1 份）" in told(web, "eve")


def test_the_organiser_is_reminded_of_every_edge_and_of_publication(web: Web) -> None:
    calendar = feed(web, address(web, "olga"))
    assert rings_at(named(calendar, "活动成果发布")) == at("2024-08-19 10:00")
    assert len([event for event in calendar.events if event.alarm]) == 7
    assert len(calendar.events) == len(feed(web).events)


def test_what_is_not_published_changes_no_byte_outside_the_organiser(web: Web) -> None:
    team = recommended(web)
    mine = [address(web, "alice"), address(web, "bob"), address(web, "rita"), PUBLIC]
    before = [web.client().get(path).data for path in mine]
    web.world.judged(team)
    assert [web.client().get(path).data for path in mine] == before
    web.go("2024-07-03 10:00")  # the evaluation closes, as its page says
    before = [web.client().get(path).data for path in mine]
    for level in ("none", "BENCHMARK", "PROGRESS"):
        web.world.propose(team, level)
        assert [web.client().get(path).data for path in mine] == before
    assert "发布" in "".join(summaries(opened(before[0])))


def test_wrong_tokens_look_like_any_missing_page(web: Web) -> None:
    whole = address(web, "alice").removeprefix("/calendar/").removesuffix(".ics")
    gone = web.world.people["alice"].id + 10_000
    forged = URLSafeSerializer("another secret", salt="calendar feed").dumps([web.world.people["olga"].id, ""])
    other_salt = URLSafeSerializer(SECRET).dumps([web.world.people["olga"].id, ""])
    nobody = URLSafeSerializer(SECRET, salt="calendar feed").dumps([gone, ""])
    missing = web.client().get("/nothing/here.ics")
    assert missing.status_code == 404
    broken = ("x", whole[:-1], whole + "a", "." + whole, whole.swapcase(), "汉字", "a" * 5000)
    for token in (*broken, forged, other_salt, nobody):
        answer = web.client().get(f"/calendar/{token}.ics")
        assert (answer.status_code, sort(answer.headers)) == (404, sort(missing.headers)), token
        assert bare(answer.text) == bare(missing.text), token


def test_renewing_ends_the_old_address_at_once_and_only_ones_own(web: Web) -> None:
    old, others = address(web, "alice"), address(web, "bob")
    client = web.client("alice")
    assert client.post("/calendar/renew").location == "/calendar"
    new = address(web, "alice")
    assert new != old
    assert [web.client().get(path).status_code for path in (old, new, others)] == [404, 200, 200]
    assert [row.kind for row in web.world.history("account", web.world.people["alice"].id)][-1] == "feed"
    web.world.sound()
    assert "更换日历地址" in web.client("olga").get("/admin/history").text


def test_turning_an_account_off_ends_its_feed_until_it_is_turned_on(web: Web) -> None:
    path, alice = address(web, "alice"), web.world.people["alice"]
    for is_active, status in ((False, 404), (True, 200)):
        with unit(web.world.session):
            accounts.set_active(
                web.world.session, alice, is_active, actor=web.world.actor("olga"), now=web.world.now
            )
        assert web.client().get(path).status_code == status


def test_an_ended_role_leaves_the_feed_at_the_next_fetch(web: Web) -> None:
    web.world.submitted()
    path = address(web, "rita")
    assert "截止：成果推荐（待处理申报 1 件）" in summaries(feed(web, path))
    with unit(web.world.session) as work:
        held = work.scalars(select(Membership).filter_by(account_id=web.world.people["rita"].id)).one()
        accounts.end_membership(work, held.id, actor=web.world.actor("olga"), now=web.world.now)
    assert web.client().get(path).data.count(b"BEGIN:VEVENT") == 16
    assert "待处理申报" not in "".join(summaries(feed(web, path)))


def test_the_address_is_a_secret_and_the_headers_keep_it(web: Web) -> None:
    answer = web.client("alice").get(address(web, "alice"))
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert not {"ETag", "Last-Modified"} & set(answer.headers.keys())
    assert web.client().get("/applicant/").status_code == 302  # the feed signed nobody in


def test_the_public_feed_may_be_kept_for_a_while_but_no_cookie_with_it(web: Web) -> None:
    answer = web.client().get(PUBLIC)
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert (answer.headers["Cache-Control"], "Set-Cookie" in answer.headers) == ("public, max-age=300", False)
    assert web.client("alice").get(PUBLIC).headers["Cache-Control"] == "private, max-age=300"
    assert web.client().get("/cycles/1999/calendar.ics").status_code == 404


def test_the_page_shows_the_address_in_the_language_of_the_reader(web: Web) -> None:
    client = web.client("eve")
    page = client.get("/calendar")
    assert "您尚未完成的评分表份数" in page.text
    assert "lang=en" not in page.text
    client.post("/language", data={"lang": "en"})
    path = shown(client)
    assert path.endswith(".ics?lang=en")
    assert "Closes: Evaluation (0 score sheets to finish)" in summaries(feed(web, path))


def test_addresses_have_the_configured_host(web: Web) -> None:
    web.app.config["BASE_URL"] = "https://qtb.example.org/"
    web.world.enter()
    assert "https://qtb.example.org/calendar/" in web.client("alice").get("/calendar").text
    assert b"URL:https://qtb.example.org/submissions/" in web.client().get(address(web, "alice")).data


def test_a_year_that_is_over_stays_for_a_year(web: Web) -> None:
    path = address(web, "alice")
    web.go("2025-11-01 10:00")
    assert len(feed(web, path).events) == 16
    web.go("2026-02-01 10:00")
    assert feed(web, path).events == []


def test_two_years_share_no_uid(web: Web) -> None:
    web.world.another_cycle("2024-b")
    calendar = feed(web, address(web, "olga"))
    assert len(calendar.events) == 2 * 16


def test_a_feed_asks_as_often_for_three_cases_as_for_one(web: Web) -> None:
    paths = {name: address(web, name) for name in ("alice", "rita", "eve", "olga")}
    counts = []
    for teams in (["一班"], ["二班", "三班"]):
        web.world.now = at("2024-05-20 10:00")
        fill(web, teams)
        counts.append({name: asked(web, path) for name, path in paths.items()})
    assert counts[0] == counts[1]
    assert max(counts[0].values()) <= 14


@pytest.mark.parametrize("title", ["成果申报 👨‍👩‍👧，一；二\\三" * 4, "BEGIN:VEVENT"])
def test_a_row_may_be_called_anything(web: Web, title: str) -> None:
    with unit(web.world.session) as work:
        row = next(row for row in work.get_one(Cycle, web.world.cycle.id).rows if row.key == "declare")
        row.title = title
    assert f"截止：{title}" in summaries(feed(web))


def feed(web: Web, path: str = PUBLIC) -> Calendar:
    """Return a feed as a calendar reads it, asked by nobody in particular."""
    answer = web.client().get(path)
    assert answer.status_code == 200
    return opened(answer.data)


def told(web: Web, name: str) -> list[str]:
    """Return the summaries in a person's feed."""
    return summaries(feed(web, address(web, name)))


def address(web: Web, name: str) -> str:
    """Return the path of a person's feed, as the person's page shows it."""
    return shown(web.client(name))


def shown(client: FlaskClient) -> str:
    """Return the path that the page of a signed-in person shows."""
    return re.search(r"https?://[^/]+(/calendar/[\w.-]+\.ics[^<]*)<", client.get("/calendar").text)[1]  # type: ignore[index]


def named_start(calendar: Calendar, start: str) -> Event:
    """Return the one event whose summary begins so."""
    (found,) = (event for event in calendar.events if str(event.summary).startswith(start))
    return found


def move(web: Web, key: str, **dates: object) -> None:
    """Move a row's dates as the organiser."""
    old = next(row for row in ROWS if row.key == key)
    planned = Planned(key, old.seq, old.title, **{
        "opens_at": old.opens_at, "closes_at": old.closes_at, "held_at": old.held_at, **dates
    })  # fmt: skip
    with unit(web.world.session) as work:
        cycle = work.get_one(Cycle, web.world.cycle.id)
        cycles.change_row(
            work, cycle, planned, actor=web.world.actor("olga"), now=web.world.now, reason="测试", seen=cycle.version
        )


def recommended(web: Web) -> int:
    """Return a recommended work, with the evaluation open."""
    team = web.world.submitted()
    web.world.move(team, "recommend", "rita")
    web.go("2024-07-02 10:00")
    return team


def fill(web: Web, teams: list[str]) -> None:
    """Enter teams that wait, are judged, and have an extension of their own."""
    for team in teams:
        web.world.enter(team=f"{team}甲")
        late = web.world.submitted(f"{team}乙")
        web.world.extend("recommend", "2024-07-08", submission_id=late)
        judged = web.world.submitted(f"{team}丙")
        web.world.move(judged, "recommend", "rita")
        web.world.assign(judged, "eve")
        web.world.extend("evaluate", "2024-09-08", submission_id=judged)


def asked(web: Web, path: str) -> int:
    """Return how many queries a feed takes."""
    client = web.client()
    client.get(path)
    with _counting() as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def sort(headers: object) -> list[tuple[str, str]]:
    """Return headers without what differs by the length of an address."""
    return sorted((name, value) for name, value in headers if name not in ("Content-Length", "Set-Cookie"))  # type: ignore[attr-defined]


def bare(text: str) -> str:
    """Return a page without the address, the time and the form token."""
    return re.sub(r"<time[^>]*>[^<]*</time>|name=\"(back|csrf_token)\" value=\"[^\"]*\"", "", text)
