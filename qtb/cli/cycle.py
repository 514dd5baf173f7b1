"""`qtb cycle`: a year: opened from its notice, shown, its rows moved and extended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import func, select

from qtb import clock
from qtb.cli.commands import Group, lang, say
from qtb.cli.context import END, INSTANT, Opened, as_option, opened, organiser, submission, table, unit_named
from qtb.cli.context import cycle as cycle_of
from qtb.domain.errors import Invalid
from qtb.domain.notice import Notice
from qtb.services import cycles, definitions, notices
from qtb.services.cycles import Planned
from qtb.services.notices import Row
from qtb.store import cycles as store
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle, Extension, TimelineRow
from qtb.store.submissions import Submission, counts_by_state
from qtb.store.unit import unit


@click.group(cls=Group)
def cycle() -> None:
    """See, open and move a year."""


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
        _table(found.rows)
        for one in qtb.session.scalars(select(Extension).filter_by(cycle_id=found.id).order_by(Extension.id)):
            click.echo(_extension(qtb, one))
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


@cycle.command()
@click.argument("key")
@click.argument("row_key", metavar="ROW")
@click.option("--opens", type=INSTANT)
@click.option("--closes", type=END)
@click.option("--held", type=INSTANT)
@click.option("--reason", required=True)
@as_option
def row(
    key: str, row_key: str, opens: datetime | None, closes: datetime | None, held: datetime | None, reason: str,
    email: str,
) -> None:  # fmt: skip
    """Move a row's dates; what is not given stays as it is."""
    with opened() as qtb:
        if not (opens or closes or held):
            raise click.UsageError(say("cli.row_nothing"))
        who, found = organiser(qtb.session, email), cycle_of(qtb.session, key)
        before, seen = _row(found, row_key), found.version
        planned = Planned(
            row_key, before.seq, before.title, opens or before.opens_at, closes or before.closes_at,
            held or before.held_at,
        )  # fmt: skip
        with unit(qtb.session):
            cycles.change_row(qtb.session, found, planned, actor=who, now=qtb.now(), reason=reason, seen=seen)
        _table([_row(found, row_key)])


@cycle.command()
@click.argument("key")
@click.argument("row_key", metavar="ROW")
@click.option("--until", type=END, required=True)
@click.option("--reason", required=True)
@click.option("--submission", "number")
@click.option("--unit", "unit_name")
@as_option
def extend(
    key: str, row_key: str, until: datetime, reason: str, number: str | None, unit_name: str | None, email: str
) -> None:
    """Let a row end later: for one submission, one unit, or all."""
    with opened() as qtb:
        if number and unit_name:
            raise click.UsageError(say("cli.one_reach"))
        session = qtb.session
        who, found = organiser(session, email), cycle_of(session, key)
        one = submission(session, number, who=who, cycle_key=key) if number else None
        where = unit_named(session, unit_name) if unit_name else None
        with unit(session):
            granted = cycles.extend(
                session, found, row_key=row_key, until=until, reason=reason, actor=who, now=qtb.now(),
                submission=one, unit=where,
            )  # fmt: skip
        click.echo(_extension(qtb, granted))


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


def _row(found: Cycle, row_key: str) -> TimelineRow:
    for one in found.rows:
        if one.key == row_key:
            return one
    raise Invalid("cli_row", row=row_key[:40])


def _table(rows: Sequence[TimelineRow]) -> None:
    headings = ("seq", "key", "title", "opens", "closes", "held", "party")
    table([say(f"cli.column.{name}") for name in headings], [_line(one) for one in rows])


def _line(one: TimelineRow) -> list[str]:
    held = clock.shown(one.held_at, lang()) if one.held_at else ""
    opens = clock.shown(one.opens_at, lang()) if one.opens_at else ""
    closes = clock.shown(one.closes_at, lang(), is_end=True) if one.closes_at else ""
    return [str(one.seq), one.key, one.title, opens, closes, held, one.party]


def _extension(qtb: Opened, one: Extension) -> str:
    reach = say("cli.for_all")
    if one.submission_id is not None:
        reach = qtb.session.get_one(Submission, one.submission_id).number
    elif one.unit_id is not None:
        reach = qtb.session.get_one(Unit, one.unit_id).name
    until = clock.shown(one.until, lang(), is_end=True)
    return say("cli.extended", row=one.row_key, until=until, reach=reach, reason=one.reason)
