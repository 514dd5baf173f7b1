"""The shapes of `eligibility.yaml`: rules with a severity, the moves they bear on, a test of a closed vocabulary."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from qtb.domain.workflow import Key, Strict, Text

Name = str  # `form.field`


class MonthsSince(Strict):
    """At least so many months lie between a month field and today."""

    field: Name
    at_least: int = Field(ge=0, le=600)


class MonthsBetween(Strict):
    """A span of months, both ends counted, is at least so long."""

    first: Name
    last: Name
    at_least: int = Field(ge=0, le=600)


class EndedWithin(Strict):
    """A month field lies no more than so many months back."""

    field: Name
    months: int = Field(ge=0, le=600)


class Equals(Strict):
    """A field has this value."""

    field: Name
    value: bool | int | str


class FilledIn(Strict):
    """Fields, rows and files are there: a stamped page is a file field."""

    fields: list[Name] = Field(min_length=1)


class Complete(Strict):
    """Forms are filled in whole."""

    forms: list[Key] = Field(min_length=1)


class AYear(Strict):
    """With this one, a unit and a team have declared no more than so many works in the year."""

    per_unit: int = Field(ge=1, le=10_000)
    per_team: int = Field(ge=1, le=100)


class NotElsewhere(Strict):
    """No live entry of the same team (or, with `title`, of the unit with the same title) names another recommender."""

    title: bool = False


class Recommender(Strict):
    """The recommending unit is named and authorised."""

    authorised: Literal[True]


class CoolOff(Strict):
    """After a level, so many years pass before the team declares again, unless a field says that the work is new."""

    years: dict[Key, int] = Field(min_length=1)
    unless: Equals | None = None


class Publicity(Strict):
    """A span of days, both ends counted, holds at least so many working days."""

    first: Name
    last: Name
    working_days: int = Field(ge=1, le=250)


class Tests(Strict):
    """What a rule asks: all of it must be so."""

    months_since: MonthsSince | None = None
    months_between: MonthsBetween | None = None
    ended_within: EndedWithin | None = None
    equals: Equals | None = None
    filled: FilledIn | None = None
    complete: Complete | None = None
    a_year: AYear | None = None
    not_elsewhere: NotElsewhere | None = None
    recommender: Recommender | None = None
    cool_off: CoolOff | None = None
    publicity: Publicity | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> Tests:
        if not self.asked():
            raise ValueError("a test asks at least one thing")
        return self

    def asked(self) -> dict[str, Strict]:
        """Return what is asked, by its name in the vocabulary."""
        return {name: one for name in type(self).model_fields if (one := getattr(self, name)) is not None}


class Rule(Strict):
    """One condition of eligibility; without a test it only says something."""

    says: Text
    severity: Literal["block", "warn", "info"]
    at: list[Key] = Field(min_length=1)
    on: bool = True
    guarded: bool = False  # the move's own guards refuse it: the rule says so, and does not say it twice
    test: Tests | None = None

    @model_validator(mode="after")
    def _can_be_judged(self) -> Rule:
        if self.test is None and self.severity != "info":
            raise ValueError("a rule that blocks or warns has a test")
        return self


class Eligibility(Strict):
    """`eligibility.yaml`: the stages with their moves, and the rules by code."""

    stages: dict[Key, list[Key]] = {}
    rules: dict[Key, Rule] = {}

    def stage_of(self, move: Key) -> Key | None:
        """Return the stage on whose rules a move hangs."""
        return next((stage for stage, moves in self.stages.items() if move in moves), None)

    def of(self, stage: Key | None) -> dict[Key, Rule]:
        """Return the rules that are on and bear on a stage, by code."""
        return {code: rule for code, rule in self.rules.items() if rule.on and stage in rule.at}

    def barring(self, stage: Key | None) -> dict[Key, Rule]:
        """Return those of a stage's rules that can stand in the way of its moves."""
        return {code: rule for code, rule in self.of(stage).items() if rule.severity == "block" and not rule.guarded}
