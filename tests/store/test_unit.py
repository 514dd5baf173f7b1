"""The unit of work: outside it a connection only reads, inside it all is stored or nothing."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from qtb.extensions import db
from qtb.store.outbox import Setting
from qtb.store.unit import BUSY_MS, unit


def _settings(session: Session) -> dict[str, str]:
    session.rollback()
    return {row.key: row.value for row in session.scalars(select(Setting))}


def test_a_unit_stores_what_was_written_in_it(session: Session) -> None:
    with unit(session) as same:
        assert same is session
        session.add(Setting(key="a", value="1"))
    assert _settings(session) == {"a": "1"}


def test_writing_outside_a_unit_is_refused(session: Session) -> None:
    session.add(Setting(key="a", value="1"))
    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        session.commit()
    session.rollback()
    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        session.execute(insert(Setting).values(key="a", value="1"))
    assert _settings(session) == {}


def test_a_connection_that_wrote_only_reads_when_it_is_used_again(session: Session) -> None:
    for n in range(3):
        with unit(session):
            session.add(Setting(key=f"in{n}", value="1"))
        with pytest.raises(DBAPIError, match=r"readonly|read-only"):
            session.execute(insert(Setting).values(key=f"out{n}", value="1"))
        session.rollback()
    with db.engine.connect() as connection, pytest.raises(DBAPIError, match=r"readonly|read-only"):
        connection.execute(insert(Setting).values(key="raw", value="1"))
    assert _settings(session).keys() == {"in0", "in1", "in2"}


def test_changing_the_schema_outside_a_unit_is_refused(session: Session) -> None:
    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        session.execute(text("CREATE TABLE extra (id INTEGER)"))
    session.rollback()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_takes_everything_back(session: Session, error: type[BaseException]) -> None:
    def fail() -> None:
        with unit(session):
            session.add(Setting(key="a", value="1"))
            session.flush()
            session.execute(insert(Setting).values(key="b", value="2"))
            raise error

    with pytest.raises(error):
        fail()
    assert _settings(session) == {}
    with unit(session):
        session.add(Setting(key="c", value="3"))
    assert _settings(session) == {"c": "3"}


def test_an_error_of_the_database_takes_everything_back(session: Session) -> None:
    with unit(session):
        session.add(Setting(key="a", value="1"))
    with pytest.raises(DBAPIError), unit(session):
        session.execute(insert(Setting), [{"key": "b", "value": "2"}, {"key": "a", "value": "again"}])
    assert _settings(session) == {"a": "1"}


def test_a_read_before_a_unit_does_not_tie_it_to_the_past(session: Session) -> None:
    with unit(session):
        session.add(Setting(key="n", value="1"))
    mine = session.get_one(Setting, "n")
    assert mine.value == "1"  # a read transaction is open now, and the row is known to the session
    with Session(db.engine) as other, unit(other):
        other.get_one(Setting, "n").value = "2"
    with unit(session):
        assert mine.value == "2"
        mine.value = str(int(mine.value) + 1)
    assert _settings(session) == {"n": "3"}


def test_units_follow_each_other_on_one_session(session: Session) -> None:
    for n in range(5):
        with unit(session):
            session.merge(Setting(key="n", value=str(n)))
    assert session.scalar(select(func.count()).select_from(Setting)) == 1
    assert _settings(session) == {"n": "4"}


def test_sqlite_is_durable_waits_and_keeps_foreign_keys(session: Session) -> None:
    if db.engine.dialect.name != "sqlite":
        return  # PostgreSQL does these by itself
    pragmas = {
        name: session.execute(text(f"PRAGMA {name}")).scalar()
        for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
    }
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": BUSY_MS, "synchronous": 2}
    assert BUSY_MS >= 15_000


def test_a_line_on_which_the_server_has_just_hung_up_is_dialled_anew(session: Session) -> None:
    if session.get_bind().dialect.name == "sqlite":
        pytest.skip("a file does not hang up")
    with db.engine.connect() as other:
        pid = session.scalar(select(func.pg_backend_pid()))
        session.rollback()
        assert other.scalar(select(func.pg_terminate_backend(pid, 5_000)))
        with unit(session):
            session.add(Setting(key="a", value="1"))
            assert session.scalar(select(func.pg_backend_pid())) != pid
    assert _settings(session) == {"a": "1"}


def test_a_line_that_has_lain_idle_is_asked_whether_it_stands(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    if session.get_bind().dialect.name == "sqlite":
        pytest.skip("a file does not hang up")
    ask = Mock(side_effect=db.engine.dialect.do_ping)
    monkeypatch.setattr(db.engine.dialect, "do_ping", ask)
    for rest, n_asked in ((60.0, 0), (-1.0, 1)):
        session.rollback()
        monkeypatch.setattr("qtb.store.unit.FRESH", rest)
        with unit(session):
            session.add(Setting(key=f"{rest}", value="1"))
        assert ask.call_count == n_asked
