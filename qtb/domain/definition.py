"""A programme's folder as one frozen, hashed object: files → checked data → Definition with its shared machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, TypeVar

from pydantic import ValidationError
from transitions import Machine

from qtb.domain import evidence, facts, machine, strict_yaml
from qtb.domain.calendar import Calendar, Year
from qtb.domain.certificate import Certificates
from qtb.domain.eligibility_rules import Eligibility
from qtb.domain.errors import DefinitionError
from qtb.domain.fields import FormSpec
from qtb.domain.nomination import Nomination
from qtb.domain.rubric import Rubric
from qtb.domain.workflow import Key, Strict, Timeline, Workflow

Shape = TypeVar("Shape", bound=Strict)

FIXED: dict[str, type[Strict]] = {"workflow.yaml": Workflow, "timeline.yaml": Timeline, "rubric.yaml": Rubric}
ELIGIBILITY, CERTIFICATE, NOMINATION = "eligibility.yaml", "certificate.yaml", "nomination.yaml"
OPTIONAL: dict[str, type[Strict]] = {
    ELIGIBILITY: Eligibility, CERTIFICATE: Certificates, NOMINATION: Nomination,
}  # fmt: skip
FOLDERS: dict[str, type[Strict]] = {"forms": FormSpec, "calendar": Year}

CONCLUSION = "form_conclusion"  # the column of the field that says what a review came to

MOST_KNOWN = 64


@dataclass(frozen=True, eq=False)
class Definition:
    """What may happen in one programme. Two definitions with one hash are the same object, so it is its own key."""

    workflow: Workflow
    timeline: Timeline
    rubric: Rubric
    forms: Mapping[str, FormSpec]
    calendar: Calendar = field(compare=False)
    hash: str
    text: str
    places: Mapping[str, strict_yaml.Places] = field(repr=False, compare=False)
    eligibility: Eligibility = field(default=Eligibility(), compare=False)
    certificate: Certificates | None = field(default=None, compare=False)
    nomination: Nomination | None = field(default=None, compare=False)

    @cached_property
    def machine(self) -> Machine:
        """The one shared machine of this definition."""
        return machine.build(self.workflow)

    @cached_property
    def reviewed_in(self) -> list[str]:
        """The states in which somebody fills the form that reviews a work's form."""
        forms = {key for key, form in self.forms.items() for one in form.fields.values() if one.column == CONCLUSION}
        states = self.workflow.states.items()
        return [key for key, state in states if any(edit.form in forms for edit in state.edits)]

    @cached_property
    def sealed_forms(self) -> frozenset[str]:
        """The forms that are filled in only where something sealed is so: that there is one tells it."""
        edits = [edit for state in self.workflow.states.values() for edit in state.edits]
        return frozenset(edit.form for edit in edits if any(guard.fact in facts.SEALED for guard in edit.when))

    @property
    def counted(self) -> Key:
        """The sheet whose finished and open ones the facts count: the rubric's first."""
        return next(iter(self.rubric.sheets))

    def sheets_of(self, state: str) -> tuple[Key, ...]:
        """Return the kinds of sheet that are filled while a work stands in a state; none where it is not judged."""
        where = self.workflow.states[state]
        return tuple(where.sheets or [self.counted]) if where.judged else ()

    def filled_in(self, kind: str) -> list[str]:
        """Return the states in which evaluators fill a kind of sheet."""
        return [state for state in self.workflow.states if kind in self.sheets_of(state)]

    def line(self, file: str, *path: str | int) -> int:
        """Return the line where something stands in its file."""
        return strict_yaml.place(self.places[file], tuple(path))


_KNOWN: dict[str, Definition] = {}


def from_files(files: Mapping[str, str]) -> Definition:
    """Read a programme's files (name relative to its folder → text). Raises DefinitionError with every finding."""
    return from_text(_one_text(files))


def digest(files: Mapping[str, str]) -> str:
    """Return the hash of the definition that these files are, without reading them."""
    return evidence.digest(_one_text(files))


def known(digest: str) -> Definition | None:
    """Return the definition with this hash, if this process has read it before."""
    return _KNOWN.get(digest)


def from_text(text: str) -> Definition:
    """Read a definition from the one text that a cycle is pinned to; one text is read once."""
    digest = evidence.digest(text)
    found = _KNOWN.get(digest)
    if found is None:
        found = _read(text)
        if len(_KNOWN) >= MOST_KNOWN:
            _KNOWN.clear()
        found = _KNOWN.setdefault(digest, found)
    return found


def _one_text(files: Mapping[str, str]) -> str:
    return json.dumps(dict(sorted(files.items())), ensure_ascii=False)


def _read(text: str) -> Definition:
    files: dict[str, str] = json.loads(text)
    findings: list[str] = [f"{name}:1: the file is missing" for name in FIXED if name not in files]
    shapes: dict[str, Any] = {}
    places: dict[str, strict_yaml.Places] = {}
    for name in files:
        shape = FIXED.get(name) or OPTIONAL.get(name) or FOLDERS.get(name.partition("/")[0])
        if shape is None:
            findings.append(f"{name}:1: no such file belongs to a definition")
            continue
        try:
            shapes[name], places[name] = _shape(shape, files[name], name)
        except DefinitionError as error:
            findings += error.findings
    if findings:
        raise DefinitionError(findings)
    workflow, timeline, rubric = (shapes[name] for name in FIXED)
    calendar = Calendar(_folder(shapes, "calendar").values(), workflow.programme.zone)
    return Definition(
        workflow, timeline, rubric, _folder(shapes, "forms"), calendar,
        hash=evidence.digest(text), text=text, places=places,
        eligibility=shapes.get(ELIGIBILITY, Eligibility()), certificate=shapes.get(CERTIFICATE),
        nomination=shapes.get(NOMINATION),
    )  # fmt: skip


def _folder(shapes: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """Return what was read from a folder, by the files' names without their ends."""
    mine = folder + "/"
    return {name[len(mine) : -len(".yaml")]: shape for name, shape in shapes.items() if name.startswith(mine)}


@lru_cache(maxsize=256)
def _shape(shape: type[Shape], text: str, file: str) -> tuple[Shape, strict_yaml.Places]:
    """Read one file into its shape. A definition that differs from a known one in one file reads that one alone."""
    raw, places = strict_yaml.read(text, file)
    try:
        return shape.model_validate(raw), places
    except ValidationError as error:
        raise DefinitionError([_finding(file, places, one["loc"], one["msg"]) for one in error.errors()]) from None


def _finding(file: str, places: strict_yaml.Places, path: tuple[str | int, ...], message: str) -> str:
    return f"{file}:{strict_yaml.place(places, path)}: {strict_yaml.dotted(path)}: {message}"
