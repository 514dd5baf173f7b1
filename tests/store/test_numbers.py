"""Numbers: sixteen who ask at once get sixteen numbers, none twice and none left out."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from qtb.store.submissions import next_number
from qtb.store.unit import unit
from tests.threads import at_once


def test_sixteen_at_once_get_each_number_once(session: Session) -> None:
    def ask(mine: Session) -> list[int]:
        found = []
        for _ in range(8):
            with unit(mine):
                found.append(next_number(mine, "submission:1"))
        return found

    outcomes = at_once([ask] * 16)
    numbers = sorted(number for outcome in outcomes for number in outcome)
    assert numbers == list(range(1, 16 * 8 + 1))
    for outcome in outcomes:
        assert outcome == sorted(outcome)


def test_a_number_whose_unit_fails_is_given_again(session: Session) -> None:
    with unit(session):
        assert next_number(session, "a") == 1
    with pytest.raises(RuntimeError):
        _number_then_fail(session)
    with unit(session):
        assert next_number(session, "a") == 2


def _number_then_fail(session: Session) -> None:
    with unit(session):
        assert next_number(session, "a") == 2
        raise RuntimeError


def test_each_counter_counts_on_its_own(session: Session) -> None:
    with unit(session):
        assert [next_number(session, key) for key in ("a", "b", "a", "b", "c", "a")] == [1, 1, 2, 2, 1, 3]
