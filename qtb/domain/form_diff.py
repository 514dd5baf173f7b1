"""What differs between two versions of a form: field by field, rows beside rows, characters put in and taken out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from diff_match_patch import diff_match_patch

from qtb.domain.fields import FieldSpec, FormSpec
from qtb.domain.merge import is_same
from qtb.domain.workflow import Key

# A long text that was written anew has no useful common parts, and looking for the best ones takes minutes. After this
# the library gives a correct difference that is not the smallest.
SECONDS = 0.2
Piece = tuple[Literal["same", "ins", "del"], str]
KINDS: dict[int, Literal["same", "ins", "del"]] = {0: "same", 1: "ins", -1: "del"}
Shown = Callable[[FieldSpec, Any], str]


@dataclass(frozen=True, slots=True)
class RowDiff:
    """One row of a list: kept, put in, taken out or changed, its cells by column."""

    kind: Literal["same", "ins", "del", "changed"]
    cells: dict[Key, list[Piece]]


@dataclass(frozen=True, slots=True)
class FieldDiff:
    """One field of a form: its text in pieces, or its rows."""

    key: Key
    spec: FieldSpec
    is_same: bool
    pieces: list[Piece]
    rows: list[RowDiff]


def compare(form: FormSpec, before: Mapping[str, Any], after: Mapping[str, Any], *, shown: Shown) -> list[FieldDiff]:
    """Compare two versions; `shown` words a value as the reader sees it."""
    return [_field(key, spec, before.get(key), after.get(key), shown) for key, spec in form.fields.items()]


def texts(before: str, after: str) -> list[Piece]:
    """Return what stays, goes and comes, cut where people would cut."""
    differ = diff_match_patch()
    differ.Diff_Timeout = SECONDS
    found = differ.diff_main(before, after)
    differ.diff_cleanupSemantic(found)
    return [(KINDS[kind], text) for kind, text in found]


def _field(key: Key, spec: FieldSpec, before: Any, after: Any, shown: Shown) -> FieldDiff:
    same = is_same(before, after)
    if spec.type == "rows":
        return FieldDiff(key, spec, same, [], list(_rows(spec, before or [], after or [], shown)))
    old, new = shown(spec, before), shown(spec, after)
    whole = spec.type not in ("text", "longtext")  # half a word of a choice or a digit of a number says nothing
    return FieldDiff(key, spec, same, _whole(old, new) if whole else texts(old, new), [])


def _whole(old: str, new: str) -> list[Piece]:
    if old == new:
        return [("same", new)] if new else []
    gone: list[Piece] = [("del", old)] if old else []
    return [*gone, *([("ins", new)] if new else [])]  # type: ignore[list-item]


def _rows(spec: FieldSpec, before: Sequence[Any], after: Sequence[Any], shown: Shown) -> Iterator[RowDiff]:
    old, new = ([_cells(spec, row, shown) for row in rows] for rows in (before, after))
    one, other = ([tuple(row.items()) for row in rows] for rows in (old, new))
    for kind, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from (_row("same", row, row) for row in new[c:d])
            continue
        n = min(b - a, d - c)
        yield from (_row("changed", *pair) for pair in zip(old[a : a + n], new[c : c + n], strict=True))
        yield from (_row("del", row, {}) for row in old[a + n : b])
        yield from (_row("ins", {}, row) for row in new[c + n : d])


def _cells(spec: FieldSpec, row: Mapping[str, Any], shown: Shown) -> dict[Key, str]:
    return {name: shown(column, row.get(name)) for name, column in spec.columns.items()}


def _row(kind: Literal["same", "ins", "del", "changed"], old: dict[Key, str], new: dict[Key, str]) -> RowDiff:
    return RowDiff(kind, {name: texts(old.get(name, ""), new.get(name, "")) for name in old | new})
