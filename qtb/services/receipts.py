"""Giving receipts: in the unit of the move they are about, so that there is no hand-in without one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, selectinload

from qtb.domain import receipt as wording
from qtb.store import answers
from qtb.store import receipts as store
from qtb.store.audit import Entry
from qtb.store.cycles import Pinned
from qtb.store.receipts import Receipt
from qtb.store.submissions import Submission


@dataclass(frozen=True, slots=True)
class Standing:
    """What a third party may know of a receipt: itself, and whether something was handed in after it."""

    receipt: Receipt
    is_last: bool


def give(session: Session, entry: Entry, *, cycle: Pinned, ids: Sequence[int]) -> None:
    """Write a receipt for each of the submissions that an entry has just moved."""
    whole = selectinload(Submission.unit), selectinload(Submission.recommender)
    moved = select(Submission).where(Submission.id.in_(ids)).options(*whole).execution_options(populate_existing=True)
    filled = answers.of_many(session, ids)
    written = [_written(row, filled[row.id], entry, cycle) for row in session.scalars(moved).all()]
    if written:
        session.execute(insert(Receipt), written)


def _written(
    row: Submission, values: Mapping[str, Mapping[str, Any]], entry: Entry, cycle: Pinned
) -> dict[str, object]:
    """Return a receipt, by column."""
    code = wording.code([secrets.randbelow(len(wording.SIGNS)) for _ in range(wording.CODE_LENGTH)])
    inside = wording.content(cycle.definition.forms, values)
    said = wording.written(_facts(row, entry, cycle), code=code, at=entry.at, inside=inside)
    return {
        "code": code, "submission_id": row.id, "seq": row.version, "hash": row.head_hash, "at": entry.at, "said": said
    }  # fmt: skip


def standing(session: Session, code: str) -> Standing | None:
    """Return the receipt with a code, however it was typed; None where there is none."""
    found = store.by_code(session, wording.plain(code))
    return Standing(found, store.of(session, found.submission_id)[0].id == found.id) if found else None


def _facts(row: Submission, entry: Entry, cycle: Pinned) -> dict[str, object]:
    definition = cycle.definition
    return {
        "programme": definition.workflow.programme.title.zh, "cycle": row.cycle.title, "number": row.number,
        "unit": row.unit.name, "team": row.team_name, "title": row.title,
        "recommender": row.recommender.name if row.recommender else "",
        "move": definition.workflow.transitions[entry.transition].label.zh,
        "history": {"seq": row.version, "hash": row.head_hash},
    }  # fmt: skip
