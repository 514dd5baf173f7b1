"""Who goes up to the next round by rule, and what is wrong with a definition of it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from qtb.domain import definition, lint
from qtb.domain.nomination import NO_WISH, OBJECTION, QUOTA, Published, candidates
from qtb.services.definitions import letters
from tests.domain.sample import files

WORKS = some.lists(
    some.builds(
        Published, some.integers(1, 9), some.text("0123456789", min_size=4, max_size=4),
        some.none() | some.integers(1, 9), some.just(Decimal(90)), some.booleans(), some.integers(0, 2),
    ),
    max_size=9, unique_by=lambda one: one.number,
)  # fmt: skip


def work(n: int, *, wishes: bool = True, objections: int = 0) -> Published:
    return Published(n, f"{n:04d}", n, Decimal(100 - n), wishes, objections)


def test_they_go_in_the_order_of_the_results_within_the_places() -> None:
    found = candidates([work(3), work(1), work(2, wishes=False), work(4, objections=1), work(5)], 2)
    assert [(one.work.id, one.place, one.why) for one in found] == [
        (1, 1, ""), (2, None, NO_WISH), (3, 2, ""), (4, None, OBJECTION), (5, 3, QUOTA),
    ]  # fmt: skip


@pytest.mark.parametrize(("quota", "n"), [(None, 3), (0, 0), (2, 2), (9, 3)])
def test_as_many_as_there_are_places_or_all(quota: int | None, n: int) -> None:
    assert sum(one.is_proposed for one in candidates([work(1), work(2), work(3)], quota)) == n


@given(WORKS, some.none() | some.integers(0, 5))
def test_the_order_they_are_given_in_never_matters_and_no_barred_one_is_proposed(
    works: list[Published], quota: int | None
) -> None:
    found = candidates(works, quota)
    assert found == candidates(list(reversed(works)), quota)
    proposed = [one.work for one in found if one.is_proposed]
    assert all(one.wishes and not one.n_objections for one in proposed)
    assert quota is None or len(proposed) <= quota


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("nomination.yaml", "[BENCHMARK]", "[TOP]", "unknown level TOP"),
        ("nomination.yaml", "form: national\n", "form: objection\n", "objection is no form about a submission"),
        ("nomination.yaml", "takes: experience", "takes: nothing", "nothing is no form about a submission"),
        ("nomination.yaml", "value: yes", "value: maybe", "no such answer: declaration.national_wish = maybe"),
        ("nomination.yaml", "field: national_wish", "field: title", "no such answer"),
        ("workflow.yaml", "{form: national, by: organiser,", "{form: national, by: applicant,", "no listed state lets"),
        ("workflow.yaml", "[{fact: nominated, op: eq, value: true}]", "[]", "no listed state lets"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_with_its_place(file: str, old: str, new: str, says: str) -> None:
    given = files()
    assert old in given[file]
    found = lint.findings(definition.from_files({**given, file: given[file].replace(old, new)}), letters())
    assert [line for line in found if says in line and "nomination.yaml:" in line]
