"""`qtb workflow`: a programme's definition checked, drawn, and told in plain words. Only adopting needs a database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from qtb.cli.adopt import adopt
from qtb.cli.commands import Group, lang, say
from qtb.cli.context import refused, stop
from qtb.cli.drawing import drawn
from qtb.domain.definition import Definition
from qtb.domain.errors import DefinitionError, Invalid
from qtb.domain.workflow import Reminder, Transition
from qtb.effects import mail
from qtb.services import definitions
from qtb.wording import edge_words, guard_words, when_words

FORMATS = ("mermaid", "text")


@click.group(cls=Group)
def workflow() -> None:
    """Check, draw and explain a programme's definition; let a running year adopt a changed one."""


workflow.add_command(adopt)


@workflow.command()
@click.argument("place", required=False, metavar="[KEY|FOLDER]")
def check(place: str | None) -> None:
    """Check a programme's files, all programmes unless one is named; exit 1 with every finding."""
    with refused():
        names = [place] if place else definitions.programmes()
        findings = [f"{name}/{finding}" for name in names for finding in _findings(name)]
        if findings or not names:
            stop(*(findings or [say("cli.no_programmes")]))


@workflow.command()
@click.argument("key", required=False)
@click.option("--format", "form", type=click.Choice(FORMATS), default="mermaid", show_default=True)
def diagram(key: str | None, form: str) -> None:
    """Draw the states and moves, as Mermaid or as lines of text."""
    with refused():
        definition = _loaded(key)
        click.echo(drawn(definition, lang()) if form == "mermaid" else "\n".join(_lines(definition)))


@workflow.command()
@click.argument("key", required=False)
@click.argument("state", required=False)
def explain(key: str | None, state: str | None) -> None:
    """Tell in plain words, state by state, who may do what and when, and what the clock does."""
    with refused():
        definition = _loaded(key)
        if state is not None and state not in definition.workflow.states:
            raise Invalid("unknown_state", name=state[:40])
        for name in [state] if state else definition.workflow.states:
            click.echo("\n".join(_told(definition, name)) + "\n")


def _findings(place: str) -> list[str]:
    try:
        # Asked for keys first: a key may also be the name of a folder here.
        is_folder = place not in definitions.programmes() and Path(place).is_dir()
        definition = definitions.load_folder(Path(place)) if is_folder else definitions.load(place)
    except DefinitionError as error:
        return error.findings
    rules = definition.workflow.transitions.values()
    letters = {effect.letter for rule in rules for effect in rule.then}
    letters |= {reminder.letter for reminder in definition.workflow.reminders.values()}
    wrong = [f"mail/{finding}" for letter in sorted(letters) for finding in mail.findings(letter)]
    if not wrong:
        n = {"states": len(definition.workflow.states), "moves": len(rules), "rows": len(definition.timeline.rows)}
        click.echo(say("cli.definition_good", place=place, forms=len(definition.forms), letters=len(letters), **n))
    return wrong


def _loaded(key: str | None) -> Definition:
    known = definitions.programmes()
    if key is None and len(known) != 1:
        raise Invalid("cli_programme", names=", ".join(known))
    return definitions.load(key or known[0])


def _lines(definition: Definition) -> Iterator[str]:
    states = definition.workflow.states
    for key, rule in definition.workflow.transitions.items():
        sources = "/".join(states[name].label.get(lang()) for name in definition.workflow.sources(key))
        target = states[rule.to].label.get(lang())
        yield f"{sources} → {target}: {rule.label.get(lang())} ({when_words(definition, rule, lang())})"


def _told(definition: Definition, key: str) -> Iterator[str]:
    state = definition.workflow.states[key]
    yield say("cli.told.state", state=state.label, key=key, kind=say(f"cli.kind.{state.kind}"))
    for edit in state.edits:
        row = definition.timeline.rows[edit.during].title if edit.during else ""
        when, form = "edit" if edit.during else "edit_ever", definition.forms[edit.form].title
        told = say(f"cli.told.{when}", role=say(f"role.{edit.by}"), form=form, row=row)
        yield told + (say("cli.told.edit_until") if edit.until else "")
    if state.judged:
        yield say("cli.told.judged", row=definition.timeline.rows[state.judged].title)
    if state.decided:
        yield say("cli.told.decided")
    moves = [name for name in definition.workflow.transitions if key in definition.workflow.sources(name)]
    yield from (_move(definition, name) for name in moves)
    reminders = definition.workflow.reminders.values()
    yield from (_reminder(definition, one) for one in reminders if key in definition.workflow.named(one.source))
    suspension = definition.workflow.suspension
    if suspension is not None and key in definition.workflow.named(suspension.source):
        given_back = say("cli.told.given_back") if suspension.gives_back else ""
        yield say("cli.told.suspension", who=_roles(suspension.by)) + given_back
    if state.kind == "end" or not moves:
        yield say("cli.told.end")
    elif state.rests:
        yield say("cli.told.rests")


def _move(definition: Definition, name: str) -> str:
    rule = definition.workflow.transitions[name]
    target = definition.workflow.states[rule.to].label
    text = say(
        "cli.told.clock" if rule.at else "cli.told.move", who=_roles(rule.by), move=rule.label, key=name, state=target,
        when=when_words(definition, rule, lang()),
    )  # fmt: skip
    guards = say("list.and").join(guard_words(definition, guard, lang()) for guard in rule.when)
    text += say("cli.told.if", what=guards) if guards else ""
    text += say("cli.told.note") if rule.note == "required" else ""
    text += _undo(rule)
    told = say("list.and").join(dict.fromkeys(say(f"role.{effect.to}") for effect in rule.then))
    return text + (say("cli.told.mail", roles=told) if told else "")


def _undo(rule: Transition) -> str:
    if rule.undo is None:
        return ""
    if rule.undo.days is None:
        return say("cli.told.undo", who=_roles(rule.undo.by))
    return say("cli.told.undo_days", who=_roles(rule.undo.by), days=rule.undo.days)


def _reminder(definition: Definition, rule: Reminder) -> str:
    when = edge_words(definition, rule.at, lang())
    if rule.at.edge == "silent":
        return say("cli.told.reminder", role=say(f"role.{rule.to}"), when=when, hour=rule.hour)
    days = say("list.and").join(str(n) for n in rule.days)
    return say("cli.told.reminder_days", role=say(f"role.{rule.to}"), when=when, days=days, hour=rule.hour)


def _roles(names: list[str]) -> str:
    return say("list.or").join(say(f"role.{name}") for name in names)
