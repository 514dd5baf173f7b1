"""A recommending unit's own order of its works, its quota, and the date by which a returned work should come back."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select

from qtb.domain.errors import Conflict, Denied, Invalid, NotNow
from qtb.services import advance, quotas, rankings
from qtb.store import recommendations
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.journeys.test_moved_date import graced
from tests.world import World, at

OURS = "浦东区质协"


@pytest.fixture
def works(world: World) -> list[int]:
    """Three works that wait for rita."""
    found = [world.submitted(f"{n}班") for n in "甲乙丙"]
    world.go("2024-04-02 10:00")
    return found


def order(world: World) -> list[int]:
    """Return the order as it is kept."""
    world.session.rollback()
    return recommendations.ranked(world.session, world.session.get_one(Cycle, world.cycle.id), world.units[OURS].id)


def rank(world: World, wanted: list[int], seen: list[int], who: str = "rita", group: str = OURS) -> None:
    """Save an order."""
    with unit(world.session) as work:
        cycle = work.get_one(Cycle, world.cycle.id)
        rankings.rank(work, cycle, world.units[group], wanted, seen=seen, actor=world.actor(who), now=world.now)


def allow(world: World, n: int | None, mode: str = "") -> None:
    """Set the unit's quota."""
    with unit(world.session) as work:
        cycle = work.get_one(Cycle, world.cycle.id)
        quotas.set_quota(work, cycle, world.units[OURS], n, mode=mode, actor=world.actor("olga"), now=world.now)


def standing(world: World) -> quotas.Standing | None:
    """Return how the unit stands to its quota."""
    world.session.rollback()
    group = world.units[OURS].id
    return quotas.standings(world.session, world.session.get_one(Cycle, world.cycle.id), [group]).get(group)


def returned(world: World, case: int, due: datetime | None) -> None:
    """Send a work back with a date."""
    with unit(world.session) as work:
        advance.advance(
            work, "return", cycle=work.get_one(Cycle, world.cycle.id), now=world.now, actor=world.actor("rita"),
            ids=[case], note="请补充", due_at=due,
        )  # fmt: skip


# --- ranking -----------------------------------------------------------------------------------------


def test_works_stand_in_the_order_in_which_they_came_until_somebody_ranks_them(world: World, works: list[int]) -> None:
    assert order(world) == works
    rank(world, works[::-1], seen=works)
    assert order(world) == works[::-1]
    entry = world.history("unit", world.units[OURS].id)[-1]
    changes = {"cycle": world.cycle.id, "before": works, "after": works[::-1]}
    assert (entry.kind, entry.role, entry.about()["changes"]) == ("ranked", "recommender", changes)
    world.sound()


def test_a_work_that_leaves_or_comes_leaves_no_gap_and_no_tie(world: World, works: list[int]) -> None:
    rank(world, [works[2], works[0], works[1]], seen=works)
    world.move(works[0], "withdraw", "alice")
    assert order(world) == [works[2], works[1]]
    late = world.submitted("丁班")
    assert order(world) == [works[2], works[1], late]
    case = world.session.get_one(Submission, works[1])
    assert [rankings.rank_of(world.session, case)] == [2]


def test_what_somebody_else_ranked_meanwhile_is_not_overwritten(world: World, works: list[int]) -> None:
    rank(world, works[::-1], seen=works)
    with pytest.raises(Conflict, match="ranking_stale"):
        rank(world, [works[1], works[0], works[2]], seen=works)
    assert order(world) == works[::-1]


@pytest.mark.parametrize("wanted", [[0, 1], [0, 0, 1], [0, 1, 2, 2], []])
def test_an_order_of_other_works_is_refused(world: World, works: list[int], wanted: list[int]) -> None:
    with pytest.raises(Invalid, match="ranking_incomplete"):
        rank(world, [works[n] for n in wanted], seen=works)


def test_only_the_unit_itself_ranks_and_only_while_the_row_is_open(world: World, works: list[int]) -> None:
    for who in ("ralf", "olga", "alice"):
        with pytest.raises(Denied):
            rank(world, works[::-1], seen=works, who=who)
    world.now = at("2024-07-01")
    with pytest.raises(NotNow):
        rank(world, works[::-1], seen=works)
    assert order(world) == works


@pytest.mark.parametrize(
    ("typed", "expected"),
    [({1: 3}, [2, 3, 1]), ({3: 1}, [3, 1, 2]), ({1: 2}, [2, 1, 3]), ({3: 2}, [1, 3, 2]), ({}, [1, 2, 3]),
     ({1: 99}, [2, 3, 1]), ({2: 0}, [2, 1, 3]), ({1: 2, 2: 1}, [2, 1, 3]), ({1: 1, 2: 1, 3: 1}, [3, 2, 1])],
)  # fmt: skip
def test_typed_numbers_make_an_order_without_ties(typed: dict[int, int], expected: list[int]) -> None:
    found = rankings.numbered([1, 2, 3], typed)
    assert sorted(found) == [1, 2, 3]
    if typed != {1: 1, 2: 1, 3: 1}:
        assert found == expected


@pytest.mark.parametrize(("to", "expected"), [(0, [2, 1, 3]), (1, [2, 1, 3]), (3, [1, 3, 2]), (9, [1, 3, 2])])
def test_an_arrow_moves_one_work(to: int, expected: list[int]) -> None:
    assert rankings.moved([1, 2, 3], 2, to) == expected


