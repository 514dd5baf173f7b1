"""`qtb undo`: take a submission's last move back, with a reason."""

from __future__ import annotations

import click

from qtb.cli.commands import Worded, say
from qtb.cli.context import actor, as_option, opened, submission
from qtb.services import undo as service
from qtb.store.unit import unit


@click.command(cls=Worded)
@click.argument("number")
@click.option("--reason", required=True)
@click.option("--cycle", "cycle_key")
@as_option
def undo(number: str, reason: str, cycle_key: str | None, email: str) -> None:
    """Take the last move back, where the definition allows it."""
    with opened() as qtb:
        session, now = qtb.session, qtb.now()
        who = actor(session, email)
        row = submission(session, number, who=who, cycle_key=cycle_key)
        with unit(session):
            service.undo(session, row, actor=who, now=now, reason=reason)
        label = row.cycle.definition.workflow.states[row.state].label
        click.echo(say("cli.moved", number=row.number, team=row.team_name, state=label))
