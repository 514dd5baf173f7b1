"""The scheduler: wakes the sweep, leaves a sign of life, survives its database, is harmless in numbers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from qtb import clock, config, scheduler
from qtb.base import bare_app
from qtb.extensions import db
from qtb.services import duplicates, health, sweep
from qtb.store.audit import History
from qtb.store.drafts import AnswerDraft
from qtb.store.outbox import Heartbeat, Outbox
from qtb.store.unit import unit
from tests.world import World, at


@pytest.fixture
def demo(app: Flask) -> Flask:
    """The app with a clock of its own."""
    app.config["DEMO"] = True
    return app


def set_clock(session: Session, text: str) -> None:
    with unit(session):
        clock.set_to(session, at(text))


def eventually(true: Callable[[], bool], seconds: float = 20) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.05)
    return False


def n_moves(world: World) -> int:
    world.session.rollback()
    return int(world.session.scalar(select(func.count()).select_from(History).where(History.via == "clock")) or 0)


def test_a_tick_sweeps_and_leaves_a_sign_of_life(demo: Flask, world: World) -> None:
    team = world.enter()
    set_clock(world.session, "2024-06-01")
    ticked = scheduler.tick(demo, "node")
    assert [(one.transition, one.n_moved) for one in ticked.swept] == [("lapse_unregistered", 1)]
    assert ticked.delivered.n_kept == 1
    assert world.state(team) != world.cycle.definition.workflow.start
    beat = health.watched(world.session, real_now=clock.real(), now=world.now).beat
    assert beat is not None
    assert (beat.node, beat.n_moved, beat.failure) == ("node", 1, "")
    assert abs(beat.beat_at - clock.real()) < timedelta(minutes=1)
    assert abs(beat.swept_at - at("2024-06-01")) < timedelta(minutes=1)


def test_the_next_edge_is_planned_in_the_machines_time(demo: Flask, world: World) -> None:
    world.enter()
    set_clock(world.session, "2024-05-31 23:50")
    planned: list[datetime] = []
    scheduler.tick(demo, "node", planned.append)
    (edge_at,) = planned
    assert abs(edge_at - clock.real() - timedelta(minutes=10)) < timedelta(seconds=30)
    set_clock(world.session, "2026-01-01")
    scheduler.tick(demo, "node", planned.append)
    assert len(planned) == 1  # nothing is left to come


def test_an_edge_is_swept_when_it_falls_and_not_a_minute_later(demo: Flask, world: World) -> None:
    team = world.enter()
    start = world.cycle.definition.workflow.start
    with unit(world.session):
        clock.set_to(world.session, at("2024-06-01") - timedelta(seconds=4))
    world.session.rollback()
    running = scheduler.start(demo)
    try:
        assert eventually(lambda: world.state(team) != start, 15)
    finally:
        running.shutdown(wait=True)
    moved = world.session.scalars(select(History.at).where(History.via == "clock")).one()
    assert timedelta(0) <= moved - at("2024-06-01") < timedelta(seconds=10)


def test_two_schedulers_at_once_are_harmless(demo: Flask, world: World) -> None:
    for n in range(6):
        world.enter(team=f"班组{n}")
    set_clock(world.session, "2024-06-01")
    world.session.rollback()
    both = [scheduler.start(demo) for _ in range(2)]
    try:
        assert eventually(lambda: n_beats(world) == 2)
    finally:
        for one in both:
            one.shutdown(wait=True)
    assert n_moves(world) == 6
    assert world.session.scalar(select(func.count()).select_from(Outbox)) == 6
    world.sound()


def n_beats(world: World) -> int:
    world.session.rollback()
    return int(world.session.scalar(select(func.count()).select_from(Heartbeat)) or 0)


def test_it_ends_when_it_is_told_to(app: Flask) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=scheduler.run, args=(app, stop))
    thread.start()
    stop.set()
    thread.join(20)
    assert not thread.is_alive()


def test_a_database_that_is_away_does_not_kill_it(
    demo: Flask, world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    team = world.enter()
    set_clock(world.session, "2024-06-01")

    def away(*_args: object, **_kw: object) -> None:
        raise OperationalError("SELECT secret", {"of": "a person"}, Exception("server closed the connection"))

    with monkeypatch.context() as patched:
        patched.setattr(sweep, "sweep", away)
        planned: list[datetime] = []
        assert scheduler.tick(demo, "node", planned.append).swept == []
    assert [timedelta(0) < when - clock.real() < timedelta(seconds=10) for when in planned] == [True]
    assert "server closed the connection" in caplog.text
    assert "secret" not in caplog.text
    assert "a person" not in caplog.text
    assert scheduler.tick(demo, "node").swept
    assert world.state(team) != world.cycle.definition.workflow.start


def test_a_wrong_mail_server_does_not_stop_the_sweep(
    demo: Flask, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    team = world.enter()
    set_clock(world.session, "2024-06-01")
    demo.config["SMTP_URL"] = "smtp://user:hidden@:port"
    scheduler.tick(demo, "node")
    assert world.state(team) != world.cycle.definition.workflow.start
    assert "QTB_SMTP_URL" in caplog.text
    assert "hidden" not in caplog.text
    alarm = health.alarm(world.session, real_now=clock.real(), now=world.now)
    assert alarm is not None
    assert "QTB_SMTP_URL" in alarm.failure


def test_no_database_at_all_is_logged_and_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = config.settings({"QTB_HOME": str(tmp_path), "QTB_SECRET_KEY": "x"})
    nowhere = bare_app({**settings, "SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path}/absent/qtb.db"})
    assert scheduler.tick(nowhere, "node") == scheduler.Ticked()
    assert caplog.text.count("tick failed") == 1
    with nowhere.app_context():
        db.engine.dispose()


def test_a_failing_slice_stands_in_the_sign_of_life(
    demo: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = [sweep.Swept("2024", "lapse_unregistered", at("2024-06-01"), n_moved=0, failure="Conflict: stale")]
    monkeypatch.setattr(sweep, "sweep", lambda *_args, **_kw: failed)
    scheduler.tick(demo, "node")
    alarm = health.alarm(world.session, real_now=clock.real(), now=world.now)
    assert alarm is not None
    assert "stale" in alarm.failure


def test_the_alarm(world: World, app: Flask) -> None:
    real = clock.real()
    alarm = health.alarm(world.session, real_now=real, now=world.now)
    assert alarm is not None
    assert (alarm.is_down, alarm.beat_at) == (True, None)
    beat(world, real)
    assert health.alarm(world.session, real_now=real + timedelta(minutes=3), now=world.now) is None
    later = health.alarm(world.session, real_now=real + timedelta(minutes=4), now=world.now)
    assert later is not None
    assert later.is_down
    world.enter()
    overdue = health.alarm(world.session, real_now=real, now=at("2024-06-02"))
    assert overdue is not None
    assert (overdue.is_down, overdue.n_overdue, overdue.n_dead) == (False, 1, 0)


def test_the_alarm_counts_letters_given_up(world: World) -> None:
    world.move(world.enter(), "register", "alice")
    beat(world, clock.real())
    with unit(world.session):
        world.session.scalars(select(Outbox)).one().status = "dead"
    alarm = health.alarm(world.session, real_now=clock.real(), now=world.now)
    assert alarm is not None
    assert alarm.n_dead == 1


def test_old_signs_of_life_are_forgotten(world: World) -> None:
    beat(world, clock.real() - timedelta(days=2), "old")
    beat(world, clock.real(), "new")
    beat(world, clock.real(), "new")
    assert world.session.scalars(select(Heartbeat.node)).all() == ["new"]


def test_a_draft_that_nobody_touched_for_long_is_forgotten(demo: Flask, world: World) -> None:
    cycle, own = world.cycle.id, world.units["浦江电机厂"].id
    for name, days in (("alice", 401), ("olga", 399)):
        about = {"account_id": world.actor(name).user_id, "cycle_id": cycle, "unit_id": own, "form": "registration"}
        with unit(world.session):
            world.session.add(AnswerDraft(**about, values={}, kept_at=at("2024-03-01") - timedelta(days=days)))
    set_clock(world.session, "2024-03-01 00:00")
    scheduler.tick(demo, "node")
    assert world.session.scalars(select(AnswerDraft.account_id)).all() == [world.actor("olga").user_id]


def beat(world: World, real: datetime, node: str = "node") -> None:
    with unit(db.session()):
        health.beat(world.session, node=node, real_now=real, now=world.now, n_moved=0)


def test_a_night_whose_search_fails_holds_up_no_letters_and_is_told(
    demo: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(session: Session, *, now: datetime) -> int:
        tries.append(now)
        raise RuntimeError("nothing can be compared")

    tries: list[datetime] = []
    world.move(world.enter(), "register", "alice")
    with monkeypatch.context() as patched:
        patched.setattr(duplicates, "search_nightly", fails)
        set_clock(world.session, "2024-05-21 03:00")
        planned: list[datetime] = []
        scheduler.tick(demo, "node", planned.append)
        assert set(world.session.scalars(select(Outbox.status))) == {"kept"}
        assert all(when - clock.real() > timedelta(minutes=1) for when in planned)  # not tried again in a moment
        assert "nothing can be compared" in told(world)
        set_clock(world.session, "2024-05-21 03:01")
        scheduler.tick(demo, "node")
        assert len(tries) == 1  # nor each minute
        assert "nothing can be compared" in told(world)
        set_clock(world.session, "2024-05-21 03:16")
        scheduler.tick(demo, "node")
        assert len(tries) == 2
        set_clock(world.session, "2024-05-21 09:00")
        scheduler.tick(demo, "node")
        assert "nothing can be compared" in told(world)  # until a night's search succeeds
    set_clock(world.session, "2024-05-22 03:00")
    scheduler.tick(demo, "node")
    scheduler.tick(demo, "node")
    assert told(world) == ""


def told(world: World) -> str:
    """Return the failure that the organiser reads of."""
    world.session.rollback()
    alarm = health.alarm(world.session, real_now=clock.real(), now=world.now)
    return alarm.failure if alarm else ""
