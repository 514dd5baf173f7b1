"""Ninety days without a scheduler: the door keeps time on its own, and one sweep makes good what the clock owed.

The outage lasts from 30 May to 28 August: declaring, recommending and the publication instant pass inside it.
"""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from qtb.domain.definition import from_files
from qtb.domain.errors import NotNow
from qtb.domain.timeline import canonical
from qtb.domain.workflow import Effect
from qtb.services import cycles
from qtb.services.cycles import Planned
from qtb.store import audit
from qtb.store.outbox import Outbox
from qtb.store.unit import unit
from tests.world import World, at, month

DECLARED, RECOMMENDED, HELD = at("2024-06-01"), at("2024-07-01"), at("2024-08-20 10:00")
SILENT = at("2024-05-31")  # 15 working days after 10 May
BACK = "2024-08-28 08:30"


@pytest.fixture
def cases(world: World) -> dict[str, int]:
    """Cases standing in every state that the outage ought to end, and some that it ought to leave alone."""
    found = {state: world.placed(state, f"{state}班") for state in world.cycle.definition.workflow.states}
    world.now = at("2024-05-10 12:00")
    world.override(found["submitted"], "returned")
    world.move(found["submitted"], "resubmit", "alice")
    world.now = at("2024-05-29 12:00")
    return found


@pytest.fixture
def decided(world: World) -> Iterator[tuple[int, int]]:
    """Two works with a level proposed before the outage: one to be awarded, one not."""
    winner, loser = world.placed("evaluated", "获奖班"), world.placed("evaluated", "未获奖班")
    world.propose(winner, "BENCHMARK")
    world.propose(loser, "none")
    return winner, loser


DUE = {
    "draft": ("lapse_unregistered", "lapsed", DECLARED),
    "registered": ("lapse_undeclared", "lapsed", DECLARED),
    "submitted": ("pass_on", "escalated", SILENT),
    "returned": ("lapse_unrecommended", "lapsed", RECOMMENDED),
    "deferred": ("lapse_unrecommended", "lapsed", RECOMMENDED),
}


def test_one_sweep_does_each_overdue_step_once_and_the_second_does_nothing(
    world: World, cases: dict[str, int], decided: tuple[int, int]
) -> None:
    before = {case: (len(world.trail(case)), len(world.letters(case))) for case in (*cases.values(), *decided)}
    world.now = at(BACK)
    swept = world.sweep()
    assert [one.failure for one in swept] == [""] * len(swept)
    assert sum(one.n_moved for one in swept) == len(DUE) + len(decided)
    assert world.sweep() == []
    for state, case in cases.items():
        expected = DUE.get(state, ("", state, None))
        assert world.state(case) == expected[1]
        n_entries, n_letters = before[case]
        assert len(world.trail(case)) == n_entries + (state in DUE)
        assert len(world.letters(case)) == n_letters + (len(_letters(world, state)) if state in DUE else 0)
    assert [world.state(case) for case in decided] == ["awarded", "not_awarded"]
    world.sound()


def _letters(world: World, state: str) -> list[Effect]:
    return world.cycle.definition.workflow.transitions[DUE[state][0]].then


def test_due_and_actual_time_are_both_recorded(world: World, cases: dict[str, int], decided: tuple[int, int]) -> None:
    world.now = at(BACK)
    world.sweep()
    for state, (move, _, due_at) in DUE.items():
        last = world.trail(cases[state])[-1]
        assert (last.transition, last.due, last.at) == (move, canonical(due_at), world.now)
    for case, move in zip(decided, ("award", "not_award"), strict=True):
        last = world.trail(case)[-1]
        assert (last.transition, last.due, last.at) == (move, canonical(HELD), world.now)


def test_the_steps_come_in_the_order_of_their_edges(
    world: World, cases: dict[str, int], decided: tuple[int, int]
) -> None:
    world.now = at(BACK)
    due = [one.due_at for one in world.sweep()]
    assert due == sorted(due)
    assert set(due) == {SILENT, DECLARED, RECOMMENDED, HELD}
    world.session.rollback()
    clock = audit.History.via == "clock"
    dues = world.session.scalars(select(audit.History.due).where(clock).order_by(audit.History.id)).all()
    assert list(dues) == sorted(dues)


def test_two_overdue_steps_of_one_case_are_both_done_in_one_sweep(world: World) -> None:
    _undecided_ends_with_publication(world)
    case = world.placed("recommended")
    world.now = at("2024-07-02")
    world.judged(case)  # from here on nobody sweeps until the year is over
    world.now = at("2024-09-15")
    assert [one.transition for one in world.sweep()] == ["complete_evaluation", "close_undecided"]
    assert [(row.transition, row.due) for row in world.trail(case)[-2:]] == [
        ("complete_evaluation", canonical(RECOMMENDED)),
        ("close_undecided", canonical(at("2024-09-01"))),
    ]
    assert world.sweep() == []
    world.sound()


