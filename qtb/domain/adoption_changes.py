"""What differs between two definitions of one programme, piece by piece: for people who are to agree to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel

from qtb.domain.calendar import Calendar
from qtb.domain.definition import Definition
from qtb.domain.fields import FormSpec
from qtb.domain.rubric import Rubric
from qtb.domain.workflow import Reminder, Suspension, Text, Transition, Workflow

Shape = TypeVar("Shape", Transition, Reminder)

# What is only said differently is told as such, without the sentences themselves.
WORDINGS = {"label", "public", "done", "hint", "title", "short", "help", "intro", "guide", "tone", "words", "organiser"}
NESTED = {"items", "sections"}  # told one by one
NAMED = {"checks", "also", "columns", "asked_if"}  # too much for a sentence: told to differ


@dataclass(frozen=True, slots=True)
class Part:
    """One thing about a piece that changed: its name in the definition, what it was and what it is."""

    name: str
    before: Any = None
    after: Any = None


# Told as one, without their parts.
WHOLE = ("hand_ins", "queue", "ranking", "quota", "reroutes", "objections", "consent", "feedback", "figures")
RECKONING = ("aggregate", "doubt", "composite", "ties", "calibration")


@dataclass(frozen=True, slots=True)
class Change:
    """One piece that was added, is gone, or changed; `area` says what it is, where one is like another its label."""

    area: str
    kind: str
    key: str
    label: Text | None
    parts: tuple[Part, ...] = ()


def changes(old: Definition, new: Definition, *, renames: Mapping[str, str] | None = None) -> tuple[Change, ...]:
    """Return what differs; empty where only comments, layout and the names of states (`renames`) do."""
    return (
        *_workflow(_renamed(old.workflow, renames or {}), new.workflow),
        *_pieces("row", old.timeline.rows, new.timeline.rows),
        *_forms(old.forms, new.forms),
        *_rubric(old.rubric, new.rubric),
        *([Change("certificate", "changed", "certificate", None)] if old.certificate != new.certificate else []),
        *([Change("nomination", "changed", "nomination", None)] if old.nomination != new.nomination else []),
        *_calendar(old.calendar, new.calendar),
    )


def parts(old: BaseModel, new: BaseModel) -> tuple[Part, ...]:
    """Return what differs between two pieces, everything that is only wording as one."""
    found = [name for name in type(old).model_fields if getattr(old, name) != getattr(new, name)]
    told = [name for name in found if name not in WORDINGS | NESTED]
    worded = (Part("wording"),) if set(found) & WORDINGS else ()
    parts = (Part(name) if name in NAMED else Part(name, getattr(old, name), getattr(new, name)) for name in told)
    return (*parts, *worded)


def _workflow(old: Workflow, new: Workflow) -> Iterator[Change]:
    yield from _piece("programme", new.programme.key, old.programme, new.programme)
    if old.path != new.path:
        yield Change("path", "changed", "path", None, (Part("path", old.path, new.path),))
    both = {key: state for key, state in old.states.items() if key in new.states}
    # States that come and go are told with the submissions that stand in them.
    yield from _pieces("state", both, {key: new.states[key] for key in both})
    yield from _pieces("move", old.transitions, new.transitions)
    yield from _pieces("reminder", old.reminders, new.reminders)
    yield from _piece("suspension", "suspension", old.suspension, new.suspension)
    for name in WHOLE:
        if getattr(old, name) != getattr(new, name):
            yield Change(name, "changed", name, None)


def _renamed(workflow: Workflow, renames: Mapping[str, str]) -> Workflow:
    """Return a workflow with some states called otherwise: a mere name is no change of all that names it."""

    def named(names: Sequence[str]) -> list[str]:
        return [renames.get(name, name) for name in names]

    def led(pieces: Mapping[str, Shape]) -> dict[str, Shape]:
        return {key: one.model_copy(update={"source": named(one.source)}) for key, one in pieces.items()}

    moves = led(workflow.transitions)
    changed = {
        "path": named(workflow.path),
        "states": {renames.get(key, key): state for key, state in workflow.states.items()},
        "transitions": {key: one.model_copy(update={"to": renames.get(one.to, one.to)}) for key, one in moves.items()},
        "reminders": led(workflow.reminders),
        "queue": [one.model_copy(update={"source": named(one.source)}) for one in workflow.queue],
        "reroutes": {
            key: one.model_copy(update={"source": named(one.source), "to": one.to and renames.get(one.to, one.to)})
            for key, one in workflow.reroutes.items()
        },
        "objections": (told := workflow.objections) and told.model_copy(update={"against": named(told.against)}),
        "quota": (quota := workflow.quota) and quota.model_copy(update={"counts": named(quota.counts)}),
    }
    return workflow.model_copy(update=changed)


def _pieces(area: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in dict.fromkeys([*old, *new]):
        yield from _piece(area, key, old.get(key), new.get(key))


def _piece(area: str, key: str, old: Any, new: Any) -> Iterator[Change]:
    if old is None or new is None:
        if old is not new:
            yield Change(area, "added" if old is None else "gone", key, _label(old or new, key))
    elif found := parts(old, new):
        yield Change(area, "changed", key, _label(new, key), found)


def _label(piece: Any, key: str) -> Text | None:
    if isinstance(piece, Suspension):
        return None
    found = getattr(piece, "label", None) or getattr(piece, "title", None)
    return found if isinstance(found, Text) else Text(zh=key, en=key)


def _forms(old: Mapping[str, FormSpec], new: Mapping[str, FormSpec]) -> Iterator[Change]:
    for key in dict.fromkeys([*old, *new]):
        before, after = old.get(key), new.get(key)
        yield from _piece("form", key, before, after)
        if before and after:
            yield from _pieces("field", before.fields, after.fields)


def _rubric(old: Rubric, new: Rubric) -> Iterator[Change]:
    for name in ("code", "step"):
        if getattr(old, name) != getattr(new, name):
            part = Part(name, getattr(old, name), getattr(new, name))
            yield Change("rubric", "changed", name, None, (part,))
    if any(getattr(old, name) != getattr(new, name) for name in RECKONING):
        yield Change("reckoning", "changed", "reckoning", None)
    for key in dict.fromkeys([*old.sheets, *new.sheets]):
        before, after = old.sheets.get(key), new.sheets.get(key)
        yield from _piece("sheet", key, before, after)
        if before and after:
            yield from _pieces("item", before.items, after.items)
    yield from _pieces("level", old.levels, new.levels)


def _calendar(old: Calendar, new: Calendar) -> Iterator[Change]:
    for year in sorted(old.years | new.years):
        label = Text(zh=str(year), en=str(year))
        if year not in new.years or year not in old.years:
            yield Change("calendar", "gone" if year in old.years else "added", str(year), label)
        elif days := [day for day in _days(year) if old.is_working(day) != new.is_working(day)]:
            yield Change("calendar", "changed", str(year), label, (Part("days", None, days),))


def _days(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)
