"""`qtb cycle rehearse`: a whole year over made-up cases, before it opens."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask import render_template

from qtb.cli.commands import Worded, lang, say
from qtb.cli.context import make_app, opened, refused, stop, table
from qtb.domain import rehearsal_picture
from qtb.domain.errors import Invalid
from qtb.domain.rehearsal_report import Day, Refused
from qtb.i18n import failure
from qtb.services import rehearsal, rehearsal_year
from qtb.services.rehearsal_year import Year

RARELY = 50_000, 20, 100  # how often the collector goes round: what a rehearsal makes by the million is soon gone
Labels = Mapping[str, Mapping[str, str]]


@click.command(cls=Worded)
@click.argument("key", required=False)
@click.option("--programme", default="qtb", show_default=True)
@click.option("--submissions", type=int, default=500, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True)
@click.option("--svg", "picture", type=click.Path(dir_okay=False, path_type=Path))
def rehearse(
    key: str | None, programme: str, submissions: int, seed: int, as_json: bool, picture: Path | None
) -> None:
    """Rehearse a year, or (without KEY) the one in the notice beside the definition; nothing is kept."""
    with refused():
        if picture and not os.access(picture.parent, os.W_OK):  # said before the year is run, not after
            raise Invalid("cli_folder", name=str(picture.parent)[:200])
        year = _year(key, programme)
        with _rarely_collected():
            report = rehearsal.rehearse(year, n_submissions=submissions, seed=seed)
        found = report.as_json(year.definition)
        if picture:
            picture.write_text(_drawn(found), "utf-8")
        if as_json:
            click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        else:
            _tell(found, [day for day in report.days if not day.is_quiet])
        wrong = [*map(_worded, report.findings.failures), *report.findings.check]
        if wrong or report.findings.audit:
            stop(*wrong, say("cli.check_bad", n=len(wrong) or report.findings.audit))


@contextmanager
def _rarely_collected() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(*RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _worded(line: str) -> str:
    name, colon, why = line.partition(": ")
    return f"{name}{colon}{failure(why, lang())}"


def _year(key: str | None, programme: str) -> Year:
    if key is None:
        return rehearsal_year.of_notice(programme)
    with opened() as qtb:
        return rehearsal_year.of_cycle(qtb.session, key)


def _drawn(found: Mapping[str, Any]) -> str:
    with make_app().app_context():
        return render_template(
            "admin/rehearsal.svg", picture=rehearsal_picture.draw(found, lang()), title=found["title"], lang=lang()
        )  # fmt: skip


def _tell(found: Mapping[str, Any], days: list[Day]) -> None:
    labels = _labels(found)
    for day in days:
        click.echo(day.date.isoformat())
        if day.entered:
            click.echo("  " + say("rehearsal.entered", n=day.entered))
        for line in _lines(day, labels):
            click.echo("  " + line)
    click.echo(say("rehearsal.at_end"))
    last = found["totals"]["states"]
    lines = [[label, str(last[key])] for key, label in labels["states"].items() if key in last]
    table([say("rehearsal.state"), say("rehearsal.n")], lines)
    for line in _findings(found["findings"], labels):
        click.echo("! " + line)
    click.echo(
        say(
            "rehearsal.ran", n=found["n_submissions"], seed=found["seed"], history=found["n_history"],
            letters=found["n_letters"], seconds=found["seconds"],
        )
    )  # fmt: skip


def _labels(found: Mapping[str, Any]) -> Labels:
    return {name: {key: one[lang()] for key, one in labels.items()} for name, labels in found["labels"].items()}


def _lines(day: Day, labels: Labels) -> list[str]:
    moves = labels["transitions"]
    return [
        *(say("rehearsal.moved", move=moves[key], n=day.moves[key]) for key in moves if key in day.moves),
        *("→ " + say("rehearsal.letter", letter=say(f"letter.{key}"), n=n) for key, n in day.letters.items()),
        *(_refusal(one, labels) for one in day.refusals),
    ]


def _refusal(one: Refused, labels: Labels) -> str:
    move, row = labels["transitions"].get(one.transition) or say("rehearsal.entry"), labels["rows"].get(one.row, "–")
    return say("rehearsal.refused", move=move, why=say(f"rehearsal.reason.{one.reason}"), row=row, n=one.n)


def _findings(what: Mapping[str, Any], labels: Labels) -> list[str]:
    states, rows = labels["states"], labels["rows"]
    occupied = [one for one in what["occupied"] if not one["rests"]]
    return [
        *([say("rehearsal.undecided", n=what["undecided"])] if what["undecided"] else []),
        *(say("rehearsal.occupied", state=states[one["state"]], n=one["n"]) for one in occupied),
        *(say("rehearsal.idle", row=rows.get(row, row)) for row in what["idle_rows"]),
        *([say("rehearsal.unaddressed", n=what["unaddressed"])] if what["unaddressed"] else []),
        *(say("rehearsal.refused_row", row=rows[row], n=n) for row in rows if (n := what["refused_rows"].get(row))),
    ]
