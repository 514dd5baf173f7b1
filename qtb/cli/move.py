"""`qtb move`: a move through the door, for one submission or several, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

import click
from sqlalchemy.orm import Session

from qtb.cli.commands import Worded, say
from qtb.cli.context import INSTANT, actor, as_option, opened, sentence, stop, submission
from qtb.domain import decide
from qtb.domain.errors import Refusal
from qtb.domain.roles import Actor
from qtb.services import advance
from qtb.store import cycles, facts
from qtb.store.submissions import Submission
from qtb.store.unit import unit


@click.command(cls=Worded)
@click.argument("transition")
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER...")
@as_option
@click.option("--note", default="")
@click.option("--cycle", "cycle_key")
@click.option("--now", "given", type=INSTANT)
def move(
    transition: str, numbers: tuple[str, ...], email: str, note: str, cycle_key: str | None, given: datetime | None
) -> None:
    """Make a move for the submissions with these numbers: for all of them, or for none."""
    with opened() as qtb:
        if given is not None and not qtb.demo:
            raise click.UsageError(say("cli.now_needs_demo"))
        session, now = qtb.session, given or qtb.now()
        who = actor(session, email)
        rows = [submission(session, number, who=who, cycle_key=cycle_key) for number in dict.fromkeys(numbers)]
        ids = [row.id for row in rows]
        try:
            _move(session, transition, ids, who=who, note=note, now=now)
        except Refusal as refusal:
            stop(*(_reasons(session, transition, ids, who=who, now=now) or _sentences(refusal)))
        for row in rows:
            state = row.cycle.definition.workflow.states[row.state]
            click.echo(say("cli.moved", number=row.number, team=row.team_name, state=state.label))


def _move(session: Session, transition: str, ids: Sequence[int], *, who: Actor, note: str, now: datetime) -> None:
    with unit(session):
        rows = sorted((session.get_one(Submission, one) for one in ids), key=lambda row: row.cycle_id)
        for _, same in groupby(rows, key=lambda row: row.cycle_id):
            members = list(same)
            advance.advance(
                session, transition, cycle=members[0].cycle, now=now, actor=who, ids=[row.id for row in members],
                note=note,
            )  # fmt: skip


def _reasons(session: Session, transition: str, ids: Sequence[int], *, who: Actor, now: datetime) -> list[str]:
    """Return what stands in the way of each submission, its number before each sentence."""
    found = []
    for row in (session.get_one(Submission, one) for one in ids):
        definition, times = row.cycle.definition, cycles.timeline_of(session, row.cycle_id)
        if transition not in definition.workflow.transitions:
            return []
        case = facts.as_case(row)
        reasons = decide.explain(definition, transition, case, timeline=times, actor=who, now=now)
        found += [f"{row.number}: {sentence(reason)}" for reason in reasons]
    return found


def _sentences(refusal: Refusal) -> list[str]:
    return [sentence(reason) for reason in refusal.reasons]
