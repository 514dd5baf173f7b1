"""`qtb check`: the self-check, each finding with the row it is about."""

from __future__ import annotations

import click

from qtb.cli.commands import Worded, say
from qtb.cli.context import opened, stop
from qtb.services import check as service


@click.command(cls=Worded)
def check() -> None:
    """Check what must hold at every moment; exit 1 when something does not."""
    with opened() as qtb:
        report = service.check(qtb.session, now=qtb.now())
        for one in report.findings:
            click.echo(f"{one.code}  {one.row}  {say(f'check.{one.what}')}", err=True)
        click.echo(
            say(
                "cli.checked", history=report.n_history, submissions=report.n_submissions, sheets=report.n_sheets,
                letters=report.n_letters,
            )
        )  # fmt: skip
        if report.findings:
            stop(say("cli.check_bad", n=len(report.findings)))
        click.echo(say("cli.check_good"))
