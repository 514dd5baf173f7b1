"""`qtb eligibility` shows the rules and judges a submission by them."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.calls import good, run
from tests.world import World

ALICE = ("--as", "alice@example.org")


def test_the_rules_are_listed_as_words_and_as_data() -> None:
    assert "E5" in good({}, "eligibility", "show")
    told = json.loads(good({}, "eligibility", "show", "--format", "json"))
    assert told["rules"]["E5"]["severity"] == "block"


def test_a_submission_is_judged_and_what_stands_in_its_way_is_exit_1(settings: dict[str, Any], world: World) -> None:
    team = world.enter()
    world.move(team, "register", "alice")
    world.declare(team)
    assert json.loads(good(settings, "eligibility", "check", "20240001", *ALICE, "--format", "json"))["ok"]
    world.declare(team, incidents_any="some", incidents="一起质量事故。")
    found = run(settings, "eligibility", "check", "20240001", *ALICE, "--format", "json")
    assert found.exit_code == 1
    stages = json.loads(found.stdout)["stages"].values()
    assert "E5" in {one["code"] for several in stages for one in several if one["blocks"]}
    assert run(settings, "eligibility", "check", "20240001", "--as", "bob@example.org").exit_code == 1
