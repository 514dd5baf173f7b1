"""Why works have their results, as a paper of one work and as a workbook of a year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from qtb import clock
from qtb.documents import results_xlsx, table_xlsx
from qtb.documents.form_content import LANG, Group, Paper, Piece
from qtb.documents.results_xlsx import level_name
from qtb.documents.table_xlsx import Table
from qtb.domain.rubric import Rubric
from qtb.i18n import word
from qtb.services.justification import Told, Year
from qtb.services.results import Standing
from qtb.store.cycles import Cycle

DECISION = ("at", "by", "what", "reason")
CUT = ("level", "n_valid", "cap", "n_places", "min_score", "n_good", "n_placed", "last_score", "next_score")


def paper(one: Told, standing: Standing, cycle: Cycle) -> Paper:
    """Return why one work has its result."""
    rubric, row = cycle.definition.rubric, one.judged.row
    kinds = [kind for kind in rubric.sheets if any(sheet.kind == kind for sheet in one.sheets)]
    groups = (
        Group(_said("work"), tuple(_about(one, rubric))),
        *(Group(rubric.sheets[kind].title.get(LANG), tuple(_sheet(one, kind, rubric))) for kind in kinds),
        Group(_said("cuts"), (Piece("table", "", heads=_heads("results", CUT), rows=tuple(_cuts(standing, rubric))),)),
        Group(_said("decisions"), (_decisions(one, rubric),)),
    )
    return Paper(_said("title"), cycle.title, row.number, row.unit_name, groups, _said("foot"))


def workbook(found: Year, cycle: Cycle, categories: Mapping[str, str]) -> bytes:
    """Return a year's: the reckoning, a table of the sheets of each kind, the decisions."""
    rubric = cycle.definition.rubric
    kinds = [Table(sheet.title.get(LANG), *_listed(found, kind, rubric)) for kind, sheet in rubric.sheets.items()]
    decisions = Table(
        _said("decisions"), [_said("number"), *_heads("justification", DECISION)],
        [[one.judged.row.number, *line] for one in found.works for line in _lines(one, rubric)],
    )  # fmt: skip
    return table_xlsx.written([*results_xlsx.tables(found.standing, rubric, categories), *kinds, decisions])


def _about(one: Told, rubric: Rubric) -> Iterator[Piece]:
    judged, row = one.judged, one.judged.row
    yield Piece("short", word(LANG, "case.team"), row.team_name)
    yield Piece("short", word(LANG, "case.title"), row.title)
    for kind, result in judged.results.items():
        mean = "–" if result.mean is None else word(
            LANG, "justification.mean_of", mean=result.mean, used=result.n_used, valid=result.n_valid
        )  # fmt: skip
        yield Piece("short", rubric.sheets[kind].title.get(LANG), mean)
    yield Piece("short", word(LANG, "results.score"), "–" if judged.score is None else str(judged.score))
    yield Piece("short", word(LANG, "results.rank"), str(judged.place.rank or "–"))
    ties = zip(rubric.ties, judged.place.work.ties, strict=True)
    told = [f"{_tie(key, rubric)} {value}" for key, value in ties if value is not None]
    yield Piece("short", _said("ties"), "；".join(told) or "–")
    yield Piece("short", word(LANG, "results.proposed"), level_name(rubric, judged.place.level) or "–")
    yield Piece("short", word(LANG, "results.level"), level_name(rubric, row.award_level) or "–")


def _tie(key: str, rubric: Rubric) -> str:
    if key in rubric.sheets:
        return rubric.sheets[key].title.get(LANG)
    return next((sheet.items[key].label.get(LANG) for sheet in rubric.sheets.values() if key in sheet.items), key)


def _sheet(one: Told, kind: str, rubric: Rubric) -> Iterator[Piece]:
    sheets, spec = [sheet for sheet in one.sheets if sheet.kind == kind], rubric.sheets[kind]
    heads = (word(LANG, "sheet.item"), word(LANG, "sheet.max"), *(sheet.name for sheet in sheets))
    items = [
        (item.label.get(LANG), str(item.max), *(str(sheet.scores.get(key, "–")) for sheet in sheets))
        for key, item in spec.items.items()
    ]
    given = (str(sheet.total) if sheet.is_final else "–" for sheet in sheets)
    totals = (word(LANG, "sheet.total"), str(spec.max), *given)
    fates = (_said("fate"), "", *(_fate(one, sheet) for sheet in sheets))
    finished = (_said("finished"), "", *(_day(sheet.finished_at) for sheet in sheets))
    yield Piece("table", "", heads=heads, rows=(*items, totals, fates, finished))
    for sheet in sheets:
        said = sheet.recusal_reason if sheet.recused_at else sheet.comment
        if said:
            yield Piece("long", f"{sheet.name}（{_said('recused') if sheet.recused_at else _said('comment')}）", said)


def _decisions(one: Told, rubric: Rubric) -> Piece:
    return Piece("table", "", heads=_heads("justification", DECISION), rows=tuple(_lines(one, rubric)))


def _lines(one: Told, rubric: Rubric) -> Iterator[tuple[str, str, str, str]]:
    for row in one.decisions:
        entry, about = row[0], row[0].about()
        given = about.get("changes", {}).get("level")
        change = f"：{_level(given[0], rubric)} → {_level(given[1], rubric)}" if given else ""
        what = word(LANG, f"kindof.{entry.kind}") + change
        names = f"（{about['names']}）" if about.get("names") else ""
        yield _day(entry.at), (row.who or "–"), what, str(about.get("note", "")) + names


def _listed(found: Year, kind: str, rubric: Rubric) -> tuple[Sequence[str], list[list[Any]]]:
    """Return the heads and lines of all sheets of a kind."""
    spec = rubric.sheets[kind]
    heads = [_said("number"), word(LANG, "case.team"), _said("judge")]
    heads += [item.label.get(LANG) for item in spec.items.values()]
    heads += [word(LANG, "sheet.total"), _said("fate"), _said("finished"), _said("comment")]
    return heads, [
        _line(one, sheet, list(spec.items)) for one in found.works for sheet in one.sheets if sheet.kind == kind
    ]


def _line(one: Told, sheet: Row[Any], items: Sequence[str]) -> list[Any]:
    lead = [one.judged.row.number, one.judged.row.team_name, sheet.name]
    points = [table_xlsx.number(sheet.scores.get(key)) for key in items]
    said = sheet.recusal_reason if sheet.recused_at else sheet.comment
    return [*lead, *points, sheet.total if sheet.is_final else None, _fate(one, sheet), _day(sheet.finished_at), said]


def _cuts(standing: Standing, rubric: Rubric) -> Iterator[tuple[str, ...]]:
    for line in results_xlsx.cuts(standing, rubric):
        yield tuple("–" if cell is None else str(cell) for cell in line[: len(CUT)])


def _fate(one: Told, sheet: Row[Any]) -> str:
    return _said(f"fate_{one.fate(sheet)}")


def _level(key: str, rubric: Rubric) -> str:
    return level_name(rubric, key) or word(LANG, "deliberation.undecided")


def _day(at: Any) -> str:
    return clock.day(at, LANG) if at else "–"


def _heads(part: str, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(word(LANG, f"{part}.{name}") for name in names)


def _said(name: str) -> str:
    return word(LANG, f"justification.{name}")
