"""What all commands share: help in both languages, quick start, instants, databases that cannot be used."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from qtb import cli
from qtb.cli import click_words, qtb
from qtb.cli import commands as shapes
from qtb.cli.context import END, INSTANT, sentence
from qtb.domain.errors import Reason
from qtb.i18n import catalogue
from tests.cli.calls import good, refused, run
from tests.rules.sources import called
from tests.rules.sources import catalogue as catalogue_of
from tests.world import at

Settings = dict[str, Any]
VERSIONS = Path(__file__).parents[2] / "migrations" / "versions"
HAN = re.compile(r"[\u4e00-\u9fff]")
ENDS = ("。", ".", "？")


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
    text = " ".join(catalogue(lang).gettext(f"help.{'.'.join(path)}").split())
    assert text.replace(" ", "") in "".join(result.output.split())
    assert text.endswith("。" if lang == "zh" else ".")
    own = ("Usage", "Options", "Commands", "Show this", "[OPTIONS]", "[ARGS]", "[required]", "[default")
    assert [word for word in own if lang == "zh" and word in result.output] == []
    assert lang == "zh" or not HAN.search(result.output)
    assert [line for line in _told(result.output) if not line.rstrip("]）)").endswith(ENDS)] == []


def _told(output: str) -> list[str]:
    """Return what is said of each option: the help after its name, with what was wrapped."""
    found: list[str] = []
    for line in output.splitlines():
        if re.match(r"  +-", line):
            found.append(re.split(r"\s{2,}", line.strip(), maxsplit=1)[-1])
        elif found and line.startswith("   "):
            found[-1] += line.strip()
    return [re.sub(r"\s*\[[^\]]*\]$", "", one) for one in found]


def test_what_click_says_is_in_the_catalogue() -> None:
    asked = set()
    for part in click_words.PARTS:
        tree = ast.parse(Path(str(part.__file__)).read_text("utf-8"))
        coding = {id(node) for one in ast.walk(tree) if _is_of_coders(one) for node in ast.walk(one)}
        calls = (one for one in ast.walk(tree) if isinstance(one, ast.Call) and id(one) not in coding)
        texts = (text for one in calls if called(one) in ("_", "ngettext") for text in one.args[:2])
        asked |= {str(text.value) for text in texts if isinstance(text, ast.Constant)}
    assert len(asked) > 40
    assert sorted(asked - set(click_words.NOUNS) - catalogue_of("zh").keys()) == []


def _is_of_coders(node: ast.AST) -> bool:
    is_raised = isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
    return is_raised and called(node.exc) in ("TypeError", "ValueError", "RuntimeError")


@pytest.mark.parametrize(
    ("line", "zh", "en"),
    [
        (("cycle", "nope"), "错误：没有命令 'nope'。", "Error: No such command 'nope'."),
        (("cycle", "list", "--nope"), "错误：没有选项 '--nope'。", "Error: No such option '--nope'."),
        (("cycle", "show"), "错误：缺少参数 'KEY'.", "Error: Missing argument 'KEY'."),
        (("cycle", "show", "a", "b"), "错误：多出了参数（b）。", "Error: Got unexpected extra argument (b)"),
        (("notice", "read", "x", "--format", "y"), "'y' 不在可选范围内", "'y' is not one of"),
        (("notice", "read", "x", "--year", "y"), "'y' 不是有效的数字。", "'y' is not a valid integer."),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_in_the_language_chosen(
    settings: Settings, line: tuple[str, ...], zh: str, en: str
) -> None:
    said = refused(settings, *line, code=2)
    assert zh in said
    assert ("用法：" in said, "Usage" in said, "Try" in said) == (True, False, False)
    for place in ((*line, "--lang", "en"), ("--lang=en", *line)):
        said = refused(settings, *place, code=2)
        assert en in said
        assert not HAN.search(said)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_refusal_speaks_of_the_command_and_of_no_page(lang: str) -> None:
    for key in ("changed", "stale", "stale_by", "adopted_meanwhile"):
        with click.Context(qtb):
            shapes._CHOSEN.set(lang)
            said = sentence(Reason(key, {"who": "olga", "at": at("2024-05-31")}))
        shapes._CHOSEN.set("zh")
        assert ("命令" if lang == "zh" else "command") in said
        assert not re.search("页|page|reload", said)


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
    assert sorted(one.name[:4] for one in VERSIONS.glob("0*.py"))[-2] in good(settings, "db", "current")
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
