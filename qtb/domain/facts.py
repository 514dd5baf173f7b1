"""What a guard may name, and how a guard is answered: the same rule for a value and for a column.

A guard is data (fact, operator, value). Python's operators mean on a value what SQLAlchemy makes of them on a
column, so one table of operators serves both and nothing is written twice.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from qtb.domain.workflow import Guard

# Facts are never NULL: a missing text is "", a missing number 0.
FACTS: dict[str, type] = {
    "registration_complete": bool,
    "declaration_complete": bool,
    "experience_complete": bool,
    "form_conclusion": str,
    "n_sheets_final": int,
    "n_sheets_open": int,
    "share_consent": str,
    "award_level": str,
    "taken_back": bool,
    "n_blocks": int,
    "n_objections_open": int,
    "shortlisted": bool,
    "consent_held": bool,
    "nominated": bool,
    "eliminated": bool,
}

# How many rules of eligibility stand in the way of the move being made; the door counts them right before it judges.
N_BLOCKS = "n_blocks"

# What these say is the organiser's until it is published: nothing shown to others may depend on them.
SEALED = {"n_sheets_final", "n_sheets_open", "award_level", "shortlisted", "consent_held", "eliminated"}


def _one_of(left: Any, right: Any) -> Any:
    return left.in_(right) if hasattr(left, "in_") else left in right


def _none_of(left: Any, right: Any) -> Any:
    return left.not_in(right) if hasattr(left, "not_in") else left not in right


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "in": _one_of,
    "not_in": _none_of,
}


def answer(guard: Guard, facts: Mapping[str, Any]) -> Any:
    """Apply a guard to facts: values give a bool, SQL columns give a clause."""
    return OPERATORS[guard.op](facts[guard.fact], guard.value)


def fits(guard: Guard) -> bool:
    """Tell whether the guard's value is of the fact's type and the operator makes sense for it."""
    kind = FACTS[guard.fact]
    if guard.op in ("in", "not_in"):
        return isinstance(guard.value, list) and all(type(item) is kind for item in guard.value) and kind is not bool
    # Order among texts differs between databases' collations, so it is not offered.
    return type(guard.value) is kind and (guard.op in ("eq", "ne") or kind is int)
