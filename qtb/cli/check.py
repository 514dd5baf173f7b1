"""`qtb check`: the self-check, each finding with the row it is about."""

from __future__ import annotations

import click
from flask import current_app

from qtb import clock
from qtb.cli.commands import Worded, say
from qtb.cli.context import opened, refused, stop
from qtb.services import check as service
from qtb.services import files
from qtb.store.objects import storage as kept


@click.command(cls=Worded)
@click.option("--sweep-files", is_flag=True)
def check(sweep_files: bool) -> None:
    """Check what must hold at every moment; exit 1 when something does not."""
    with opened() as qtb, refused():
        report, storage = service.check(qtb.session, now=qtb.now()), kept(str(current_app.config["FILES"]))
        if sweep_files:
            click.echo(say("cli.files_swept", n=files.sweep(qtb.session, storage, now=clock.real())))
        broken = [service.Finding("I6", *one) for one in files.check(qtb.session, storage, now=clock.real())]
        report.findings.extend(broken)
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
