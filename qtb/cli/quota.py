"""`qtb cycle quota`: how many works a recommending unit may put forward in a year."""

from __future__ import annotations

import click

from qtb.cli.commands import Worded, say
from qtb.cli.context import as_option, opened, organiser, unit_named
from qtb.cli.context import cycle as cycle_of
from qtb.services import quotas
from qtb.store.unit import unit


@click.command(cls=Worded)
@click.argument("key")
@click.argument("unit_name", metavar="UNIT")
@click.argument("n", type=click.IntRange(0, quotas.MOST), required=False)
@click.option("--mode", type=click.Choice(["warn", "block"]), default=None)
@as_option
def quota(key: str, unit_name: str, n: int | None, mode: str | None, email: str) -> None:
    """Set the quota of a recommending unit in a year; without a number there is none any longer."""
    with opened() as qtb:
        who = organiser(qtb.session, email)
        with unit(qtb.session) as work:
            group = unit_named(work, unit_name)
            quotas.set_quota(work, cycle_of(work, key), group, n, mode=mode or "", actor=who, now=qtb.now())
        click.echo(say("quota.none" if n is None else "quota.is", unit=unit_name, n=n or 0))
