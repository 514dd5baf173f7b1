"""`qtb cycle`: a year: opened from its notice, shown; how its dates are moved stands in qtb/cli/dates.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import func, select

from qtb.cli.commands import Group, lang, say
from qtb.cli.context import INSTANT, as_option, opened, organiser, table
from qtb.cli.context import cycle as cycle_of
from qtb.cli.dates import extend, extension_line, row, rows_table, shift, unextend
from qtb.cli.quota import quota
from qtb.cli.rehearse import rehearse
from qtb.domain.errors import Invalid
from qtb.domain.notice import Notice
from qtb.services import definitions, notices
from qtb.services.notices import Row
from qtb.store import cycles as store
from qtb.store import plans
from qtb.store.submissions import Submission, counts_by_state
from qtb.store.unit import unit


@click.group(cls=Group)
def cycle() -> None:
    """See, open and move a year."""


cycle.add_command(rehearse)
for dated in (row, shift, extend, unextend, quota):
    cycle.add_command(dated)


@cycle.command("list")
def list_() -> None:
    """List the years."""
    with opened() as qtb:
        entered = select(Submission.cycle_id, func.count()).group_by(Submission.cycle_id)
        counts = {cycle_id: n for cycle_id, n in qtb.session.execute(entered)}  # noqa: C416 (typed)
        found = store.all_cycles(qtb.session)
        lines = [[one.key, str(one.year), one.title, str(counts.get(one.id, 0))] for one in found]
        table([say(f"cli.column.{name}") for name in ("key", "year", "title", "entries")], lines)


@cycle.command()
@click.argument("key")
def show(key: str) -> None:
    """Print a year: its rows, the extensions, and how many entries stand where."""
    with opened() as qtb:
        found = cycle_of(qtb.session, key)
        click.echo(f"{found.key}  {found.title}")
        rows_table(found.rows)
        for one in reversed(plans.granted(qtb.session, found.id)):
            click.echo(extension_line(one))
        counts = counts_by_state(qtb.session, found.id)
        for key, state in found.definition.workflow.states.items():
            if key in counts:
                click.echo(say("cli.in_state", state=state.label, n=counts[key]))


@cycle.command("open")
@click.option("--notice", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True)
@click.option("--key", required=True)
@click.option("--programme", default="qtb", show_default=True)
@click.option("--year", type=click.IntRange(1990, 2100))
@click.option("--title")
@click.option("--held", "helds", multiple=True, metavar="ROW=INSTANT")
@as_option
def open_(
    file: Path, key: str, programme: str, year: int | None, title: str | None, helds: tuple[str, ...], email: str
) -> None:
    """Open a year from its notice: read, match each row to an item, confirm. Doubts are printed."""
    with opened() as qtb:
        who, now, session = organiser(qtb.session, email), qtb.now(), qtb.session
        definition, read = definitions.load(programme), _read(file, year)
        with unit(session):
            draft = notices.read_draft(
                session, name=file.name, notice=read, programme=programme, actor=who, now=now
            )
            rows = _with_instants(notices.suggested_rows(definition, draft), _instants(helds))
            made = notices.confirm(
                session, draft, key=key, title=title or read.title or key, year=year or read.year or now.year,
                rows=notices.as_planned(definition, rows), actor=who, now=now,
            )  # fmt: skip
        for doubt in read.warnings:
            click.echo(doubt.message(lang()), err=True)
        click.echo(say("cli.cycle_opened", cycle=made.key, title=made.title, n=len(rows)))


def _read(file: Path, year: int | None) -> Notice:
    from qtb.documents.notices import read_file

    return read_file(file.read_bytes(), file.name, year=year)


def _instants(helds: Sequence[str]) -> dict[str, datetime]:
    found = {}
    for one in helds:
        key, is_given, text = one.partition("=")
        if not is_given:
            raise click.BadParameter(say("cli.held", text=one[:60]), param_hint="--held")
        found[key.strip()] = INSTANT.convert(text, None, click.get_current_context())
    return found


def _with_instants(rows: Sequence[Row], instants: dict[str, datetime]) -> list[Row]:
    unknown = set(instants) - {row.key for row in rows}
    if unknown:
        raise Invalid("cli_row", row=sorted(unknown)[0][:40])
    return [replace(row, held_at=instants.get(row.key, row.held_at)) for row in rows]
