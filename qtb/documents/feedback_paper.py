"""What an applicant is told of the evaluation as a paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from qtb.documents.form_content import LANG, Group, Paper, Piece
from qtb.documents.results_xlsx import level_name
from qtb.domain.rubric import Rubric
from qtb.i18n import word
from qtb.store.feedback import Feedback


def paper(row: Feedback) -> Paper:
    """Return a release as paper, with the wordings of its year."""
    work = row.submission
    cycle, organiser = work.cycle, work.cycle.definition.workflow.programme.organiser.get(LANG)
    groups = (Group(_said("about"), tuple(_about(row))), *_sheets(row.said, cycle.definition.rubric), *_texts(row.said))
    title = _said("paper")
    return Paper(title, cycle.title, work.number, work.unit.name, groups, organiser)


def _about(row: Feedback) -> Iterator[Piece]:
    work, told = row.submission, row.said
    yield Piece("short", word(LANG, "case.team"), work.team_name)
    yield Piece("short", word(LANG, "case.title"), work.title)
    if "level" in told:
        level = level_name(work.cycle.definition.rubric, told["level"])
        yield Piece("short", word(LANG, "results.level"), level or "–")
    if "total" in told:
        yield Piece("short", word(LANG, "results.score"), told["total"])


def _sheets(told: Mapping[str, Any], rubric: Rubric) -> Iterator[Group]:
    heads = tuple(word(LANG, key) for key in ("sheet.item", "sheet.max", "feedback.mean"))
    for kind, means in told.get("sheets", {}).items():
        sheet = rubric.sheets.get(kind)  # a rubric adopted since may lack it
        if sheet is not None:
            rows = tuple(
                (item.label.get(LANG), str(item.max), means[key]) for key, item in sheet.items.items() if key in means
            )
            yield Group(sheet.title.get(LANG), (Piece("table", "", heads=heads, rows=rows),))


def _texts(told: Mapping[str, Any]) -> Iterator[Group]:
    comments = [text for _, text in told["comments"]]
    if comments:
        pieces = (Piece("long", word(LANG, "feedback.comment_n", n=n), text) for n, text in enumerate(comments, 1))
        yield Group(_said("comments"), tuple(pieces))
    if told["note"]:
        yield Group(_said("note"), (Piece("long", _said("note"), told["note"]),))


def _said(name: str) -> str:
    return word(LANG, f"feedback.{name}")
