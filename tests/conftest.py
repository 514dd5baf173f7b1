"""Fixtures: both databases at head for every test that asks for one, and a world with people and a year in it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from argon2 import PasswordHasher
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.orm import Session
from sqlalchemy.util import LRUCache

from qtb import config, schema
from qtb.base import bare_app
from qtb.bench import postgres
from qtb.extensions import db
from qtb.services import accounts
from tests import buckets
from tests.world import World

# A slow machine is no fault of the code, so nothing is timed. Where everything is required the examples are the same
# each time, as in any gate; by hand they are new ones.
hypothesis.settings.register_profile(
    "qtb", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow],
    derandomize="QTB_REQUIRE_POSTGRES" in os.environ,
)  # fmt: skip
hypothesis.settings.load_profile("qtb")


class Compiled(BytecodeCache):
    """Compiled templates, kept in memory under a key that holds their source's hash."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket, where it is known."""
        if found := self.kept.get(f"{bucket.key} {bucket.checksum}"):
            bucket.bytecode_from_string(found)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self.kept[f"{bucket.key} {bucket.checksum}"] = bucket.bytecode_to_string()


WITH_WORLD = {"world", "web", "site"}  # the fixtures that begin with it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the guard rails first."""
    items.sort(key=lambda item: "/rules/" not in str(item.path))


@pytest.fixture(autouse=True, scope="session")
def cheap_passwords() -> None:
    """Hash with little memory and time; the strength of the hash is not what is tested here."""
    accounts.hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture(autouse=True, scope="session")
def compiled_templates() -> None:
    """Compile each page's template once for all the apps of a process."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Compiled()}


@pytest.fixture(autouse=True, scope="session")
def compiled_statements() -> None:
    """Compile each statement once for all the apps of a process: a fifth of a test's time went into doing it again.

    The statements are kept by dialect, and two dialects of one class make the same of them.
    """
    for dialect in (PGDialect_psycopg, SQLiteDialect_pysqlite):
        dialect.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
        dialect.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]
    kept: LRUCache[Any, Any] = LRUCache(5_000)
    db._engine_options = {**db._engine_options, "execution_options": {"compiled_cache": kept}}


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file at head, to be copied."""
    path = tmp_path_factory.mktemp("template") / "head.db"
    _upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server with a template database at head."""
    with postgres.server() as url:
        if url is None:
            reason = "no PostgreSQL: set QTB_TEST_PG_URL or install the test extra"
            (pytest.fail if os.environ.get("QTB_REQUIRE_POSTGRES") else pytest.skip)(reason)
        _execute(url, "CREATE DATABASE qtb_head")
        _upgrade(url.format(name="qtb_head"))
        yield url
        _server(url).dispose()


@pytest.fixture(scope="session")
def sqlite_world(sqlite_template: Path) -> Path:
    """An SQLite file with the world in it, to be copied: made once, for most of a test's time went into making it."""
    path = sqlite_template.with_name("world.db")
    shutil.copy(sqlite_template, path)
    _people(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_world(postgres_url: str) -> str:
    """The name of a template database with the world in it."""
    _copied(postgres_url, "qtb_world", "qtb_head")
    _people(postgres_url.format(name="qtb_world"))
    return "qtb_world"


@pytest.fixture(scope="session")
def s3() -> Iterator[dict[str, str]]:
    """The environment of an S3 server with the bucket `qtb`."""
    with buckets.server() as environment:
        yield environment


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database at head, on each kind in turn; with the world in it where the test asks for one."""
    has_world = not WITH_WORLD.isdisjoint(request.fixturenames)
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_world" if has_world else "sqlite_template")
        with tempfile.TemporaryDirectory(dir=postgres.in_memory() or tmp_path, prefix="qtb-") as folder:
            yield f"sqlite:///{shutil.copy(template, Path(folder) / 'qtb.db')}"
        return
    url = request.getfixturevalue("postgres_url")
    template = request.getfixturevalue("postgres_world") if has_world else "qtb_head"
    name = f"test_{os.getpid()}_{abs(hash(request.node.nodeid))}"
    _copied(url, name, template)
    yield url.format(name=name)
    _execute(url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> dict[str, object]:
    """The configuration of a test app."""
    found = config.settings({"QTB_HOME": str(tmp_path / "home"), "QTB_SECRET_KEY": "for tests only"})
    return {**found, "SQLALCHEMY_DATABASE_URI": database_url, "TESTING": True, "RATELIMIT_ENABLED": False}


@pytest.fixture
def app(settings: dict[str, object]) -> Iterator[Flask]:
    """An app without pages, its context pushed."""
    app = bare_app(settings)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def session(app: Flask) -> Session:
    """The session of the app."""
    return db.session()


@pytest.fixture
def world(session: Session) -> World:
    """A year as in the 2024 notice, with units and people, at 1 March 2024."""
    return World.made(session)


def _upgrade(url: str) -> None:
    with _at(url):
        schema.bring_to_head()


def _people(url: str) -> None:
    with _at(url):
        World.made(db.session())
        db.session.remove()


@contextmanager
def _at(url: str) -> Iterator[None]:
    app = bare_app(config.settings({"QTB_HOME": "/nonexistent", "QTB_SECRET_KEY": "x", "QTB_DATABASE_URL": url}))
    with app.app_context():
        yield
        db.engine.dispose()


def _copied(url: str, name: str, template: str) -> None:
    """Make a database as its template is: by its files, which takes a third of the time that its log would."""
    with _server(url).connect() as connection:
        how = " STRATEGY FILE_COPY" if connection.dialect.server_version_info >= (15,) else ""
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}{how}"))


def _execute(url: str, statement: str) -> None:
    with _server(url).connect() as connection:
        connection.execute(text(statement))


@cache
def _server(url: str) -> Engine:
    return create_engine(url.format(name="postgres"), isolation_level="AUTOCOMMIT")
