"""`qtb workflow adopt`: previewed, refused, done; nothing happens without --yes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qtb.store.cycles import Cycle
from tests.adopting import evolved, serve
from tests.cli.calls import OLGA, good, refused, run
from tests.world import World

Settings = dict[str, Any]
PLACES = ("--map", "recommended=endorsed", "--map", "escalated = submitted")


@pytest.fixture
def year(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A year with a case in each state that goes, and the changed definition in the folder."""
    world.placed("recommended")
    world.placed("escalated", "二班")
    serve(monkeypatch, tmp_path / "programmes", evolved())
    return world


def pinned(world: World) -> str:
    """Return what the year is pinned to."""
    world.session.rollback()
    return world.session.get_one(Cycle, world.cycle.id).definition_hash


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_preview_tells_all_and_does_nothing(settings: Settings, year: World, lang: str) -> None:
    before = pinned(year)
    said = good(settings, "workflow", "adopt", "2024", *PLACES, "--lang", lang)
    assert "adoption." not in said
    assert "cli." not in said
    assert ("初审通过" if lang == "zh" else "Screen") in said
    assert "--yes" in said
    assert pinned(year) == before


def test_with_yes_the_year_adopts(settings: Settings, year: World) -> None:
    said = good(settings, "workflow", "adopt", "2024", *PLACES, "--reason", "流程修订", *OLGA, "--yes")
    assert "2 件申报随之转移" in said
    assert year.state(1) == "endorsed"
    assert year.history("submission", 1)[-1].about()["note"] == "流程修订"
    assert year.history("cycle", year.cycle.id)[-1].via == "cli"
    year.sound()
    again = run(settings, "workflow", "adopt", "2024")
    assert (again.exit_code, again.stdout, len(again.stderr.splitlines())) == (1, "", 1)
    assert "相同" in again.stderr


def test_without_places_it_is_refused_with_every_reason(settings: Settings, year: World) -> None:
    before = pinned(year)
    said = refused(settings, "workflow", "adopt", "2024", "--reason", "流程修订", *OLGA, "--yes")
    assert len(said.strip().splitlines()) == 2
    assert pinned(year) == before


def test_the_plan_as_json(settings: Settings, year: World) -> None:
    plan = json.loads(good(settings, "workflow", "adopt", "2024", *PLACES, "--json"))
    assert len(plan["plan"]) == 64
    assert {one["key"]: one["n"] for one in plan["states"] if one["fate"] == "mapped"} == {
        "recommended": 1, "escalated": 1,
    }  # fmt: skip
    assert plan["refusals"] == []
    done = good(settings, "workflow", "adopt", "2024", *PLACES, "--json", "--reason", "流程修订", *OLGA, "--yes")
    assert json.loads(done)["plan"] == plan["plan"]
    assert pinned(year) == plan["new"]


@pytest.mark.parametrize(
    "given",
    [
        ("1999",), ("2024", "--map", "recommended"), ("2024", "--map", "=x"), ("2024", "--map", "x="),
        ("2024", "--map", "recommended=endorsed", "--map", "recommended=draft"), ("2024", *PLACES, "--map", "a=b"),
        ("2024", *PLACES, "--yes", *OLGA),
        ("2024", *PLACES, "--yes", "--reason", "x", "--as", "alice@example.org"),
        ("2024", *PLACES, "--yes", "--reason", "x", "--as", "nobody@example.org"),
    ],
)  # fmt: skip
def test_what_is_missing_or_wrong_is_said(settings: Settings, year: World, given: tuple[str, ...]) -> None:
    before = pinned(year)
    refused(settings, "workflow", "adopt", *given)
    assert pinned(year) == before


@pytest.mark.parametrize("given", [("--yes",), ("--yes", "--reason", "x")])
def test_nobody_adopts_without_a_name(settings: Settings, year: World, given: tuple[str, ...]) -> None:
    before = pinned(year)
    assert "--as" in refused(settings, "workflow", "adopt", "2024", *PLACES, *given, code=2)
    assert pinned(year) == before


def test_a_state_with_two_places_is_named(settings: Settings, year: World) -> None:
    twice = ("--map", "recommended=endorsed", "--map", "recommended=draft")
    assert "“recommended”给出了两个去向" in refused(settings, "workflow", "adopt", "2024", *twice)
