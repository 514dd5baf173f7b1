"""README.md against the tree: its map, its list of commands and its table name what is there, and all of it.

Conventions: a path stands in backticks, from the root or from `qtb/`, with <…> or * for what varies; a command is
written `qtb <group> …` in backticks or in a code block.
"""

from __future__ import annotations

import importlib.util
import re

from qtb.cli import COMMANDS
from tests.rules.sources import ROOT

README = (ROOT / "README.md").read_text("utf-8")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"[\w.<>*…-]+(?:/[\w.<>*…-]*)+|[\w<>*-]+\.(?:py|yaml|md|toml|txt|html|po|ini|sh)")
COMMAND = re.compile(r"(?:^|\s)(?:python3? -m )?qtb(?: --?[\w-]+)* ([a-z][\w-]*)")
TREE = {"migrations", "qtb", "templates", "tests", "workflows"}


def spans() -> list[str]:
    """Return what stands in backticks outside code blocks."""
    return SPAN.findall(FENCE.sub("", README))


def paths() -> set[str]:
    """Return the spans that are paths of ours: no addresses, no routes, nothing absolute."""
    return {span for span in spans() if PATH.fullmatch(span) and not span.startswith(("http", "/"))}


def commands() -> set[str]:
    """Return the first word of every qtb command that is written as code."""
    code = spans() + [line for block in FENCE.findall(README) for line in block.splitlines()]
    return {found for text in code for found in COMMAND.findall(text.split("#")[0])}


def exists(path: str) -> bool:
    """Tell whether a path, or something that fits its pattern, is there; `instance/` is made at run time."""
    pattern = re.sub(r"<[^>]*>|…", "*", path).rstrip("/")
    return pattern.split("/")[0] in ("instance", ".venv") or any(
        next(folder.glob(pattern), None) is not None for folder in (ROOT, ROOT / "qtb", ROOT / "workflows")
    )


def test_there_is_a_readme_with_a_map_and_commands() -> None:
    assert README.strip(), "README.md is empty"
    assert len(paths()) >= 10
    assert len(commands()) >= 5


def test_every_path_in_the_readme_exists() -> None:
    assert sorted(path for path in paths() if not exists(path)) == []


def test_every_command_in_the_readme_exists() -> None:
    assert sorted(commands() - COMMANDS.keys()) == []


def test_every_command_group_can_be_loaded() -> None:
    assert [name for name, module in COMMANDS.items() if importlib.util.find_spec(module) is None] == []


def test_every_command_group_is_in_the_readme() -> None:
    assert sorted(COMMANDS.keys() - commands()) == []


def test_every_room_of_the_package_is_in_the_readme() -> None:
    rooms = {path.parent.name for path in (ROOT / "qtb").glob("*/__init__.py")}
    assert len(rooms) >= 7
    unnamed = {room for room in rooms | TREE if not re.search(rf"\b{re.escape(room)}/", README)}
    assert sorted(unnamed) == []


def test_every_place_of_a_change_exists() -> None:
    tables = [line for line in README.splitlines() if line.startswith("|")]
    named = [span for line in tables for span in SPAN.findall(line) if PATH.fullmatch(span)]
    assert len(named) >= 8, "no table of where to change what"
    assert [path for path in named if not path.startswith("/") and not exists(path)] == []
