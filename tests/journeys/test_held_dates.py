"""Over a suspension: the dates of a case's own, and the days in which its last move may be taken back."""

from __future__ import annotations

import pytest

from qtb.domain import decide
from qtb.services import advance
from qtb.store import cycles, facts
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests import presenting
from tests.journeys.test_form_review import REVIEW
from tests.journeys.test_suspended import resume, suspend, written
from tests.journeys.test_undo import refused, take_back
from tests.world import World, at


def row_of(world: World, work: int) -> Submission:
    """Return a submission as it is now."""
    world.session.rollback()
    return world.session.get_one(Submission, work)


def amending(world: World, due: str) -> int:
    """Return a work that is to be amended by a date."""
    work = world.placed("recommended")
    world.go("2024-07-02 10:00")
    world.fill(work, "form_review", REVIEW, "olga")
    with unit(world.session) as session:
        advance.advance(
            session, "ask_amendment", cycle=session.get_one(Cycle, world.cycle.id), now=world.now,
            actor=world.actor("olga"), ids=[work], note="请补盖公章", due_at=at(due),
        )  # fmt: skip
    return work


def presents(world: World, starts: str = "2024-08-16 09:00") -> int:
    """Return a work that presents in August; its slides are due before."""
    (work, *_) = presenting.evaluated(world, 90, 80)
    presenting.confirm(world, work)
    presenting.draw(world, presenting.day(starts))
    return work


def slides_refused(world: World, work: int) -> list[str]:
    """Return why the slides cannot be filled now."""
    row = row_of(world, work)
    times, actor = cycles.timeline_of(world.session, row.cycle_id), world.actor("alice")
    case = facts.as_case(row)
    found = decide.edit_refusal(row.cycle.definition, "slides", case, timeline=times, actor=actor, now=world.now)
    return [one.key for one in found]


def test_slides_are_due_as_many_days_later(world: World) -> None:
    work = presents(world)
    assert row_of(world, work).slides_due_at == at("2024-08-10")
    world.go("2024-08-05 09:00")
    suspend(world, work)
    world.go("2024-08-10 15:00")
    resume(world, work)
    assert slides_refused(world, work) == []
    assert row_of(world, work).slides_due_at == at("2024-08-16")  # a day begun counts whole
    assert "发布材料截止时间：2024年8月15日 24:00" in written(world, work)
    world.go("2024-08-16")
    assert slides_refused(world, work) == ["slides_late"]
    world.sound()


def test_slides_are_due_before_the_turn(world: World) -> None:
    work = presents(world)
    world.go("2024-08-05 09:00")
    suspend(world, work)
    world.go("2024-08-14 09:00")
    resume(world, work)
    assert row_of(world, work).slides_due_at == at("2024-08-16 09:00")


def test_slides_that_were_late_before_stay_so(world: World) -> None:
    work = presents(world)
    world.go("2024-08-10 09:00")
    suspend(world, work)
    world.go("2024-08-12 09:00")
    resume(world, work)
    assert row_of(world, work).slides_due_at == at("2024-08-10")
    assert slides_refused(world, work) == ["slides_late"]


def test_the_date_asked_for_is_as_many_days_later_also_after_an_undoing(world: World) -> None:
    work = amending(world, "2024-07-12")
    world.go("2024-07-08 09:00")
    suspend(world, work)
    world.go("2024-07-15 08:00")
    resume(world, work)
    assert row_of(world, work).due_at == at("2024-07-19")
    assert "完成期限：2024年7月18日 24:00" in written(world, work)
    world.move(work, "amend", "alice")
    assert row_of(world, work).due_at is None
    take_back(world, work, "alice")
    assert (world.state(work), row_of(world, work).due_at) == ("amending", at("2024-07-19"))
    world.move(work, "amend", "alice")
    take_back(world, work, "alice")
    assert row_of(world, work).due_at == at("2024-07-19")
    world.sound()


def test_undoing_restores_the_date_asked_for(world: World) -> None:
    work = amending(world, "2024-07-12")
    world.move(work, "amend", "alice")
    world.later(days=1)
    take_back(world, work, "alice")
    assert row_of(world, work).due_at == at("2024-07-12")


def test_undoing_what_said_the_date_takes_it_along(world: World) -> None:
    work = amending(world, "2024-07-12")
    take_back(world, work, "olga")
    assert (world.state(work), row_of(world, work).due_at) == ("recommended", None)


@pytest.mark.parametrize("n_left", [2, 0])
def test_held_days_are_none_of_those_for_undoing(world: World, n_left: int) -> None:
    world.now = at("2024-05-06 09:00")
    work = world.submitted()
    world.later(days=1)
    suspend(world, work)
    world.later(days=4)
    assert refused(world, work, "alice") == ["suspended"]
    resume(world, work)
    world.later(days=1)
    suspend(world, work)
    world.later(days=2)
    resume(world, work)
    if n_left:
        world.later(days=1)
        take_back(world, work, "alice")
        assert world.state(work) == "registered"
    else:
        world.later(days=1, seconds=1)
        assert refused(world, work, "alice") == ["undo_days"]
    world.sound()
