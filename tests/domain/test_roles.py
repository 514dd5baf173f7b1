"""Roles: a relation between a person and a case, the same for values and for columns."""

from __future__ import annotations

import pytest

from qtb.domain import roles
from qtb.domain.decide import Case
from qtb.domain.roles import CLOCK, Actor
from qtb.store.submissions import Submission

CASE = Case(1, "x", 10, 20, 1, {})


def someone(**units: int) -> Actor:
    """Return a person with roles in units."""
    return Actor(5, "somebody", "web", {role: frozenset({unit}) for role, unit in units.items()})


@pytest.mark.parametrize(
    ("role", "units", "expected"),
    [
        ("applicant", {"applicant": 10}, True), ("applicant", {"applicant": 11}, False), ("applicant", {}, False),
        ("applicant", {"recommender": 10}, False), ("recommender", {"recommender": 20}, True),
        ("recommender", {"recommender": 10}, False), ("organiser", {"organiser": 1}, True), ("organiser", {}, False),
        ("evaluator", {"evaluator": 1}, False),
    ],
)  # fmt: skip
def test_who_is_party_to_a_case(role: str, units: dict[str, int], expected: bool) -> None:
    assert roles.is_party(role, someone(**units), CASE) is expected


def test_a_case_without_a_recommender_has_none() -> None:
    assert roles.is_party("recommender", someone(recommender=20), Case(1, "x", 10, None, 1, {})) is False


def test_of_a_table_the_relation_is_a_clause() -> None:
    clause = roles.is_party("applicant", someone(applicant=10), Submission)
    assert "submission.unit_id IN" in str(clause)
    assert roles.is_party("organiser", someone(organiser=1), Submission) is True
    assert roles.is_party("applicant", someone(), Submission) is False


def test_one_person_may_act_for_several_units() -> None:
    both = Actor(5, "somebody", "web", {"applicant": frozenset({10, 11})})
    assert roles.is_party("applicant", both, CASE)
    assert roles.is_party("applicant", both, Case(2, "x", 11, 20, 1, {}))
    assert not roles.is_party("applicant", both, Case(3, "x", 12, 20, 1, {}))


def test_the_clock_is_nobody_and_holds_nothing() -> None:
    assert CLOCK.is_clock
    assert CLOCK.user_id is None
    assert not any(CLOCK.holds(role) for role in roles.ROLES)
    assert not someone(organiser=1).is_clock


def test_an_empty_set_of_units_holds_no_role() -> None:
    assert not Actor(5, "somebody", "web", {"organiser": frozenset()}).holds("organiser")


def test_each_role_has_a_kind_of_unit_and_movers_are_roles() -> None:
    assert roles.UNIT_KINDS.keys() == roles.ROLES.keys()
    assert set(roles.MOVERS) <= roles.ROLES.keys()
    assert set(roles.UNIT_KINDS.values()) <= roles.ROLES.keys()
