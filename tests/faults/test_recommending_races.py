"""Races of a recommending unit: the last place of a quota, and two orders saved at once."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy.orm import Session

from qtb.services import quotas, rankings
from qtb.store import recommendations
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.unit import unit
from tests.faults.test_races import Deed, move
from tests.threads import at_once
from tests.world import World, at


@pytest.mark.parametrize("n", [1, 2])
def test_a_quota_that_blocks_is_not_passed_by_three_at_once(world: World, n: int) -> None:
    for _ in range(5):
        cases = [world.submitted(f"第{world.n_keys}班") for _ in range(3)]
        with unit(world.session) as work:
            cycle, group = work.get_one(Cycle, world.cycle.id), world.units["浦东区质协"]
            used = recommendations.used(work, cycle, [group.id]).get(group.id, 0)
            quotas.set_quota(work, cycle, group, used + n, mode="block", actor=world.actor("olga"), now=world.now)
        world.now = at("2024-04-02 10:00")
        found = at_once([move(world, case, "recommend", "rita") for case in cases])
        assert Counter("recommend" if one == "recommend" else type(one).__name__ for one in found) == {
            "recommend": n, "Conflict": 3 - n
        }  # fmt: skip
        world.now = at("2024-03-01 09:00")
    world.sound()


def test_two_who_rank_at_once_do_not_overwrite_each_other(world: World) -> None:
    works = [world.submitted(f"{n}班") for n in "甲乙丙"]
    world.now = at("2024-04-02 10:00")
    cycle_id, group_id, actor, now = world.cycle.id, world.units["浦东区质协"].id, world.actor("rita"), world.now

    def ranks(order: list[int]) -> Deed:
        def deed(session: Session) -> list[int]:
            with unit(session) as work:
                cycle, group = work.get_one(Cycle, cycle_id), work.get_one(Unit, group_id)
                rankings.rank(work, cycle, group, order, seen=works, actor=actor, now=now)
            return order

        return deed

    found = at_once([ranks(works[::-1]), ranks([works[1], works[0], works[2]])])
    assert sorted(type(one).__name__ for one in found) == ["Conflict", "list"]
    world.session.rollback()
    kept = recommendations.ranked(world.session, world.session.get_one(Cycle, cycle_id), group_id)
    assert kept == next(one for one in found if isinstance(one, list))
