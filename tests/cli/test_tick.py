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

from qtb.services import sweep
from qtb.store.outbox import Heartbeat, Outbox
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
    failed = [sweep.Swept("2024", "lapse_unregistered", at("2024-06-01"), 0, "Conflict: stale")]
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
