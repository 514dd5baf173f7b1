"""The floors: the least that writes or reads the same rows, by the bare driver and without a hash.

Columns come from the tables, so that a floor writes what the door writes also after a column was added.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import URL, Dialect, Table

from qtb.bench.cases import Year
from qtb.bench.ground import dsn
from qtb.domain.roles import CLOCK
from qtb.domain.timeline import canonical
from qtb.domain.workflow import Transition
from qtb.store.audit import Entry, History
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import BUSY_MS

HISTORY: Any = History.__table__
OUTBOX: Any = Outbox.__table__
SUBMISSION: Any = Submission.__table__
NO_HASH = "f" * 64
FETCH = 10_000


class Bare:
    """A connection of the bare driver, set up as ours is; a statement names its parameters with a colon."""

    def __init__(self, url: URL) -> None:
        self.dialect: Dialect = url.get_dialect()()
        self.is_sqlite = self.dialect.name == "sqlite"
        self.begin = "BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN"
        self._connection: Any = (
            sqlite3.connect(str(url.database), isolation_level=None)
            if self.is_sqlite
            else psycopg.connect(dsn(url), autocommit=True)
        )
        if self.is_sqlite:
            for pragma in ("journal_mode=WAL", "foreign_keys=ON", f"busy_timeout={BUSY_MS}", "synchronous=FULL"):
                self._connection.execute(f"PRAGMA {pragma}").close()

    def worded(self, statement: str) -> str:
        """Return a statement with parameters as the driver wants them."""
        return statement if self.is_sqlite else re.sub(r"(?<!:):([a-z]\w*)", r"%(\1)s", statement)

    def execute(self, statement: str, values: Mapping[str, Any] | None = None) -> int:
        """Run a worded statement; return how many rows it wrote."""
        return int(self._connection.execute(statement, values or {}).rowcount)

    def scan(self, query: str) -> int:
        """Read all rows of a query in portions, none kept; return how many."""
        n = 0
        if self.is_sqlite:
            cursor = self._connection.execute(query)
            while rows := cursor.fetchmany(FETCH):
                n += len(rows)
            return n
        with self._connection.transaction(), self._connection.cursor(name="scan") as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(FETCH):
                n += len(rows)
        return n

    def bound(self, table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return values as the driver stores them in the columns of their name."""
        found = {}
        for name, value in values.items():
            convert = table.c[name].type.dialect_impl(self.dialect).bind_processor(self.dialect)
            found[name] = convert(value) if convert else value
        return found

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


@contextmanager
def bare(url: URL) -> Iterator[Bare]:
    """Yield a bare connection to a database."""
    connection = Bare(url)
    try:
        yield connection
    finally:
        connection.close()


def sweep(bare: Bare, year: Year, now: datetime) -> int:
    """End everything that stands at the start by three statements in one transaction; return how many moved."""
    key = year.clock_move()
    rule = year.definition.workflow.transitions[key]
    row_key = rule.at.row if rule.at else ""
    entry = Entry("submission", "move", CLOCK, now, key, rule.to, "clock", row_key)
    given = {"cycle": year.cycle_id, "start": year.start, **_position(bare, year, rule, now)}
    constants = bare.bound(HISTORY, {**_told(entry), "due": canonical(year.closes_at)})
    varying = {"subject_id": "s.id", "seq": "s.version + 1", "from_state": "s.state", "prev_hash": "s.head_hash"}
    standing = "WHERE cycle_id = :cycle AND state = :start"
    bare.execute(bare.begin)
    told = bare.worded(f"{_insert(HISTORY, constants, varying)} FROM {SUBMISSION.name} s {standing}")
    n = bare.execute(told, {**given, **constants})
    bare.execute(bare.worded(f"{_update()} {standing}"), given)
    for number, letter in enumerate(_letters(bare, rule, entry)):
        waiting = {"key": ":prefix || CAST(h.subject_id AS VARCHAR)", "submission_id": "h.subject_id"}
        posted = f"{_insert(OUTBOX, letter, waiting)} FROM {HISTORY.name} h WHERE h.batch_id = :told"
        told_by = {"told": entry.batch_id, "prefix": f"{entry.batch_id}:{number}:"}
        bare.execute(bare.worded(posted), {**letter, **told_by})
    bare.execute("COMMIT")
    return n