# --- quotas ------------------------------------------------------------------------------------------


def test_without_a_quota_nothing_is_counted(world: World, works: list[int]) -> None:
    world.move(works[0], "recommend", "rita")
    assert standing(world) is None


def test_beyond_a_quota_that_warns_works_are_named_from_the_last_rank_on(world: World, works: list[int]) -> None:
    allow(world, 1)
    for case in works:
        world.move(case, "recommend", "rita")
    found = standing(world)
    assert found == quotas.Standing(1, 3, False)
    assert (found.n_left, found.n_over) == (0, 2)
    cycle = world.session.get_one(Cycle, world.cycle.id)
    assert quotas.over(world.session, cycle, world.units[OURS].id) == [works[2], works[1]]


def test_beyond_a_quota_that_blocks_nothing_moves(world: World, works: list[int]) -> None:
    allow(world, 2, "block")
    world.move(works[0], "recommend", "rita")
    world.move(works[1], "recommend", "rita")
    (reason,) = world.refused(works[2], "recommend", "rita")
    assert (reason.key, reason.args) == ("quota_used_up", {"n": 2, "over": 1})
    world.move(works[2], "defer", "rita", note="再看")
    allow(world, 3)
    world.move(works[2], "recommend", "rita")
    world.sound()


def test_a_quota_is_set_by_the_organiser_and_told(world: World) -> None:
    allow(world, 4, "block")
    allow(world, None)
    told = [entry.about()["changes"] for entry in world.history("cycle", world.cycle.id) if entry.kind == "quota"]
    key = str(world.units[OURS].id)
    assert told == [{key: [None, [4, "block"]]}, {key: [[4, "block"], None]}]
    for n, mode, refusal in ((-1, "", "quota_number"), (100_001, "", "quota_number"), (1, "often", "quota_mode")):
        with pytest.raises(Invalid, match=refusal):
            allow(world, n, mode)
    applicants, given = world.units["浦江电机厂"], {"actor": world.actor("olga"), "now": world.now}
    with unit(world.session) as work:
        cycle = work.get_one(Cycle, world.cycle.id)
        with pytest.raises(Invalid, match="quota_unit"):
            quotas.set_quota(work, cycle, applicants, 1, **given)  # type: ignore[arg-type]


# --- due dates and deferring -------------------------------------------------------------------------


def test_a_returned_work_has_a_date_until_it_comes_back(world: World, works: list[int]) -> None:
    returned(world, works[0], at("2024-04-10"))
    assert world.session.get_one(Submission, works[0]).due_at == at("2024-04-10")
    assert world.trail(works[0])[-1].about()["due_at"] == at("2024-04-10").isoformat()
    world.move(works[0], "resubmit", "alice")
    world.session.expire_all()
    assert world.session.get_one(Submission, works[0]).due_at is None
    world.sound()


@pytest.mark.parametrize(
    ("due", "refusal"), [("2024-04-02 10:00", "due_past"), ("2024-03-01", "due_past"), ("2024-07-02", "due_beyond")]
)
def test_a_date_lies_ahead_and_within_the_row(world: World, works: list[int], due: str, refusal: str) -> None:
    with pytest.raises(Invalid, match=refusal):
        returned(world, works[0], at(due))
    assert world.state(works[0]) == "submitted"


def test_a_date_is_refused_where_the_move_has_none(world: World, works: list[int]) -> None:
    with unit(world.session) as work, pytest.raises(Invalid, match="due_unwanted"):
        advance.advance(
            work, "defer", cycle=work.get_one(Cycle, world.cycle.id), now=world.now, actor=world.actor("rita"),
            ids=works[:1], note="再看", due_at=at("2024-04-10"),
        )  # fmt: skip


def test_a_deferred_work_is_decided_later_or_lapses(world: World, works: list[int]) -> None:
    for case in works:
        world.move(case, "defer", "rita", note="再看")
        assert ("deferred", "applicant") in world.letters(case)
    world.move(works[0], "recommend", "rita")
    world.move(works[1], "decline", "rita", note="不成熟")
    world.go("2024-07-01")
    world.session.expire_all()
    states = [world.session.scalar(select(Submission.kind).where(Submission.id == case)) for case in works]
    assert states == ["live", "end", "end"]
    assert world.trail(works[2])[-1].transition == "lapse_unrecommended"
    world.sound()


def test_of_several_at_once_only_those_past_their_own_end_are_late(world: World) -> None:
    world.now = at("2024-05-20 09:00")
    prompt, extended = world.submitted(), world.submitted("总装二班")
    graced(world, "recommend")
    world.extend("recommend", "2024-07-10", submission_id=extended)
    for case in (prompt, extended):  # so that no silence passes them on
        world.move(case, "defer", "rita", note="再看")
    world.now = at("2024-07-01 00:10")
    with unit(world.session) as work:
        done = advance.advance(
            work, "recommend", cycle=work.get_one(Cycle, world.cycle.id), now=world.now, actor=world.actor("rita"),
            ids=[prompt, extended],
        )  # fmt: skip
    entries = {case: world.trail(case)[-1] for case in (prompt, extended)}
    assert {case: one.about().get("late") for case, one in entries.items()} == {prompt: True, extended: None}
    assert {one.batch_id for one in entries.values()} == {done.batch_id}
    assert done.n_moved == 2
    assert [world.letters(case)[-1] for case in entries] == [("recommended", "applicant")] * 2
    world.sound()
