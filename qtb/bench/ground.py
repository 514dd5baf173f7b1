"""Throw-away databases on both kinds: made at head, copied as they stand, and dropped. No other is ever opened."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Protocol

import psycopg
from flask import Flask
from sqlalchemy import URL, make_url
from sqlalchemy.orm import Session

from qtb import config, schema
from qtb.base import bare_app
from qtb.bench import postgres
from qtb.domain.errors import Invalid
from qtb.extensions import db

POSTGRESQL = "postgresql+psycopg"


class Ground(Protocol):
    """A place for throw-away databases of one kind."""

    kind: str

    def made(self, name: str) -> URL:
        """Make an empty database at head."""

    def copied(self, url: URL, name: str) -> URL:
        """Copy a database that nobody uses at the moment."""

    def dropped(self, url: URL) -> None:
        """Drop a database of this ground."""


class SqliteGround:
    """A folder of SQLite files."""

    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def made(self, name: str) -> URL:
        """Make an empty database at head."""
        url = URL.create("sqlite", database=str(self.folder / f"{name}.db"))
        _upgrade(url)
        return url

    def copied(self, url: URL, name: str) -> URL:
        """Copy a database that nobody uses at the moment: its last user has emptied the write-ahead log."""
        copy = self.folder / f"{name}.db"
        shutil.copy(str(url.database), copy)
        return url.set(database=str(copy))

    def dropped(self, url: URL) -> None:
        """Remove the file and those beside it."""
        for path in self.folder.glob(f"{Path(str(url.database)).name}*"):
            path.unlink()


class PostgresGround:
    """A PostgreSQL server; the database named by its URL is only asked to make others."""

    kind = "postgresql"

    def __init__(self, url: URL) -> None:
        self.url, self.prefix = url, f"qtb_bench_{secrets.token_hex(4)}"

    def made(self, name: str) -> URL:
        """Make an empty database at head."""
        url = self._named(name)
        self._execute(f"CREATE DATABASE {url.database} TEMPLATE template0 ENCODING 'UTF8'")
        _upgrade(url)
        return url

    def copied(self, url: URL, name: str) -> URL:
        """Copy a database that nobody uses at the moment."""
        with psycopg.connect(dsn(url), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")  # or the first to read would pay for what the filling left behind
        copy = self._named(name)
        self._execute(f"CREATE DATABASE {copy.database} TEMPLATE {url.database}")
        return copy

    def dropped(self, url: URL) -> None:
        """Drop a database, whoever is still connected."""
        self._execute(f"DROP DATABASE IF EXISTS {url.database} WITH (FORCE)")

    def clean(self) -> None:
        """Drop whatever is left of this ground."""
        with suppress(psycopg.OperationalError), psycopg.connect(dsn(self.url), autocommit=True) as connection:
            mine = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
            for (name,) in connection.execute(mine, (self.prefix,)).fetchall():
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def _named(self, name: str) -> URL:
        return self.url.set(database=f"{self.prefix}_{name}")

    def _execute(self, statement: str) -> None:
        try:
            with psycopg.connect(dsn(self.url), autocommit=True) as connection:
                connection.execute(statement.encode())
        except psycopg.Error as error:
            raise Invalid("bench_no_database", why=str(error).strip().splitlines()[0]) from None


@contextmanager
def grounds(given: str | None = None) -> Iterator[list[Ground]]:
    """Yield the ground that a URL names, or without one both kinds where they are to be had."""
    with ExitStack() as stack:
        if given is None:
            found: list[Ground] = [SqliteGround(stack.enter_context(_folder(None)))]
            template = stack.enter_context(postgres.server(durable=True))
            if template is not None:
                found.append(_postgres(stack, make_url(template.format(name="postgres"))))
            yield found
            return
        url = make_url(given)
        if url.get_backend_name() in ("postgresql", "postgres"):
            yield [_postgres(stack, url.set(drivername=POSTGRESQL))]
        elif url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
            yield [SqliteGround(stack.enter_context(_folder(Path(str(url.database)).absolute().parent)))]
        else:
            raise Invalid("bench_database")


@contextmanager
def app_on(url: URL) -> Iterator[Flask]:
    """Push the context of an app without pages on a database; nothing stays connected afterwards."""
    app = bare_app(settings(url))
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()


@contextmanager
def session_on(url: URL) -> Iterator[Session]:
    """Yield a session on a database; nothing stays connected afterwards."""
    with app_on(url):
        yield db.session()


def settings(url: URL) -> dict[str, object]:
    """Return the configuration of an app on a throw-away database."""
    text = url.render_as_string(hide_password=False)
    given = {"QTB_HOME": tempfile.gettempdir(), "QTB_SECRET_KEY": secrets.token_hex(16), "QTB_DATABASE_URL": text}
    return config.settings(given)


def dsn(url: URL) -> str:
    """Return the URL as PostgreSQL's own library reads it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _postgres(stack: ExitStack, url: URL) -> PostgresGround:
    ground = PostgresGround(url)
    stack.callback(ground.clean)
    return ground


@contextmanager
def _folder(parent: Path | None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="qtb-bench-", dir=parent) as name:
        yield Path(name)


def _upgrade(url: URL) -> None:
    with app_on(url):
        schema.bring_to_head()