def test_a_step_that_becomes_due_through_a_later_rows_step_is_done_in_the_same_sweep(world: World) -> None:
    _undecided_ends_with_publication(world)
    case = world.placed("recommended")
    world.now = at("2024-07-02")
    world.judged(case)
    world.assign(case, "ewa")
    publish = Planned("publish", 7, "活动成果发布", **month(8, 8, held="2024-08-20 10:00"))
    evaluate = Planned("evaluate", 6, "成果评价及推优", **month(7, 9))
    for planned in (publish, evaluate):  # evaluating now ends after publishing has: an unlucky plan, but a possible one
        with unit(world.session):
            version = world.session.get_one(type(world.cycle), world.cycle.id).version
            cycles.change_row(
                world.session, world.session.get_one(type(world.cycle), world.cycle.id), planned, seen=version,
                actor=world.actor("olga"), now=world.now, reason="调整计划",
            )  # fmt: skip
    world.now = at("2024-10-02")
    world.sweep()
    assert [row.transition for row in world.trail(case)[-2:]] == ["close_evaluation", "close_undecided"]
    assert world.sweep() == []


def _undecided_ends_with_publication(world: World) -> None:
    """Give the cycle one clock move more, so that one step of the clock leads to another."""
    files = json.loads(world.cycle.definition_text)
    files["workflow.yaml"] = files["workflow.yaml"].replace("\ntransitions:\n", """
transitions:
  close_undecided:
    label: {zh: 发布截止未定级, en: Undecided at the end}
    done: {zh: 未定级, en: was left undecided}
    from: [evaluated]
    to: not_awarded
    at: {row: publish, edge: closes}
    when:
      - {fact: award_level, op: eq, value: ""}
""")
    with unit(world.session) as work:
        cycle = work.get_one(type(world.cycle), world.cycle.id)
        changed = from_files(files)
        cycle.definition_text, cycle.definition_hash = changed.text, changed.hash


def test_one_handed_in_too_late_to_be_passed_on_lapses_with_the_row(world: World, cases: dict[str, int]) -> None:
    world.now = at("2024-06-12 09:00")  # the door works without a scheduler
    world.move(cases["returned"], "resubmit", "alice")
    world.now = at(BACK)
    world.sweep()
    last = world.trail(cases["returned"])[-1]
    assert (last.transition, last.due) == ("lapse_unrecommended", canonical(RECOMMENDED))


def test_an_extended_case_waits_for_its_own_end(world: World, cases: dict[str, int]) -> None:
    world.extend("declare", "2024-09-10", submission_id=cases["registered"])
    world.now = at(BACK)
    world.sweep()
    assert world.state(cases["registered"]) == "registered"
    world.now = at("2024-10-01")
    world.sweep()
    last = world.trail(cases["registered"])[-1]
    assert (last.transition, last.due) == ("lapse_undeclared", canonical(at("2024-09-10")))


def test_at_most_one_letter_of_each_kind_goes_out(
    world: World, cases: dict[str, int], decided: tuple[int, int]
) -> None:
    world.now = at(BACK)
    for _ in range(3):
        world.sweep()
    world.session.rollback()
    doubles = (
        select(Outbox.submission_id, Outbox.letter, Outbox.to_role)
        .group_by(Outbox.submission_id, Outbox.letter, Outbox.to_role)
        .having(func.count() > 1)
    )
    assert world.session.execute(doubles).all() == []


def test_the_door_refuses_late_moves_though_no_sweep_has_run(world: World, cases: dict[str, int]) -> None:
    world.now = DECLARED
    assert [one.key for one in world.refused(cases["draft"], "register", "alice")] == ["closed"]
    assert [one.key for one in world.refused(cases["registered"], "submit", "alice")] == ["closed"]
    with pytest.raises(NotNow):
        world.declare(cases["registered"], title="太晚")
    with pytest.raises(NotNow):
        world.enter(team="迟到班")
    world.now = RECOMMENDED
    for move in ("recommend", "return", "decline"):
        assert [one.key for one in world.refused(cases["submitted"], move, "rita", note="迟")] == ["closed"]
    assert [one.key for one in world.refused(cases["returned"], "resubmit", "alice")] == ["closed"]


def test_the_door_takes_timely_moves_though_no_sweep_has_run(world: World, cases: dict[str, int]) -> None:
    world.now = at("2024-05-31 23:59")
    world.move(cases["registered"], "submit", "alice")
    world.now = at("2024-06-30 23:59")
    world.move(cases["returned"], "resubmit", "alice")
    for state in ("submitted", "registered", "returned"):
        world.move(cases[state], "recommend", "rita")
    world.now = at("2024-08-01")
    world.judged(cases["recommended"])
    world.move(cases["recommended"], "evaluate", "olga")
    assert world.state(cases["recommended"]) == "evaluated"
    world.sound()
