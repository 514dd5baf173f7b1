"""Moving a year's dates from the command line: a row, the whole year, an extension; `--dry-run` only says what for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import click
from sqlalchemy.orm import Session

from qtb import clock
from qtb.cli.commands import Worded, lang, say
from qtb.cli.context import END, INSTANT, Opened, as_option, opened, organiser, stop, submission, table, unit_named
from qtb.cli.context import cycle as cycle_of
from qtb.cli.plan_words import told
from qtb.domain.errors import Invalid
from qtb.domain.roles import Actor
from qtb.services import plans, shifts
from qtb.services.cycles import MAX_GRACE, as_planned
from qtb.services.plans import Asked
from qtb.store import plans as store
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle, Extension, TimelineRow
from qtb.store.submissions import Submission
from qtb.store.unit import unit


def foreseeing(command: Any) -> Any:
    """Add what every change of dates is asked: why, only to say what it would do, to mean it, to tell nobody."""
    for option in (
        click.option("--quiet", is_flag=True),
        click.option("--yes", "sure", is_flag=True),
        click.option("--dry-run", is_flag=True),
        click.option("--reason", default=""),
    ):
        command = option(command)
    return command


@click.command(cls=Worded)
@click.argument("key")
@click.argument("row_key", metavar="ROW")
@click.option("--opens", type=INSTANT)
@click.option("--closes", type=END)
@click.option("--held", type=INSTANT)
@click.option("--grace", type=click.IntRange(0, MAX_GRACE), metavar="MINUTES")
@foreseeing
@as_option
def row(
    key: str, row_key: str, opens: datetime | None, closes: datetime | None, held: datetime | None, grace: int | None,
    email: str, **how: Any,
) -> None:  # fmt: skip
    """Move a row's dates; what is not given stays as it is."""
    with opened() as qtb:
        if not (opens or closes or held) and grace is None:
            raise click.UsageError(say("cli.row_nothing"))
        found = cycle_of(qtb.session, key)
        before = as_planned(row_of(found, row_key))
        planned = replace(
            before, opens_at=opens or before.opens_at, closes_at=closes or before.closes_at,
            held_at=held or before.held_at, grace_minutes=before.grace_minutes if grace is None else grace,
        )  # fmt: skip
        if _moved(qtb, found, Asked((planned,)), email=email, **how):
            rows_table([row_of(found, row_key)])


@click.command(cls=Worded)
@click.argument("key")
@click.option("--days", type=click.IntRange(-366, 366), default=0)
@click.option("--hours", type=click.IntRange(-8_784, 8_784), default=0)
@click.option("--from", "from_row", metavar="ROW", default="")
@foreseeing
@as_option
def shift(key: str, days: int, hours: int, from_row: str, email: str, **how: Any) -> None:
    """Move every date of a year that is still to come by one delta."""
    with opened() as qtb:
        found = cycle_of(qtb.session, key)
        if from_row:
            row_of(found, from_row)
        by = timedelta(days=days, hours=hours)
        asked = plans.shifted(qtb.session, found, by, now=qtb.now(), from_row=from_row)
        if _moved(qtb, found, asked, email=email, **how):
            keys = {one.key for one in asked.rows}
            rows_table([one for one in found.rows if one.key in keys])


@click.command(cls=Worded)
@click.argument("key")
@click.argument("row_key", metavar="ROW")
@click.option("--until", type=END, required=True)
@click.option("--submission", "number")
@click.option("--unit", "unit_name")
@foreseeing
@as_option
def extend(
    key: str, row_key: str, until: datetime, number: str | None, unit_name: str | None, email: str, **how: Any
) -> None:
    """Let a row end later: for one submission, one unit, or all."""
    with opened() as qtb:
        session = qtb.session
        who, found = organiser(session, email), cycle_of(session, key)
        one, where = _reached(session, found, who, number, unit_name)
        asked = Asked(row_key=row_key, until=until, submission=one, unit=where)
        if _moved(qtb, found, asked, email=email, **how):
            click.echo(extension_line(store.granted(session, found.id)[0]))


