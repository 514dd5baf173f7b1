"""Machines in four time zones on one database: the same instants, the same texts, the same history."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from qtb.domain.timeline import canonical
from qtb.store.audit import History
from qtb.store.ledger import Ledger
from tests.faults.crowds import crowd, moved_once, running, stand, sweeping
from tests.rules.sources import ROOT
from tests.world import World, at

ZONES = {"UTC": "+0000", "America/Los_Angeles": "-0700", "Asia/Shanghai": "+0800", "Pacific/Kiritimati": "+1400"}


def told(url: str, now: datetime, zones: Sequence[str]) -> list[dict[str, Any]]:
    """What machines in these zones make of the database, asked at once."""
    command = [sys.executable, "-m", "tests.faults.zoned", url, now.isoformat()]
    asked = [
        subprocess.Popen(command, cwd=ROOT, env={**os.environ, "TZ": zone}, stdout=subprocess.PIPE) for zone in zones
    ]
    with running(*asked):
        found = [json.loads(one.communicate(timeout=50)[0]) for one in asked]
    assert [one.pop("zone") for one in found] == [ZONES[zone] for zone in zones]
    return found


def swept(url: str, now: datetime, zones: Sequence[str]) -> None:
    """Let machines in these zones sweep at once."""
    processes = [sweeping(url, now, limit=5, zone=zone) for zone in zones]
    with running(*processes):
        assert [one.wait(timeout=50) for one in processes] == [0] * len(processes)


@pytest.fixture
def standing(world: World) -> dict[str, list[int]]:
    """Cases for the end of a row, an extension and a silence, near midnights of all four zones."""
    ids = crowd(world, 90)
    found = {"draft": ids[:30], "registered": ids[30:60], "submitted": ids[60:]}
    stand(world, found["registered"], "registered")
    for n, hour in enumerate(("00:30", "07:59", "08:01", "14:59", "16:01", "23:59")):
        world.now = at(f"2024-05-10 {hour}")
        stand(world, found["submitted"][n::6], "submitted")
    world.extend("declare", "2024-06-01 02:00", submission_id=found["registered"][0])
    return found


def test_four_zones_reckon_the_same_instants_and_read_the_same_history(
    world: World, database_url: str, standing: dict[str, list[int]]
) -> None:
    now = at("2024-05-31 23:30")
    one, *others = told(database_url, now, list(ZONES))
    assert all(other == one for other in others)
    assert one["verified"][1] == 0
    dues = {(submission_id, key): due for _, submission_id, key, due, _, _ in one["due"]}
    assert {dues[case, "pass_on"] for case in standing["submitted"]} == {canonical(at("2024-05-31"))}
    extended, *plain = standing["registered"]
    assert dues[extended, "lapse_undeclared"] == canonical(at("2024-06-01 02:00"))
    assert {dues[case, "lapse_undeclared"] for case in plain} == {canonical(at("2024-06-01"))}
    shown = {(zh, en) for *_, key, _, zh, en in one["due"] if key == "lapse_unregistered"}
    assert shown == {("2024年5月31日 24:00（上海时间）", "31 May 2024")}
    assert one["next"] == canonical(at("2024-06-01"))
    assert one["overdue"] == len(standing["submitted"])


def test_four_zones_that_sweep_at_once_write_one_history(
    world: World, database_url: str, standing: dict[str, list[int]]
) -> None:
    now = at("2024-06-01 00:10")
    swept(database_url, now, list(ZONES))
    moved_once(world, "lapse_unregistered", standing["draft"])
    moved_once(world, "lapse_undeclared", standing["registered"][1:])
    moved_once(world, "pass_on", standing["submitted"])
    world.session.rollback()
    made = world.session.scalars(select(History).where(History.via == "clock")).all()
    # Whoever did it: nothing in an entry tells where the machine stood.
    assert {(row.transition, row.due, row.at, row.via, row.role, row.row_key, row.actor_id) for row in made} == {
        ("lapse_unregistered", canonical(at("2024-06-01")), now, "clock", "clock", "register", None),
        ("lapse_undeclared", canonical(at("2024-06-01")), now, "clock", "clock", "declare", None),
        ("pass_on", canonical(at("2024-05-31")), now, "clock", "clock", "recommend", None),
    }
    lines = world.session.scalars(select(Ledger)).all()
    assert {one.at for one in lines} == {now}
    one, other = told(database_url, now, ["America/Los_Angeles", "Pacific/Kiritimati"])
    assert other == one
    assert (one["verified"], one["overdue"]) == ([world.sound(), 0], 0)
