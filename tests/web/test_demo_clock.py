"""The demo's clock: forward only, step by step, for anybody; and outside the demo there is no such thing."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from qtb import clock, demo_clock
from qtb.domain.errors import Invalid
from qtb.extensions import db
from qtb.services.outbox import Post
from qtb.store.outbox import Outbox, Setting
from qtb.store.unit import unit
from qtb.web import create_app
from tests.journeys.test_moved_date import graced
from tests.web.conftest import Web
from tests.world import at

KEPT = Post(None, "qtb@localhost", "")


def press(web: Web, who: str | None = None, **given: str) -> str:
    """Press a button of the bar and return the page that follows."""
    client = web.client(who)
    answer = client.post("/demo/clock", data={"back": "/", **given})
    assert answer.status_code == 303, answer.text
    return str(client.get(answer.location).text)


def refused(web: Web, **given: str) -> tuple[int, str]:
    """Press a button that must be refused; return the status and the page."""
    before = now(web)
    answer = web.client().post("/demo/clock", data=given)
    assert now(web) - before < timedelta(seconds=20)
    return answer.status_code, answer.text


def now(web: Web) -> object:
    """Return what the demo's clock shows."""
    web.world.session.rollback()
    web.world.session.expire_all()
    return clock.now(web.world.session, demo=True)


def shows(web: Web, instant: str) -> bool:
    """Tell whether the clock shows an instant, give or take the seconds a test takes."""
    return timedelta(0) <= now(web) - at(instant) < timedelta(seconds=60)


def test_a_day_and_a_week(web: Web) -> None:
    press(web, to="day")
    assert shows(web, "2024-05-21 10:00")
    press(web, "alice", to="week")
    assert shows(web, "2024-05-28 10:00")


def test_the_next_deadline_is_reached_and_what_it_ends_is_ended(web: Web) -> None:
    team = web.world.enter()
    text = press(web, to="edge")
    assert "时钟已到 2024年6月1日 00:00（上海时间）：流转 1 件，信件 " in text
    assert shows(web, "2024-06-01 00:00")
    entry = web.world.trail(team)[-1]
    assert (entry.at, entry.transition) == (at("2024-06-01"), "lapse_unregistered")


def test_a_silence_is_a_deadline_too(web: Web) -> None:
    web.world.submitted()  # on 20 May: fifteen working days end with 11 June
    stops = []
    for _ in range(2):
        press(web, to="edge")
        stops.append(now(web).astimezone(clock.ZONE).date().isoformat())
    assert stops == ["2024-06-01", "2024-06-12"]


def test_the_organiser_reads_the_silence_that_ends_next(web: Web) -> None:
    web.world.submitted()
    web.go("2024-06-03 10:00")
    assert "2024年6月11日 24:00" in web.client("olga").get("/admin/").text


def test_it_stops_where_a_row_is_shown_to_end_and_not_where_its_grace_does(web: Web) -> None:
    team = web.world.placed("registered")
    graced(web.world)
    press(web, to="edge")
    assert shows(web, "2024-06-01 00:00")
    assert web.world.state(team) == "registered"
    press(web, to="edge")
    assert shows(web, "2024-07-01 00:00")
    assert web.world.trail(team)[-1].at == at("2024-06-01 00:30")


def test_reminders_leave_in_the_morning_on_the_way(web: Web) -> None:
    web.world.enter()
    press(web, to="at", at="2024-05-31T08:00")
    made = web.world.session.scalars(select(Outbox).where(Outbox.letter == "register_soon").order_by(Outbox.id)).all()
    assert [one.created_at for one in made] == [at("2024-05-28 09:00"), at("2024-05-30 09:00")]


def test_without_a_deadline_ahead_it_stays_and_says_so(web: Web) -> None:
    web.go("2025-02-01 10:00")
    text = press(web, to="edge", back="/cycles/2024")
    assert "各年度都没有尚未到来的时点" in text
    assert "<h1>" in text
    assert shows(web, "2025-02-01 10:00")


