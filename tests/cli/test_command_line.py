"""What all commands share: help in both languages, quick start, instants, databases that cannot be used."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from qtb import cli
from qtb.cli import qtb
from qtb.cli.context import END, INSTANT
from qtb.i18n import catalogue
from tests.cli.calls import good, refused, run
from tests.world import at

Settings = dict[str, Any]


def commands() -> list[tuple[str, ...]]:
    """Every command's path."""
    context = click.Context(qtb, info_name="qtb")
    found: list[tuple[str, ...]] = []
    for name in qtb.list_commands(context):
        command = qtb.get_command(context, name)
        found.append((name,))
        if isinstance(command, click.Group):
            found += [(name, one) for one in command.list_commands(context)]
    return found


@pytest.mark.parametrize("path", commands(), ids=" ".join)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_command_explains_itself(path: tuple[str, ...], lang: str) -> None:
    result = CliRunner().invoke(qtb, ["--lang", lang, *path, "--help"], prog_name="qtb")
    assert result.exit_code == 0
    assert "help." not in result.output
    assert "cli." not in result.output
    if path[0] != "notice":  # worded by itself
        text = " ".join(catalogue(lang).gettext(f"help.{'.'.join(path)}").split())
        assert text.replace(" ", "") in "".join(result.output.split())


def test_the_list_of_commands_loads_none_of_them() -> None:
    code = (
        "import sys; from qtb.cli import qtb; from click.testing import CliRunner;"
        "print(CliRunner().invoke(qtb, ['--lang', 'en', '--help']).output);"
        "print([name for name in sys.modules if name in ('qtb.cli.move', 'sqlalchemy.orm', 'transitions')])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "Verify the history" in said
    assert "qtb.cli.move" not in said


def test_the_version_needs_no_database_library() -> None:
    code = "import sys, qtb.cli; print('sqlalchemy' in sys.modules, 'flask' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["False", "False"]


def test_a_terminal_without_utf_8_gets_an_answer() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "QTB_INSIDE_VENV": "1"}
    call = [sys.executable, "-m", "qtb", "workflow", "check"]
    done = subprocess.run(call, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_module_does_not_break_the_others(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(qtb.lazy, "absent", "qtb.cli.absent")
    assert "absent" not in good(settings, "--help")
    assert "absent" in refused(settings, "absent", code=2)
    assert "qtb.cli.move" in cli.COMMANDS.values()


def test_unknown_commands_and_options_are_usage_errors(settings: Settings) -> None:
    refused(settings, "nope", code=2)
    refused(settings, "cycle", "nope", code=2)
    refused(settings, "cycle", "list", "--nope", code=2)
    refused(settings, "--lang", "fr", "cycle", "list", code=2)


@pytest.mark.parametrize(
    ("text", "instant", "end"),
    [
        ("2024-05-31", "2024-05-31", "2024-06-01"),
        ("2024-05-31 23:59", "2024-05-31 23:59", "2024-05-31 23:59"),
        ("2024-05-31T23:59", "2024-05-31 23:59", "2024-05-31 23:59"),
        ("2024-05-31 24:00", "2024-06-01", "2024-06-01"),
        ("2024-05-31T23:59+08:00", "2024-05-31 23:59", "2024-05-31 23:59"),
        ("2024-05-31T15:59Z", "2024-05-31 23:59", "2024-05-31 23:59"),
    ],
)
def test_instants(text: str, instant: str, end: str) -> None:
    assert INSTANT.convert(text, None, None) == at(instant)
    assert END.convert(text, None, None) == at(end)


@pytest.mark.parametrize("text", ["", "31.5.2024", "2024-13-01", "tomorrow", "9999-12-31", "2024-05-31 25:00", "１２"])
def test_what_is_no_instant_names_the_forms(settings: Settings, text: str) -> None:
    said = refused(settings, "cycle", "row", "2024", "declare", "--closes", text, "--reason", "x", "--as", "x", code=2)
    assert "2024-05-31T23:59+08:00" in said


def test_a_database_behind_the_program_says_what_to_run(settings: Settings) -> None:
    good(settings, "db", "downgrade")
    assert "qtb db upgrade" in refused(settings, "cycle", "list")
    assert "qtb db upgrade" in refused(settings, "--lang", "en", "cycle", "list")
    assert "0002" in good(settings, "db", "current")
    good(settings, "db", "upgrade")
    good(settings, "cycle", "list")


def test_up_and_down_and_up_again(settings: Settings) -> None:
    good(settings, "db", "downgrade", "base")
    assert "（空）" in good(settings, "db", "current")
    good(settings, "db", "upgrade")
    refused(settings, "db", "upgrade", "nope")
    good(settings, "db", "upgrade")


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////nonexistent/folder/qtb.db", "postgresql+psycopg://user:hidden@127.0.0.1:1/qtb", "nonsense",
        "mysql+nope://user:hidden@example.org/x",
    ],
)  # fmt: skip
def test_a_database_that_cannot_be_used_is_one_sentence(tmp_path: Path, url: str) -> None:
    from qtb import config

    settings = config.settings({"QTB_HOME": str(tmp_path), "QTB_SECRET_KEY": "x"})
    said = refused({**settings, "SQLALCHEMY_DATABASE_URI": url}, "--lang", "en", "cycle", "list")
    assert said.count("\n") == 1
    assert "hidden" not in said


def test_a_file_instead_of_a_database(tmp_path: Path) -> None:
    from qtb import config

    (tmp_path / "qtb.db").write_text("no database at all, but text that is long enough to be looked at" * 20)
    settings = config.settings({"QTB_HOME": str(tmp_path), "QTB_SECRET_KEY": "x"})
    assert refused(settings, "cycle", "list").count("\n") == 1


@pytest.mark.parametrize("odd", ["a\x00b", "a\udc80b"])
def test_what_no_database_could_store_is_a_usage_error(settings: Settings, odd: str) -> None:
    assert "UTF-8" in refused(settings, "cycle", "show", odd, code=2)
    refused(settings, odd, code=2)


@pytest.mark.parametrize("email", ["nobody@example.org", "", "x" * 5000, "' OR 1=1"])
def test_an_unknown_person_is_refused(settings: Settings, world: object, email: str) -> None:
    assert refused(settings, "move", "register", "20240001", "--as", email)


def test_a_disabled_person_is_refused(settings: Settings, world: object) -> None:
    good(settings, "users", "disable", "rita@example.org", "--as", "olga@example.org")
    assert "rita@example.org" in refused(settings, "move", "register", "20240001", "--as", "rita@example.org")


def test_the_demo_has_its_own_clock(settings: Settings, world: object) -> None:
    said = good(settings, "--demo", "--lang", "en", "tick", "--now", "2024-03-01")
    assert "1 Mar 2024" in said
    assert isinstance(INSTANT.convert(datetime.fromisoformat("2024-03-01T00:00+08:00"), None, None), datetime)
    assert run(settings, "tick", "--now", "2099-01-01").exit_code == 2
    assert run(settings, "tick", "--demo", "--now", "2099-01-01").exit_code == 0
