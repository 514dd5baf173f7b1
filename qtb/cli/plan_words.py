"""What a change of dates would do, as lines on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import click

from qtb import clock, i18n
from qtb.cli.commands import lang, say
from qtb.domain.plan_model import Effect, Plan
from qtb.store.cycles import Cycle

KINDS = ("at_once", "becomes", "shuts", "opens", "moves", "stays")
INDENT = "  "


def told(cycle: Cycle, plan: Plan) -> None:
    """Print a plan: its dates, what is odd about it, what it does, what was promised otherwise, who would be told."""
    titles = {row.key: row.title for row in cycle.rows}
    for title, lines in _sections(cycle, plan, titles):
        if lines:
            click.echo(say(title))
            for line in lines:
                click.echo(INDENT + line)


def _sections(cycle: Cycle, plan: Plan, titles: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    yield "plan.dates", [
        f"{titles[one.row_key]} · {_moved(one.edge, one.before, one.after)}" for one in plan.dates
    ]
    yield "plan.ends", [
        f"{titles[one.row_key]} · {one.whom or say('cli.for_all')} · {_moved('closes', one.before, one.after)}"
        for one in plan.ends
    ]
    yield "plan.errors", [i18n.in_words(one.reason, lang()) for one in plan.errors]
    yield "plan.findings", [i18n.in_words(one.reason, lang()) for one in plan.findings if not one.is_error]
    for kind in KINDS:
        mine = [one for one in plan.effects if one.kind == kind]
        yield f"plan.kind.{kind}", [_effect(cycle, one, titles) for one in mine]
    entries = [("plan.entry_opens" if is_open else "plan.entry_shuts", key) for key, is_open in plan.entries]
    yield "plan.effects", [say(key, row=titles[row_key]) for key, row_key in entries]
    yield "plan.reminders", list(_reminders(cycle, plan))
    yield "plan.promises", [
        *(say("plan.letters", letter=say(f"letter.{letter}"), n=n) for letter, n in plan.letters),
        say("plan.shown" if plan.is_shown else "plan.not_shown"),
        *(say("plan.tell", who=say(f"plan.told.{role}", n=n)) for role, n in plan.told),
    ]


def _effect(cycle: Cycle, one: Effect, titles: dict[str, str]) -> str:
    workflow = cycle.definition.workflow
    line = say("plan.line", state=workflow.states[one.state].label, n=one.n, row=titles[one.row_key])
    if one.was:
        was, move = (_move(cycle, key) for key in (one.was, one.transition))
        before, after = _when(one.was_edge, one.before), _when(one.edge, one.after)
        line += f" · {say('plan.becomes', was=was, before=before, move=move, after=after)}"
    elif one.after is not None:
        line += f" · {_moved(one.edge, one.before, one.after)}"
        line += f" · {workflow.transitions[one.transition].label.get(lang())}" if one.transition else ""
    return f"{line} · {', '.join(one.numbers)}{' …' if one.n > len(one.numbers) else ''}"


def _move(cycle: Cycle, key: str) -> str:
    workflow = cycle.definition.workflow
    rule = workflow.transitions[key]
    return say("plan.move", move=rule.label, state=workflow.states[rule.to].label)


def _reminders(cycle: Cycle, plan: Plan) -> Iterator[str]:
    for one in plan.reminders:
        rule = cycle.definition.workflow.reminders[one.reminder]
        ahead = say("plan.reminder_days", n=one.days) if one.days else say("plan.reminder_at")
        past = [say("plan.reminder_sent")] if one.is_sent else []
        past += [say(f"plan.fate.{one.fate}")] if past or one.fate != "later" else []
        moved = _moved(rule.at.edge, one.before, one.after)
        yield " · ".join([say(f"letter.{rule.letter}"), ahead, say("plan.n", n=one.n), moved, *past])


def _moved(edge: str, before: Any, after: Any) -> str:
    return f"{say(f'plan.edge.{edge}')} {_when(edge, before)} → {_when(edge, after)}"


def _when(edge: str, at: datetime | timedelta | None) -> str:
    if at is None:
        return "–"
    if isinstance(at, timedelta):
        return say("plan.minutes", n=at // timedelta(minutes=1))
    return clock.shown(at, lang(), is_end=edge in ("closes", "silent"))
