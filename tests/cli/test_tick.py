"""`qtb tick` by hand, and `qtb scheduler` in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from qtb import clock
from qtb.services import sweep
from qtb.store.outbox import Heartbeat, Outbox
from qtb.store.unit import unit
from tests.cli.calls import good, refused
from tests.world import World, at

Settings = dict[str, Any]


def test_a_tick_prints_what_moved_and_sends(settings: Settings, world: World) -> None:
    team = world.enter()
    said = good(settings, "tick", "--now", "2024-06-01")
    assert "报名截止未提交，1项" in said
    assert "保留1封" in said
    assert world.state(team) != world.cycle.definition.workflow.start
    assert world.session.scalars(select(Outbox.status)).all() == ["kept"]
    assert "没有到期" in good(settings, "tick", "--now", "2024-06-01")


def test_a_tick_before_its_time_moves_nothing(settings: Settings, world: World) -> None:
    team = world.enter()
    assert "Nothing is due" in good(settings, "tick", "--now", "2024-05-31 23:59", "--lang", "en")
    assert world.state(team) == world.cycle.definition.workflow.start


def test_a_failing_slice_is_said(settings: Settings, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = [sweep.Swept("2024", "lapse_unregistered", at("2024-06-01"), n_moved=0, failure="Conflict: stale")]
    monkeypatch.setattr(sweep, "sweep", lambda *_args, **_kw: failed)
    assert "Conflict: stale" in refused(settings, "tick", "--now", "2024-06-01")


def test_bad_input_to_tick(settings: Settings, world: World) -> None:
    refused(settings, "tick", "--now", "soon", code=2)
    refused(settings, "tick", "--now", "2199-01-01", code=2)
    assert "QTB_SMTP_URL" in refused({**settings, "SMTP_URL": "smtp://user:hidden@:x"}, "tick")


def test_the_scheduler_in_a_process_of_its_own(settings: Settings, world: World, tmp_path: Path) -> None:
    team = world.enter()
    world.session.rollback()
    environment = {
        **os.environ, "QTB_DATABASE_URL": str(settings["SQLALCHEMY_DATABASE_URI"]), "QTB_HOME": str(tmp_path / "home"),
        "QTB_INSIDE_VENV": "1",
    }  # fmt: skip
    with subprocess.Popen([sys.executable, "-m", "qtb", "scheduler"], env=environment) as process:
        until = time.monotonic() + 30
        while time.monotonic() < until and not beats(world):
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert beats(world)
    assert world.state(team) != world.cycle.definition.workflow.start  # 2024 is long over


def beats(world: World) -> int:
    world.session.rollback()
    return len(world.session.scalars(select(Heartbeat)).all())


def test_the_demos_clock_goes_to_an_instant_and_does_what_is_due_on_the_way(settings: Settings, world: World) -> None:
    demo = {**settings, "DEMO": True}
    with unit(world.session):
        clock.set_to(world.session, at("2024-05-20 10:00"))
    team = world.enter()
    world.session.rollback()
    said = good(demo, "tick", "--until", "2024-06-03 10:00")
    assert "流转 1 件，信件 4 封" in said  # three reminders and the end
    assert world.trail(team)[-1].at == at("2024-06-01")
    assert "只能向前" in refused(demo, "tick", "--until", "2024-06-01")
    refused(settings, "tick", "--until", "2099-01-01", code=2)  # time itself is not ours to set
