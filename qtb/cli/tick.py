"""`qtb tick`: one sweep by hand, then the letters that are due."""

from __future__ import annotations

from datetime import datetime

import click

from qtb import clock, demo_clock
from qtb.cli.commands import Worded, lang, say
from qtb.cli.context import INSTANT, Opened, cycle, opened, stop
from qtb.i18n import failure
from qtb.services import outbox, reminders, sweep
from qtb.services.outbox import Post
from qtb.services.reminders import Reminded
from qtb.services.sweep import Swept


@click.command(cls=Worded)
@click.option("--now", "given", type=INSTANT)
@click.option("--until", "travel_to", type=INSTANT)
def tick(given: datetime | None, travel_to: datetime | None) -> None:
    """Let the clock do what it owes, and send what is due; exit 1 when a part of it failed."""
    with opened() as qtb:
        if travel_to is not None:
            _travel(qtb, travel_to)
            return
        post, now = Post.of(qtb.app.config), given or qtb.now()
        if now > qtb.now() and not qtb.demo:
            raise click.UsageError(say("cli.no_future"))  # it would give results away before their instant
        swept = sweep.sweep(qtb.session, now=now)
        for one in swept:
            label = cycle(qtb.session, one.cycle).definition.workflow.transitions[one.transition].label
            click.echo(_line(one, label.get(lang())), err=bool(one.failure))
        if not swept:
            click.echo(say("cli.nothing_due", at=clock.shown(now, lang())))
        reminded = reminders.remind(qtb.session, now=now)
        for done in reminded:
            click.echo(_reminder_line(done), err=bool(done.failure))
        left = outbox.deliver(qtb.session, post=post, now=now)
        click.echo(say("cli.delivered", sent=left.n_sent, kept=left.n_kept, failed=left.n_failed))
        if any(one.failure for one in swept) or any(one.failure for one in reminded):
            stop(say("cli.sweep_failed"))


def _travel(qtb: Opened, until: datetime) -> None:
    if not qtb.demo:
        raise click.UsageError(say("cli.until_needs_demo"))
    done = demo_clock.travel(qtb.session, demo_clock.at(until), post=Post.of(qtb.app.config))
    at = clock.shown(done.now, lang())
    click.echo(say("demo.travelled", at=at, moved=done.n_moved, letters=done.n_letters))


def _line(one: Swept, label: str) -> str:
    if one.failure or one.due_at is None:
        return say("cli.slice_failed", cycle=one.cycle, move=label, why=failure(one.failure, lang()))
    return say("cli.swept", cycle=one.cycle, move=label, n=one.n_moved, due=clock.shown(one.due_at, lang()))


def _reminder_line(done: Reminded) -> str:
    if done.failure:
        return say("cli.slice_failed", cycle=done.cycle, move=done.reminder, why=failure(done.failure, lang()))
    return say("cli.reminded", cycle=done.cycle, reminder=done.reminder, n=done.n_queued)
