"""What is wrong with the score sheets: that they exist, and that what a score or a level hangs on can be filled."""

from __future__ import annotations

from collections.abc import Iterator

from qtb.domain.definition import Definition


def findings(definition: Definition) -> Iterator[str]:
    """Yield what is wrong as `file:line: key: what` lines."""
    for key in definition.workflow.states:
        yield from _named(definition, key)
    if definition.rubric.sheets:
        yield from _unfilled(definition)


def _named(definition: Definition, key: str) -> Iterator[str]:
    state = definition.workflow.states[key]
    if state.sheets and state.judged is None:
        yield _at(definition, "no row during which the sheets are filled: `judged`", "states", key, "sheets")
    for n, kind in enumerate(state.sheets):
        if kind not in definition.rubric.sheets:
            yield _at(definition, f"the rubric has no sheet {kind}", "states", key, "sheets", n)


def _unfilled(definition: Definition) -> Iterator[str]:
    rubric = definition.rubric
    asked = {kind for one in rubric.composed() for kind in one.weights}
    asked |= {level.needs for level in rubric.levels.values() if level.needs}
    for kind in sorted(asked):
        if not definition.filled_in(kind):
            what = "a score or a level hangs on it, and it is filled in no state"
            yield _at(definition, what, "sheets", kind, file="rubric.yaml")


def _at(definition: Definition, what: str, *path: str | int, file: str = "workflow.yaml") -> str:
    return f"{file}:{definition.line(file, *path)}: {'.'.join(map(str, path))}: {what}"
