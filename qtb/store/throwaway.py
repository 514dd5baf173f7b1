"""A database for one rehearsal: a file without a name, which goes with its connection.

Nobody else can open it, and nothing is left over even when the process is killed. It is not SQLite's own temporary
database: that one lost pages as soon as it outgrew its cache (3.40.1: read back as zeros, and "malformed"). Facts that
people would set one by one through their pages are written here for many works at once; it is of use nowhere else.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, StaticPool, create_engine, delete, event, insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateIndex, CreateTable

from qtb.domain.roles import ROLES, UNIT_KINDS, Actor
from qtb.store.accounts import Account, Membership, Unit, name_key
from qtb.store.evaluations import Award, Sheet
from qtb.store.submissions import Submission
from qtb.store.types import Base
from qtb.store.unit import WRITE, prepare


@contextmanager
def throwaway() -> Iterator[Session]:
    """Give a session on an empty database with all tables; everything in it is gone at the end."""
    engine = create_engine("sqlite://", creator=_unnamed, poolclass=StaticPool)
    prepare(engine)
    event.listen(engine, "connect", _journal_in_memory)
    _fill(engine.execution_options(**WRITE))
    try:
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()


def _fill(engine: Engine) -> None:
    """Make all tables, their indexes always in one order.

    Which of those that fit alike SQLite takes can hang on their order, and a table's indexes are a set: of eight
    processes one took twice as long.
    """
    with engine.begin() as work:
        for table in Base.metadata.sorted_tables:
            work.execute(CreateTable(table))
            for index in sorted(table.indexes, key=lambda one: str(one.name)):
                work.execute(CreateIndex(index))


def _unnamed() -> sqlite3.Connection:
    """Open a new file and take its name away."""
    handle, name = tempfile.mkstemp(prefix="qtb-rehearsal-")
    os.close(handle)
    try:
        connection = sqlite3.connect(name)
        connection.execute("PRAGMA locking_mode=EXCLUSIVE").close()  # no file beside it, whatever the journal
        connection.execute("PRAGMA user_version=1").close()  # opened only now
    finally:
        Path(name).unlink()
    return connection


def _journal_in_memory(connection: sqlite3.Connection, record: Any) -> None:
    for pragma in ("journal_mode=MEMORY", "synchronous=OFF"):
        connection.execute(f"PRAGMA {pragma}").close()


def people(session: Session, numbers: Mapping[str, int], now: datetime) -> dict[str, Actor]:
    """Make units of each kind, as many as said, and one person for each of their roles, in all of that kind."""
    units: dict[str, list[int]] = {}
    for kind, n in numbers.items():
        names = [f"{kind} {number}" for number in range(1, n + 1)]
        made = [Unit(name=name, name_key=name_key(name), kind=kind, created_at=now) for name in names]
        session.add_all(made)
        session.flush()
        units[kind] = [one.id for one in made]
    return {role: _person(session, role, units[UNIT_KINDS[role]], now) for role in ROLES if UNIT_KINDS[role] in units}


def _person(session: Session, role: str, units: Sequence[int], now: datetime) -> Actor:
    account = Account(email=f"{role}@example.org", name=role, created_at=now)
    session.add(account)
    session.flush()
    session.execute(
        insert(Membership), [{"account_id": account.id, "unit_id": unit_id, "role": role} for unit_id in units]
    )
    return Actor(account.id, role, "rehearsal", {role: frozenset(units)})


def judges(session: Session, n: int, now: datetime) -> list[int]:
    """Make accounts of evaluators, who belong to no unit that a work could come from; return their ids."""
    made = [Account(email=f"judge{k}@example.org", name=f"judge {k}", created_at=now) for k in range(n)]
    session.add_all(made)
    session.flush()
    return [one.id for one in made]


def enter(
    session: Session, places: Sequence[tuple[int, int]], *, cycle_id: int, first: int, now: datetime
) -> Sequence[int]:
    """Add a submission for each (unit, recommender), numbered from `first`; the door then says where they stand."""
    row = {"cycle_id": cycle_id, "state": "", "kind": "", "state_since": now, "created_at": now}
    rows = [
        {**row, "unit_id": unit_id, "recommender_id": recommender_id, "number": f"{first + n:06d}"}
        for n, (unit_id, recommender_id) in enumerate(places)
    ]
    session.execute(insert(Submission), rows)
    # Asked for afterwards: an insert that is to return its ids in order goes row by row on SQLite.
    entered = select(Submission.id).where(Submission.cycle_id == cycle_id, Submission.number >= rows[0]["number"])
    return session.scalars(entered.order_by(Submission.number)).all()


def set_facts(
    session: Session, ids: Sequence[int], values: Mapping[str, Any], *, evaluators: Sequence[int], kind: str,
    now: datetime,
) -> None:  # fmt: skip
    """Let facts of many works become so, together with the sheets and the level that they are counted from."""
    if "n_sheets_final" in values:
        session.execute(delete(Sheet).where(Sheet.submission_id.in_(ids)))
        is_final = [True] * values["n_sheets_final"] + [False] * values["n_sheets_open"]
        rows = [
            {"submission_id": one, "evaluator_id": evaluators[n], "kind": kind, "assigned_at": now, "is_final": final}
            for one in ids
            for n, final in enumerate(is_final)
        ]
        session.execute(insert(Sheet), rows)
    if "award_level" in values:
        level = {"level": values["award_level"], "proposed_at": now}
        session.execute(delete(Award).where(Award.submission_id.in_(ids)))
        session.execute(insert(Award), [{"submission_id": one, **level} for one in ids])
    mine = update(Submission).where(Submission.id.in_(ids))
    session.execute(mine.values(dict(values)).execution_options(synchronize_session=False))
    session.expire_all()
