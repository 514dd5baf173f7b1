"""Where a submission stands, as a picture in steps: dates behind it, who holds it, what is next and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from qtb.domain import decide
from qtb.domain.definition import Definition
from qtb.domain.timeline import Timeline
from qtb.domain.workflow import State
from qtb.i18n import language
from qtb.store import facts
from qtb.store.audit import History
from qtb.store.submissions import Submission


@dataclass(frozen=True, slots=True)
class Step:
    """One state of the good way: reached when, or the window in which this case can reach it."""

    state: State
    phase: str  # done, here, ahead
    reached_at: datetime | None
    opens_at: datetime | None
    closes_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """The steps, a stop aside from the way if there is one, and the next thing the clock will do."""

    steps: tuple[Step, ...]
    aside: State | None
    holder: str | None
    next_label: str
    next_at: datetime | None


def standing(
    submission: Submission, history: Sequence[History], times: Timeline, *, sealed: bool = True
) -> Standing:
    """Return where a submission stands. `history` may be in any order; `sealed` for all but the organiser."""
    definition = submission.cycle.definition
    workflow, case = definition.workflow, facts.as_case(submission)
    reached = _reached(workflow.path, sorted(history, key=lambda row: row.seq))
    on_path = submission.state in workflow.path
    n_here = workflow.path.index(submission.state) if on_path else _furthest(workflow.path, reached)
    steps = tuple(
        _step(definition, times, n, case, n_here if on_path else n_here + 0.5, reached)
        for n in range(len(workflow.path))
    )
    state = workflow.states[submission.state]
    ahead = decide.ahead(definition, case, timeline=times, sealed=sealed)
    return Standing(steps, None if on_path else state, state.holder, _said(ahead, times), ahead.at if ahead else None)


def _reached(path: Sequence[str], history: Sequence[History]) -> dict[str, datetime]:
    """Return when each state was reached: back from aside keeps its date, going back forgets later ones."""
    found: dict[str, datetime] = {}
    for row in history:
        if row.to_state in path:
            later = set(path[path.index(row.to_state) + 1 :])
            found = {state: at for state, at in found.items() if state not in later}
        if row.to_state:
            found.setdefault(row.to_state, row.at)
    return found


def _said(ahead: decide.Ahead | None, times: Timeline) -> str:
    if ahead is None:
        return ""
    return ahead.transition.label.get(language()) if ahead.transition else times.rows[ahead.edge.row].title


def _furthest(path: list[str], reached: dict[str, datetime]) -> int:
    return max((n for n, key in enumerate(path) if key in reached), default=0)


def _step(
    definition: Definition, times: Timeline, n: int, case: decide.Case, n_here: float, reached: dict[str, datetime]
) -> Step:
    key = definition.workflow.path[n]
    phase = "here" if n == n_here else "done" if n < n_here else "ahead"
    reached_at = reached.get(key) if phase != "ahead" else None
    row = times.rows.get(_row_of(definition, n) or "")
    closes_at = times.ends_at(row.key, case) if row else None
    return Step(definition.workflow.states[key], phase, reached_at, row.opens_at if row else None, closes_at)


def _row_of(definition: Definition, n: int) -> str | None:
    """Return the row during which the way's n-th state is reached from the one before it."""
    workflow = definition.workflow
    for key, rule in workflow.transitions.items():
        if n and rule.to == workflow.path[n] and workflow.path[n - 1] in workflow.sources(key):
            return rule.during or (rule.at.row if rule.at else None)
    return None