def test_history_and_letters_carry_the_instants_on_the_way(web: Web) -> None:
    first, second = web.world.enter(), web.world.submitted("总装二班")
    press(web, to="at", at="2024-09-02T10:00")
    assert web.world.trail(first)[-1].at == at("2024-06-01")
    assert [(one.transition, one.at) for one in web.world.trail(second)[-2:]] == [
        ("pass_on", at("2024-06-12")), ("lapse_passed_on", at("2024-09-01"))
    ]  # fmt: skip
    made = web.world.session.scalars(select(Outbox).where(Outbox.letter == "lapsed")).all()
    assert {one.created_at for one in made} == {at("2024-06-01"), at("2024-09-01")}
    assert {one.status for one in made} == {"kept"}
    web.world.sound()


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ({"to": "at", "at": "2024-05-19T10:00"}, 422, "只能向前"),
        ({"to": "at", "at": "2026-05-20T10:00"}, 422, "400 天"),
        ({"to": "at", "at": "2101-01-01T00:00"}, 422, "2100"),
        ({"to": "at", "at": "soon"}, 422, "调到"),
        ({"to": "at"}, 422, "调到"),
        ({"to": "back"}, 422, "请选择"),
        ({}, 422, "请选择"),
    ],
)
def test_where_the_clock_does_not_go(web: Web, given: dict[str, str], status: int, words: str) -> None:
    got, text = refused(web, **given)
    assert got == status
    assert words in text


def test_the_last_year(web: Web) -> None:
    with unit(web.world.session) as work:
        clock.set_to(work, at("2100-12-30 10:00"))
    press(web, to="day")
    assert refused(web, to="day")[0] == 422


def test_the_bar_is_on_every_page_and_leads_back(web: Web) -> None:
    team = web.world.submitted()
    for who, path in ((None, "/"), (None, "/sign-in"), ("alice", f"/submissions/{team}"), ("olga", "/admin/")):
        assert 'action="/demo/clock"' in web.client(who).get(path).text
    answer = web.client("alice").post("/demo/clock", data={"to": "day", "back": f"/submissions/{team}"})
    assert answer.location == f"/submissions/{team}"
    assert web.client().post("/demo/clock", data={"to": "day", "back": "//evil.example"}).location == "/"


def test_outside_the_demo_there_is_no_such_address(settings: dict[str, object]) -> None:
    app = create_app({**settings, "DEMO": False, "WTF_CSRF_ENABLED": False, "TESTING": False})
    with app.app_context():
        assert app.test_client().post("/demo/clock", data={"to": "day"}).status_code == 404
        assert "/demo/clock" not in app.test_client().get("/").text
        db.session.remove()
        db.engine.dispose()


def test_it_carries_the_forms_token(settings: dict[str, object]) -> None:
    app = create_app({**settings, "DEMO": True, "TESTING": False})
    with app.app_context():
        assert app.test_client().post("/demo/clock", data={"to": "day"}).status_code == 400
        db.session.remove()
        db.engine.dispose()


def test_two_who_press_at_once_travel_one_after_the_other(web: Web) -> None:
    answers: list[int] = []

    def one() -> None:
        answers.append(web.client().post("/demo/clock", data={"to": "week", "back": "/"}).status_code)

    clients = [threading.Thread(target=one) for _ in range(3)]
    web.world.session.rollback()
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    assert answers == [303, 303, 303]
    assert shows(web, "2024-06-10 10:00")
    web.world.sound()


def test_a_traveller_who_died_on_the_way_holds_nobody_up_for_ever(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_clock, "PATIENCE", 0.3)
    with unit(web.world.session) as work:
        work.merge(Setting(key=demo_clock.TRAVELLER, value=(clock.real() + timedelta(minutes=1)).isoformat()))
    assert refused(web, to="day")[0] == 409
    with unit(web.world.session) as work:
        work.merge(Setting(key=demo_clock.TRAVELLER, value=(clock.real() - timedelta(seconds=1)).isoformat()))
    press(web, to="day")
    assert shows(web, "2024-05-21 10:00")


def test_how_far_at_once(web: Web) -> None:
    with pytest.raises(Invalid, match="demo_too_far"):
        demo_clock.travel(web.world.session, demo_clock.after(timedelta(days=401)), post=KEPT)
    with unit(web.world.session) as work:
        clock.set_to(work, at("2100-12-01 10:00"))
    with pytest.raises(Invalid, match="demo_end"):
        demo_clock.travel(web.world.session, demo_clock.after(timedelta(days=400)), post=KEPT)


def test_a_traveller_whose_lease_ran_out_leaves_that_of_the_next_one_alone(web: Web) -> None:
    session, theirs = web.world.session, (clock.real() + timedelta(minutes=1)).isoformat() + " another"
    with demo_clock._alone(session) as mark, unit(session) as work:
        work.get_one(Setting, demo_clock.TRAVELLER).value = theirs
        demo_clock._mark(work, mark, clock.real() + demo_clock.LEASE)  # at his next stop
        assert work.get_one(Setting, demo_clock.TRAVELLER).value == theirs
    session.expire_all()
    assert session.get_one(Setting, demo_clock.TRAVELLER).value == theirs
