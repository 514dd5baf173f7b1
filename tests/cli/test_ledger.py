"""`qtb ledger`: every edge of a year as a table, and trying again what stands aside."""

from __future__ import annotations

from typing import Any

from qtb.store.submissions import Submission
from tests.cli.calls import OLGA, good, refused
from tests.services.test_ledger import ALL_STUCK, GONE, OVER, TRIGGERS, dialect, run
from tests.world import World

Settings = dict[str, Any]


def test_a_years_edges(settings: Settings, world: World) -> None:
    world.enter()
    world.go(OVER)
    said = good(settings, "ledger", "2024")
    assert "2024年5月31日 24:00" in said
    assert "报名截止未提交 已流转 1 件" in said
    assert good(settings, "ledger", "show", "2024") == said
    assert "moved 1" in good(settings, "ledger", "2024", "--lang", "en")
    assert "2019" in refused(settings, "ledger", "2019")


def test_trying_again(settings: Settings, world: World) -> None:
    team = world.enter()
    number = world.session.get_one(Submission, team).number
    assert "没有被搁置" in refused(settings, "ledger", "retry", number, *OLGA)
    for statement in TRIGGERS[dialect(world)]:
        run(world, statement.format(number=number))
    world.go(OVER)
    world.session.rollback()
    assert "this one is stuck" in refused(settings, "ledger", "retry", number, *OLGA)
    refused(settings, "ledger", "retry", number, "--as", "alice@example.org")
    run(world, GONE[dialect(world)])
    assert "已不再搁置" in good(settings, "ledger", "retry", number, *OLGA)
    assert world.state(team) != world.cycle.definition.workflow.start


def test_trying_all_again(settings: Settings, world: World) -> None:
    assert "没有搁置的件" in refused(settings, "ledger", "retry-all", "2024", *OLGA)
    for n in range(2):
        world.enter(team=f"{n}班")
    for statement in ALL_STUCK[dialect(world)]:
        run(world, statement.format(but=""))
    world.go(OVER)
    world.session.rollback()
    assert "仍有 2 件搁置" in refused(settings, "ledger", "retry-all", "2024", *OLGA)
    refused(settings, "ledger", "retry-all", "2024", "--as", "alice@example.org")
    run(world, GONE[dialect(world)])
    assert "已再试 2 件，仍有 0 件搁置" in good(settings, "ledger", "retry-all", "2024", *OLGA)
