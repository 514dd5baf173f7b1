"""Statements that are compiled once and run many times: the door's own, where the toolkit costs more than the work.

SQLAlchemy builds and compiles the statement as everywhere else, for either database; only what it would do again at
every run is left out. A kept statement takes single values by name, no lists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.expression import ClauseElement

Taken = Callable[[Mapping[str, Any]], Any]


class Kept:
    """A statement with named parameters, compiled at its first run on each kind of database."""

    def __init__(self, statement: ClauseElement) -> None:
        self.statement = statement
        self._compiled: dict[str, tuple[str, Taken]] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Run it and return how many rows it wrote; `values` gives every named parameter, in Python's types.

        The driver is told itself, which saves a sixth of a move, unless somebody listens to the statements.
        """
        dialect = connection.dialect
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = _compiled(self.statement, dialect)
        text, take = found
        if connection.engine.dispatch.before_cursor_execute:
            return connection.exec_driver_sql(text, take(values)).rowcount
        driver: Any = connection.connection.driver_connection
        try:
            cursor = driver.execute(text, take(values))
        except dialect.loaded_dbapi.Error as error:
            raise _wrapped(text, error, dialect) from error
        n_rows = int(cursor.rowcount)
        cursor.close()
        return n_rows


def _wrapped(text: str, error: Exception, dialect: Dialect) -> BaseException:
    """Return a driver's error as the toolkit raises it, without values; a rollback finds out about a dead line."""
    kind: Any = dialect.loaded_dbapi.Error
    return DBAPIError.instance(text, None, error, kind, hide_parameters=True, dialect=dialect)


def _compiled(statement: ClauseElement, dialect: Dialect) -> tuple[str, Taken]:
    compiled: Any = statement.compile(dialect=dialect)
    binds = [(name, bind) for bind, name in compiled.bind_names.items()]
    named = {name: None for name, bind in binds if bind.required}
    expanded = compiled.construct_expanded_state(named)  # lists that are part of the statement become single values
    turns = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in binds}
    fixed = {name: _turned(value, turns.get(name)) for name, value in expanded.parameters.items() if name not in named}
    turned = [(name, turn) for name, turn in turns.items() if turn is not None and name in named]
    order = expanded.positiontup

    def take(values: Mapping[str, Any]) -> Any:
        given = {**fixed, **values}
        for name, turn in turned:
            given[name] = turn(given[name])
        return tuple([given[name] for name in order]) if order else {name: given[name] for name in expanded.parameters}

    return str(expanded.statement), take


def _turned(value: Any, turn: Callable[[Any], Any] | None) -> Any:
    return turn(value) if turn else value
