"""The unit of work: the only place that commits, and the only way to write.

Outside a unit a connection is read-only, so a forgotten unit fails loudly instead of racing. On SQLite a unit
begins with BEGIN IMMEDIATE: a deferred transaction that later writes loses against other writers at random.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

WRITE = {"qtb_write": True, "postgresql_readonly": False}
BUSY_MS = 20_000


@contextmanager
def unit(session: Session) -> Iterator[Session]:
    """Run a block as one transaction: all of it is committed, or none."""
    session.rollback()  # ends the read that a mouth may have begun, so that the write starts from now
    session.connection(execution_options=WRITE)
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise


def lock(session: Session, row: object) -> None:
    """Hold a row until the unit ends and read it anew, so that what is decided next is decided on what is so.

    On SQLite the unit itself holds everything. The key stays readable, for rows that refer to this one.
    """
    session.flush()  # reading anew would drop what this unit has set and not yet written
    session.refresh(row, with_for_update={"key_share": True, "of": type(row)})


def prepare(engine: Engine) -> None:
    """Set an engine up: pragmas and SHA-256 on SQLite, read-only outside units on both databases."""
    event.listen(engine, "begin", _begin)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _connect_sqlite)


def _connect_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    connection.create_function("qtb_sha256", 1, _sha256, deterministic=True)
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", f"busy_timeout={BUSY_MS}", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("qtb_write", False)
    if connection.dialect.name == "sqlite":
        if connection.info.get("writes") is not writes:  # the pragma stays until it is changed
            connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
            connection.info["writes"] = writes
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
    elif not writes:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
