"""`qtb test`: the checkout's tests, the guard rails first, on all cores, in a real browser where there can be one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click

from qtb.cli.commands import Worded, say
from qtb.config import PACKAGE

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ONE_PROCESS = ("-n", "--numprocesses", "-k", "--pdb", "--collect-only", "--co", "-p")


@click.command(cls=Worded, context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PYTEST ARGUMENTS]")
@click.pass_context
def test(context: click.Context, arguments: tuple[str, ...]) -> None:
    """Run the tests; what follows goes to pytest, and pytest's exit code comes back."""
    root = PACKAGE.parent
    if not (root / "tests").is_dir():
        click.echo(say("cli.no_tests"), err=True)
        context.exit(1)
    if _wants_browser(arguments):
        _provide_browser()
    context.exit(_pytest(root, arguments))


def _pytest(root: Path, arguments: tuple[str, ...]) -> int:
    # Without the reordering that xdist does by itself, the files keep their order: guard rails first.
    spread = [] if _is_narrow(arguments) else ["-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder"]
    return subprocess.run([sys.executable, "-m", "pytest", *spread, *arguments], cwd=root, check=False).returncode


def _is_narrow(arguments: tuple[str, ...]) -> bool:
    return any(one.startswith(ONE_PROCESS) or "::" in one for one in arguments)


def _wants_browser(arguments: tuple[str, ...]) -> bool:
    named = [one for one in arguments if one.startswith("tests")]
    return not named or any("browser" in one for one in named)


def _provide_browser() -> None:
    """Install Debian's Chromium where that is possible; otherwise the browser tests skip, or fail where required."""
    if any(shutil.which(name) for name in BROWSERS):
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        click.echo(say("cli.no_browser"), err=True)
        return
    click.echo(say("cli.fetching_browser"), err=True)
    install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
    for command in (["apt-get", "update"], install):
        done = subprocess.run(
            command, check=False, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )  # fmt: skip
        if done.returncode:
            click.echo(say("cli.no_browser"), err=True)
            return
