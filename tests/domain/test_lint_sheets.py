"""Which sheets are filled where: what lint refuses, and that definitions without a word of it mean the first sheet."""

from __future__ import annotations

import pytest

from qtb.domain import lint
from qtb.services.definitions import letters
from tests.domain.sample import edited, real
from tests.domain.small import small

LATER = "    sheets: [PRE, SIT]\n"
UNFILLED = "a score or a level hangs on it, and it is filled in no state"


def test_a_state_without_named_sheets_is_judged_by_the_first() -> None:
    found = edited(LATER, "")
    assert {found.sheets_of(state) for state in found.workflow.states if found.workflow.states[state].judged} == {
        (found.counted,)
    }
    assert found.filled_in("PRE") == []


def test_where_nothing_is_judged_nothing_is_filled() -> None:
    assert {small().sheets_of(state) for state in small().workflow.states} == {()}


def test_each_kind_is_filled_in_states_of_its_own() -> None:
    found = real()
    first, later = found.filled_in(found.counted), found.filled_in("PRE")
    assert first
    assert later == found.filled_in("SIT")
    assert not set(first) & set(later)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("sheets: [PRE, SIT]", "sheets: [PRE, LOST]", "sheets.1: the rubric has no sheet LOST"),
        ("sheets: [PRE, SIT]", "sheets: [SIT]", f"sheets.PRE: {UNFILLED}"),
        ("sheets: [PRE, SIT]", "sheets: [MAT]", f"sheets.PRE: {UNFILLED}"),
        (
            "    judged: evaluate  # what is presented, and what is looked at on site\n", "",
            "sheets: no row during which the sheets are filled: `judged`",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_sheets_is_said_at_its_line(old: str, new: str, said: str) -> None:
    found = [one for one in lint.findings(edited(old, new), letters()) if said in one]
    assert found
    assert found[0].split(":")[0] in ("workflow.yaml", "rubric.yaml")
    assert found[0].split(":")[1].isdigit()


def test_a_sheet_that_only_informs_need_not_be_filled() -> None:
    assert lint.findings(edited("sheets: [PRE, SIT]", "sheets: [PRE]"), letters()) == []
