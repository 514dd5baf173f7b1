"""`qtb nomination`: which published works go up to the next round, as the organiser's page has it."""

from __future__ import annotations

import json

import click

from qtb.cli.commands import Group, lang, say
from qtb.cli.context import as_option, opened, organiser, table
from qtb.cli.context import cycle as cycle_of
from qtb.cli.eligibility import FORMAT
from qtb.services import nominations


@click.group(cls=Group)
def nomination() -> None:
    """See which works go up to the next round."""


@nomination.command()
@click.argument("cycle")
@FORMAT
@as_option
def show(cycle: str, shape: str, email: str) -> None:
    """Show the works in their order, which the rule proposes, which were chosen."""
    with opened() as qtb:
        organiser(qtb.session, email)
        year = cycle_of(qtb.session, cycle)
        found, levels = nominations.standing(qtb.session, year), year.definition.rubric.levels
    told = [
        {
            "place": one.place, "number": one.work.number, "team": row.team_name, "level": row.award_level,
            "score": str(one.work.score) if one.work.score is not None else None, "proposed": one.is_proposed,
            "why": one.why, "chosen": one.work.id in found.chosen,
        }
        for one in found.candidates for row in (found.rows[one.work.id],)
    ]  # fmt: skip
    if shape == "json":
        click.echo(json.dumps({"places": found.places, "works": told}, ensure_ascii=False, indent=2))
        return
    heads = [say(f"nomination.col_{name}") for name in ("place", "number", "team", "level", "score")]
    rows = [
        [str(one["place"] or "–"), str(one["number"]), str(one["team"]), levels[str(one["level"])].label.get(lang()),
         str(one["score"] or "–"), _word(one["why"]), say("form.yes") if one["chosen"] else say("form.no")]
        for one in told
    ]  # fmt: skip
    table([*heads, say("nomination.rule"), say("nomination.goes")], rows)


def _word(why: object) -> str:
    return say(f"nomination.why_{why}") if why else say("nomination.proposed")
