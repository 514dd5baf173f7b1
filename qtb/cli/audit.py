"""`qtb audit`: is the history whole, and what happened to one submission."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from qtb import clock
from qtb.cli.commands import Group, lang, say
from qtb.cli.context import Opened, opened, stop, submission, table
from qtb.domain.definition import Definition
from qtb.store import audit as store
from qtb.store import verification
from qtb.store.audit import History
from qtb.store.verification import Finding

MOST = 20  # findings to print; the rest are counted


@click.group(cls=Group)
def audit() -> None:
    """Verify the history, or show one submission's."""


@audit.command()
@click.option("--json", "as_json", is_flag=True)
def verify(as_json: bool) -> None:
    """Check every chain; exit 1 and name the first bad entries when something is wrong."""
    with opened() as qtb:
        n_read, findings = verification.verify(qtb.session)
        if as_json:
            found = {"n_read": n_read, "findings": [asdict(one) for one in findings]}
            click.echo(json.dumps(found, ensure_ascii=False))
        else:
            # A check that checked nothing must not look like one that found nothing.
            click.echo(say("cli.audit_read", n=n_read) if n_read else say("cli.audit_nothing"))
            for one in findings[:MOST]:
                click.echo(_bad(qtb, one), err=True)
        if findings:
            stop(say("cli.audit_bad", n=len(findings)))
        if not as_json and n_read:
            click.echo(say("cli.audit_good"))


@audit.command()
@click.argument("number")
@click.option("--cycle", "cycle_key")
def show(number: str, cycle_key: str | None) -> None:
    """Print a submission's history, oldest first."""
    with opened() as qtb:
        row = submission(qtb.session, number, cycle_key=cycle_key)
        entries = store.entries(qtb.session, "submission", row.id)
        whose = row.unit.name  # the organiser acts for the unit of a case
        lines = [_line(entry, name, row.cycle.definition, whose) for entry, name in reversed(entries)]
        click.echo(say("cli.audit_of", number=row.number, team=row.team_name, n=len(lines)))
        table([say(f"cli.column.{name}") for name in ("seq", "at", "who", "what", "to", "note")], lines)


def _bad(qtb: Opened, finding: Finding) -> str:
    subject = qtb.session.get(store.SUBJECTS[finding.subject], finding.subject_id)
    name = next((str(value) for key in ("number", "key", "name") if (value := getattr(subject, key, ""))), "")
    where = f"{finding.subject} {name or finding.subject_id}"
    return say("cli.audit_finding", where=where, seq=finding.seq, what=say(f"audit.{finding.code}"))


def _line(entry: History, name: str | None, definition: Definition, whose: str) -> list[str]:
    rule = definition.workflow.transitions.get(entry.transition)
    state = definition.workflow.states.get(entry.to_state)
    return [
        str(entry.seq),
        clock.shown(entry.at, lang()),
        _who(entry, name, whose),
        rule.label.get(lang()) if rule and entry.kind == "move" else _kind(entry.kind),
        state.label.get(lang()) if state else "",
        str(entry.about().get("note", "")).replace("\n", " "),
    ]


def _who(entry: History, name: str | None, whose: str) -> str:
    who = name or (say("role.clock") if entry.via == "clock" else entry.via)
    return say("history.behalf", name=who, unit=whose) if entry.about().get("behalf") else who


def _kind(kind: str) -> str:
    text = say(f"cli.history.{kind}")
    return kind if text == f"cli.history.{kind}" else text
