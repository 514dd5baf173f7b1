"""History: the only writer of it, for one row or for a hundred thousand, and its verification.

Entries are inserted by SELECT from the rows they are about, so that a history entry and the position it was written
from cannot differ. A unique (subject, id, seq) makes the database refuse a second entry from one position. Triggers
(in the migrations) refuse UPDATE and DELETE.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, func, insert, literal, select, update
from sqlalchemy.orm import Session

from qtb.domain import evidence
from qtb.domain.errors import Conflict
from qtb.domain.roles import Actor
from qtb.store.accounts import Account
from qtb.store.history import SUBJECTS as SUBJECTS
from qtb.store.history import Entry as Entry
from qtb.store.history import History as History
from qtb.store.history import canonical as canonical
from qtb.store.history import evidence_of
from qtb.store.types import Chained, sha256_hex


def append(
    session: Session, entry: Entry, rows: Select[Any], *, due: ColumnElement[str] | str = ""
) -> int:
    """Write one history row for each row that `rows` selects from the subject's table; return how many.

    `rows` is a select of the table without columns of its own: its WHERE, LIMIT and locks say which rows.
    """
    table = SUBJECTS[entry.subject]
    constants = entry.columns()
    state = table.state if hasattr(table, "state") else literal("")
    varying = {"subject_id": table.id, "seq": table.version + 1, "prev": table.head_hash, "from": state, "due": due}
    columns: dict[str, Any] = {
        **{name: literal(value, History.__table__.c[name].type) for name, value in constants.items()},
        "subject_id": table.id, "seq": varying["seq"], "from_state": state,
        "due": literal(due) if isinstance(due, str) else due, "prev_hash": table.head_hash,
        "hash": sha256_hex(_canonical_sql(constants, varying)),
    }  # fmt: skip
    chosen = rows.with_only_columns(*(value.label(name) for name, value in columns.items()), maintain_column_froms=True)
    written: Any = session.execute(
        insert(History).from_select(list(columns), chosen, include_defaults=False).execution_options(
            preserve_rowcount=True
        )
    )
    return int(written.rowcount)


def follow(session: Session, entry: Entry, **values: Any) -> int:
    """Bring the subjects of a batch to the position their new entry describes; return how many followed."""
    table = SUBJECTS[entry.subject]
    done: Any = session.execute(
        update(table)
        .where(
            History.batch_id == entry.batch_id,
            History.subject == entry.subject,
            History.subject_id == table.id,
            table.version == History.seq - 1,
        )
        .values(version=History.seq, head_hash=History.hash, **values)
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount)


def refuse_stale(session: Session, subject: str, subject_id: int, seen: int | None) -> None:
    """Raise Conflict("stale_by") with who changed the subject and when, if `seen` is not its present version."""
    if seen is None:
        return
    last = session.execute(_told(subject, subject_id).limit(1)).first()
    if last is not None and last[0].seq != seen:
        raise Conflict("stale_by", who=last[1] or last[0].role or last[0].via, at=last[0].at)


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
    mine = select(table).where(table.id == subject.id).with_for_update()  # type: ignore[attr-defined]
    session.execute(mine.with_only_columns(table.id))  # type: ignore[attr-defined]
    refuse_stale(session, name, subject.id, seen)  # type: ignore[attr-defined]
    entry = Entry(name, kind, actor, now, role=role, details=details)
    if append(session, entry, mine) != 1 or follow(session, entry) != 1:
        raise Conflict("stale")
    session.refresh(subject, ["version", "head_hash"])


def _canonical_sql(constants: Mapping[str, Any], varying: Mapping[str, Any]) -> ColumnElement[str]:
    pieces = evidence.frame(evidence_of(constants))
    text: ColumnElement[str] = literal(pieces[0])
    for key, piece in zip([key for key in evidence.KEYS if key in evidence.VARYING], pieces[1:], strict=True):
        value = varying[key]
        text = text + (cast(value, String) if key in ("subject_id", "seq") else value) + literal(piece)
    return text


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in a history: where, and the catalogue key `audit.<code>`."""

    subject: str
    subject_id: int
    seq: int
    code: str


def verify(session: Session) -> tuple[int, list[Finding]]:
    """Check every chain against itself and against its subject; return (entries read, findings, first bad one first).

    Per subject: seq without gaps, each prev the hash before, each hash its entry's, the head and version the last
    entry's, the stored state the last one moved to.
    """
    n_read, findings, heads = 0, [], {}
    query = select(History).order_by(History.subject, History.subject_id, History.seq)
    chain: tuple[str, int] | None = None
    seq, prev, state = 0, evidence.GENESIS, ""
    for row in session.scalars(query.execution_options(yield_per=2_000)):
        if chain != (row.subject, row.subject_id):
            chain, seq, prev, state = (row.subject, row.subject_id), 0, evidence.GENESIS, ""
        findings += [Finding(*chain, row.seq, code) for code in _faults(row, seq + 1, prev)]
        seq, prev = row.seq, row.hash
        state = row.to_state or state
        heads[chain] = (seq, prev, state)
        n_read += 1
        session.expunge(row)
    return n_read, findings + list(_wrong_heads(session, heads))


def _faults(row: History, seq: int, prev: str) -> Iterator[str]:
    if row.seq != seq:
        yield "gap"
    elif row.prev_hash != prev:
        yield "broken_link"
    if evidence.digest(canonical(row)) != row.hash:
        yield "altered"


def _wrong_heads(session: Session, heads: Mapping[tuple[str, int], tuple[int, str, str]]) -> Iterator[Finding]:
    orphans = dict(heads)
    for name, table in SUBJECTS.items():
        state = table.state if hasattr(table, "state") else literal("")
        rows = session.execute(select(table.id, table.version, table.head_hash, state).order_by(table.id))
        for subject_id, version, head, stored in rows:
            seq, last, replayed = orphans.pop((name, subject_id), (0, evidence.GENESIS, ""))
            if (version, head) != (seq, last):
                yield Finding(name, subject_id, seq, "head")
            if stored and stored != replayed:
                yield Finding(name, subject_id, seq, "state")
    for (name, subject_id), (seq, _, _) in orphans.items():
        yield Finding(name, subject_id, seq, "head")  # its subject is gone


def entries(session: Session, subject: str, subject_id: int) -> list[tuple[History, str | None]]:
    """Return a subject's history, latest first, each with the name of who acted."""
    return [(row, name) for row, name in session.execute(_told(subject, subject_id))]


def _told(subject: str, subject_id: int) -> Select[History, str | None]:
    name: Any = Account.name  # None where nobody acted but the clock
    return (
        select(History, name)
        .outerjoin(Account, Account.id == History.actor_id)
        .where(History.subject == subject, History.subject_id == subject_id)
        .order_by(History.seq.desc())
    )


def count(session: Session) -> int:
    """Return how many entries there are."""
    return int(session.scalar(select(func.count()).select_from(History)) or 0)
