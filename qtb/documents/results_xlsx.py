"""A year's results as a workbook: the works in their order, how the places came about, the judges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from qtb.documents import table_xlsx
from qtb.documents.form_content import LANG
from qtb.documents.table_xlsx import Table
from qtb.domain.rubric import Rubric
from qtb.i18n import word
from qtb.services.results import Judged, Standing

WORK = ("rank", "number", "team", "title_col", "unit", "category")
AFTER = ("score", "corrected", "flags", "without", "proposed", "level")
CUT = ("level", "n_valid", "cap", "n_places", "min_score", "n_good", "n_placed", "last_score", "next_score", "n_tied")
JUDGE = ("judge", "n_given", "n_final", "leniency")


def written(standing: Standing, rubric: Rubric, categories: Mapping[str, str]) -> bytes:
    """Return the workbook; `categories` are their names by key."""
    return table_xlsx.written(tables(standing, rubric, categories))


def tables(standing: Standing, rubric: Rubric, categories: Mapping[str, str]) -> list[Table]:
    """Return the tables of the workbook."""
    return [
        Table(_said("works"), _work_heads(rubric), [_work(one, rubric, categories) for one in standing.works]),
        Table(_said("cuts"), _heads(CUT), list(cuts(standing, rubric))),
        Table(_said("judges"), _heads(JUDGE), list(_judges(standing))),
    ]


def level_name(rubric: Rubric, key: str) -> str:
    """Return what a level is called; of a work without one, that there is none."""
    return rubric.levels[key].label.get(LANG) if key in rubric.levels else word(LANG, "tools.no_award") if key else ""


def _work_heads(rubric: Rubric) -> list[str]:
    sheets = [f"{sheet.title.get(LANG)} {word(LANG, what)}" for sheet in rubric.sheets.values()
              for what in ("results.mean", "results.n_valid")]  # fmt: skip
    return [*_heads(WORK), *sheets, *_heads(AFTER)]


def _work(one: Judged, rubric: Rubric, categories: Mapping[str, str]) -> list[Any]:
    row = one.row
    sheets: list[Any] = []
    for kind in rubric.sheets:
        found = one.results.get(kind)
        sheets += [found.mean, found.n_valid] if found else [None, None]
    flags = [word(LANG, f"results.flag.{flag}") for found in one.results.values() for flag in found.flags]
    without = [f"{judge}：{level_name(rubric, level) or '–'}" for judge, level in one.without.items()]
    named = (level_name(rubric, one.place.level), level_name(rubric, row.award_level))
    lead = (one.place.rank, row.number, row.team_name, row.title, row.unit_name, categories.get(row.category, ""))
    return [*lead, *sheets, one.score, one.corrected, "；".join(flags), "；".join(without), *named]


def cuts(standing: Standing, rubric: Rubric) -> Iterator[Sequence[Any]]:
    """Yield how the places of each level came about, as the heads of `CUT` have it."""
    for cut in standing.cuts:
        yield (
            level_name(rubric, cut.level), cut.n_valid, cut.cap_percent, cut.n_places, cut.min_score, cut.n_good,
            cut.n_placed, cut.last_score, cut.next_score, len(cut.tied),
        )  # fmt: skip


def _judges(standing: Standing) -> Iterator[Sequence[Any]]:
    for one in standing.judges:
        yield one.name, one.n_given, one.n_final, one.leniency


def _heads(names: Sequence[str]) -> list[str]:
    return [_said(name) for name in names]


def _said(name: str) -> str:
    return word(LANG, f"results.{name}")
