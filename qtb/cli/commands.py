"""The shapes that all commands share: loaded when they are called, worded by the catalogue, `--lang` anywhere.

Only click is imported here, so that the command line starts at once.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import click

LANGUAGES = ("zh", "en")


METAVARS = ("[OPTIONS]", "COMMAND [ARGS]...")
_CHOSEN = ContextVar("lang", default=LANGUAGES[0])


def lang() -> str:
    """Return the language chosen for this call, Chinese unless one was.

    Chosen before click reads the line: it may refuse the line before it comes to `--lang`.
    """
    return _CHOSEN.get()


def say(key: str, /, **args: Any) -> str:
    """Return the wording of a key in the language chosen."""
    from qtb.i18n import word

    return word(lang(), key, **args)


def _keep(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value:
        context.find_root().ensure_object(dict)[str(parameter.name)] = value


def _shared() -> list[click.Parameter]:
    # Eager, so that they are known when --help is answered; --demo and --lang may stand anywhere in the line.
    return [
        click.Option(["--lang"], type=click.Choice(LANGUAGES), expose_value=False, is_eager=True, callback=_keep),
        click.Option(["--demo"], is_flag=True, expose_value=False, is_eager=True, callback=_keep),
    ]


class Worded(click.Command):
    """A command whose help comes from the catalogue: `help.<command>` and `help.option.<name>`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += _shared()

    def main(self, args: Sequence[str] | None = None, *more: Any, **given: Any) -> Any:
        """Run the command line in the language that it names, wherever it stands."""
        line = list(sys.argv[1:] if args is None else args)
        _CHOSEN.set(_named(line))
        return super().main(line, *more, **given)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return what the line consists of, click's own words in the language chosen."""
        return [say(piece) if piece in METAVARS else piece for piece in super().collect_usage_pieces(ctx)]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse what no database could store: NUL, and bytes that are not the terminal's encoding."""
        if any("\x00" in one or any("\ud800" <= sign <= "\udfff" for sign in one) for one in args):
            raise click.UsageError(say("cli.odd_text"), ctx)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Put the wording in before the help is written."""
        self.help = _help(_path(ctx), self.help)
        super().format_help(ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the options in the language chosen."""
        rows = []
        for parameter in self.get_params(ctx):
            if isinstance(parameter, click.Option):
                name = "help" if "--help" in parameter.opts else parameter.name
                parameter.help = _help(f"option.{name}", parameter.help)
                rows.append(parameter.get_help_record(ctx))
        with formatter.section(say("Options")):
            formatter.write_dl([row for row in rows if row is not None])


class Group(Worded, click.Group):
    """A group of commands, those in `lazy` (name → module) loaded when one is called."""

    command_class = Worded
    group_class = type

    def __init__(self, *args: Any, lazy: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = dict(lazy or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands whose modules exist."""
        found = (name for name, module in self.lazy.items() if find_spec(module) is not None)
        return sorted([*super().list_commands(ctx), *found])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command: the module holds it under the command's own name."""
        module = self.lazy.get(cmd_name)
        if module is None or find_spec(module) is None:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(importlib.import_module(module), cmd_name)
        return command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the options, then the commands."""
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        above = _path(ctx)
        rows = [(name, _help(f"{above}.{name}".strip("."), "")) for name in self.list_commands(ctx)]
        with formatter.section(say("Commands")):
            formatter.write_dl([(name, text.split("\n")[0]) for name, text in rows])


def _named(line: Sequence[str]) -> str:
    found = [after for one, after in pairwise([*line, ""]) if one == "--lang"]
    found += [one.partition("=")[2] for one in line if one.startswith("--lang=")]
    return next((one for one in reversed(found) if one in LANGUAGES), LANGUAGES[0])


def _path(context: click.Context) -> str:
    names = []
    while context.parent is not None:
        names.append(str(context.info_name))
        context = context.parent
    return ".".join(reversed(names))


def _help(key: str, otherwise: str | None) -> str:
    key = f"help.{key}".rstrip(".")
    text = say(key)
    return text if text != key else (otherwise or "")
