"""Who may: roles come through membership in units, and each role is a relation between a person and a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# role → the column of a case that must hold one of the actor's units; None reaches every case.
# An evaluator's relation is the assignment, which is a record and not a column: no move hangs on it.
ROLES: dict[str, str | None] = {
    "applicant": "unit_id",
    "recommender": "recommender_id",
    "organiser": None,
    "evaluator": None,
    "guiding": None,  # reads what is laid before it
}
MOVERS = ("applicant", "recommender", "organiser")

# The kind of unit in which a membership with this role is possible.
UNIT_KINDS: dict[str, str] = {
    "applicant": "applicant",
    "recommender": "recommender",
    "organiser": "organiser",
    "evaluator": "organiser",
    "guiding": "guiding",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts: a person through the web or the command line, or the clock."""

    user_id: int | None
    name: str
    via: str
    units: Mapping[str, frozenset[int]] = field(default_factory=dict)
    address: str = ""
    stands_for: Mapping[str, Mapping[int, str]] = field(default_factory=dict)  # as a deputy: role → unit → whose name
    behalf: int | None = None  # the organiser acts for this applicant's unit, with its rights and no others

    def holds(self, role: str) -> bool:
        """Tell whether the actor has the role in any unit."""
        return bool(self.units.get(role))

    @property
    def is_clock(self) -> bool:
        """Tell whether nobody acts but the timeline itself."""
        return self.via == "clock"


CLOCK = Actor(user_id=None, name="clock", via="clock")


def is_party(role: str, actor: Actor, case: Any) -> Any:
    """Apply a role to a case: a case of values gives a bool, a table's columns give a clause (or True/False)."""
    relation = ROLES[role]
    if not actor.holds(role):
        return False
    if relation is None:
        return role in MOVERS
    column = getattr(case, relation)
    units = actor.units[role]
    return column.in_(list(units)) if hasattr(column, "in_") else column in units
