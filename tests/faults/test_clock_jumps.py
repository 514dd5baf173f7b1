"""The machine's clock set back two hours after an edge, or three days ahead: nothing undone, doubled or early."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select

from qtb import scheduler
from qtb.domain.timeline import canonical
from qtb.services import suspension
from qtb.store.audit import History
from qtb.store.ledger import Ledger
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.faults.crowds import crowd, moved_once, set_clock, stand
from tests.world import World, at

EDGE, ENDED = at("2024-06-01"), at("2024-07-01")
TICK = timedelta(microseconds=1)
Kept = tuple[int, int, int]


def kept(world: World) -> Kept:
    """How much there is of what the clock writes."""
    world.session.rollback()
    tables = (History, Ledger, Outbox)
    n_history, n_ledger, n_outbox = (world.session.scalar(select(func.count()).select_from(one)) or 0 for one in tables)
    return n_history, n_ledger, n_outbox


def test_two_hours_back_after_an_edge_change_nothing(app: Flask, world: World) -> None:
    app.config["DEMO"] = True
    ids = crowd(world, 40)
    set_clock(world, EDGE + timedelta(minutes=1))
    scheduler.tick(app, "node")
    before = kept(world)
    for when in (EDGE - timedelta(hours=2), EDGE - timedelta(seconds=1), EDGE + timedelta(minutes=1)):
        set_clock(world, when)
        assert scheduler.tick(app, "node").swept == []
        assert kept(world) == before
        assert {world.state(one) for one in ids} == {"lapsed"}
    moved_once(world, "lapse_unregistered", ids)
    world.sound()


def test_what_a_clock_set_back_reopens_stays_ended_for_those_it_has_ended(world: World) -> None:
    ended, other = world.enter(team="一班"), world.enter(team="二班")
    world.extend("register", "2024-06-02", submission_id=other)
    world.go("2024-06-01 00:00")
    world.now = EDGE - timedelta(hours=2)
    assert [one.key for one in world.refused(ended, "register", "alice")] == ["state"]
    world.move(other, "register", "alice")  # the door goes by the clock, whatever it showed before
    assert [world.state(one) for one in (ended, other)] == ["lapsed", "registered"]
    assert world.sound() > 0


def test_three_days_ahead_over_two_edges_and_back_and_ahead_again(app: Flask, world: World) -> None:
    app.config["DEMO"] = True
    ids = crowd(world, 40)
    passed_on, others, later = ids[:15], ids[15:30], ids[30:]
    for since, state, mine in (("2024-06-06 10:00", "submitted", passed_on), ("2024-06-07 10:00", "returned", others),
                               ("2024-06-20 10:00", "submitted", later)):  # fmt: skip
        world.now = at(since)
        stand(world, mine, state)
    world.extend("recommend", "2024-07-31")
    silent, ended = at("2024-06-29"), at("2024-07-12")
    days, hours, counts = timedelta(days=3), timedelta(hours=2), []
    jumps = [silent - timedelta(seconds=5), silent + days, silent - hours, silent + days, ended - hours, ended]
    for when in (*jumps, ended - hours):
        set_clock(world, when)
        scheduler.tick(app, "node")
        counts.append(_n_passed_on(world))
    assert counts == [0, 15, 15, 15, 15, 25, 25]
    moved_once(world, "pass_on", [*passed_on, *later])
    dues = {row.due for one in passed_on for row in world.trail(one) if row.transition == "pass_on"}
    assert dues == {canonical(silent)}
    dues = {row.due for one in later for row in world.trail(one) if row.transition == "pass_on"}
    assert dues == {canonical(ended)}
    world.sound()


def test_nothing_the_clock_does_is_early_while_it_jumps_about(world: World) -> None:
    ids = crowd(world, 20)
    world.now = at("2024-06-12 09:00")
    stand(world, ids, "returned")
    for days, hours in ((1, 0), (-1, 0), (4, 0), (0, -2), (17, 0), (0, -3), (-2, 0), (3, 0)):
        world.now += timedelta(days=days, hours=hours)
        world.sweep()
    clock = world.session.scalars(select(History).where(History.via == "clock")).all()
    assert clock
    assert [row.id for row in clock if row.due > canonical(row.at)] == []
    moved_once(world, "lapse_unrecommended", ids)


def test_a_step_made_in_what_is_now_the_future_starts_no_silence_early(world: World) -> None:
    (one,) = crowd(world, 1)
    world.now = at("2024-05-10 01:00")  # a machine three hours ahead: the day counts from its own midnight
    stand(world, [one], "submitted")
    world.now = at("2024-05-09 22:00")
    assert world.sweep() == []
    world.now = at("2024-05-31") - TICK
    assert world.sweep() == []
    world.now = at("2024-05-31")
    assert [(swept.transition, swept.n_moved) for swept in world.sweep()] == [("pass_on", 1)]


def test_a_suspension_that_ends_before_it_began_takes_no_time_away(world: World) -> None:
    (one,) = crowd(world, 1)
    world.now = at("2024-05-10 12:00")
    stand(world, [one], "submitted")
    since = world.session.get_one(Submission, one).state_since
    for act, when in ((suspension.suspend, "2024-05-12 10:00"), (suspension.resume, "2024-05-12 08:00")):
        with unit(world.session):
            row = world.session.get_one(Submission, one)
            act(world.session, row, actor=world.actor("olga"), now=at(when), reason="核实情况")
    row = world.session.get_one(Submission, one)
    assert (row.state_since, row.suspended_at) == (since, None)
    world.now = at("2024-05-31") - TICK
    assert world.sweep() == []
    world.sound()


def _n_passed_on(world: World) -> int:
    world.session.rollback()
    return int(world.session.scalar(select(func.count()).where(History.transition == "pass_on")) or 0)
