"""The organiser's form review: a checklist whose conclusion lets a work be sent back, amended, and looked at again."""

from __future__ import annotations

from typing import Any

import pytest

from qtb.domain.errors import Refusal
from qtb.store.submissions import Submission
from tests.world import World

REVIEW: dict[str, Any] = {
    "stamps": "fails", "stamps_remark": "附件二未盖章", "certified_reviewer": "meets", "certified_promoters": "meets",
    "lower_level": "not_applicable", "recent": "meets", "conclusion": "return", "opinion": "请补盖公章。",
}  # fmt: skip


@pytest.fixture
def work(world: World) -> int:
    """A recommended work in July."""
    found = world.placed("recommended")
    world.go("2024-07-02 10:00")
    return found


def test_a_work_goes_back_is_amended_and_is_reviewed_again(world: World, work: int) -> None:
    assert [one.key for one in world.refused(work, "ask_amendment", "olga", "请补章")] == ["fact_form_conclusion"]
    world.fill(work, "form_review", REVIEW, "olga")
    assert world.session.get_one(Submission, work).form_conclusion == "return"
    world.move(work, "ask_amendment", "olga", note="请补盖公章")
    assert (world.state(work), world.letters(work)[-1]) == ("amending", ("amend", "applicant"))
    world.declare(work, title="补正后的成果名称")
    world.move(work, "amend", "alice")
    assert (world.state(work), world.letters(work)[-1]) == ("recommended", ("amended", "organiser"))
    row = world.session.get_one(Submission, work)
    assert (row.title, row.form_conclusion) == ("补正后的成果名称", "")  # what was amended is to be looked at again
    assert [one.key for one in world.refused(work, "ask_amendment", "olga", "再补")] == ["fact_form_conclusion"]
    world.fill(work, "form_review", {**REVIEW, "stamps": "meets", "conclusion": "pass"}, "olga")
    assert [one.key for one in world.refused(work, "ask_amendment", "olga", "再补")] == ["fact_form_conclusion"]
    world.sound()


def test_what_has_to_be_mended_is_said_where_it_is_returned(world: World, work: int) -> None:
    with pytest.raises(Refusal):
        world.fill(work, "form_review", {**REVIEW, "opinion": ""}, "olga")


@pytest.mark.parametrize("who", ["alice", "rita", "ralf"])
def test_nobody_else_reviews(world: World, work: int, who: str) -> None:
    with pytest.raises(Refusal):
        world.fill(work, "form_review", REVIEW, who)
    assert world.session.get_one(Submission, work).form_conclusion == ""


def test_nothing_is_scored_while_it_is_amended(world: World, work: int) -> None:
    world.assign(work, "eve")
    world.fill(work, "form_review", REVIEW, "olga")
    world.move(work, "ask_amendment", "olga", note="请补盖公章")
    with pytest.raises(Refusal):
        world.score(work, "eve")
    world.move(work, "amend", "alice")
    world.score(work, "eve")
