"""`qtb undo`, `qtb suspend` and `qtb resume`: the same services as the pages, in words."""

from __future__ import annotations

from typing import Any

import pytest

from qtb import clock
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.cli.calls import OLGA, good, refused
from tests.world import World

ALICE = ("--as", "alice@example.org")
WHY = ("--reason", "点错了")
Settings = dict[str, Any]


@pytest.fixture
def demo(settings: Settings, world: World) -> Settings:
    """The settings of a demo whose clock shows the world's time."""
    with unit(world.session):
        clock.set_to(world.session, world.now)
    return {**settings, "DEMO": True}


def number(world: World, submission_id: int) -> str:
    """Return a submission's number."""
    found = world.session.get_one(Submission, submission_id).number
    world.session.rollback()
    return found


def test_taking_back(demo: Settings, world: World) -> None:
    team = world.submitted()
    mine = number(world, team)
    assert "由申报单位进行" in refused(demo, "undo", mine, *WHY, "--as", "rita@example.org")
    assert "已报名" in good(demo, "undo", mine, *WHY, *ALICE)
    assert world.state(team) == "registered"
    assert "不是可以撤销的步骤" in refused(demo, "undo", mine, *WHY, *ALICE)
    assert "can be taken back" in refused(demo, "undo", mine, *WHY, *ALICE, "--lang", "en")
    refused(demo, "undo", mine, *ALICE, code=2)
    assert "撤销上一步" in good(demo, "audit", "show", mine)


def test_suspending_and_going_on(demo: Settings, world: World) -> None:
    team = world.placed("registered")
    mine = number(world, team)
    assert "已暂停计时" in good(demo, "suspend", mine, *WHY, *OLGA)
    assert "暂停" in refused(demo, "suspend", mine, *WHY, *OLGA)
    assert "暂停计时" in refused(demo, "move", "submit", mine, *ALICE)
    refused(demo, "resume", mine, *WHY, *ALICE)
    said = good(demo, "resume", mine, *WHY, *OLGA)
    assert "已恢复计时" in said
    assert "“成果申报”延至" in said
    assert "没有暂停" in refused(demo, "resume", mine, *WHY, *OLGA)
