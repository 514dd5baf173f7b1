"""`qtb ledger`: what the clock did at each edge of a year; and trying again what it has set aside."""

from __future__ import annotations

import click

from qtb import clock
from qtb.cli.commands import Group, Worded, lang, say
from qtb.cli.context import as_option, cycle, opened, organiser, stop, submission, table
from qtb.domain.definition import Definition
from qtb.i18n import failure
from qtb.services import ledger as service
from qtb.services import sweep
from qtb.services.ledger import Line, Moved
from qtb.store import ledger_reads as reads
from qtb.store.unit import unit

MOST = 200


class _KeyOrCommand(Group):
    """`qtb ledger KEY` shows a year's ledger; `qtb ledger retry NUMBER` is a command of its own."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take a first word that is no command as the key of a year."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["show", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=_KeyOrCommand)
def ledger() -> None:
    """See what the clock did and will do at each edge of a year, and try again what failed."""


@ledger.command(cls=Worded)
@click.argument("key")
def show(key: str) -> None:
    """Show every edge of a year in order, and what is set aside."""
    with opened() as qtb:
        found, now = cycle(qtb.session, key), qtb.now()
        lines = [_line(found.definition, one) for one in service.told(qtb.session, found, now=now)]
        table([say(f"ledger.{name}") for name in ("due", "edge", "done", "moved")], lines)
        for one in reads.aside(qtb.session, found.id, limit=MOST):
            retry_at = clock.shown(one.retry_at, lang())
            number, error = one.submission.number, one.error
            click.echo(say("cli.ledger_aside", number=number, tries=one.n_tries, error=error, at=retry_at), err=True)


@ledger.command(cls=Worded)
@click.argument("number")
@click.option("--cycle", "cycle_key")
@as_option
def retry(number: str, cycle_key: str | None, email: str) -> None:
    """Try at once what the clock has set aside of a submission; exit 1 when it failed again."""
    with opened() as qtb:
        session, now = qtb.session, qtb.now()
        who = organiser(session, email)
        row = submission(session, number, who=who, cycle_key=cycle_key)
        submission_id = row.id
        with unit(session):
            service.try_again(session, row, actor=who, now=now)
        sweep.sweep(session, now=now)
        error = reads.error_of(session, submission_id)
        if error:
            stop(say("ledger.failed_again", number=number, error=error))
        click.echo(say("ledger.went_on", number=number))


@ledger.command("retry-all", cls=Worded)
@click.argument("key")
@as_option
def retry_all(key: str, email: str) -> None:
    """Try at once all that the clock has set aside in a year; exit 1 when some failed again."""
    with opened() as qtb:
        session, now = qtb.session, qtb.now()
        who, found = organiser(session, email), cycle(session, key)
        cycle_id = found.id
        with unit(session):
            n = service.try_all_again(session, found, actor=who, now=now)
        sweep.sweep(session, now=now)
        left = sum(reads.n_aside(session, cycle_id).values())
        said = say("ledger.all_tried", n=n, left=left)
        if left:
            stop(said)
        click.echo(said)


def _line(definition: Definition, line: Line) -> list[str]:
    due = clock.shown(line.due, lang(), is_end=line.edge != "opens") if line.due else "–"
    edge = say(f"ledger.edge_{line.edge}") if line.edge else "–"
    done = clock.shown(line.done_at, lang()) if line.done_at else say(f"ledger.phase_{line.phase}")
    moved = "; ".join(_moved(definition, one, line) for one in line.moves)
    return [due, f"{line.seq}. {line.title} · {edge}", done, moved]


def _moved(definition: Definition, one: Moved, line: Line) -> str:
    rule = definition.workflow.transitions.get(one.transition)
    said = [rule.label.get(lang()) if rule else one.transition]
    said += [say("ledger.n_moved", n=one.n_moved)] if one.n_moved else []
    waiting = "ledger.n_ahead" if line.phase == "ahead" else "ledger.n_waiting"
    said += [say(waiting, n=one.n_ahead)] if one.n_ahead else []
    said += [say("ledger.n_aside", n=one.n_aside)] if one.n_aside else []
    return " ".join([*said, *([failure(one.failure, lang())] if one.failure else [])])
