"""What if: a date is looked at, moved and told; the clock keeps to the new one; and the grace that nobody is shown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from qtb.domain.timeline import canonical
from qtb.services import letters, plans
from qtb.services.cycles import Planned, as_planned
from qtb.services.letters import Post
from qtb.services.plans import Asked
from qtb.store.cycles import Cycle, TimelineRow
from qtb.store.outbox import Outbox
from qtb.store.unit import unit
from tests.services.test_plans import done, foreseen, row, shift
from tests.world import World, at

TICK = timedelta(microseconds=1)
PRINTED, LATER, GRACE = at("2024-06-01"), at("2024-06-11"), 30
POST = Post(None, "qtb@example.org", "https://qtb.example.org")


@pytest.fixture
def team(world: World) -> int:
    """A registered team with its declaration filled."""
    return world.placed("registered", "总装一班")


def test_a_date_is_looked_at_moved_and_told_and_the_clock_keeps_to_it(world: World, team: int) -> None:
    asked = row("declare", closes_at=LATER)
    plan = foreseen(world, asked)
    assert [(one.kind, one.transition, one.before, one.after, one.n) for one in plan.effects] == [
        ("moves", "lapse_undeclared", PRINTED, LATER, 1)
    ]
    done(world, asked, reason="台风顺延")
    (letter,) = world.session.scalars(select(Outbox).filter_by(letter="date_changed"))
    written = letters.letter_of(world.session, letter, post=POST, now=world.now)
    assert list(written.recipients) == ["alice@example.org"]
    for words in ("总装一班", "2024年5月31日 24:00", "2024年6月10日 24:00", "台风顺延", "10 Jun 2024, 24:00"):
        assert words in written.body
    world.now = PRINTED
    assert world.sweep() == []
    world.now = LATER - TICK
    assert world.sweep() == []
    world.now = LATER
    assert [one.transition for one in world.sweep()] == ["lapse_undeclared"]
    assert world.trail(team)[-1].due == canonical(LATER)
    world.sound()


def test_what_was_foreseen_is_what_happens(world: World) -> None:
    first, second = world.placed("registered", "第一班"), world.submitted("第二班")
    drafted = world.enter(team="第三班")
    world.go("2024-05-20 10:00")
    asked = row("declare", closes_at=at("2024-05-10"))
    plan = foreseen(world, asked)
    fated = {number for one in plan.effects if one.kind == "at_once" for number in one.numbers}
    done(world, asked, sure=True)
    world.sweep()
    lapsed = {one for one in (first, second, drafted) if world.state(one) == "lapsed"}
    assert (lapsed, len(fated)) == ({first}, 1)


def test_a_shifted_year_runs_on_its_new_dates(world: World, team: int) -> None:
    world.go("2024-05-20 10:00")
    done(world, shift(world, by=timedelta(days=7)))
    world.now = PRINTED
    assert world.sweep() == []
    world.move(team, "submit", "alice")
    world.now = at("2024-06-08")
    other = [one.transition for one in world.sweep()]
    assert "lapse_undeclared" not in other
    world.move(team, "recommend", "rita")
    world.now = at("2024-07-07 23:59")
    assert world.sweep() == []
    world.now = at("2024-07-08")
    world.judged(team)
    assert [one.transition for one in world.sweep()] == ["complete_evaluation"]
    world.sound()


# --- the grace ---------------------------------------------------------------------------------------


def graced(world: World, key: str = "declare", minutes: int = GRACE) -> None:
    """Give a row a grace as the organiser does."""
    world.session.rollback()
    mine = select(TimelineRow).filter_by(cycle_id=world.cycle.id, key=key)
    now = as_planned(world.session.scalars(mine).one())
    dates = Planned(key, now.seq, now.title, now.opens_at, now.closes_at, now.held_at, grace_minutes=minutes)
    done(world, Asked((dates,)), sure=True)


def test_in_the_grace_it_is_taken_and_marked_and_after_it_refused(world: World, team: int) -> None:
    other, third = world.placed("registered", "总装二班"), world.placed("registered", "总装三班")
    graced(world)
    world.now = PRINTED - TICK
    world.move(other, "submit", "alice")
    assert "late" not in world.trail(other)[-1].about()
    world.now = PRINTED + timedelta(minutes=GRACE) - TICK
    assert world.sweep() == []
    world.move(team, "submit", "alice")
    assert world.trail(team)[-1].about()["late"] is True
    world.now += TICK
    (reason,) = world.refused(third, "submit", "alice")
    assert (reason.key, reason.args["at"]) == ("closed", PRINTED)
    world.sweep()
    assert world.state(third) == "lapsed"
    assert world.trail(third)[-1].due == canonical(PRINTED + timedelta(minutes=GRACE))
    world.sound()


def test_a_letter_about_a_moved_date_names_no_grace(world: World, team: int) -> None:
    graced(world)
    with unit(world.session):
        world.session.execute(update(Outbox).values(status="sent", sent_at=world.now))
    now = as_planned(world.session.scalars(select(TimelineRow).filter_by(key="declare")).one())
    later = Planned("declare", now.seq, now.title, now.opens_at, LATER, grace_minutes=GRACE)
    plan = done(world, Asked((later,)))
    assert dict(plan.letters) == {"registered": 1}
    (letter,) = world.session.scalars(select(Outbox).filter_by(letter="date_changed"))
    assert letter.about["rows"]["declare"] == {"edge": "closes", "from": canonical(PRINTED), "to": canonical(LATER)}
    assert "00:30" not in letters.letter_of(world.session, letter, post=POST, now=world.now).body


def test_a_plan_is_reckoned_without_writing_even_outside_a_unit(world: World, team: int) -> None:
    world.session.rollback()
    cycle = world.session.get_one(Cycle, world.cycle.id)
    plans.foresee(world.session, cycle, row("declare", closes_at=LATER), now=world.now)  # connections are read-only
