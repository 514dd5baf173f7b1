"""Whether a case may be put before another recommending unit, and why not."""

from __future__ import annotations

from datetime import datetime

from qtb.domain import machine, roles
from qtb.domain.decide import Case, shut
from qtb.domain.definition import Definition
from qtb.domain.errors import Reason
from qtb.domain.roles import Actor
from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Reroute


def rule_of(definition: Definition, state: str) -> Reroute | None:
    """Return the rule by which a case leaves its recommending unit from a state."""
    workflow = definition.workflow
    return next((rule for rule in workflow.reroutes.values() if state in workflow.named(rule.source)), None)


def is_offered(definition: Definition, case: Case, actor: Actor) -> bool:
    """Tell whether this is the actor's to ask for."""
    rule = rule_of(definition, case.state)
    return rule is not None and any(roles.is_party(role, actor, case) for role in rule.by)


def explain(
    definition: Definition, case: Case, n_done: int, *, timeline: Timeline, actor: Actor, now: datetime
) -> tuple[Reason, ...]:
    """Return every reason against another recommending unit; `n_done` is how often the rule was used already."""
    rule = rule_of(definition, case.state)
    if rule is None:
        return (Reason("reroute_never"),)
    if not is_offered(definition, case, actor):
        return (Reason("edit_role", {"roles": tuple(rule.by)}),)
    found: list[Reason] = []
    if not machine.is_awake(case):
        found.append(Reason("suspended", {"at": case.suspended_at}))
    if now >= timeline.closes_at(rule.until, case):
        found.append(shut(timeline, rule.until, case, now))
    if n_done >= rule.most:
        found.append(Reason("reroute_spent", {"n": n_done, "most": rule.most}))
    return tuple(found)
