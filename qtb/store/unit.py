"""The unit of work: the only place that commits, and the only way to write.

Outside a unit a connection is read-only, so a forgotten unit fails loudly instead of racing. On SQLite a unit
begins with BEGIN IMMEDIATE: a deferred transaction that later writes loses against other writers at random.
"""

from __future__ import annotations

import hashlib
import select
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, event
from sqlalchemy.exc import InvalidatePoolError, OperationalError
from sqlalchemy.orm import Session

WRITE = {"qtb_write": True}
WORK = "qtb_work"  # where a session keeps the connection of its unit
BUSY_MS = 20_000
FRESH = 1.0  # seconds: a line that was used so lately and is silent stands; a server that stops says so on it


@contextmanager
def unit(session: Session) -> Iterator[Session]:
    """Run a block as one transaction: all of it is committed, or none."""
    session.rollback()  # ends the read that a mouth may have begun, so that the write starts from now
    session.info[WORK] = session.connection(execution_options=WRITE)
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop(WORK, None)


def connection(session: Session) -> Connection:
    """Return the connection on which the unit works; asking the session for it costs a twentieth of a move."""
    return session.info.get(WORK) or session.connection()


def is_open(session: Session) -> bool:
    """Tell whether a unit is under way: what is read in it may not be so for anybody else."""
    return WORK in session.info


def lock(session: Session, row: object) -> None:
    """Hold a row until the unit ends and read it anew, so that what is decided next is decided on what is so.

    On SQLite the unit itself holds everything. The key stays readable, for rows that refer to this one.
    """
    session.flush()  # reading anew would drop what this unit has set and not yet written
    session.refresh(row, with_for_update={"key_share": True, "of": type(row)})


def prepare(engine: Engine) -> None:
    """Set an engine up: read-only outside units, pragmas and SHA-256 on SQLite, a look at lines that lay idle."""
    event.listen(engine, "begin", _begin)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _connect_sqlite)
    else:
        event.listen(engine, "checkin", _rest)
        event.listen(engine, "checkout", partial(_look_after_rest, engine.dialect))


def _connect_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    connection.create_function("qtb_sha256", 1, _sha256, deterministic=True)
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", f"busy_timeout={BUSY_MS}", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    writes = connection.get_execution_options().get("qtb_write", False)
    if connection.dialect.name == "sqlite":
        if connection.info.get("writes") is not writes:  # the pragma stays until it is changed
            connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
            connection.info["writes"] = writes
        _begin_sqlite(driver, "BEGIN IMMEDIATE" if writes else "BEGIN")
    elif driver.read_only is not (only_reads := not writes):  # None at first
        driver.read_only = only_reads  # said with the BEGIN that the driver sends


def _begin_sqlite(driver: sqlite3.Connection, how: str) -> None:
    """Tell the driver itself: by way of the toolkit it costs ten times as much."""
    try:
        driver.execute(how).close()
    except sqlite3.OperationalError as error:
        raise OperationalError(how, None, error) from error


def _rest(connection: Any, record: Any) -> None:
    record.info["rests_since"] = time.monotonic()


def _look_after_rest(dialect: Dialect, connection: Any, record: Any, proxy: Any) -> None:
    """Ask whether the server is still there, but not at every unit: that is a seventh of what a move asks of it."""
    rested = time.monotonic() - record.info.get("rests_since", time.monotonic())
    try:
        if rested > FRESH or _has_word(connection):
            dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError from error  # the others are as old: the pool dials anew


def _has_word(connection: Any) -> bool:
    line = select.poll()
    line.register(connection.fileno(), select.POLLIN)
    return bool(line.poll(0))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
