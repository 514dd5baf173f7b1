"""The statements of the door: made once for a definition's move, run for every submission that makes it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Connection, Select, String, bindparam, insert, literal, select, union_all

from qtb.domain.definition import Definition
from qtb.domain.workflow import Effect
from qtb.store import audit, facts
from qtb.store.audit import History
from qtb.store.kept import Kept
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.types import Instant


@lru_cache(maxsize=1_024)
def writing_one(definition: Definition, transition: str, held: tuple[tuple[str, int], ...]) -> Kept:
    """Return the statement that writes the entry of one named submission, if the move fits it and its row is open.

    `held` are the roles of the person who moves it, each with the number of units. It takes `cycle_id`, `id`,
    `definition_hash`, `now`, the units as `facts.shaped` names them, and the values of the entry.
    """
    cycle_id: Any = bindparam("cycle_id")
    pin = bindparam("definition_hash", type_=String)
    during = definition.workflow.transitions[transition].during
    rows = select(Submission).where(
        Submission.cycle_id == cycle_id, Submission.id == bindparam("id"), facts.is_pinned(cycle_id, pin),
        *([facts.is_open_for_all(cycle_id, during, bindparam("now", type_=Instant()))] if during else []),
        *facts.fits(definition, transition, facts.shape(held)),
    )  # fmt: skip
    # Who waits for the one row is judged on what it has become; for several, see `lock`.
    return Kept(audit.writing("submission", rows.with_for_update(of=Submission)))


@lru_cache(maxsize=1_024)
def posting(definition: Definition, transition: str) -> Kept:
    """Return the statement that puts a letter into the queue for each effect of a move and each case of a `batch`."""
    letters = [_letters(n, effect) for n, effect in enumerate(definition.workflow.transitions[transition].then)]
    columns = [column.name for column in letters[0].selected_columns]
    return Kept(insert(Outbox).from_select(columns, union_all(*letters), include_defaults=False))


def lock(work: Connection, ids: Sequence[int]) -> None:
    """Wait for submissions and hold them. On SQLite the unit holds everything.

    A statement of its own, so that the next one sees what the one who held the lock has committed.
    """
    if work.dialect.name != "sqlite":
        work.execute(_LOCKING, {"ids": ids})


_LOCKING = (
    select(Submission.id)
    .where(Submission.id.in_(bindparam("ids", expanding=True)))
    .order_by(Submission.id)
    .with_for_update()
)


def _letters(n: int, effect: Effect) -> Select[Any]:
    columns: dict[str, Any] = {
        "key": History.batch_id + literal(f":{n}:") + History.subject_id.cast(String),
        "batch_id": History.batch_id, "submission_id": History.subject_id,
        "created_at": History.at, "next_at": History.at, "effect": literal(effect.effect),
        "letter": literal(effect.letter), "to_role": literal(effect.to), "status": literal("waiting"),
        "n_tries": literal(0), "recipients": literal(""), "error": literal(""), "about": literal({}, JSON),
    }  # fmt: skip
    return select(*(column.label(name) for name, column in columns.items())).where(
        History.batch_id == bindparam("batch")
    )
