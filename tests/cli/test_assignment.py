"""`qtb panel` and `qtb assignment`: listed, planned, previewed of a file, applied as shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qtb.store.submissions import Submission
from tests.cli.calls import OLGA, good, refused
from tests.judging import declare, facts, panel, works
from tests.world import World

JSON = ("--format", "json")


def test_panels_are_listed_and_shown(settings: dict[str, Any], world: World) -> None:
    panel(world, "eve", "ed", most=4)
    told = good(settings, "panel", "list", "2024", *OLGA)
    assert "制造业组" in told
    assert "eve" in told
    (one,) = json.loads(good(settings, "panel", "list", "2024", *JSON, *OLGA))
    assert [(member["name"], member["leads"], member["most"]) for member in one["members"]] == [
        ("eve", True, 4), ("ed", False, 4)
    ]  # fmt: skip
    assert "ed@example.org" in good(settings, "panel", "show", "2024", "制造业组", *OLGA)
    assert json.loads(good(settings, "panel", "show", "2024", "制造业组", *JSON, *OLGA)) == one
    assert refused(settings, "panel", "show", "2024", "无此组", *OLGA)
    assert refused(settings, "panel", "list", "2024", "--as", "alice@example.org")


def test_a_plan_is_shown_and_applied_as_shown(settings: dict[str, Any], world: World) -> None:
    cases = works(world, 2)
    panel(world, "eve", "ed")
    shown = json.loads(good(settings, "assignment", "plan", "2024", "--judges", "2", *JSON, *OLGA))
    assert (len(shown["pairs"]), shown["wrong"], shown["lacking"]) == (4, 0, [])
    assert facts(world, cases[0]) == (0, 0)
    plan = str(shown["plan"])
    assert shown["mark"] in good(settings, "assignment", "show", plan, *OLGA)
    assert refused(settings, "assignment", "apply", plan, "--mark", "0" * 64, *OLGA)
    assert facts(world, cases[0]) == (0, 0)
    assert "4" in good(settings, "assignment", "apply", plan, "--mark", shown["mark"], *OLGA)
    assert [facts(world, case) for case in cases] == [(0, 2), (0, 2)]
    assert refused(settings, "assignment", "apply", plan, *OLGA)
    assert refused(settings, "assignment", "apply", "999", *OLGA)
    assert refused(settings, "assignment", "plan", "2024", "--as", "eve@example.org")


def test_a_file_is_previewed_line_by_line(settings: dict[str, Any], world: World, tmp_path: Path) -> None:
    (case,) = works(world, 1)
    declare(world, "ed", case)
    number = world.session.get_one(Submission, case).number
    path = tmp_path / "list.csv"
    path.write_text(f"编号,评审专家邮箱\n{number},eve@example.org\n{number},ed@example.org\n", "utf-8")
    said = refused(settings, "assignment", "plan", "2024", "--file", str(path), *OLGA)
    assert "1" in said
    assert facts(world, case) == (0, 0)
    path.write_text(f"编号,评审专家邮箱\n{number},eve@example.org\n", "utf-8")
    told = json.loads(good(settings, "assignment", "plan", "2024", "--file", str(path), *JSON, *OLGA))
    assert told["pairs"] == [{"work": number, "judge": "eve@example.org", "row": 2, "against": []}]
    good(settings, "assignment", "apply", str(told["plan"]), *OLGA)
    assert facts(world, case) == (0, 1)
    assert refused(settings, "assignment", "plan", "2024", "--file", str(path), "--judges", "2", *OLGA)
