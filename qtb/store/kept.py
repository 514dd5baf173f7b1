"""Statements that are compiled once and run many times: the door's own, where the toolkit costs more than the work.

SQLAlchemy builds and compiles the statement as everywhere else, for either database; only what it would do again at
every run is left out. A kept statement takes single values by name, no lists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect
from sqlalchemy.sql.expression import ClauseElement

Taken = Callable[[Mapping[str, Any]], Any]


class Kept:
    """A statement with named parameters, compiled at its first run on each kind of database."""

    def __init__(self, statement: ClauseElement) -> None:
        self.statement = statement
        self._compiled: dict[str, tuple[str, Taken]] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Run it; `values` gives every named parameter, in Python's types."""
        found = self._compiled.get(connection.dialect.name)
        if found is None:
            found = self._compiled[connection.dialect.name] = _compiled(self.statement, connection.dialect)
        text, take = found
        return connection.exec_driver_sql(text, take(values))


def _compiled(statement: ClauseElement, dialect: Dialect) -> tuple[str, Taken]:
    compiled: Any = statement.compile(dialect=dialect)
    binds = [(name, bind) for bind, name in compiled.bind_names.items()]
    named = {name: None for name, bind in binds if bind.required}
    expanded = compiled.construct_expanded_state(named)  # lists that are part of the statement become single values
    turns = [(name, bind.type.dialect_impl(dialect).bind_processor(dialect)) for name, bind in binds]
    turned = [(name, turn) for name, turn in turns if turn is not None]
    fixed = {name: value for name, value in expanded.parameters.items() if name not in named}
    order = expanded.positiontup

    def take(values: Mapping[str, Any]) -> Any:
        given = {**fixed, **values}
        for name, turn in turned:
            given[name] = turn(given[name])
        return tuple([given[name] for name in order]) if order else {name: given[name] for name in expanded.parameters}

    return str(expanded.statement), take
