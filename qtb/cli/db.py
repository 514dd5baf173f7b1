"""`qtb db`: the database's tables, up and down."""

from __future__ import annotations

from typing import Literal

import click

from qtb import schema
from qtb.cli.commands import Group, say
from qtb.cli.context import opened, stop


@click.group(cls=Group)
def db() -> None:
    """Bring the database's tables up to date."""


@db.command()
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Bring the database to a revision, the newest unless one is named."""
    _migrate("upgrade", revision)


@db.command()
@click.argument("revision", default="-1")
def downgrade(revision: str) -> None:
    """Take the database back to a revision, one step unless one is named."""
    _migrate("downgrade", revision)


@db.command()
def current() -> None:
    """Print the database's revision and the newest one."""
    with opened(at_head=False):
        _tell()


def _migrate(act: Literal["upgrade", "downgrade"], revision: str) -> None:
    with opened(at_head=False):
        try:
            schema.change(act, revision)
        except schema.Unmigrated as error:
            stop(say("cli.migration", why=str(error)))
        _tell()


def _tell() -> None:
    found, newest = schema.revisions()
    click.echo(say("cli.revision", current=found or say("cli.none"), newest=newest))
