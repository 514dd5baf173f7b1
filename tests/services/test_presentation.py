"""The presentation: shortlist as shown, the draw, slides in time, letters, and the sheets of its judges."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from qtb.domain import presentation
from qtb.domain.errors import Conflict, Denied, Invalid, Missing, NotNow, Refusal
from qtb.extensions import db
from qtb.services import check, conflicts, letters, outbox, panels, presentation_sheets, shortlist, slots
from qtb.services.letters import Post
from qtb.store import presentation as store
from qtb.store.cycles import Cycle
from qtb.store.evaluations import Sheet
from qtb.store.files import File
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests import presenting
from tests.services.test_sheets import own, save
from tests.world import World, at


def refused(deed: Callable[[], object]) -> list[str]:
    """Return the keys of a refusal that must come."""
    with pytest.raises(Refusal) as caught:
        deed()
    return [reason.key for reason in caught.value.reasons]


def listed(world: World) -> set[int]:
    """Return who is on the shortlist."""
    world.session.rollback()
    return {one.submission_id for one in store.slots(world.session, world.cycle.id)}


def test_the_best_are_proposed_with_their_arithmetic_and_confirmed_once(world: World) -> None:
    best, _, _ = presenting.evaluated(world, 92, 88, 70)
    board = shortlist.board(world.session, world.cycle)
    assert (board.proposal.n_valid, board.proposal.n_places, board.proposed) == (3, 1, {best})
    asked = shortlist.plan(board, [best])
    assert [one.id for one in asked.added] == [best]
    assert asked.by_hand == ()
    assert presenting.confirm(world, best, reason="") == 1
    assert listed(world) == {best}
    assert world.session.get_one(Submission, best).shortlisted
    assert refused(lambda: presenting.confirm(world, best)) == ["shortlist_same"]  # a double click
    assert [letter for letter in world.letters(best) if letter[0] == "invited"] == [("invited", "applicant")]
    entry = world.history("cycle", world.cycle.id)[-1]
    assert entry.kind == "shortlist"
    assert entry.about()["changes"]["proposed"] == [presenting.number(world, best)]
    assert check.check(world.session, now=world.now).findings == []
    assert world.sound()


def test_ticks_by_hand_need_a_reason_and_those_taken_off_are_told(world: World) -> None:
    best, second, _ = presenting.evaluated(world, 92, 88, 70)
    assert refused(lambda: presenting.confirm(world, best, second, reason="")) == ["shortlist_reason"]
    assert listed(world) == set()
    presenting.confirm(world, best, second)
    presenting.confirm(world, best, reason="")  # back to what is proposed
    assert listed(world) == {best}
    assert not world.session.get_one(Submission, second).shortlisted
    assert [letter for letter, _ in world.letters(second)][-2:] == ["invited", "uninvited"]
    assert check.check(world.session, now=world.now).findings == []


def test_nothing_is_confirmed_that_was_not_shown(world: World) -> None:
    best, second = presenting.evaluated(world, 92, 88)
    board = shortlist.board(world.session, world.cycle)
    old = shortlist.plan(board, [best, second]).digest
    presenting.confirm(world, best)
    olga, now = world.actor("olga"), world.now

    def again() -> None:
        with unit(world.session) as session:
            cycle = session.get_one(Cycle, world.cycle.id)
            shortlist.confirm(session, cycle, [best, second], shown=old, reason="x", actor=olga, now=now)

    assert refused(again) == ["shortlist_changed"]
    assert listed(world) == {best}


def test_who_is_still_judged_or_unknown_is_not_listed_and_only_the_organiser_lists(world: World) -> None:
    (best,) = presenting.evaluated(world, 92)
    board = shortlist.board(world.session, world.cycle)
    with pytest.raises(Missing):
        shortlist.plan(board, [best, 9_999])
    with pytest.raises(Invalid):
        shortlist.plan(board, [])
    world.override(best, "recommended")
    with pytest.raises(Conflict):
        shortlist.plan(shortlist.board(world.session, world.cycle), [best])
    with pytest.raises(Denied), unit(world.session) as session:
        shortlist.confirm(
            session, world.cycle, [best], shown="", reason="", actor=world.actor("rita"), now=world.now
        )


def test_the_draw_is_kept_so_that_it_can_be_made_again(world: World) -> None:
    ids = presenting.evaluated(world, 92, 91, 90)
    presenting.confirm(world, *ids)
    order = presenting.draw(world, presenting.day(breaks=[("2024-08-01 09:20", "2024-08-01 09:45")]))
    entry = world.history("cycle", world.cycle.id)[-1]
    kept = entry.about()["changes"]
    assert entry.kind == "slots_drawn"
    assert kept["numbers"] == sorted(presenting.number(world, one) for one in ids)
    assert kept["order"] == order == presentation.draw(kept["numbers"], kept["seed"])
    turns = store.slots(world.session, world.cycle.id)
    assert [one.submission.number for one in turns] == order
    assert [one.starts_at for one in turns] == [at(f"2024-08-01 {hour}") for hour in ("09:00", "09:45", "10:05")]
    assert {one.submission.slides_due_at for one in turns} == {at("2024-07-26")}  # the end of the 25th
    assert all(("slot_set", "applicant") in world.letters(one) for one in ids)
    assert world.sound()


def test_it_is_drawn_once_and_again_only_with_a_reason(world: World) -> None:
    ids = presenting.evaluated(world, 92, 91)
    presenting.confirm(world, *ids)
    presenting.draw(world, seed="")
    made = store.of(world.session, world.cycle.id)
    assert made is not None
    seed, version = made.seed, made.version
    assert len(seed) == 32  # nobody's choice
    assert refused(lambda: presenting.draw(world, seed="mine")) == ["redraw_reason"]
    assert refused(lambda: presenting.draw(world, seed="mine", reason="x", seen=version - 1)) == ["stale"]
    presenting.draw(world, seed="mine", reason="公证处要求重抽")
    world.session.rollback()
    assert (made.seed, made.n_draws) == ("mine", 2)
    assert world.history("cycle", world.cycle.id)[-1].about()["note"] == "公证处要求重抽"
    assert world.letters(ids[0])[-1] == ("slot_moved", "applicant")


def test_a_moved_day_keeps_the_order(world: World) -> None:
    ids = presenting.evaluated(world, 92, 91)
    presenting.confirm(world, *ids)

    def move(reason: str = "会场调整", starts: str = "2024-08-02 14:00") -> list[str]:
        with unit(world.session) as session:
            cycle, made = session.get_one(Cycle, world.cycle.id), store.of(session, world.cycle.id)
            assert made is not None
            return slots.move(
                session, cycle, presenting.day(starts, place="二号厅"), reason=reason, seen=made.version,
                actor=world.actor("olga"), now=world.now,
            )  # fmt: skip

    assert refused(move) == ["slots_undrawn"]
    order = presenting.draw(world)
    assert refused(lambda: move("")) == ["reason_required"]
    assert move() == order
    turns = store.slots(world.session, world.cycle.id)
    assert [one.starts_at for one in turns] == [at("2024-08-02 14:00"), at("2024-08-02 14:20")]
    assert world.letters(ids[0])[-1] == ("slot_moved", "applicant")
    row = world.session.scalars(select(Outbox).filter_by(letter="slot_moved").limit(1)).one()
    said = letters.letter_of(world.session, row, post=Post(None, "qtb@example.org", ""), now=world.now)
    assert "二号厅" in said.body
    assert "2024年7月26日 24:00（上海时间）" in said.body


@pytest.mark.parametrize(
    ("given", "key"),
    [
        (presenting.day("2024-07-10 09:00"), "slot_past"),
        (presenting.day("2024-07-12 09:00"), "slot_soon"),
        (presenting.day("2024-08-01 23:50"), "slot_night"),
        (presenting.day("2024-09-01 09:00"), "slot_outside"),
        (presenting.day(place=" "), "slot_place"),
    ],
)
def test_a_day_that_cannot_be_is_refused_and_nothing_is_drawn(world: World, given: presentation.Day, key: str) -> None:
    (best,) = presenting.evaluated(world, 92)
    assert refused(lambda: presenting.draw(world, given)) == ["shortlist_first"]
    presenting.confirm(world, best)
    assert refused(lambda: presenting.draw(world, given)) == [key]
    world.session.rollback()
    made = store.of(world.session, world.cycle.id)
    assert made is not None
    assert (made.drawn_at, world.session.get_one(Submission, best).slides_due_at) == (None, None)


def test_of_two_draws_at_once_one_wins(world: World, app: Flask) -> None:
    ids = presenting.evaluated(world, 92, 91, 90)
    presenting.confirm(world, *ids)
    made = store.of(world.session, world.cycle.id)
    assert made is not None
    seen, olga, now, cycle_id = made.version, world.actor("olga"), world.now, world.cycle.id
    world.session.rollback()
    start, told = threading.Barrier(2), []

    def race(seed: str) -> None:
        with app.app_context():
            start.wait()
            try:
                with unit(db.session()) as session:
                    cycle = session.get_one(Cycle, cycle_id)
                    slots.draw(session, cycle, presenting.day(), seed=seed, reason="", seen=seen, actor=olga, now=now)
                told.append(seed)
            except Conflict as error:
                told.append(error.key)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=race, args=(seed,)) for seed in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    world.session.rollback()
    made = store.of(world.session, world.cycle.id)
    assert made is not None
    assert sorted(told) == sorted([made.seed, "stale"])
    assert made.n_draws == 1
    assert [letter for letter, _ in world.letters(ids[0])].count("slot_set") == 1
    assert world.sound()


def test_slides_are_handed_in_by_works_on_the_shortlist_until_they_are_due(world: World) -> None:
    best, other = presenting.evaluated(world, 92, 91)
    assert refused(lambda: world.fill(best, "slides", presenting.LACKING)) == ["edit_state"]
    presenting.confirm(world, best)
    world.fill(best, "slides", presenting.LACKING)  # before the draw nothing is due yet
    assert refused(lambda: world.fill(other, "slides", presenting.LACKING)) == ["edit_state"]
    assert refused(lambda: world.fill(best, "slides", presenting.LACKING, "rita")) == ["edit_role"]
    assert refused(lambda: world.fill(other, "slides", presenting.LACKING, "rita")) == ["edit_role"]  # no difference
    presenting.draw(world)
    world.now = at("2024-07-26") - timedelta(seconds=1)
    world.fill(best, "slides", {"presenters": [{"name": "另一人", "post": ""}]})
    world.now = at("2024-07-26")
    assert refused(lambda: world.fill(best, "slides", presenting.LACKING)) == ["slides_late"]


def test_reminders_leave_three_days_and_one_before_to_those_who_lack_slides(world: World) -> None:
    there, lacking = presenting.evaluated(world, 92, 91)
    presenting.confirm(world, there, lacking)
    presenting.draw(world)
    world.fill(there, "slides", presenting.LACKING)
    world.now = at("2024-07-22 08:59")
    assert "slides_soon" not in world.remind()
    world.now = at("2024-07-22 09:00")
    assert world.remind()["slides_soon"] == 1
    assert "slides_soon" not in world.remind()
    world.now = at("2024-07-24 09:00")
    assert world.remind()["slides_soon"] == 1
    assert [letter for letter, _ in world.letters(lacking)].count("slides_soon") == 2
    assert "slides_soon" not in [letter for letter, _ in world.letters(there)]
    world.fill(lacking, "slides", presenting.LACKING)
    outbox.deliver(world.session, post=Post(None, "qtb@example.org", ""), now=world.now)
    rows = world.session.scalars(select(Outbox).filter_by(letter="slides_soon"))
    assert {row.status for row in rows} == {"dropped"}  # moot by the time they could leave
    with unit(world.session):
        world.session.execute(update(File).where(File.submission_id == lacking).values(ended_at=world.now))
    assert world.remind()["slides_soon"] == 1  # taken away again while there is time
    assert "slides_soon" not in world.remind()


def panel_of(world: World, *names: str) -> int:
    """Make a panel of the presentation."""
    with unit(world.session) as session:
        cycle, olga = session.get_one(Cycle, world.cycle.id), world.actor("olga")
        panel = panels.save(session, cycle, None, title="发布评审组", keys=[], actor=olga, now=world.now)
        session.flush()
        for name in names:
            panels.put(
                session, panel, world.people[name], cycle=cycle, leads=False, most=None, actor=olga, now=world.now
            )
        return panel.id


def give(world: World, panel_id: int, shown: str | None = None) -> int:
    """Give the shortlist to a panel."""
    with unit(world.session) as session:
        cycle = session.get_one(Cycle, world.cycle.id)
        mark = presentation_sheets.plan(session, cycle, [panel_id]).digest if shown is None else shown
        olga, now = world.actor("olga"), world.now
        return presentation_sheets.give(session, cycle, [panel_id], shown=mark, actor=olga, now=now)


def test_a_panel_gets_all_works_and_conflicts_are_named_and_left_out(world: World) -> None:
    best, second, _ = presenting.evaluated(world, 92, 91, 70)
    presenting.confirm(world, best, second)
    with unit(world.session) as session:
        work, ewa = session.get_one(Submission, best), world.people["ewa"]
        conflicts.declare(session, ewa, work, reason="曾任顾问", actor=world.actor("ewa"), now=world.now)
    panel_id = panel_of(world, "ewa", "eve")
    plan = presentation_sheets.plan(world.session, world.cycle, [panel_id])
    assert [(one.work.id, one.judge.name) for one in plan.refused] == [(best, "ewa")]
    assert refused(lambda: give(world, panel_id, "not that")) == ["assignment_changed"]
    assert give(world, panel_id) == 3
    given = world.session.scalars(select(Sheet).filter_by(kind="PRE")).all()
    assert {(one.submission_id, one.evaluator.name) for one in given} == {
        (best, "eve"), (second, "eve"), (second, "ewa")
    }  # fmt: skip
    assert refused(lambda: give(world, panel_id)) == ["assignment_nothing"]  # a double click
    assert check.check(world.session, now=world.now).findings == []


def test_a_presentation_is_scored_from_its_turn_on(world: World) -> None:
    best, _, _ = presenting.evaluated(world, 92, 91, 70)
    presenting.confirm(world, best)
    presenting.draw(world)
    give(world, panel_of(world, "eve"))
    turn = store.slots(world.session, world.cycle.id)[0].starts_at
    assert turn is not None
    points = dict.fromkeys(world.cycle.definition.rubric.sheets["PRE"].items, "5")
    world.now = turn - timedelta(seconds=1)
    assert refused(lambda: save(world, best, points, kind="PRE", finish=False)) == ["presentation_ahead"]
    world.now = turn
    save(world, best, points, kind="PRE")
    assert own(world, best, kind="PRE").is_final


def test_an_on_site_check_is_ordered_for_one_work_with_a_reason(world: World) -> None:
    (work,) = presenting.evaluated(world, 92)

    def order(*names: str, reason: str = "数据存疑") -> int:
        with unit(world.session) as session:
            cycle, judges = session.get_one(Cycle, world.cycle.id), [world.people[name].id for name in names]
            return presentation_sheets.order(
                session, cycle, work, judges, kind="SIT", reason=reason, actor=world.actor("olga"), now=world.now
            )

    assert refused(lambda: order("ewa", reason="")) == ["reason_required"]
    assert refused(order) == ["nobody_chosen"]
    with unit(world.session) as session:
        mine, ed = session.get_one(Submission, work), world.people["ed"]
        conflicts.declare(session, ed, mine, reason="亲属", actor=world.actor("ed"), now=world.now)
    with pytest.raises(NotNow):
        order("ewa", "ed")
    assert world.session.scalars(select(Sheet).filter_by(kind="SIT")).all() == []  # all or none
    assert order("ewa") == 1
    assert refused(lambda: order("ewa")) == ["assignment_nothing"]
