"""How long the public notice lasts, and what a definition may say of it."""

from __future__ import annotations

import pytest

from qtb.domain import lint, objections
from qtb.domain.errors import Invalid
from qtb.domain.timeline import Row, Timeline
from qtb.domain.workflow import Text
from qtb.services.definitions import letters
from tests.domain.sample import edited, real
from tests.world import at

AWARDED = Text(zh="已发布", en="Awarded")


def times(held: str | None) -> Timeline:
    """A timeline in which results are published at an instant, or without one at the end of August."""
    row = Row("publish", 7, "活动成果发布", at("2024-08-01"), at("2024-09-01"), at(held) if held else None)
    return Timeline({"publish": row}, calendar=real().calendar)


@pytest.mark.parametrize(
    ("held", "ends"),
    [
        ("2024-08-20 10:00", "2024-08-28"),  # a Tuesday: Wednesday to Friday, Monday, Tuesday
        ("2024-08-23 23:59", "2024-08-31"),  # a Friday
        ("2024-09-13 10:00", "2024-09-24"),  # the mid-autumn holiday, whose Saturday 14 is worked
        ("2024-09-27 10:00", "2024-10-11"),  # the national week, whose 29 is worked
        (None, "2024-09-07"),
    ],
)
def test_the_notice_lasts_whole_working_days(held: str | None, ends: str) -> None:
    found = objections.window(real().workflow.objections, times(held))
    assert found is not None
    assert found.closes_at == at(ends)
    assert found.is_open(found.opens_at)
    assert not found.is_open(found.closes_at)


def test_without_a_rule_or_a_date_there_is_no_notice() -> None:
    assert objections.window(None, times(None)) is None
    assert objections.window(real().workflow.objections, Timeline({})) is None


def test_an_unknown_year_is_an_error_that_says_so() -> None:
    with pytest.raises(Invalid, match="calendar_year"):
        objections.window(real().workflow.objections, times("2030-08-20 10:00"))


def test_why_nobody_may_object_is_said_with_the_instant() -> None:
    found = objections.Window(at("2024-08-20 10:00"), at("2024-08-28"))
    for now, is_against, key in (
        ("2024-08-20 09:59", True, "objection_early"),
        ("2024-08-28 00:00", True, "objection_late"),
        ("2024-08-21 00:00", False, "objection_state"),
    ):
        reason = objections.refusal(AWARDED, found, at(now), is_against=is_against)
        assert reason is not None
        assert reason.key == key
    assert objections.refusal(AWARDED, found, at("2024-08-27 23:59"), is_against=True) is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  form: objection\n", "  form: declaration\n", "declaration is no form about an objection"),
        ("email: by_email}", "email: by_mail}", "no field by_mail"),
        ("  since: {row: publish, edge: held}", "  since: {row: exchange, edge: held}", "no gate: exchange"),
        ("  since: {row: publish, edge: held}", "  since: {row: publish, edge: silent}", "a silence is a moment"),
        ("  against: [awarded, shared]", "  against: [awarded, lost]", "unknown state lost"),
        ("  against: [awarded, shared]", "  against: [awarded, evaluated]", "does not leave every state"),
        ("  upheld: revoke", "  upheld: share", "share is no move of the organiser with a note"),
        ("  upheld: revoke", "  upheld: banish", "banish is no move"),
    ],
)
def test_lint_finds_what_is_wrong_with_the_public_notice(old: str, new: str, said: str) -> None:
    found = lint.findings(edited(old, new), letters())
    assert [one for one in found if said in one and "objections." in one], found


def test_lint_finds_a_part_that_nobody_fills() -> None:
    found = lint.findings(edited("    by: organiser\n", "    by: evaluator\n", "forms/objection.yaml"), letters())
    assert [one for one in found if "filled by whoever objects" in one]
