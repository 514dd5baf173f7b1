"""What is wrong with a definition's queue, ranking, quota and due dates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qtb.domain import roles
from qtb.domain.definition import Definition

FILE = "workflow.yaml"
KINDS = ("start", "live", "side", "end")


def findings(definition: Definition) -> Iterator[str]:
    """Yield what is wrong as `file:line: key: what` lines."""
    workflow, seen = definition.workflow, set[str]()
    for n, group in enumerate(workflow.queue):
        yield from _states(definition, group.source, "queue", n, "from")
        twice = seen.intersection(workflow.named(group.source))
        yield from (_at(definition, f"{state} stands in two groups", "queue", n, "from") for state in sorted(twice))
        seen.update(workflow.named(group.source))
    if workflow.ranking is not None:
        if roles.ROLES.get(workflow.ranking.by) is None:
            yield _at(definition, f"no unit's own works: {workflow.ranking.by}", "ranking", "by")
        rows = definition.timeline.rows
        if workflow.ranking.during not in rows or not rows[workflow.ranking.during].gate:
            yield _at(definition, f"no gate: {workflow.ranking.during}", "ranking", "during")
    if workflow.quota is not None:
        unknown = [move for move in workflow.quota.moves if move not in workflow.transitions]
        yield from (_at(definition, f"unknown move {move}", "quota", "moves") for move in unknown)
        yield from _states(definition, workflow.quota.counts, "quota", "counts")
    for key, rule in workflow.transitions.items():
        if rule.due != "none" and rule.during is None:
            yield _at(definition, "a due date lies within a row: `during`", "transitions", key, "due")


def _states(definition: Definition, named: Iterable[str], *place: str | int) -> Iterator[str]:
    known = (*definition.workflow.states, *KINDS)
    yield from (_at(definition, f"unknown state {name}", *place) for name in named if name not in known)


def _at(definition: Definition, what: str, *path: str | int) -> str:
    return f"{FILE}:{definition.line(FILE, *path)}: {'.'.join(map(str, path))}: {what}"
