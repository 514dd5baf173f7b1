"""The judge: one shared `transitions` Machine per definition, without models, asked on a light probe.

A Machine per object costs half a millisecond and 30 KiB each; a model added to a shared machine is never given
back. A probe is made, asked and forgotten.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Any, cast

from transitions import EventData, Machine

from qtb.domain import facts, roles
from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Guard, Transition, Workflow

# A refused move is an answer here, not an event worth a warning in the log.
logging.getLogger("transitions").setLevel(logging.ERROR)


class Probe:
    """A stand-in for one case at one moment; `state` is what the machine reads and, on a yes, changes."""

    __slots__ = ("actor", "case", "now", "state", "timeline")

    def __init__(self, case: Any, *, timeline: Timeline, actor: roles.Actor, now: Any) -> None:
        self.state = case.state
        self.case, self.timeline, self.actor, self.now = case, timeline, actor, now


def build(workflow: Workflow) -> Machine:
    """Return the machine of a workflow: its states, transitions and conditions, no automatic transitions."""
    machine = Machine(
        model=None,
        states=list(workflow.states),
        initial=workflow.start,
        auto_transitions=False,
        send_event=True,
        ignore_invalid_triggers=True,
    )
    for key, transition in workflow.transitions.items():
        sources: list[Any] = list(workflow.sources(key))
        machine.add_transition(key, sources, transition.to, conditions=_conditions(transition))
    return machine


def permits(machine: Machine, transition: str, probe: Probe) -> bool:
    """Ask the machine whether the probe's case may make the move; the probe is used up."""
    return bool(machine.events[transition].trigger(probe))


def is_allowed(transition: Transition, actor: roles.Actor, case: Any) -> bool:
    """Tell whether the actor may make this move for this case: the clock its own moves, people theirs."""
    if transition.at is not None:
        return actor.is_clock
    return any(roles.is_party(role, actor, case) for role in transition.by)


def is_time(transition: Transition, timeline: Timeline, case: Any, now: Any) -> bool:
    """Tell whether the transition's window is open, or its edge has come, for this case."""
    if transition.at is not None:
        return timeline.has_come(transition.at, case, now)
    return transition.during is None or timeline.is_open(transition.during, case, now)


def is_awake(case: Any) -> bool:
    """Tell whether the case's clock runs: while it is suspended nothing moves it but its resumption or an override."""
    return case.suspended_at is None


def _conditions(transition: Transition) -> list[Any]:
    return [
        partial(_role, transition),
        lambda event: is_awake(_probe(event).case),
        partial(_time, transition),
        *(partial(_guard, guard) for guard in transition.when),
    ]


def _role(transition: Transition, event: EventData) -> bool:
    probe = _probe(event)
    return is_allowed(transition, probe.actor, probe.case)


def _time(transition: Transition, event: EventData) -> bool:
    probe = _probe(event)
    return is_time(transition, probe.timeline, probe.case, probe.now)


def _guard(guard: Guard, event: EventData) -> bool:
    return bool(facts.answer(guard, _probe(event).case.facts))


def _probe(event: EventData) -> Probe:
    return cast(Probe, event.model)
