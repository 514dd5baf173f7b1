"""Ninety days asleep over three windows and an instant, with two hundred submissions: each overdue step once, in order.

What ought to happen is reckoned here from the notice and the working days, not asked of the code that does it.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from qtb import scheduler
from qtb.domain.timeline import canonical
from qtb.services.reminders import remind
from qtb.store.audit import History
from qtb.store.ledger import Ledger
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.throwaway import set_facts
from qtb.store.unit import unit
from tests.faults.crowds import crowd, moved_once, set_clock, stand
from tests.world import World, at

ASLEEP, AWAKE = at("2024-06-05 12:00"), at("2024-09-03 12:00")
DECLARED, RECOMMENDED, HELD, EVALUATED = at("2024-06-06"), at("2024-07-01"), at("2024-08-20 10:00"), at("2024-09-01")
Steps = list[tuple[str, str]]

# Who stands where since when, and what the clock owes them: at the end of a row, by a silence, by both, at an instant.
PARTS: list[tuple[str, str, int, Steps]] = [
    ("draft", "2024-03-01", 30, [("lapse_unregistered", canonical(DECLARED))]),
    ("registered", "2024-03-01", 30, [("lapse_undeclared", canonical(DECLARED))]),
    ("submitted", "2024-05-31 23:00", 25, [("pass_on", canonical(at("2024-06-25"))),
                                           ("lapse_passed_on", canonical(EVALUATED))]),
    ("submitted", "2024-05-20 09:00", 15, [("pass_on", canonical(at("2024-06-12"))),
                                           ("lapse_passed_on", canonical(EVALUATED))]),
    ("returned", "2024-05-20 09:00", 25, [("lapse_unrecommended", canonical(RECOMMENDED))]),
    ("recommended", "2024-05-20 09:00", 25, [("lapse_unevaluated", canonical(EVALUATED))]),
    ("evaluated", "2024-05-20 09:00", 20, [("award", canonical(HELD))]),
    ("evaluated", "2024-05-20 09:00", 20, [("not_award", canonical(HELD))]),
    ("declined", "2024-05-20 09:00", 10, []),
]  # fmt: skip


@pytest.fixture
def owed(app: Flask, world: World) -> dict[int, Steps]:
    """Two hundred submissions, and for each what the clock owes it when it wakes."""
    app.config["DEMO"] = True
    world.extend("register", "2024-06-06")  # for all, so that these ends fall into the sleep too
    world.extend("declare", "2024-06-06")
    ids = crowd(world, sum(n for _, _, n, _ in PARTS))
    found: dict[int, Steps] = {}
    for state, since, n, steps in PARTS:
        mine, ids = ids[:n], ids[n:]
        world.now = at(since)
        if state != "draft":
            stand(world, mine, state)
        if steps and steps[0][0] in ("award", "not_award"):
            _decide(world, mine, "BENCHMARK" if steps[0][0] == "award" else "none")
        found |= dict.fromkeys(mine, steps)
    return found


def _decide(world: World, ids: list[int], level: str) -> None:
    with unit(world.session):
        set_facts(world.session, ids, {"award_level": level}, evaluators=[], kind="", now=world.now)


def test_each_overdue_step_is_made_once_in_its_order_with_both_times(
    app: Flask, world: World, owed: dict[int, Steps]
) -> None:
    set_clock(world, ASLEEP)
    assert scheduler.tick(app, "before").swept == []
    n_before = _n_entries(world)
    set_clock(world, AWAKE)
    ticked = scheduler.tick(app, "after")
    assert [one.failure for one in ticked.swept if one.failure] == []
    assert _n_entries(world) - n_before == sum(len(steps) for steps in owed.values())
    assert scheduler.tick(app, "after").swept == []
    assert _n_entries(world) - n_before == sum(len(steps) for steps in owed.values())
    for case, steps in owed.items():
        made = [row for row in world.trail(case) if row.via == "clock"]
        assert [(row.transition, row.due) for row in made] == steps
        assert all(timedelta(0) <= row.at - AWAKE < timedelta(minutes=5) for row in made)
    for move in {move for steps in owed.values() for move, _ in steps}:
        moved_once(world, move, [case for case, steps in owed.items() if move in dict(steps)])
    made = History.via == "clock"
    dues = world.session.scalars(select(History.due).where(made).order_by(History.id)).all()
    assert list(dues) == sorted(dues), "a step was made before one that had fallen due earlier"
    assert [one.due_at for one in ticked.swept] == sorted(one.due_at for one in ticked.swept if one.due_at)
    world.sound()


def test_the_ledger_tells_when_each_edge_was_due_and_when_it_was_done(
    app: Flask, world: World, owed: dict[int, Steps]
) -> None:
    set_clock(world, ASLEEP)
    scheduler.tick(app, "before")
    set_clock(world, AWAKE)
    scheduler.tick(app, "after")
    world.session.rollback()
    lines = world.session.scalars(select(Ledger).where(Ledger.n_moved > 0)).all()
    steps = {step for steps in owed.values() for step in steps}
    assert Counter((one.transition, one.due) for one in lines) == Counter(steps)
    assert sum(one.n_moved for one in lines) == sum(len(steps) for steps in owed.values())
    assert all(timedelta(0) <= one.at - AWAKE < timedelta(minutes=5) for one in lines)
    edges = world.session.scalars(select(Ledger).where(Ledger.transition == ""))
    noticed = {(one.row_key, one.edge, one.due): one.at for one in edges}
    for row_key, edge, due in (("recommend", "closes", RECOMMENDED), ("publish", "held", HELD),
                               ("evaluate", "closes", EVALUATED), ("evaluate", "opens", RECOMMENDED)):  # fmt: skip
        assert timedelta(0) <= noticed[row_key, edge, canonical(due)] - AWAKE < timedelta(minutes=5)
    assert timedelta(0) <= noticed["register", "closes", canonical(at("2024-06-01"))] - ASLEEP < timedelta(minutes=5)


def test_at_most_one_reminder_each_and_none_about_what_is_over(world: World, owed: dict[int, Steps]) -> None:
    awake = at("2024-06-28 12:00")  # two of the three reminders of the recommending row are missed, and both silences
    mine = [case for case in owed if world.state(case) in ("submitted", "returned")]
    with unit(world.session):
        for row in world.session.scalars(select(Submission).where(Submission.id.in_(mine))):
            row.recommender_id = world.units["浦东区质协"].id
    world.now = awake
    world.sweep()
    for _ in range(3):
        assert [one.failure for one in remind(world.session, now=awake) if one.failure] == []
    world.session.rollback()
    reminders = _reminders(world)
    assert reminders, "nobody was reminded of anything"
    whom = Counter((row.submission_id, row.unit_id, row.letter, row.to_role) for row in reminders)
    assert whom.most_common(1)[0][1] == 1
    assert {row.letter for row in reminders} == {"correct_soon"}  # the submitted were passed on, the others lapsed
    returned = {case for case, steps in owed.items() if steps and steps[0][0] == "lapse_unrecommended"}
    assert {row.submission_id for row in reminders} == returned


def _reminders(world: World) -> list[Outbox]:
    letters = {one.letter for one in world.cycle.definition.workflow.reminders.values()}
    return list(world.session.scalars(select(Outbox).where(Outbox.letter.in_(letters))))


def _n_entries(world: World) -> int:
    world.session.rollback()
    return int(world.session.scalar(select(func.count()).where(History.via == "clock")) or 0)
