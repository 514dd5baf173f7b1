"""`qtb tick`: one sweep by hand, then the letters that are due."""

from __future__ import annotations

from datetime import datetime

import click

from qtb import clock
from qtb.cli.commands import Worded, lang, say
from qtb.cli.context import INSTANT, cycle, opened, stop
from qtb.services import outbox, sweep
from qtb.services.outbox import Post
from qtb.services.sweep import Swept


@click.command(cls=Worded)
@click.option("--now", "given", type=INSTANT)
def tick(given: datetime | None) -> None:
    """Let the clock do what it owes, and send what is due; exit 1 when a part of it failed."""
    with opened() as qtb:
        post, now = Post.of(qtb.app.config), given or qtb.now()
        if now > qtb.now() and not qtb.demo:
            raise click.UsageError(say("cli.no_future"))  # it would give results away before their instant
        swept = sweep.sweep(qtb.session, now=now)
        for one in swept:
            label = cycle(qtb.session, one.cycle).definition.workflow.transitions[one.transition].label
            click.echo(_line(one, label.get(lang())), err=bool(one.failure))
        if not swept:
            click.echo(say("cli.nothing_due", at=clock.shown(now, lang())))
        done = outbox.deliver(qtb.session, post=post, now=now)
        click.echo(say("cli.delivered", sent=done.n_sent, kept=done.n_kept, failed=done.n_failed))
        if any(one.failure for one in swept):
            stop(say("cli.sweep_failed"))


def _line(one: Swept, label: str) -> str:
    if one.failure:
        return say("cli.slice_failed", cycle=one.cycle, move=label, why=one.failure)
    return say("cli.swept", cycle=one.cycle, move=label, n=one.n_moved, due=clock.shown(one.due_at, lang()))
