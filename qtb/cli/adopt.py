"""`qtb workflow adopt`: a running year moved to the definition that lies in the programme's folder now."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from qtb.adoption_words import change_words
from qtb.cli.commands import Worded, lang, say
from qtb.cli.context import cycle as cycle_of
from qtb.cli.context import opened, organiser, sentence, stop, table
from qtb.domain.adoption import Place, Plan
from qtb.domain.errors import Invalid
from qtb.i18n import in_words
from qtb.services import adoption
from qtb.store.unit import unit


@click.command(cls=Worded)
@click.argument("cycle")
@click.option("--map", "pairs", multiple=True, metavar="OLD=NEW")
@click.option("--reason", default="")
@click.option("--as", "email", metavar="EMAIL", default="")
@click.option("--yes", is_flag=True)
@click.option("--json", "as_json", is_flag=True)
def adopt(cycle: str, pairs: tuple[str, ...], reason: str, email: str, yes: bool, as_json: bool) -> None:
    """Show what the changed definition would do to a year; with --yes let the year adopt it."""
    with opened() as qtb:
        session, now, mapping = qtb.session, qtb.now(), _mapping(pairs)
        year = cycle_of(session, cycle)
        seen, definition = year.version, adoption.proposed(year)
        if yes and not email:
            raise click.MissingParameter(param_hint="--as", param_type="option")
        who = organiser(session, email) if yes else None
        plan = adoption.preview(session, year, definition, mapping=mapping, now=now)
        if as_json:
            click.echo(json.dumps({**plan.as_dict(), "plan": plan.digest}, ensure_ascii=False, indent=1))
        elif not plan.is_same:
            _tell(plan)
        if plan.refusals:
            stop(*map(sentence, plan.refusals))
        if who is not None:
            with unit(session):
                adoption.adopt(
                    session, year, definition, mapping=mapping, shown=plan.digest, seen=seen, actor=who, now=now,
                    reason=reason,
                )  # fmt: skip
        if not as_json:
            done = "adoption.done" if yes else "adoption.nothing_done"
            click.echo(say(done, cycle=year.key, n=sum(one.n for one in plan.moving)))


def _mapping(pairs: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in pairs:
        state, is_pair, to = (part.strip() for part in one.partition("="))
        if not (state and is_pair and to):
            raise Invalid("adopt_pair", text=one[:80])
        if found.get(state, to) != to:
            raise Invalid("adopt_pair_twice", state=state[:40])
        found[state] = to
    return found


def _tell(plan: Plan) -> None:
    click.echo(say("adoption.from_to", old=plan.old.hash[:12], new=plan.new.hash[:12], plan=plan.digest[:12]))
    headings = [say(f"adoption.column.{name}") for name in ("state", "key", "n", "fate", "to")]
    table(headings, [_line(one) for one in plan.places])
    for change in plan.changes:
        click.echo("· " + change_words(plan, change, lang()))
    for one in plan.due:
        click.echo("! " + say("adoption.due", move=one.label, n=one.n))
    for note in plan.notes:
        click.echo("! " + in_words(note, lang()))


def _line(one: Place) -> list[str]:
    to = one.to if one.to != one.key else ""
    return [one.label.get(lang()), one.key, str(one.n), say(f"adoption.fate.{one.fate}"), to]
