"""History: the only writer of it, for one row or for a hundred thousand, and its verification.

Entries are inserted by SELECT from the rows they are about, so that a history entry and the position it was written
from cannot differ. A unique (subject, id, seq) makes the database refuse a second entry from one position. Triggers
(in the migrations) refuse UPDATE and DELETE.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    Select,
    String,
    bindparam,
    cast,
    func,
    insert,
    literal,
    select,
    true,
    update,
)  # fmt: skip
from sqlalchemy.orm import Session

from qtb.domain import evidence
from qtb.domain.errors import Conflict
from qtb.domain.roles import Actor
from qtb.store.accounts import Account
from qtb.store.history import CONSTANTS, evidence_of
from qtb.store.history import SUBJECTS as SUBJECTS
from qtb.store.history import Entry as Entry
from qtb.store.history import History as History
from qtb.store.history import canonical as canonical
from qtb.store.kept import Kept
from qtb.store.types import Chained, sha256_hex

# A subject's entries, latest first; worded once, since every page of a case asks for them. The name is None where
# nobody acted but the clock.
TOLD: Select[History, str | None] = (
    select(History, Account.name)
    .outerjoin(Account, Account.id == History.actor_id)
    .where(History.subject == bindparam("subject"), History.subject_id == bindparam("subject_id"))
    .order_by(History.seq.desc())
)


def append(session: Session, entry: Entry, rows: Select[Any], *, due: ColumnElement[str] | str = "") -> int:
    """Write one history row for each row that `rows` selects from the subject's table; return how many.

    `rows` is a select of the table without columns of its own: its WHERE, LIMIT and locks say which rows.
    """
    session.flush()
    statement = writing(entry.subject, rows, due)
    return int(session.connection().execute(statement, values(entry)).rowcount)


def writing(subject: str, rows: Select[Any], due: ColumnElement[str] | str = "") -> Insert:
    """Return the statement of `append`, to be kept: the `values` of an entry are given when it is run.

    Building and compiling it costs ten times as much as running it.
    """
    table = SUBJECTS[subject]
    state = table.state if hasattr(table, "state") else literal("")
    varying = {"subject_id": table.id, "seq": table.version + 1, "prev": table.head_hash, "from": state, "due": due}
    columns: dict[str, Any] = {
        **{name: bindparam(f"entry_{name}", type_=History.__table__.c[name].type) for name in CONSTANTS},
        "subject_id": table.id, "seq": varying["seq"], "from_state": state,
        "due": literal(due) if isinstance(due, str) else due, "prev_hash": table.head_hash,
        "hash": sha256_hex(_canonical_sql(varying)),
    }  # fmt: skip
    chosen = rows.with_only_columns(*(value.label(name) for name, value in columns.items()), maintain_column_froms=True)
    into = insert(History.__table__).from_select(list(columns), chosen, include_defaults=False)  # type: ignore[arg-type]
    return into.execution_options(preserve_rowcount=True)


def values(entry: Entry) -> dict[str, Any]:
    """Return the parameters with which a statement of `writing` is run for an entry."""
    constants = entry.columns()
    pieces = evidence.frame(evidence_of(constants))
    return {**{bind: constants[name] for name, bind in _BINDS}, **dict(zip(_PIECES, pieces, strict=True))}


# Named once: a move is made all day.
_BINDS = [(name, f"entry_{name}") for name in CONSTANTS]
_PIECES = [f"piece_{n}" for n in range(len(evidence.VARYING) + 1)]


def follow(work: Connection, entry: Entry, **values: Any) -> int:
    """Bring the subjects of a batch to the position their new entry describes; return how many followed."""
    given = {f"new_{name}": value for name, value in values.items()}
    statement = following(entry.subject, tuple(values))
    return statement.run(work, {**given, "entry_batch_id": entry.batch_id})


@lru_cache
def following(subject: str, names: tuple[str, ...]) -> Kept:
    """Return the statement of `follow`: it takes `entry_batch_id` and a `new_<name>` for each name."""
    table = SUBJECTS[subject].__table__
    return Kept(
        update(table)
        .where(
            History.batch_id == bindparam("entry_batch_id"), History.subject == subject,
            History.subject_id == table.c.id, table.c.version == History.seq - 1,
        )
        .values(
            version=History.seq, head_hash=History.hash,
            **{name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names},
        )
    )  # fmt: skip


def refuse_stale(session: Session, subject: str, subject_id: int, seen: int | None) -> None:
    """Raise Conflict("stale_by") with who changed the subject and when, if `seen` is not its present version."""
    if seen is None:
        return
    last = session.execute(TOLD.limit(1), {"subject": subject, "subject_id": subject_id}).first()
    if last is not None and last[0].seq != seen:
        raise Conflict("stale_by", who=last[1] or last[0].role or last[0].via, at=last[0].at)


def unchanged_since(table: Any, instant: Any) -> ColumnElement[bool]:
    """Return the clause of a subject's rows whose last entry is not later than an instant; a value or a parameter.

    The last entry is found by its number, for each row that all other clauses leave: not by a join, for which a
    planner could read the whole history.
    """
    mine = (History.subject == table.__tablename__, History.subject_id == table.id, History.seq == table.version)
    last = select(History.at).where(*mine).correlate(table).scalar_subquery()
    return func.coalesce(last <= instant, true())


def record(
    session: Session, subject: Chained, kind: str, *, actor: Actor, now: datetime, role: str = "",
    seen: int | None = None, **details: Any,
) -> None:  # fmt: skip
    """Add an entry about a change that is not a move, in the unit that makes the change.

    `seen` is the version that the person had before his eyes; when it is not the present one: Conflict("stale").
    """
    table = type(subject)
    name = table.__tablename__  # type: ignore[attr-defined]
    session.flush()
    # The lock makes two editors of one subject follow each other instead of failing on one seq.
    mine = select(table).where(table.id == subject.id).with_for_update(key_share=True)  # type: ignore[attr-defined]
    session.execute(mine.with_only_columns(table.id))  # type: ignore[attr-defined]
    refuse_stale(session, name, subject.id, seen)  # type: ignore[attr-defined]
    entry = Entry(name, kind, actor, now, role=role, details=details)
    if append(session, entry, mine) != 1 or follow(session.connection(), entry) != 1:
        raise Conflict("stale")
    session.refresh(subject, ["version", "head_hash"])


def _canonical_sql(varying: Mapping[str, Any]) -> ColumnElement[str]:
    text: ColumnElement[str] = _piece(0)
    for n, key in enumerate((key for key in evidence.KEYS if key in evidence.VARYING), start=1):
        value = varying[key]
        text = text + (cast(value, String) if key in ("subject_id", "seq") else value) + _piece(n)
    return text


def _piece(n: int) -> ColumnElement[str]:
    return bindparam(f"piece_{n}", type_=String)


def entries(session: Session, subject: str, subject_id: int) -> list[tuple[History, str | None]]:
    """Return a subject's history, latest first, each with the name of who acted."""
    return [(row, name) for row, name in session.execute(TOLD, {"subject": subject, "subject_id": subject_id})]


def count(session: Session) -> int:
    """Return how many entries there are."""
    return int(session.scalar(select(func.count()).select_from(History)) or 0)
