"""Where a submission stands, as a picture in steps: dates behind it, who holds it, what is next and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from qtb.domain import decide
from qtb.domain.definition import Definition
from qtb.domain.timeline import Row, Timeline
from qtb.domain.workflow import State, Text
from qtb.store import facts
from qtb.store.audit import History
from qtb.store.submissions import Submission


@dataclass(frozen=True, slots=True)
class Step:
    """One state of the good way: reached when, or the row during which it can be reached."""

    state: State
    phase: str  # done, here, ahead
    reached_at: datetime | None
    row: Row | None


@dataclass(frozen=True, slots=True)
class Standing:
    """The steps, a stop aside from the way if there is one, and the next thing the clock will do."""

    steps: tuple[Step, ...]
    aside: State | None
    holder: str | None
    next_label: Text | None
    next_at: datetime | None


def standing(submission: Submission, history: Sequence[History], times: Timeline) -> Standing:
    """Return where a submission stands. `history` may be in any order."""
    definition = submission.cycle.definition
    workflow = definition.workflow
    reached = {row.to_state: row.at for row in sorted(history, key=lambda row: row.seq) if row.to_state}
    on_path = submission.state in workflow.path
    n_here = workflow.path.index(submission.state) if on_path else _furthest(workflow.path, reached)
    steps = tuple(
        _step(definition, times, n, key, n_here if on_path else n_here + 0.5, reached)
        for n, key in enumerate(workflow.path)
    )
    state = workflow.states[submission.state]
    ahead = decide.next_clock_move(definition, facts.as_case(submission), timeline=times)
    label = workflow.transitions[ahead[0]].label if ahead else None
    return Standing(steps, None if on_path else state, state.holder, label, ahead[1] if ahead else None)


def _furthest(path: list[str], reached: dict[str, datetime]) -> int:
    return max((n for n, key in enumerate(path) if key in reached), default=0)


def _step(
    definition: Definition, times: Timeline, n: int, key: str, n_here: float, reached: dict[str, datetime]
) -> Step:
    phase = "here" if n == n_here else "done" if n < n_here else "ahead"
    reached_at = reached.get(key) if phase != "ahead" else None
    return Step(definition.workflow.states[key], phase, reached_at, times.rows.get(_row_of(definition, n) or ""))


def _row_of(definition: Definition, n: int) -> str | None:
    """Return the row during which the way's n-th state is reached from the one before it."""
    workflow = definition.workflow
    for key, rule in workflow.transitions.items():
        if n and rule.to == workflow.path[n] and workflow.path[n - 1] in workflow.sources(key):
            return rule.during or (rule.at.row if rule.at else None)
    return None
