"""`qtb cycle rehearse`: as a list, as JSON, as a picture; of a year or of the notice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tests.cli.calls import good, refused
from tests.world import World

Settings = dict[str, Any]
FEW = ("cycle", "rehearse", "2024", "--submissions", "15", "--seed", "2")


def test_a_year_is_listed_by_date(settings: Settings, world: World, tmp_path: Path) -> None:
    said = good(settings, *FEW, "--svg", str(tmp_path / "year.svg"))
    assert "2024-08-20" in said
    assert "年末各状态的案例数" in said
    assert "rehearsal." not in said
    picture = ElementTree.parse(tmp_path / "year.svg").getroot()
    assert picture.tag.endswith("svg")
    assert "Registration" not in said
    assert "Where the cases stand" in good(settings, "--lang", "en", *FEW)


def test_as_json_it_is_the_same_each_time(settings: Settings, world: World) -> None:
    found = [json.loads(good(settings, *FEW, "--json")) for _ in range(2)]
    assert all(one.pop("seconds") >= 0 for one in found)
    assert found[0] == found[1]
    assert found[0]["key"] == "2024"


def test_without_a_year_the_notice_is_read(settings: Settings) -> None:
    found = json.loads(good(settings, "cycle", "rehearse", "--submissions", "3", "--json"))
    assert (found["key"], found["programme"], found["n_submissions"]) == ("2024", "qtb", 3)


def test_bad_input(settings: Settings, world: World, tmp_path: Path) -> None:
    assert "100000" in refused(settings, "cycle", "rehearse", "2024", "--submissions", "0")
    assert refused(settings, "cycle", "rehearse", "2024", "--seed", "-1")
    assert refused(settings, "cycle", "rehearse", "2024", "--seed", "x", code=2)
    assert refused(settings, "cycle", "rehearse", "1999")
    assert refused(settings, "cycle", "rehearse", "--programme", "nope")
    assert "无法写入文件夹" in refused(settings, *FEW, "--svg", str(tmp_path / "absent" / "year.svg"))
