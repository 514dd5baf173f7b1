"""What changed between two versions of a notice, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from qtb.domain.notice_model import Notice, NoticeRow

ALIKE: Final = 0.6
FIELDS: Final = ("title", "start", "end", "party", "text", "url")


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row added, removed or changed; `fields` names what differs, and `kind` is "moved" when a date does."""

    kind: str  # "added", "removed", "moved", "changed"
    old: NoticeRow | None
    new: NoticeRow | None
    fields: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Give the change as plain values."""
        return {
            "kind": self.kind,
            "fields": list(self.fields),
            "old": self.old.as_dict() if self.old else None,
            "new": self.new.as_dict() if self.new else None,
        }


def diff(old: Notice, new: Notice) -> tuple[RowChange, ...]:
    """Compare two readings: rows are matched by title, then by likeness of title, then by number."""
    pairs = _matched(old.rows, new.rows)
    back = {j: i for i, j in pairs.items()}
    changes: list[RowChange] = []
    for i, row in enumerate(old.rows):
        if i not in pairs:
            changes.append(RowChange("removed", row, None))
    for j, row in enumerate(new.rows):
        before = old.rows[back[j]] if j in back else None
        change = RowChange("added", None, row) if before is None else _compared(before, row)
        if change:
            changes.append(change)
    return tuple(changes)


def _compared(old: NoticeRow, new: NoticeRow) -> RowChange | None:
    fields = tuple(name for name in FIELDS if getattr(old, name) != getattr(new, name))
    if not fields:
        return None
    return RowChange("moved" if {"start", "end"} & set(fields) else "changed", old, new, fields)


def _matched(old: Sequence[NoticeRow], new: Sequence[NoticeRow]) -> dict[int, int]:
    pairs: dict[int, int] = {}
    _pair(
        pairs, [(i, j) for i, a in enumerate(old) for j, b in enumerate(new) if a.title == b.title and a.seq == b.seq]
    )
    _pair(pairs, [(i, j) for i, a in enumerate(old) for j, b in enumerate(new) if a.title == b.title])
    left = [i for i in range(len(old)) if i not in pairs]
    free = [j for j in range(len(new)) if j not in pairs.values()]
    if len(left) * len(free) <= 10_000:
        scored = [(_likeness(old[i].title, new[j].title), i, j) for i in left for j in free]
        alike = sorted((s for s in scored if s[0] >= ALIKE), key=lambda s: (-s[0], abs(old[s[1]].seq - new[s[2]].seq)))
        _pair(pairs, [(i, j) for _, i, j in alike])
    # What is left under one number is most likely the same row under another name.
    _pair(pairs, [(i, j) for i in left for j in free if old[i].seq == new[j].seq])
    return pairs


def _pair(pairs: dict[int, int], wanted: Sequence[tuple[int, int]]) -> None:
    used = set(pairs.values())
    for i, j in wanted:
        if i not in pairs and j not in used:
            pairs[i] = j
            used.add(j)


def _likeness(left: str, right: str) -> float:
    return SequenceMatcher(None, left[:200], right[:200], autojunk=False).ratio()
