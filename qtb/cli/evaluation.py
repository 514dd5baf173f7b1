"""`qtb evaluation`: what the judges' scores of a work come to, by the code that the year is reckoned with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click

from qtb.cli import json_file
from qtb.cli.commands import Group
from qtb.cli.context import as_option, opened, organiser, refused
from qtb.cli.context import cycle as cycle_of
from qtb.cli.form import PROGRAMME, definition_of
from qtb.documents import form_pdf
from qtb.documents import justification as documents
from qtb.domain.aggregation import Result, Score, aggregate
from qtb.domain.errors import Invalid
from qtb.domain.rubric import Rubric
from qtb.services import justification, panels


@click.group(cls=Group)
def evaluation() -> None:
    """Reckon with score sheets."""


@evaluation.command("aggregate")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@PROGRAMME
def aggregate_file(file: str, programme: str | None) -> None:
    """Reckon the result of one work's sheet (a JSON file); numbers with decimals come as texts."""
    with refused():
        rubric, given = definition_of(programme).rubric, json_file.read(file)
        sheet = _sheet(rubric, given)
        result = aggregate(_scores(given), rubric, sheet)
    click.echo(json.dumps(as_json(result), ensure_ascii=False, indent=2))


@evaluation.command()
@click.argument("cycle")
@click.argument("file", type=click.Path(dir_okay=False, writable=True))
@click.option("--number", default="")
@as_option
def justify(cycle: str, file: str, number: str, email: str) -> None:
    """Write why the works of a year have their results (a workbook), or one work with --number (a PDF)."""
    with opened() as qtb:
        organiser(qtb.session, email)
        year = cycle_of(qtb.session, cycle)
        if number:
            paper = documents.paper(*justification.of_work(qtb.session, year, number), year)
            body = form_pdf.written(paper)
        else:
            named = {one.key: one.label.zh for one in panels.categories(year)}
            body = documents.workbook(justification.of_year(qtb.session, year), year, named)
        Path(file).write_bytes(body)


def as_json(result: Result) -> dict[str, Any]:
    """Return a result as JSON: how many counted, who was left out, the mean as a decimal text, what calls for talk."""
    return {
        "valid": result.n_valid, "used": result.n_used, "dropped_high": list(result.dropped_high),
        "dropped_low": list(result.dropped_low), "mean": None if result.mean is None else str(result.mean),
        "flags": list(result.flags), "far": list(result.far),
        "scores": [
            {"judge": one.judge, "total": None if one.total is None else str(one.total), "fate": result.fate(one)}
            for one in result.scores
        ],
    }  # fmt: skip


def _sheet(rubric: Rubric, given: Mapping[str, Any]) -> str:
    sheet = given.get("sheet")
    if not isinstance(sheet, str) or sheet not in rubric.sheets:
        raise Invalid("unknown_sheet", name=str(sheet)[:40], known=", ".join(rubric.sheets))
    return sheet


def _scores(given: Mapping[str, Any]) -> list[Score]:
    scores = given.get("scores")
    if not isinstance(scores, list) or not all(isinstance(one, Mapping) for one in scores):
        raise Invalid("scores_list")
    return [_score(one) for one in scores]


def _score(one: Mapping[str, Any]) -> Score:
    judge, is_recused = one.get("judge"), one.get("recused", False)
    if not isinstance(judge, str) or not judge or not isinstance(is_recused, bool):
        raise Invalid("score_judge")
    return Score(judge, _total(one.get("total"), judge), is_recused)


def _total(text: Any, judge: str) -> Decimal | None:
    if text is None or text == "":
        return None
    try:
        number = Decimal(text if isinstance(text, str) else str(text)) if len(str(text)) <= 20 else None
    except InvalidOperation:
        number = None
    if number is None or isinstance(text, bool) or not number.is_finite():
        raise Invalid("score_total", judge=judge[:40], total=str(text)[:40])
    return number
