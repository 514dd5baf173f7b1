"""`qtb suspend` and `qtb resume`: stop a submission's clock, and let it go on."""

from __future__ import annotations

import click

from qtb import clock
from qtb.cli.commands import Worded, lang, say
from qtb.cli.context import actor, as_option, opened, submission
from qtb.services import suspension
from qtb.store.unit import unit


@click.command(cls=Worded)
@click.argument("number")
@click.option("--reason", required=True)
@click.option("--cycle", "cycle_key")
@as_option
def suspend(number: str, reason: str, cycle_key: str | None, email: str) -> None:
    """Stop a submission's clock until it is told to go on."""
    with opened() as qtb:
        session, now = qtb.session, qtb.now()
        who = actor(session, email)
        row = submission(session, number, who=who, cycle_key=cycle_key)
        with unit(session):
            suspension.suspend(session, row, actor=who, now=now, reason=reason)
        click.echo(say("suspension.suspended", number=number))


@click.command(cls=Worded)
@click.argument("number")
@click.option("--reason", required=True)
@click.option("--cycle", "cycle_key")
@as_option
def resume(number: str, reason: str, cycle_key: str | None, email: str) -> None:
    """Let a submission's clock go on, and say which days are given back."""
    with opened() as qtb:
        session, now = qtb.session, qtb.now()
        who = actor(session, email)
        row = submission(session, number, who=who, cycle_key=cycle_key)
        titles = {name: say(key) for name, key in suspension.OWN.items()}
        titles |= {one.key: one.title for one in row.cycle.rows}
        with unit(session):
            own = suspension.own_dates(session, row, now=now)
            granted = suspension.resume(session, row, actor=who, now=now, reason=reason)
            ends = [*((one.row_key, one.until) for one in granted), *own.items()]
            given = [(titles.get(key, key), until) for key, until in ends]
        click.echo(say("suspension.resumed", number=number))
        for title, until in given:
            click.echo(say("suspension.until", row=title, until=clock.shown(until, lang(), is_end=True)))