class Mover:
    """One person's move after another, each in a transaction of its own; statements are worded once."""

    def __init__(self, bare: Bare, year: Year, now: datetime) -> None:
        key = next(year.moves())
        self.bare, self.rule = bare, year.definition.workflow.transitions[key]
        role, row_key = self.rule.by[0], self.rule.during or ""
        entry = Entry("submission", "move", year.actor(role), now, key, self.rule.to, role, row_key)
        self.constants = bare.bound(HISTORY, {**_told(entry), "from_state": year.start})
        self.letters = _letters(bare, self.rule, entry)
        self.position = _position(bare, year, self.rule, now)
        self.update = bare.worded(f"{_update()} WHERE id = :id AND version = :seen")
        own = {name: f":{name}" for name in ("subject_id", "seq", "prev_hash")}
        self.history = bare.worded(_insert(HISTORY, self.constants, own))
        self.outbox = bare.worded(_insert(OUTBOX, self.letters[0], {"key": ":key", "submission_id": ":id"}))

    def move(self, submission_id: int, *, seen: int, prev: str, batch: str) -> None:
        """Move one case from the version seen."""
        bare = self.bare
        bare.execute(bare.begin)
        n = bare.execute(self.update, {**self.position, "id": submission_id, "seen": seen})
        own = {"subject_id": submission_id, "seq": seen + 1, "prev_hash": prev, "batch_id": batch}
        bare.execute(self.history, {**self.constants, **own})
        for number, letter in enumerate(self.letters):
            key = f"{batch}:{number}:{submission_id}"
            bare.execute(self.outbox, {**letter, "batch_id": batch, "key": key, "id": submission_id})
        bare.execute("COMMIT")
        assert n == 1


def scan(bare: Bare) -> int:
    """Read every column of every entry; return how many."""
    return bare.scan(f"SELECT * FROM {HISTORY.name}")


def _told(entry: Entry) -> dict[str, Any]:
    columns = {name: value for name, value in entry.columns().items() if value is not None}
    return {**_defaults(HISTORY), **columns, "hash": NO_HASH}


def _position(bare: Bare, year: Year, rule: Transition, now: datetime) -> dict[str, Any]:
    kind = year.definition.workflow.states[rule.to].kind
    return {**bare.bound(SUBMISSION, {"state": rule.to, "kind": kind, "state_since": now}), "hash": NO_HASH}


def _letters(bare: Bare, rule: Transition, entry: Entry) -> list[dict[str, Any]]:
    constant = {"batch_id": entry.batch_id, "created_at": entry.at, "next_at": entry.at}
    found = []
    for effect in rule.then:
        own = {"effect": effect.effect, "letter": effect.letter, "to_role": effect.to}
        found.append(bare.bound(OUTBOX, {**_defaults(OUTBOX), **constant, **own}))
    return found


def _defaults(table: Table) -> dict[str, Any]:
    """Return what a row holds where nobody says otherwise."""
    found = {}
    for column in table.c:
        if column.default is not None and not column.nullable:
            value: Any = getattr(column.default, "arg", None)
            found[column.name] = value({}) if callable(value) else value
    return found


def _insert(table: Table, constants: Mapping[str, Any], varying: Mapping[str, str]) -> str:
    values = {name: f":{name}" for name in constants} | dict(varying)
    return f"INSERT INTO {table.name} ({', '.join(values)}) SELECT {', '.join(values.values())}"


def _update() -> str:
    follow = "state = :state, kind = :kind, state_since = :state_since, version = version + 1, head_hash = :hash"
    return f"UPDATE {SUBMISSION.name} SET {follow}"
