"""The levels laid before the guiding bodies: by level with their answers as a paper, and the list as a workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from qtb import clock
from qtb.documents import table_xlsx
from qtb.documents.form_content import LANG, Group, Paper, Piece
from qtb.documents.results_xlsx import level_name
from qtb.documents.table_xlsx import Table
from qtb.domain.rubric import Rubric
from qtb.i18n import word
from qtb.store.consents import Consent, Laying

Work = Mapping[str, Any]


def paper(row: Laying, body: Sequence[Consent] | None, categories: Mapping[str, str], *, organiser: str) -> Paper:
    """Return the list as it was laid, a table for each level, and the answers below it.

    For a `body`'s people only theirs; for the organiser all, with the reasons why some were gone on without.
    """
    rubric, heads = row.cycle.definition.rubric, tuple(_heads(categories))
    groups = [
        _table(word(LANG, "results.level_n", level=level_name(rubric, level), n=len(mine)), heads,
               [tuple(_cells(work, categories)) for work in mine])
        for level, mine in ((key, list(found)) for key, found in groupby(row.works, key=lambda work: work["level"]))
    ]  # fmt: skip
    asked = tuple(word(LANG, f"consent.{key}") for key in ("body", "answer", "note"))
    shown = row.consents if body is None else body
    said = [(one.unit.name, _answer(one), _note(one, is_whole=body is None)) for one in shown]
    told = _table(word(LANG, "consent.bodies" if body is None else "consent.answer"), asked, said)
    at = word(LANG, "consent.laid_at", at=clock.shown(row.laid_at, LANG), n=len(row.works))
    foot = word(LANG, "consent.paper_foot", at=at, digest=row.digest)
    return Paper(word(LANG, "consent.paper"), row.cycle.title, row.cycle.key, organiser, (*groups, told), foot)


def workbook(row: Laying, categories: Mapping[str, str]) -> bytes:
    """Return the list as it was laid, a work a row."""
    rubric: Rubric = row.cycle.definition.rubric
    heads = [word(LANG, "results.level"), *_heads(categories)]
    rows = [
        [level_name(rubric, work["level"]), *_cells(work, categories)[:-1], table_xlsx.number(work["score"])]
        for work in row.works
    ]
    return table_xlsx.written([Table(word(LANG, "consent.works"), heads, rows)])


def _heads(categories: Mapping[str, str]) -> list[str]:
    keys = ["results.number", "results.team", "results.title_col", "results.unit"]
    return [word(LANG, key) for key in (*keys, *(["case.category"] if categories else []), "results.score")]


def _cells(work: Work, categories: Mapping[str, str]) -> list[str]:
    field = [categories.get(work["category"], "")] if categories else []
    return [work["number"], work["team"], work["title"], work["unit"], *field, work["score"]]


def _answer(one: Consent) -> str:
    key = "yes" if one.agrees else "no" if one.answered_at else "without" if one.waived_at else "awaited"
    at = one.waived_at if key == "without" else one.answered_at
    return "，".join([word(LANG, f"consent.{key}"), *([clock.shown(at, LANG)] if at else [])])


def _note(one: Consent, *, is_whole: bool) -> str:
    if not is_whole or one.waived_at is None:
        return one.note
    at, reason = clock.shown(one.waived_at, LANG), one.waived_reason
    return "\n".join(filter(None, (one.note, word(LANG, "consent.waived_because", at=at, reason=reason))))


def _table(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Group:
    return Group(title, (Piece("table", "", heads=heads, rows=tuple(rows)),))
