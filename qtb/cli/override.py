"""`qtb override`: the organiser puts a submission into a state against the rules, with a reason."""

from __future__ import annotations

import click

from qtb.cli.commands import Worded, say
from qtb.cli.context import as_option, opened, organiser, submission
from qtb.services import override as overriding
from qtb.store.unit import unit


@click.command(cls=Worded)
@click.argument("number")
@click.argument("state")
@click.option("--reason", required=True)
@click.option("--cycle", "cycle_key")
@as_option
def override(number: str, state: str, reason: str, cycle_key: str | None, email: str) -> None:
    """Put a submission into any state; the history says that it was an override, and why."""
    with opened() as qtb:
        session, now = qtb.session, qtb.now()
        who = organiser(session, email)
        row = submission(session, number, who=who, cycle_key=cycle_key)
        with unit(session):
            overriding.override(
                session, state, cycle=row.cycle, submission_id=row.id, actor=who, now=now, reason=reason
            )
        label = row.cycle.definition.workflow.states[row.state].label
        click.echo(say("cli.moved", number=row.number, team=row.team_name, state=label))
