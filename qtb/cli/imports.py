"""`qtb import`: teams from a spreadsheet, shown line by line; with --apply entered, all of them or none."""

from __future__ import annotations

from pathlib import Path

import click

from qtb.cli.commands import Worded, lang, say
from qtb.cli.context import cycle as cycle_of
from qtb.cli.context import opened, organiser, sentence, stop, table
from qtb.documents import import_xlsx
from qtb.domain.errors import Denied
from qtb.services import imports, submissions
from qtb.services.import_lines import Line
from qtb.services.imports import Plan
from qtb.store.cycles import Cycle
from qtb.store.unit import unit


@click.command(cls=Worded, name="import")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--cycle", "cycle_key", required=True)
@click.option("--apply", "is_applied", is_flag=True)
@click.option("--as", "email", metavar="EMAIL", default="")
def bring(file: str, cycle_key: str, is_applied: bool, email: str) -> None:
    """Show what a filled import sheet would do; with --apply do it."""
    with opened() as qtb:
        session, now = qtb.session, qtb.now()
        year = cycle_of(session, cycle_key)
        if is_applied and not email:
            raise Denied("only_organiser")
        who = organiser(session, email) if email else None
        with Path(file).open("rb") as opened_file:
            content = opened_file.read(import_xlsx.MAX_BYTES + 1)
        lines = import_xlsx.read(content, year.definition.forms[submissions.entry_form(year)])
        plan = imports.plan(session, year, lines, now=now)
        _tell(year, plan)
        if plan.wrong:
            stop(say("import.wrong", n=len(plan.wrong)))
        if who is None or not is_applied:
            click.echo(say("import.not_applied"))
            return
        with unit(session) as work:
            name, cycle = Path(file).name, work.get_one(Cycle, year.id)
            kept = imports.keep(work, cycle, name=name, content=content, lines=lines, actor=who, now=now)
            made = imports.apply(work, kept, shown=plan.digest, actor=who, now=now)
        click.echo(say("import.done", n=len(made)))


def _tell(year: Cycle, plan: Plan) -> None:
    heads = [say(key) for key in ("import.row", "case.unit", "import.team", "import.what")]
    fields = year.definition.forms[plan.form].fields
    told = {key: field.label.get(lang()) for key, field in fields.items()}
    table(heads, [[str(line.row), _unit(line), line.team, "; ".join(_errors(line, told)) or say("import.enters")]
                  for line in plan.lines])  # fmt: skip


def _unit(line: Line) -> str:
    return f"{line.unit_name} ({say('import.known') if line.unit_id else say('import.new')})"


def _errors(line: Line, told: dict[str, str]) -> list[str]:
    return [
        f"{told[key]}: {sentence(reason)}" if key in told else sentence(reason)
        for key, reasons in line.errors.items()
        for reason in reasons
    ]


globals()["import"] = bring  # a command is found under its own name, which Python keeps for itself
