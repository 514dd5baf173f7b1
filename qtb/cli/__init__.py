"""The command line's mouth: the same services as the pages, one file a noun."""

from __future__ import annotations

import io
import sys

import click

from qtb import __version__
from qtb.cli import click_words
from qtb.cli.commands import Group

COMMANDS = {
    name: f"qtb.cli.{name}"
    for name in (
        "assignment", "audit", "bench", "certificate", "check", "cycle", "db", "eligibility", "evaluation", "form",
        "ledger", "move", "nomination", "notice", "override", "panel", "receipt", "scheduler", "serve", "test",
        "tick", "undo", "users", "workflow",
    )
} | {"import": "qtb.cli.imports"} | dict.fromkeys(("suspend", "resume"), "qtb.cli.suspension")  # fmt: skip


click_words.install()


@click.group(cls=Group, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s", prog_name="qtb")
def qtb() -> None:
    """QTB: an award programme's year, driven by its notice."""


def main() -> int:
    """Run the command line; every refusal is one sentence and a non-zero exit."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 is no reason to fail
    qtb.main(prog_name="qtb", standalone_mode=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