@click.command(cls=Worded)
@click.argument("key")
@click.argument("row_key", metavar="ROW")
@click.option("--until", type=END)
@click.option("--submission", "number")
@click.option("--unit", "unit_name")
@foreseeing
@as_option
def unextend(
    key: str, row_key: str, until: datetime | None, number: str | None, unit_name: str | None, email: str, **how: Any
) -> None:
    """Take the later end of a row back, or let it end earlier: that of one submission, one unit, or all."""
    with opened() as qtb:
        session = qtb.session
        who, found = organiser(session, email), cycle_of(session, key)
        one, where = _reached(session, found, who, number, unit_name)
        given = shifts.latest(session, found.id, row_key, one.id if one else None, where.id if where else None)
        if _moved(qtb, found, plans.taken_back(session, given, until), email=email, **how):
            click.echo(extension_line(store.granted(session, found.id, Extension.id == given.id)[0]))


def _reached(
    session: Session, found: Cycle, who: Actor, number: str | None, unit_name: str | None
) -> tuple[Submission | None, Unit | None]:
    """Return the submission or the unit that is named; neither is everybody."""
    if number is not None and unit_name is not None:
        raise click.UsageError(say("cli.one_reach"))
    one = submission(session, number, who=who, cycle_key=found.key) if number is not None else None
    return one, unit_named(session, unit_name) if unit_name is not None else None


def row_of(found: Cycle, row_key: str) -> TimelineRow:
    """Return a year's row. Raises Invalid."""
    for one in found.rows:
        if one.key == row_key:
            return one
    raise Invalid("cli_row", row=row_key[:40])


def rows_table(rows: Sequence[TimelineRow]) -> None:
    """Print rows as a table."""
    headings = ("seq", "key", "title", "opens", "closes", "held", "party")
    table([say(f"cli.column.{name}") for name in headings], [_line(one) for one in rows])


def extension_line(granted: Any) -> str:
    """Return an extension in one line: to what, until when, for whom, why."""
    one, number, group, _ = granted
    if not one.is_held:
        return say("cli.extension_ended", row=one.row_key, reach=number or group or say("cli.for_all"))
    until = clock.shown(one.until, lang(), is_end=True)
    return say(
        "cli.extended", row=one.row_key, until=until, reach=number or group or say("cli.for_all"), reason=one.reason
    )


def _moved(
    qtb: Opened, found: Cycle, asked: Asked, *, email: str, reason: str, dry_run: bool, sure: bool, quiet: bool
) -> bool:
    """Apply a change, or only print what it would do; tell whether it was applied."""
    session, now = qtb.session, qtb.now()
    who, seen = organiser(session, email), found.version
    if not (dry_run or reason):
        raise click.MissingParameter(param_hint="--reason", param_type="option")
    plan = plans.foresee(session, found, asked, now=now).plan
    if dry_run or plan.is_grave:
        told(found, plan)
    if dry_run:
        click.echo(say("plan.dry"))
        return False
    if plan.is_grave and not (sure or plan.errors):
        stop(say("cli.plan_unsure"))
    with unit(session):
        plans.apply(
            session, found, asked, seen=seen, shown=plan.mark, actor=who, now=now, reason=reason, tell=not quiet,
            sure=sure,
        )  # fmt: skip
    return True


def _line(one: TimelineRow) -> list[str]:
    held = clock.shown(one.held_at, lang()) if one.held_at else ""
    opens = clock.shown(one.opens_at, lang()) if one.opens_at else ""
    closes = clock.shown(one.closes_at, lang(), is_end=True) if one.closes_at else ""
    if one.grace_minutes:
        closes = f"{closes} +{say('plan.minutes', n=one.grace_minutes)}"
    return [str(one.seq), one.key, one.title, opens, closes, held, one.party]
