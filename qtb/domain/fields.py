"""The shapes of `forms/*.yaml`: fields, rows of fields, conditions among answers. What is filled in: `form_check`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from qtb.domain.workflow import Key, Strict, Text

# What the system itself can say; the caller of a check hands it over by these names.
SOURCES = {
    "year", "number", "unit_name", "recommender_name", "earlier_levels", "rank",
    "teams_registered", "teams_declared", "teams_recommended", "received_on", "handler",
}  # fmt: skip
COLUMNS = ("team_name", "title", "category", "recommender_id", "share_consent", "first_review_score",
           "form_conclusion")  # fmt: skip
MOST_ROWS = 200


class Condition(Strict):
    """One comparison of an answer with a value, or with another answer of the same form."""

    field: Key
    op: Literal["eq", "ne", "lt", "le", "gt", "ge", "in", "not_in", "filled", "empty"]
    value: bool | int | str | list[int | str] | None = None
    than: Key | None = None


class Choice(Strict):
    """One value of an enum field."""

    key: Key
    label: Text
    group: Text | None = None  # a heading under which the page puts it


class FieldSpec(Strict):
    """One field: its type, limits, when it is asked, and the submission's column that it fills, if any.

    `min` and `max` bound the length of a text, the value of a number, the count of rows or files.
    """

    type: Literal["text", "longtext", "int", "decimal", "date", "month", "enum", "bool", "ref", "rows", "file"]
    label: Text
    help: Text | None = None
    required: bool = False
    must_be_true: bool = False
    min: int | None = None
    max: int | None = None
    places: int | None = Field(default=None, ge=0, le=6)  # of a decimal: digits behind the point
    pattern: Literal["phone", "email", "postcode", "uscc"] | None = None
    past: bool = False
    choices: list[Choice] = []
    refers: Literal["recommenders", "works"] | None = None
    column: (
        Literal[
            "team_name", "title", "category", "recommender_id", "share_consent", "first_review_score", "form_conclusion"
        ]
        | None
    ) = None
    asked_if: list[Condition] = []  # asked only where all of this is so
    columns: dict[Key, FieldSpec] = {}  # of rows
    auto: Key | None = None  # the system says it; nobody types it
    percent: list[Key] = []  # the system reckons it: first of second, in percent
    prefill: Key | None = None  # the system proposes it
    accept: list[Literal["pdf", "docx", "jpg", "png", "pptx", "xlsx"]] = []  # kinds of file
    max_mb: int | None = Field(default=None, ge=1, le=100)
    max_pages: int | None = None
    personal: bool = False  # about a person: left out of what is shared
    stamped: bool = False  # printed with room for a seal and a date
    anonymous: bool | None = None  # shown where the applicant is hidden; unsaid: files, people and seals are not
    copies: bool = True  # taken over when an earlier form is copied

    @model_validator(mode="after")
    def _fits_its_type(self) -> FieldSpec:
        if (self.type == "rows") != bool(self.columns):
            raise ValueError("`columns` belong to rows, and rows have some")
        if any(column.type in ("rows", "file") for column in self.columns.values()):
            raise ValueError("rows hold neither rows nor files")
        if (self.type == "file") != bool(self.accept):
            raise ValueError("`accept` belongs to a file, and a file names its kinds")
        if self.percent and (self.type != "decimal" or len(self.percent) != 2):
            raise ValueError("`percent` is a decimal of two other fields")
        if {self.auto, self.prefill} - {None, *SOURCES}:
            raise ValueError(f"the system can say {', '.join(sorted(SOURCES))}")
        return self

    @property
    def by_system(self) -> bool:
        """Tell whether nobody fills it in."""
        return self.auto is not None or bool(self.percent)


class Section(Strict):
    """A titled group of fields; `by` is the role that fills it, where that is not whoever fills the form."""

    title: Text
    help: Text | None = None
    by: Key | None = None
    fields: dict[Key, FieldSpec]


class FormCheck(Strict):
    """What must be so among several answers; said at one field, as an error or, with `warns`, as advice."""

    at: Key
    given: list[Condition] = Field(default=[], alias="if")
    then: list[Condition] = Field(min_length=1)
    says: Text
    warns: bool = False


class Also(Strict):
    """Fields of another form that the printed one shows too."""

    form: Key
    title: Text
    fields: list[Key] = Field(min_length=1)


class ListColumn(Strict):
    """A column of a list of works: what the system says of each, a field of one of its forms, or room to write."""

    label: Text
    said: Literal["n", "rank", "number", "unit_name"] | None = None
    form: Key | None = None
    field: Key | None = None


class WorksList(Strict):
    """The list of its recommended works that the system puts behind a unit's form."""

    title: Text
    columns: list[ListColumn] = Field(min_length=1)


class FormSpec(Strict):
    """One form file."""

    title: Text
    intro: Text | None = None
    # What one filled form is about: a team's entry, a recommending unit's year, or an objection.
    about: Literal["submission", "recommender", "objection"] = "submission"
    judged: bool = False  # evaluators read it
    sheets: list[Key] = []  # only those evaluators who have one of these sheets of the work; all, where none is named
    read_by: list[Key] = []  # the roles that read it; everybody who may see the case, where none is named
    max_total: int | None = None  # characters of all its texts together
    explains: Key | None = None  # the field that says why a proposed value was changed
    checks: list[FormCheck] = []
    also: list[Also] = []
    works: WorksList | None = None
    sections: list[Section]

    @property
    def fields(self) -> dict[Key, FieldSpec]:
        """All fields in order."""
        return {key: spec for section in self.sections for key, spec in section.fields.items()}

    def part(self, by: Key | None = None) -> FormSpec:
        """Return the form with only the sections that a role fills, or (None) whoever fills the form."""
        mine = [section for section in self.sections if section.by == by]
        return self.model_copy(update={"sections": mine, "checks": []})

    @model_validator(mode="after")
    def _names_resolve(self) -> FormSpec:
        unknown = sorted(set(self._named()) - set(self.fields))
        if unknown:
            raise ValueError(f"no field is called {', '.join(unknown)}")
        if sum(len(section.fields) for section in self.sections) != len(self.fields):
            raise ValueError("a field stands in two sections")
        return self

    def _named(self) -> Iterator[Key]:
        if self.explains:
            yield self.explains
        for check in self.checks:
            yield check.at
            yield from _fields_of([*check.given, *check.then])
        for spec in self.fields.values():
            yield from spec.percent
            yield from _fields_of(spec.asked_if)


def _fields_of(conditions: list[Condition]) -> Iterator[Key]:
    for one in conditions:
        yield one.field
        if one.than:
            yield one.than
