"""`qtb eligibility`: the rules of a programme as data, and what they come to for one submission."""

from __future__ import annotations

import json
from typing import Any

import click

from qtb import i18n
from qtb.cli.commands import Group, lang, say
from qtb.cli.context import actor, as_option, opened, refused, submission, table
from qtb.cli.form import PROGRAMME, definition_of
from qtb.domain.eligibility import Finding
from qtb.services import eligibility as judging

FORMAT = click.option("--format", "shape", type=click.Choice(["table", "json"]), default="table", show_default=True)


@click.group(cls=Group)
def eligibility() -> None:
    """Show the rules of eligibility, and judge a submission by them."""


@eligibility.command()
@FORMAT
@PROGRAMME
def show(shape: str, programme: str | None) -> None:
    """List the rules with their severity, the stages they bear on, and whether they are on."""
    with refused():
        found = definition_of(programme).eligibility
        if shape == "json":
            click.echo(json.dumps(found.model_dump(mode="json", exclude_none=True), ensure_ascii=False, indent=2))
            return
        heads = [say(f"cli.rule{head}") for head in ("", "_severity", "_at", "_on", "_says")]
        yes_no = {True: say("form.yes"), False: say("form.no")}
        lines = [
            [code, rule.severity, ", ".join(rule.at), yes_no[rule.on], rule.says.get(lang())]
            for code, rule in found.rules.items()
        ]
        table(heads, lines)


@eligibility.command()
@click.argument("number")
@click.option("--cycle", "cycle_key")
@FORMAT
@as_option
def check(number: str, cycle_key: str | None, shape: str, email: str) -> None:
    """Judge a submission by every rule that is on; exit 1 where one stands in the way of its next moves."""
    with opened() as qtb:
        row = submission(qtb.session, number, who=actor(qtb.session, email), cycle_key=cycle_key)
        definition = row.cycle.definition
        found = judging.standing(qtb.session, row, definition.eligibility.stages, now=qtb.now())
        ahead = judging.stages_ahead(definition, row.state)
    blocked = any(one.counts for stage in ahead for one in found[stage])
    if shape == "json":
        told = {stage: [_told(one) for one in several] for stage, several in found.items()}
        click.echo(json.dumps({"ok": not blocked, "next": ahead, "stages": told}, ensure_ascii=False, indent=2))
    else:
        heads = [say(f"cli.rule{head}") for head in ("_at", "", "_status", "_says", "_why")]
        table(heads, [_line(stage, one) for stage, several in found.items() for one in several])
    if blocked:
        raise click.exceptions.Exit(1)


def _told(one: Finding) -> dict[str, Any]:
    return {
        "code": one.code, "severity": one.rule.severity, "status": one.status, "blocks": one.counts,
        "says": one.rule.says.get(lang()), "why": [i18n.in_words(why, lang()) for why in one.why],
        "waived": one.waived,
    }  # fmt: skip


def _line(stage: str, one: Finding) -> list[str]:
    status = say("rules.waived") if one.waived else say(f"rules.{one.status}")
    return [stage, one.code, status, one.rule.says.get(lang()), " ".join(i18n.in_words(why, lang()) for why in one.why)]
