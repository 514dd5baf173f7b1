"""`qtb assignment`: plans of who judges what, reckoned or read of a file, shown, and applied as shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from qtb.cli.commands import Group, say
from qtb.cli.context import Opened, as_option, opened, organiser, sentence, stop, table
from qtb.cli.context import cycle as cycle_of
from qtb.cli.eligibility import FORMAT
from qtb.cli.panel import named
from qtb.documents import assignment_list, import_xlsx
from qtb.domain.errors import Invalid, Missing
from qtb.services import assignment_lines, assignment_plans
from qtb.services.assignment_lines import Pair, Shown
from qtb.store import panels
from qtb.store.assignments import AssignmentPlan
from qtb.store.unit import unit


@click.group(cls=Group)
def assignment() -> None:
    """Plan who judges what, and apply a plan."""


@assignment.command()
@click.argument("cycle")
@click.option("--file", "file", type=click.Path(dir_okay=False))
@click.option("--panel", "title", metavar="TITLE")
@click.option("--judges", "n", metavar="N", type=int)
@click.option("--seed", type=int, default=0, show_default=True)
@FORMAT
@as_option
def plan(cycle: str, file: str | None, title: str | None, n: int | None, seed: int, shape: str, email: str) -> None:
    """Keep a plan, reckoned or of a file, and show what it would give; nothing is given."""
    with opened() as qtb:
        who, session = organiser(qtb.session, email), qtb.session
        if file and (title or n is not None):
            raise Invalid("cli_plan_either")
        year = cycle_of(session, cycle)
        panel = named(panels.of_cycle(session, year.id), title).id if title else None
        lines = assignment_list.read(_content(file)) if file else []
        with unit(session) as work:
            year = cycle_of(work, cycle)
            if file:
                name = Path(file).name
                made = assignment_plans.read(work, year, name=name, lines=lines, actor=who, now=qtb.now())
            else:
                asked = assignment_plans.needed(year) if n is None else n
                made = assignment_plans.ask(
                    work, year, n=asked, panel_id=panel, seed=seed, actor=who, now=qtb.now()
                )
            number = made.id
        _tell(qtb, number, shape)


@assignment.command()
@click.argument("number", type=int)
@click.option("--mark", default="")
@as_option
def apply(number: int, mark: str, email: str) -> None:
    """Give all works of a plan, if nothing that it rests on has changed since it was shown."""
    with opened() as qtb:
        who = organiser(qtb.session, email)
        found = _plan(qtb, number)
        shown = mark or ("" if found.applied_at else assignment_lines.look(qtb.session, found).mark)
        with unit(qtb.session) as work:
            plan_ = work.get_one(AssignmentPlan, number)
            n = assignment_plans.apply(work, plan_, shown=shown, actor=who, now=qtb.now())
        click.echo(say("assignment.done", n=n))


@assignment.command()
@click.argument("number", type=int)
@FORMAT
@as_option
def show(number: int, shape: str, email: str) -> None:
    """Show what a plan that was kept would give now."""
    with opened() as qtb:
        organiser(qtb.session, email)
        _tell(qtb, _plan(qtb, number).id, shape)


def _content(file: str) -> bytes:
    with Path(file).open("rb") as opened_file:
        return opened_file.read(import_xlsx.MAX_BYTES + 1)


def _plan(qtb: Opened, number: int) -> AssignmentPlan:
    found = qtb.session.get(AssignmentPlan, number)
    if found is None:
        raise Missing("assignment")
    return found


def _tell(qtb: Opened, number: int, shape: str) -> None:
    """Print a plan; exit 1 where something stands against it."""
    shown = assignment_lines.look(qtb.session, _plan(qtb, number))
    if shape == "json":
        click.echo(json.dumps(_as_json(number, shown), ensure_ascii=False, indent=2))
    else:
        heads = [say("case.number"), say("panel.judge"), say("cli.against")]
        table(heads, [_line(pair) for pair in shown.pairs])
        click.echo(say("cli.plan_kept", number=number, n=len(shown.pairs), lacking=shown.n_lacking, mark=shown.mark))
    if shown.wrong:
        stop(say("refusal.assignment_wrong", n=len(shown.wrong)))


def _names(pair: Pair) -> tuple[str, str]:
    number, email = pair.said
    return pair.work.number if pair.work else number, pair.judge.email if pair.judge else email


def _line(pair: Pair) -> list[str]:
    number, email = _names(pair)
    name = f"{pair.judge.name} <{email}>" if pair.judge else email
    return [number, name, " ".join(map(sentence, pair.errors)) or "–"]


def _as_json(number: int, shown: Shown) -> dict[str, Any]:
    pairs = [
        {"work": work, "judge": email, "row": pair.row or None, "against": [sentence(one) for one in pair.errors]}
        for pair in shown.pairs for work, email in [_names(pair)]
    ]  # fmt: skip
    lacking = [{"work": line.work.number, "n": line.short.n, "why": line.short.why}
               for line in shown.lines if line.short]  # fmt: skip
    return {"plan": number, "mark": shown.mark, "pairs": pairs, "wrong": len(shown.wrong), "lacking": lacking}
