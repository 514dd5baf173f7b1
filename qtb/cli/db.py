"""`qtb db`: the database's tables, up and down."""

from __future__ import annotations

import click
from flask import current_app

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


def _migrate(change: str, revision: str) -> None:
    from alembic import command  # at first use, as in `qtb.schema`
    from alembic.util.exc import CommandError

    with opened(at_head=False):
        schema.migrations()
        try:
            # Flask-Migrate's own wrapper would end the process with a log line instead of raising.
            getattr(command, change)(current_app.extensions["migrate"].migrate.get_config(), revision)
        except CommandError as error:
            stop(say("cli.migration", why=str(error)))
        _tell()


def _tell() -> None:
    found, newest = schema.revisions()
    click.echo(say("cli.revision", current=found or say("cli.none"), newest=newest))
