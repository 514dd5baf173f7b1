"""A running year under another definition: what would become of each case, what changes, and what stands against it.

A definition is adopted as a whole or not at all. Nothing is guessed: a state that is gone and still holds cases needs
to be told which new one takes its place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from qtb.domain import evidence
from qtb.domain.adoption_changes import Change, changes
from qtb.domain.definition import Definition
from qtb.domain.errors import Reason
from qtb.domain.workflow import Text

KEPT, MAPPED, RESTATED, GONE, NEW = "kept", "mapped", "restated", "gone", "new"


@dataclass(frozen=True, slots=True)
class Sheets:
    """How many sheets of one kind are given out, and how many of them were written on."""

    n_assigned: int
    n_scored: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What a year holds that its definition must be able to carry: how many of each, by key."""

    states: Mapping[str, int] = field(default_factory=dict)
    rows: Mapping[str, bool] = field(default_factory=dict)  # those with dates; True: with an instant, too
    answers: Mapping[str, int] = field(default_factory=dict)
    levels: Mapping[str, int] = field(default_factory=dict)
    sheets: Mapping[str, Sheets] = field(default_factory=dict)
    n_suspended: int = 0
    certificates: Mapping[str, int] = field(default_factory=dict)  # unrevoked, by the state of their works
    is_laid: bool = False  # levels lie before those whose consent the publication waits for


@dataclass(frozen=True, slots=True)
class Place:
    """One state: kept, mapped to another, restated (of another kind now), gone or new; how many stand there."""

    key: str
    label: Text
    fate: str
    n: int
    to: str = ""
    to_label: Text | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A move that the clock would make at once, and for how many."""

    transition: str
    label: Text
    n: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What adopting a definition would do, and every reason against it."""

    old: Definition
    new: Definition
    places: tuple[Place, ...]
    refusals: tuple[Reason, ...]
    notes: tuple[Reason, ...]
    changes: tuple[Change, ...]
    due: tuple[Due, ...] = ()

    @property
    def is_same(self) -> bool:
        """Tell whether nothing differs, so that there is nothing else to tell."""
        return self.old.hash == self.new.hash

    @property
    def moving(self) -> tuple[Place, ...]:
        """The states whose cases get an entry: they go elsewhere, or their state means something else."""
        return tuple(one for one in self.places if one.fate in (MAPPED, RESTATED) and one.n)

    @property
    def digest(self) -> str:
        """What is agreed to: both definitions, where cases go and how many, what the clock would do.

        Not how many stay where they are, or nobody could agree to anything in a year that is busy.
        """
        told = self.as_dict()
        staying = [{**one, "n": None} if one["fate"] == KEPT else one for one in told["states"]]
        return evidence.digest(json.dumps({**told, "digest": "", "states": staying}, ensure_ascii=False))

    def as_dict(self) -> dict[str, Any]:
        """Give the plan as plain values, without its digest."""
        return {
            "old": self.old.hash, "new": self.new.hash,
            "states": [_plain(one) for one in self.places],
            "refusals": [_plain(one) for one in self.refusals], "notes": [_plain(one) for one in self.notes],
            "changes": [_plain(one) for one in self.changes], "due": [_plain(one) for one in self.due],
        }  # fmt: skip


def compare(old: Definition, new: Definition, *, standing: Standing, mapping: Mapping[str, str]) -> Plan:
    """Return what would become of a year that moves from one definition to another."""
    places = tuple(_places(old, new, standing, mapping))
    refusals = (
        *_same(old, new),
        *_wrong_names(old, new, standing, mapping),
        *(Reason("adopt_unmapped", {"state": one.label, "n": one.n}) for one in places if one.fate == GONE and one.n),
        *_unheld(old, new, standing),
        *_unscored(old, new, standing),
        *_uncertified(old, new, standing, mapping),
        *([Reason("adopt_consent")] if standing.is_laid and new.workflow.consent is None else []),
    )
    known, told = old.workflow.states, new.workflow.states
    renames = {state: to for state, to in mapping.items() if state not in told and to in told and to not in known}
    differences = changes(old, new, renames=renames if len(set(renames.values())) == len(renames) else {})
    return Plan(old, new, places, refusals, tuple(_notes(old, new, standing)), differences)


def route(new: Definition, state: str, mapping: Mapping[str, str]) -> str | None:
    """Return the state in which the cases of an old state come to stand; None where there is none."""
    to = mapping.get(state, state)
    return to if to in new.workflow.states else None


