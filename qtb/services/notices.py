"""From a notice that was read to a year: the draft, what each of its rows is, and the organiser's confirmation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from qtb import clock
from qtb.domain import notice as reader
from qtb.domain.definition import Definition
from qtb.domain.errors import Conflict
from qtb.domain.notice import Block, Notice, NoticeRow, RowChange, Warning_
from qtb.domain.roles import Actor
from qtb.services import cycles, definitions
from qtb.services.cycles import Planned
from qtb.store.cycles import Cycle, NoticeDraft, TimelineRow


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the draft as the organiser sees and corrects it: days inclusive, `key` says which item it is."""

    seq: int
    title: str
    key: str = ""
    start: date | None = None
    end: date | None = None
    held_at: datetime | None = None
    text: str = ""
    party: str = ""
    url: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """A change that a later version of the notice makes, and the timeline row that it is about ("" for none)."""

    change: RowChange
    key: str


def read_draft(
    session: Session, *, name: str, notice: Notice | Sequence[Block], programme: str, actor: Actor, now: datetime,
    cycle: Cycle | None = None,
) -> NoticeDraft:  # fmt: skip
    """Keep a notice as it was read, for the organiser to correct; with `cycle` as a later version of its notice."""
    cycles.only_organiser(actor)
    definitions.load(programme)
    read = notice if isinstance(notice, Notice) else reader.read(notice)
    draft = NoticeDraft(
        cycle_id=cycle.id if cycle else None, file_name=name[:200], programme=programme, notice=_as_json(read),
        created_by=actor.user_id, created_at=now,
    )  # fmt: skip
    session.add(draft)
    session.flush()
    return draft


def notice_of(stored: Mapping[str, Any]) -> Notice:
    """Return the notice that a draft or a cycle keeps."""
    rows = [
        NoticeRow(**{**row, "start": _day(row["start"]), "end": _day(row["end"])}) for row in stored.get("rows", [])
    ]
    warnings = [Warning_(one["row"], one["code"], one["text"]) for one in stored.get("warnings", [])]
    noted = _day(stored.get("notice_date"))
    return Notice(stored.get("title", ""), stored.get("year"), noted, tuple(rows), tuple(warnings))


def suggest(definition: Definition, rows: Sequence[NoticeRow]) -> dict[int, str]:
    """Return for each row (by its place, from 0) the item that it probably is, each item once, "" for none.

    A row called like an item is that item; of the others, the longest word that a title contains decides first.
    """
    found = dict.fromkeys(range(len(rows)), "")
    for place, row in enumerate(rows):
        named = (key for key, kind in definition.timeline.rows.items() if _plain(row.title) in _names(kind.title))
        found[place] = next((key for key in named if key not in found.values()), "")
    contained = [
        (-len(word), place, order, key)
        for place, row in enumerate(rows)
        for order, (key, kind) in enumerate(definition.timeline.rows.items())
        for word in kind.words
        if _plain(word) in _plain(row.title)
    ]
    for _, place, _, key in sorted(contained):
        if not found[place] and key not in found.values():
            found[place] = key
    return found


def suggested_rows(definition: Definition, draft: NoticeDraft) -> list[Row]:
    """Return the draft's rows with suggested items and instants, as the organiser first sees them."""
    read = notice_of(draft.notice).rows
    keys = suggest(definition, read)
    rows = [
        Row(row.seq, row.title, keys[place], row.start, row.end, None, row.text, row.party, row.url or "", row.source)
        for place, row in enumerate(read)
    ]
    return [replace(row, held_at=suggested_instant(definition, row.key, row.end)) for row in rows]


def suggested_instant(definition: Definition, key: str, end: date | None) -> datetime | None:
    """Return the instant suggested for an item that has one: the last day at the definition's time of day."""
    kind = definition.timeline.rows.get(key)
    if kind is None or kind.held is None or end is None:
        return None
    return datetime.combine(end, time.fromisoformat(kind.held), clock.ZONE).astimezone(UTC)


def as_planned(definition: Definition, rows: Sequence[Row]) -> list[Planned]:
    """Turn corrected rows into windows: inclusive Shanghai days become [opens, closes); the rest is checked later."""
    planned: list[Planned] = []
    for row in rows:
        key = row.key or _note_key(row.seq, [one.key for one in planned])
        held_at = row.held_at or suggested_instant(definition, row.key, row.end)
        planned.append(
            Planned(
                key, row.seq, row.title, _midnight(row.start), _midnight(row.end, after=True), held_at, row.text,
                row.party, row.url,
            )
        )  # fmt: skip
    return planned


def confirm(
    session: Session, draft: NoticeDraft, *, key: str, title: str, year: int, rows: Sequence[Planned], actor: Actor,
    now: datetime,
) -> Cycle:  # fmt: skip
    """Open the year from a draft; a second confirmation is a Conflict."""
    cycles.only_organiser(actor)
    session.refresh(draft, with_for_update=True)
    if draft.confirmed_at is not None:
        raise Conflict("draft_confirmed")
    cycle = cycles.open_cycle(
        session, definition=definitions.load(draft.programme), key=key, year=year, title=title, rows=rows,
        notice={**draft.notice, "file_name": draft.file_name}, actor=actor, now=now,
    )  # fmt: skip
    draft.confirmed_at, draft.cycle_id = now, cycle.id
    return cycle


def differences(session: Session, cycle: Cycle, draft: NoticeDraft) -> list[Difference]:
    """Return what a later version changes against the notice that the cycle was opened with."""
    before = notice_of(cycle.notice) if cycle.notice.get("rows") else _from_rows(cycle)
    later = notice_of(draft.notice)
    known = {row.seq: row.key for row in cycle.rows}
    new = {later.rows[place].seq: key for place, key in suggest(cycle.definition, later.rows).items()}
    return [Difference(one, _key_of(one, known, new)) for one in reader.diff(before, later)]


def _key_of(change: RowChange, known: Mapping[int, str], new: Mapping[int, str]) -> str:
    if change.old is not None:
        return known.get(change.old.seq, "")
    return new.get(change.new.seq, "") if change.new is not None else ""


def _as_json(read: Notice) -> dict[str, Any]:
    rows = [{**row.as_dict(), "source": row.source} for row in read.rows]
    # Code and text, not the sentence: that is worded when it is shown, in the reader's language.
    warnings = [{"row": one.row, "code": one.code, "text": one.text} for one in read.warnings]
    return {**read.as_dict(), "rows": rows, "warnings": warnings}


def _from_rows(cycle: Cycle) -> Notice:
    return Notice(cycle.title, cycle.year, None, tuple(_as_printed(row) for row in cycle.rows))


def _as_printed(row: TimelineRow) -> NoticeRow:
    start = row.opens_at.astimezone(clock.ZONE).date() if row.opens_at else None
    end = (row.closes_at - timedelta(microseconds=1)).astimezone(clock.ZONE).date() if row.closes_at else None
    return NoticeRow(row.seq, row.title, row.text, start, end, row.party, row.url or None)


def _note_key(seq: int, taken: Iterable[str]) -> str:
    # Numbers are repeated in some notices; the rows are shown all the same and gate nothing.
    taken = set(taken)
    names = [f"note_{seq}", *(f"note_{seq}_{n}" for n in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def _midnight(day: date | None, *, after: bool = False) -> datetime | None:
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=after), time(), clock.ZONE).astimezone(UTC)


def _day(text: Any) -> date | None:
    return date.fromisoformat(text) if text else None


def _names(title: Any) -> set[str]:
    return {_plain(title.zh), _plain(title.en)}


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()
