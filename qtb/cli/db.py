"""`qtb db`: the database's tables, up and down."""

from __future__ import annotations

from collections.abc import Callable

import click
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError

from qtb.cli.commands import Group, say
from qtb.cli.context import opened, revisions, stop
from qtb.extensions import migrate


@click.group(cls=Group)
def db() -> None:
    """Bring the database's tables up to date."""


@db.command()
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Bring the database to a revision, the newest unless one is named."""
    _migrate(command.upgrade, revision)


@db.command()
@click.argument("revision", default="-1")
def downgrade(revision: str) -> None:
    """Take the database back to a revision, one step unless one is named."""
    _migrate(command.downgrade, revision)


@db.command()
def current() -> None:
    """Print the database's revision and the newest one."""
    with opened(at_head=False):
        _tell()


def _migrate(change: Callable[[Config, str], None], revision: str) -> None:
    with opened(at_head=False):
        try:
            # Flask-Migrate's own wrapper would end the process with a log line instead of raising.
            change(migrate.get_config(), revision)
        except CommandError as error:
            stop(say("cli.migration", why=str(error)))
        _tell()


def _tell() -> None:
    found, newest = revisions()
    click.echo(say("cli.revision", current=found or say("cli.none"), newest=newest))
