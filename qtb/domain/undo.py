"""Whether the last thing that happened to a case may be taken back, and by whom, as the definition says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from qtb.domain import facts, machine, roles
from qtb.domain.decide import Case
from qtb.domain.definition import Definition
from qtb.domain.errors import Reason
from qtb.domain.roles import Actor
from qtb.domain.timeline import Timeline, passed
from qtb.domain.workflow import Transition


@dataclass(frozen=True, slots=True)
class Last:
    """The last entry that moved a case: its kind, which move, from where, in which batch, when.

    `held` is how long the case was suspended since, the suspension that lasts not counted.
    """

    kind: str
    transition: str
    from_state: str
    batch_id: str
    at: datetime
    held: timedelta = timedelta(0)


def is_offered(definition: Definition, case: Case, last: Last | None, actor: Actor) -> bool:
    """Tell whether taking the last move back is this actor's to ask for at all."""
    rule = _rule(definition, last)
    return bool(rule and rule.undo and any(roles.is_party(role, actor, case) for role in rule.undo.by))


def explain(
    definition: Definition, case: Case, last: Last | None, *, timeline: Timeline, actor: Actor, now: datetime
) -> tuple[Reason, ...]:
    """Return every reason why the last move may not be taken back now; empty when it may."""
    rule = _rule(definition, last)
    if last is None or rule is None or rule.undo is None:
        return (Reason("undo_nothing"),)
    if not is_offered(definition, case, last, actor):
        return (Reason("role", {"roles": tuple(rule.undo.by), "move": rule.label}),)
    found: list[Reason] = []
    if not machine.is_awake(case):
        found.append(Reason("suspended", {"at": case.suspended_at}))
    if rule.undo.days is not None and now > last.at + timedelta(days=rule.undo.days) + _held(case, last, now):
        found.append(Reason("undo_days", {"move": rule.label, "days": rule.undo.days}))
    undone = replace(case, state=last.from_state, state_since=now, facts={**case.facts, "taken_back": True})
    return (*found, *_ended(definition, undone, timeline, now))


def _held(case: Case, last: Last, now: datetime) -> timedelta:
    """Return for how long nobody could take the move back."""
    since = case.suspended_at
    return last.held if since is None else last.held + max(now - max(since, last.at), timedelta(0))


def _rule(definition: Definition, last: Last | None) -> Transition | None:
    """Return the move that was made; None where the definition, adopted since, knows it or its beginning no more."""
    if last is None or last.kind != "move" or last.from_state not in definition.workflow.states:
        return None
    return definition.workflow.transitions.get(last.transition)


def _ended(definition: Definition, case: Case, timeline: Timeline, now: datetime) -> Iterator[Reason]:
    """Yield the edge that would end the case where it would come back to: at once, or in a grace nobody is told of."""
    workflow = definition.workflow
    for key in workflow.clocked():
        rule = workflow.transitions[key]
        if rule.at is None or rule.at.edge == "silent" or case.state not in workflow.sources(key):
            continue
        at = timeline.shown_at(rule.at, case)
        if passed(at, now) and all(facts.answer(guard, case.facts) for guard in rule.when):
            row = timeline.rows[rule.at.row]
            key = "undo_ended" if rule.at.edge == "closes" else "undo_passed"
            yield Reason(key, {"seq": row.seq, "row": row.title, "at": at})
            return
