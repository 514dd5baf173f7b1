"""Call the command line as a person would, on the database of a test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from click.testing import CliRunner, Result

from qtb.cli import qtb

OLGA = ("--as", "olga@example.org")


def run(settings: Mapping[str, Any], *arguments: str) -> Result:
    """Run a command; a traceback is never an answer."""
    result = CliRunner().invoke(qtb, list(arguments), obj={"settings": settings}, prog_name="qtb")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def good(settings: Mapping[str, Any], *arguments: str) -> str:
    """Run a command that must work; return what it printed."""
    result = run(settings, *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(settings: Mapping[str, Any], *arguments: str, code: int = 1) -> str:
    """Run a command that must be refused with this exit code; return what it said on stderr."""
    result = run(settings, *arguments)
    assert result.exit_code == code, result.output
    assert result.stderr.strip()
    return result.stderr
