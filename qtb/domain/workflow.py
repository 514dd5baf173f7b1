"""The shapes of `workflow.yaml` and `timeline.yaml` as frozen objects; a wrong key or type is refused by name."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Key = str


class Strict(BaseModel):
    """A frozen object that refuses unknown keys and converts nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class Text(Strict):
    """A wording in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def get(self, language: str) -> str:
        """Return the wording in `zh` or `en`."""
        return self.en if language == "en" else self.zh


class Edit(Strict):
    """Who may edit which form in a state, while which timeline row is open."""

    form: Key
    by: Key
    during: Key


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
    decided: bool = False  # the organiser may propose a level

    def wording(self, language: str, *, staff: bool) -> str:
        """Return the label for staff or, where there is one, the public wording."""
        return (self.label if staff or self.public is None else self.public).get(language)


class Guard(Strict):
    """One condition: fact, operator, value."""

    fact: Key
    op: Literal["eq", "ne", "lt", "le", "gt", "ge", "in", "not_in"]
    value: bool | int | str | list[int | str]


class Edge(Strict):
    """A moment of a timeline row: when it opens, closes, or the instant it is held at."""

    row: Key
    edge: Literal["opens", "closes", "held"]


class Effect(Strict):
    """What leaves from the outbox after the commit."""

    effect: Literal["mail"]
    letter: Key
    to: Key


class Transition(Strict):
    """One way from a state to another: by people during a row, or by the clock at an edge."""

    label: Text
    done: Text
    hint: Text | None = None
    source: list[Key] = Field(alias="from", min_length=1)
    to: Key
    by: list[Key] = []
    during: Key | None = None
    at: Edge | None = None
    when: list[Guard] = []
    note: Literal["none", "optional", "required"] = "none"
    then: list[Effect] = []
    tone: Literal["primary", "plain", "danger"] = "plain"


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


class Workflow(Strict):
    """`workflow.yaml`: the whole of what may happen."""

    programme: Programme
    path: list[Key]  # the states of the good way, in order: the stepper
    states: dict[Key, State]
    transitions: dict[Key, Transition]

    @property
    def start(self) -> Key:
        """The state in which a submission begins."""
        return next(key for key, state in self.states.items() if state.kind == "start")

    def sources(self, transition: Key) -> list[Key]:
        """Return the states from which a transition leaves; `from` may name states or kinds."""
        named = set(self.transitions[transition].source)
        return [key for key, state in self.states.items() if key in named or state.kind in named]

    def clocked(self) -> list[Key]:
        """Return the transitions that belong to the clock."""
        return [key for key, transition in self.transitions.items() if transition.at is not None]
