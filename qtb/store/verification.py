"""The verification of history: every chain against itself and against the subject it is about.

A million entries are to be read in seconds, so the rows come as plain values in the order they were written, and
what the entries of one batch share is worded once.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, String, func, literal, select, type_coerce
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from qtb.domain import evidence
from qtb.store.history import SUBJECTS, History

BATCH = 2_000  # rows fetched at once
# What the entries of a batch share, in the order in which the scan reads it after the N_VARYING columns that differ.
SHARED = (
    "subject", "at", "batch_id", "kind", "transition", "to_state", "actor_id", "role", "via", "row_key", "salt",
    "details",
)  # fmt: skip
N_VARYING = 6

Chain = tuple[str, int]  # subject and its id
Head = tuple[int, str, str]  # seq, hash, state
BEGUN: Head = (0, evidence.GENESIS, "")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in a history: where, and the catalogue key `audit.<code>`."""

    subject: str
    subject_id: int
    seq: int
    code: str


def verify(session: Session) -> tuple[int, list[Finding]]:
    """Check every chain against itself and against its subject; return (entries read, findings by subject and seq).

    Per subject: seq without gaps, each prev the hash before, each hash its entry's, the head and version the last
    entry's, the stored state the last one moved to.
    """
    scan, reading = _Scan(), _reading(session)
    for rows in _portions(session.connection(), reading.order_by(History.id)):
        scan.read(rows)
    findings: list[Finding] = []
    for subject, subject_id in scan.suspects:  # read once more, in the order that its entries claim
        mine = reading.where(History.subject == subject, History.subject_id == subject_id).order_by(History.seq)
        rows = session.connection().execute(mine).all()
        findings += _faults(rows)
        state = next((row.to_state for row in reversed(rows) if row.to_state), "")
        scan.heads[subject][subject_id] = (rows[-1].seq, rows[-1].hash, state)
    findings += _wrong_heads(session, scan.heads)
    return scan.n_read, sorted(findings, key=lambda one: (one.subject, one.subject_id, one.seq))


def _reading(session: Session) -> Any:
    """Read what is hashed as it is stored: a stored instant that is none must be found, not stumble the reader."""
    at: Any = type_coerce(History.at, String)
    if session.get_bind().dialect.name == "postgresql":
        at = func.to_char(func.timezone("UTC", History.at), "YYYY-MM-DD HH24:MI:SS.US")
    varying = (
        History.subject_id, History.seq, History.from_state, History.due, History.prev_hash, History.hash
    )  # fmt: skip
    return select(*varying, *(at if name == "at" else getattr(History, name) for name in SHARED))


def _portions(work: Connection, reading: Any) -> Iterator[Sequence[Any]]:
    """Yield the rows as the driver gives them: of a million, texts and integers need no turning."""
    text = str(reading.compile(dialect=work.dialect, compile_kwargs={"literal_binds": True}))
    on_server = {"name": "verification"} if work.dialect.name == "postgresql" else {}
    try:
        with closing(work.connection.cursor(**on_server)) as cursor:
            cursor.execute(text)
            while rows := cursor.fetchmany(BATCH):
                yield rows
    except work.dialect.loaded_dbapi.Error as error:
        raise OperationalError(text, {}, error) from error


@dataclass
class _Scan:
    """A walk over the entries in the order they were written: the head of each chain, and the chains that are wrong."""

    heads: defaultdict[str, dict[int, Head]] = field(default_factory=lambda: defaultdict(dict))  # by subject, by id
    suspects: set[Chain] = field(default_factory=set)
    n_read: int = 0

    def read(self, rows: Any) -> None:
        """Check some more rows."""
        sha256, begun = hashlib.sha256, BEGUN
        shared: Any = None
        for row in rows:
            if row[N_VARYING:] != shared:
                shared = row[N_VARYING:]
                one, two, three, four, five, six = _frame(shared)
                subject, to_state = shared[0], shared[5]
                heads = self.heads[subject]
            subject_id, seq, from_state, due, prev, stored = row[:N_VARYING]
            text = f"{one}{subject_id}{two}{seq}{three}{prev}{four}{from_state}{five}{due}{six}"
            last_seq, last_hash, state = heads.get(subject_id, begun)
            if seq != last_seq + 1 or prev != last_hash or sha256(text.encode()).hexdigest() != stored:
                self.suspects.add((subject, subject_id))
            heads[subject_id] = (seq, stored, to_state or state)
        self.n_read += len(rows)


def _faults(rows: Any) -> Iterator[Finding]:
    """Yield what is wrong in one chain, its rows in the order of their seq."""
    last_seq, last_hash = 0, evidence.GENESIS
    for subject_id, seq, from_state, due, prev, stored, *shared in rows:
        subject, pieces = shared[0], _frame(shared)
        varying = (str(subject_id), str(seq), prev, from_state, due, "")
        text = "".join(piece + value for piece, value in zip(pieces, varying, strict=True))
        if seq != last_seq + 1:
            yield Finding(subject, subject_id, seq, "gap")
        elif prev != last_hash:
            yield Finding(subject, subject_id, seq, "broken_link")
        if evidence.digest(text) != stored:
            yield Finding(subject, subject_id, seq, "altered")
        last_seq, last_hash = seq, stored


def _frame(shared: Sequence[Any]) -> list[str]:
    """Return the canonical text of a batch around what differs, from what is stored."""
    told = dict(zip(SHARED, shared, strict=True))
    at = told["at"]
    return evidence.frame(
        {
            "v": evidence.FORMAT, "subject": told["subject"], "kind": told["kind"], "transition": told["transition"],
            "to": told["to_state"], "batch": told["batch_id"], "actor": told["actor_id"], "role": told["role"],
            "via": told["via"], "at": f"{at[:10]}T{at[11:]}Z", "row": told["row_key"],
            "details": evidence.sealed(told["salt"], told["details"]),
        }
    )  # fmt: skip


def _wrong_heads(session: Session, heads: defaultdict[str, dict[int, Head]]) -> Iterator[Finding]:
    for name, table in SUBJECTS.items():
        state = table.state if hasattr(table, "state") else literal("")
        asked, mine = select(table.id, table.version, table.head_hash, state), heads[name]
        for subject_id, version, head, stored in session.connection().execute(asked):
            seq, last, replayed = mine.pop(subject_id, BEGUN)
            if version != seq or head != last:
                yield Finding(name, subject_id, seq, "head")
            if stored and stored != replayed:
                yield Finding(name, subject_id, seq, "state")
    for name, left in heads.items():
        yield from (Finding(name, subject_id, seq, "head") for subject_id, (seq, _, _) in left.items())  # subject gone