def _places(old: Definition, new: Definition, standing: Standing, mapping: Mapping[str, str]) -> Iterator[Place]:
    before, after = old.workflow.states, new.workflow.states
    for key in dict.fromkeys([*before, *standing.states]):
        label = before[key].label if key in before else Text(zh=key, en=key)
        n, to = standing.states.get(key, 0), route(new, key, mapping)
        if to is None:
            yield Place(key, label, GONE, n)
        else:
            same = key in before and before[key].kind == after[to].kind
            fate = MAPPED if to != key else KEPT if same else RESTATED
            yield Place(key, label, fate, n, to, after[to].label)
    for key, state in after.items():
        if key not in before:
            yield Place(key, state.label, NEW, 0)


def _same(old: Definition, new: Definition) -> Iterator[Reason]:
    mine, its = old.workflow.programme, new.workflow.programme
    if mine.key != its.key:
        yield Reason("adopt_programme", {"old": mine.title, "new": its.title})
    if old.hash == new.hash:
        yield Reason("adopt_same")


def _wrong_names(
    old: Definition, new: Definition, standing: Standing, mapping: Mapping[str, str]
) -> Iterator[Reason]:
    for state, to in mapping.items():
        if state not in old.workflow.states and state not in standing.states:
            yield Reason("adopt_from", {"state": state[:40]})
        if to not in new.workflow.states:
            yield Reason("adopt_to", {"state": to[:40]})


def _unheld(old: Definition, new: Definition, standing: Standing) -> Iterator[Reason]:
    """Yield what the year holds, or lacks, that the new definition cannot do with."""
    for key, kind in new.timeline.rows.items():
        if kind.gate and key not in standing.rows:
            yield Reason("adopt_row", {"row": kind.title})
    for key, n in standing.answers.items():
        if n and key not in new.forms:
            yield Reason("adopt_form", {"form": old.forms[key].title if key in old.forms else key, "n": n})
    for key, n in standing.levels.items():
        if n and key not in new.rubric.levels:
            level = old.rubric.levels[key].label if key in old.rubric.levels else key
            yield Reason("adopt_level", {"level": level, "n": n})
    if standing.n_suspended and new.workflow.suspension is None:
        yield Reason("adopt_suspended", {"n": standing.n_suspended})


def _uncertified(
    old: Definition, new: Definition, standing: Standing, mapping: Mapping[str, str]
) -> Iterator[Reason]:
    """Yield how many certificates would end with the adoption: whoever wants that revokes them."""
    held = old.certificate.states(old.workflow) if old.certificate else []
    may = new.certificate.states(new.workflow) if new.certificate else []
    if n := sum(standing.certificates.get(state, 0) for state in held if route(new, state, mapping) not in may):
        yield Reason("adopt_certificates", {"n": n})


def _unscored(old: Definition, new: Definition, standing: Standing) -> Iterator[Reason]:
    """Yield the sheets that could not be read, or not be compared, any more.

    Scores that were given by other items, maxima or steps are not comparable, so there is no mere warning.
    """
    for kind, sheets in standing.sheets.items():
        title = old.rubric.sheets[kind].title if kind in old.rubric.sheets else kind
        is_other = not new.filled_in(kind) or (kind == old.counted) != (kind == new.counted)
        if sheets.n_assigned and is_other:
            yield Reason("adopt_sheet", {"sheet": title, "n": sheets.n_assigned})
        elif sheets.n_scored and _scale(old, kind) != _scale(new, kind):
            yield Reason("adopt_scores", {"sheet": title, "n": sheets.n_scored})


def _scale(definition: Definition, kind: str) -> tuple[Any, ...]:
    sheet = definition.rubric.sheets.get(kind)
    return (definition.rubric.step, {key: item.max for key, item in sheet.items.items()} if sheet else None)


def _notes(old: Definition, new: Definition, standing: Standing) -> Iterator[Reason]:
    """Yield what is no reason against it, but easily overlooked."""
    for key, kind in new.timeline.rows.items():
        if kind.held and standing.rows.get(key) is False:
            yield Reason("adopt_held", {"row": kind.title})
    for key, form in new.forms.items():
        known = old.forms[key].fields if key in old.forms else {}
        asked = [field.label for name, field in form.fields.items() if field.required and name not in known]
        if asked and standing.answers.get(key):
            yield Reason("adopt_required", {"form": form.title, "n": standing.answers[key]})


def _plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_defaults=True)
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)
