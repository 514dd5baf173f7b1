"""The shapes of `workflow.yaml` and `timeline.yaml` as frozen objects; a wrong key or type is refused by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Literal

from pydantic import Field

from qtb.domain.feedback import Feedback
from qtb.domain.objections import Objections
from qtb.domain.shapes import Edge as Edge
from qtb.domain.shapes import Key as Key
from qtb.domain.shapes import Strict as Strict
from qtb.domain.shapes import Text as Text


class Guard(Strict):
    """One condition: fact, operator, value."""

    fact: Key
    op: Literal["eq", "ne", "lt", "le", "gt", "ge", "in", "not_in"]
    value: bool | int | str | list[int | str]


class Edit(Strict):
    """Who may edit which form in a state, while which row is open or at any time; `when`, and until its own due."""

    form: Key
    by: Key
    during: Key | None = None
    when: list[Guard] = []
    until: Literal["slides_due_at"] | None = None


class State(Strict):
    """Where a submission stands. `kind` carries meaning, the name never does."""

    kind: Literal["start", "live", "side", "end"]
    label: Text
    public: Text | None = None  # wording for applicants and the public, where it differs from the staff's
    holder: Key | None = None  # the role whose turn it is
    edits: list[Edit] = []
    rests: bool = False  # nothing need end it
    listed: bool = False  # named in the public list of results
    judged: Key | None = None  # the row during which evaluators score it
    sheets: list[Key] = []  # what they fill meanwhile; the rubric's first sheet where none is named
    decided: bool = False  # the organiser may propose a level

    def wording(self, language: str, *, staff: bool) -> str:
        """Return the label for staff or, where there is one, the public wording."""
        return (self.label if staff or self.public is None else self.public).get(language)


class Effect(Strict):
    """What leaves from the outbox after the commit."""

    effect: Literal["mail"]
    letter: Key
    to: Key


class Undo(Strict):
    """Who may take a move back, as the last thing that happened, and within how many days (None: any time)."""

    by: list[Key] = Field(min_length=1)
    days: int | None = Field(default=None, ge=0, le=366)


class Suspension(Strict):
    """Who may stop a case's clock, in which states, and whether the days are given back when it goes on."""

    by: list[Key] = Field(min_length=1)
    source: list[Key] = Field(alias="from", min_length=1)
    gives_back: bool


class Reroute(Strict):
    """Who may put a submission before another recommending unit, until which row ends, at most how many times.

    Without `to` it stays where it stands; with it, it comes back there from an end.
    """

    source: list[Key] = Field(alias="from", min_length=1)
    to: Key | None = None
    by: list[Key] = Field(min_length=1)
    until: Key
    most: int = Field(default=5, ge=1, le=50)


class Reminder(Strict):
    """A letter ahead of an edge (`days` before it), or at it, to those whose turn it is: at an hour when people read.

    It is about the cases that stand in states, or about what units have yet to hand in. `each: unit` gathers a unit's
    cases into one letter, `each: person` an evaluator's open works. `to` is a role, or `above`: those above the silent
    unit.
    """

    at: Edge
    days: list[int] = Field(default=[0], min_length=1)
    hour: int = Field(default=9, ge=0, le=23)  # of the programme's zone
    source: list[Key] = Field(default=[], alias="from")
    hand_ins: list[Key] = []
    to: Key
    each: Literal["submission", "unit", "person"] = "submission"
    letter: Key


class Transition(Strict):
    """One way from a state to another: by people during a row, or by the clock at an edge."""

    label: Text
    done: Text
    hint: Text | None = None
    task: Text | None = None  # what a to-do list calls it, where the act is one of several possible answers
    source: list[Key] = Field(alias="from", min_length=1)
    to: Key
    by: list[Key] = []
    during: Key | None = None
    at: Edge | None = None
    when: list[Guard] = []
    note: Literal["none", "optional", "required"] = "none"
    due: Literal["none", "optional", "required"] = "none"  # a date by which the next one should act
    then: list[Effect] = []
    tone: Literal["primary", "plain", "danger"] = "plain"
    undo: Undo | None = None
    receipt: bool = False  # whoever hands in gets a receipt
    empties: list[Key] = []  # forms about what was before: they are filled in anew


class Group(Strict):
    """A part of the recommending unit's queue; the works of all ranked ones stand in one order."""

    label: Text
    source: list[Key] = Field(alias="from", min_length=1)
    ranked: bool = False


class Ranking(Strict):
    """Who puts works in their order, while which timeline row is open."""

    by: Key
    during: Key


class Quota(Strict):
    """Which moves use a unit's quota up, which states count, and what happens beyond it."""

    mode: Literal["warn", "block"]
    moves: list[Key] = Field(min_length=1)
    counts: list[Key] = Field(min_length=1)


class Figure(Strict):
    """A field of a form by whose choices the published results are counted."""

    form: Key
    field: Key


class RowKind(Strict):
    """A row that the programme knows: its key, its words in notices, and whether moves depend on it."""

    title: Text
    short: Text
    words: list[str]
    gate: bool
    held: str | None = None  # suggested time of day, for rows with an instant


class Timeline(Strict):
    """`timeline.yaml`: the rows in their order."""

    rows: dict[Key, RowKind]


class Programme(Strict):
    """What the programme is called, where its clock hangs, and who runs it."""

    key: Key
    title: Text
    zone: str
    organiser: Text


class HandIn(Strict):
    """A form that a unit hands in for the year: by which role, while which row is open."""

    by: Key
    during: Key


class Consent(Strict):
    """Whose consent the publication waits for once the levels lie before them: the people of a role."""

    by: Key


class Workflow(Strict):
    """`workflow.yaml`: the whole of what may happen."""

    programme: Programme
    path: list[Key]  # the states of the good way, in order: the stepper
    states: dict[Key, State]
    transitions: dict[Key, Transition]
    suspension: Suspension | None = None
    reminders: dict[Key, Reminder] = {}
    hand_ins: dict[Key, HandIn] = {}
    reroutes: dict[Key, Reroute] = {}
    objections: Objections | None = None
    consent: Consent | None = None
    feedback: Feedback | None = None
    figures: list[Figure] = []
    queue: list[Group] = []
    ranking: Ranking | None = None
    quota: Quota | None = None

    @property
    def start(self) -> Key:
        """The state in which a submission begins."""
        return next(key for key, state in self.states.items() if state.kind == "start")

    @property
    def entered(self) -> Key:
        """The row during which submissions begin: that of the first form."""
        return str(self.states[self.start].edits[0].during)

    def sources(self, transition: Key) -> Sequence[Key]:
        """Return the states from which a transition leaves; `from` may name states or kinds."""
        return self._sources[transition]

    def named(self, names: Iterable[Key]) -> list[Key]:
        """Return the states that are named themselves or by their kind."""
        chosen = set(names)
        return [key for key, state in self.states.items() if key in chosen or state.kind in chosen]

    @cached_property
    def _sources(self) -> Mapping[Key, Sequence[Key]]:
        # A page asks hundreds of times which states a move leaves; tuples, since all who ask share the answer.
        return {key: tuple(self.named(transition.source)) for key, transition in self.transitions.items()}

    def ranked(self) -> list[Key]:
        """Return the states whose works have a rank."""
        return self.named(state for group in self.queue if group.ranked for state in group.source)

    def clocked(self) -> list[Key]:
        """Return the transitions that belong to the clock."""
        return [key for key, transition in self.transitions.items() if transition.at is not None]
