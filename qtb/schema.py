"""The database's tables: which revision they are at, and Flask-Migrate to change it.

Alembic is loaded at first use: it costs ten megabytes that a process which finds its tables in order need not have.
"""

from __future__ import annotations

from typing import Any, Literal

from flask import current_app
from sqlalchemy import column, inspect, select, table
from sqlalchemy.exc import IntegrityError

from qtb import config
from qtb.extensions import db


class Unmigrated(Exception):
    """There is no such revision, or no way to it."""


AT = table("alembic_version", column("version_num"))


def revisions() -> tuple[str | None, str]:
    """Return (the database's revision, the newest one); both are read, nothing is changed."""
    with db.engine.connect() as connection:
        is_there = inspect(connection).has_table(AT.name)
        return (connection.scalar(select(AT.c.version_num)) if is_there else None), newest()


def newest() -> str:
    """Return the newest revision: each file of one begins with its number."""
    return max(path.name.partition("_")[0] for path in config.folder("migrations").glob("versions/[0-9]*.py"))


def bring_to_head() -> None:
    """Bring the database to the newest revision, where it is not there."""
    current, head = revisions()
    if current != head:
        migrations().upgrade()


def change(act: Literal["upgrade", "downgrade"], revision: str) -> None:
    """Bring the database to a revision. Raises Unmigrated, where Flask-Migrate itself would end the process."""
    from alembic import command
    from alembic.util.exc import CommandError

    migrations()
    acts = {"upgrade": command.upgrade, "downgrade": command.downgrade}
    try:
        acts[act](current_app.extensions["migrate"].migrate.get_config(), revision)
    except (CommandError, IntegrityError) as error:  # older tables may have no room for what there is by now
        raise Unmigrated(str(getattr(error, "orig", error))) from error


def migrations() -> Any:
    """Return Flask-Migrate's acts, bound to the present app."""
    import flask_migrate

    if "migrate" not in current_app.extensions:
        folder = str(config.folder("migrations"))
        flask_migrate.Migrate(current_app._get_current_object(), db, directory=folder, render_as_batch=True)  # type: ignore[attr-defined]
    return flask_migrate
