"""`qtb move` and `qtb override`: the same door as the pages, all or nothing, every reason said."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.calls import OLGA, good, refused
from tests.world import World

Settings = dict[str, Any]
ALICE, RITA = ("--as", "alice@example.org"), ("--as", "rita@example.org")
MARCH, APRIL = ("--demo", "--now", "2024-03-01 09:00"), ("--demo", "--now", "2024-04-02 10:00")


def test_several_at_once(settings: Settings, world: World) -> None:
    teams = [world.enter(team=name) for name in ("一班", "二班")]
    said = good(settings, "move", "register", "20240001", "20240002", *ALICE, *MARCH)
    assert [line.split("：")[0] for line in said.splitlines()] == ["20240001 一班", "20240002 二班"]
    assert {world.state(team) for team in teams} == {world.cycle.definition.workflow.transitions["register"].to}
    assert {entry.via for team in teams for entry in world.trail(team) if entry.transition} == {"cli"}


def test_all_or_nothing_and_each_reason_with_its_number(settings: Settings, world: World) -> None:
    good_one, bad_one = world.enter(team="一班"), world.enter(team="二班", leader_name="")
    said = refused(settings, "move", "register", "20240001", "20240002", *ALICE, *MARCH)
    assert said.splitlines() == ["20240002: 报名表尚未填写完整，请先补全必填项并保存。"]
    start = world.cycle.definition.workflow.start
    assert (world.state(good_one), world.state(bad_one)) == (start, start)


def test_every_reason_in_the_language_chosen(settings: Settings, world: World) -> None:
    world.enter(leader_name="")
    late = ("--demo", "--now", "2024-07-01")
    said = refused(settings, "--lang", "en", "move", "register", "20240001", *ALICE, *late).splitlines()
    assert said == [
        "20240001: Row 1, 活动报名, closed 31 May 2024, 24:00 (Shanghai) "
        "(it is now 1 Jul 2024, 00:00 (Shanghai)). If you need an extension, please ask the organiser.",
        "20240001: The registration form is not complete; please fill in what is required and save it first.",
    ]


def test_a_note_goes_with_the_move(settings: Settings, world: World) -> None:
    team = world.submitted()
    assert "意见" in refused(settings, "move", "return", "20240001", *RITA, *APRIL)
    good(settings, "move", "return", "20240001", "--note", "请补充数据", *RITA, *APRIL)
    assert world.trail(team)[-1].about()["note"] == "请补充数据"


def test_what_one_may_not_see_does_not_exist(settings: Settings, world: World) -> None:
    world.enter()
    assert "20240001" in refused(settings, "move", "register", "20240001", "--as", "bob@example.org", *MARCH)
    assert "20249999" in refused(settings, "move", "register", "20249999", *ALICE, *MARCH)


def test_the_clock_of_the_real_system_is_not_for_sale(settings: Settings, world: World) -> None:
    world.enter()
    assert "--demo" in refused(settings, "move", "register", "20240001", *ALICE, "--now", "2024-03-01", code=2)


def test_a_number_that_exists_twice_needs_its_cycle(settings: Settings, world: World) -> None:
    world.enter()
    first = world.cycle
    world.cycle = world.session.get_one(type(first), world.another_cycle("2024b"))
    world.enter()
    assert "2024b" in refused(settings, "move", "register", "20240001", *ALICE, *MARCH)
    good(settings, "move", "register", "20240001", "--cycle", "2024b", *ALICE, *MARCH)


@pytest.mark.parametrize("name", ["nope", "lapse_unregistered", "register; --", "x" * 5000])
def test_a_move_that_is_none(settings: Settings, world: World, name: str) -> None:
    world.enter()
    refused(settings, "move", name, "20240001", *ALICE, *MARCH)


def test_bad_input_to_move(settings: Settings, world: World) -> None:
    world.enter()
    refused(settings, "move", "register", *ALICE, code=2)
    refused(settings, "move", "register", "20240001", code=2)
    refused(settings, "move", "register", "20240001", "--note", "x" * 3000, *ALICE, *MARCH)
    refused(settings, "move", "register", "x\x00", *ALICE, *MARCH, code=2)


def test_an_override_says_why(settings: Settings, world: World) -> None:
    team = world.submitted()
    target = world.cycle.definition.workflow.start
    good(settings, "override", "20240001", target, "--reason", "申报单位误操作", *OLGA)
    assert world.state(team) == target
    last = world.trail(team)[-1]
    assert (last.kind, last.via, last.about()["note"]) == ("override", "cli", "申报单位误操作")


def test_bad_input_to_override(settings: Settings, world: World) -> None:
    team = world.submitted()
    before, target = world.position(team), world.cycle.definition.workflow.start
    refused(settings, "override", "20240001", target, *OLGA, code=2)
    refused(settings, "override", "20240001", target, "--reason", " ", *OLGA)
    refused(settings, "override", "20240001", "nope", "--reason", "x", *OLGA)
    refused(settings, "override", "20240001", world.state(team), "--reason", "x", *OLGA)
    refused(settings, "override", "20249999", target, "--reason", "x", *OLGA)
    refused(settings, "override", "20240001", target, "--reason", "x", *RITA)
    assert world.position(team) == before
