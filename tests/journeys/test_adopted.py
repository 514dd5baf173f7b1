"""A year with thirty cases adopts a changed definition in the middle and goes on to its end under it."""

from __future__ import annotations

from collections import Counter

import pytest

from qtb.domain import definition
from qtb.domain.errors import NotNow
from qtb.services import adoption, check
from qtb.store.cycles import Cycle
from qtb.store.submissions import counts_by_state
from tests.adopting import MAPPING, adopted, evolved
from tests.world import World

# Where thirty teams stand in the middle of May, and how many of each.
STANDING = {
    "registered": 4, "submitted": 8, "escalated": 3, "returned": 3, "recommended": 8, "withdrawn": 2, "declined": 2,
}  # fmt: skip


def placed(world: World) -> dict[str, list[int]]:
    """Let thirty teams stand in their states."""
    found: dict[str, list[int]] = {}
    for state, n in STANDING.items():
        found[state] = [world.placed(state, f"{state}{i}") for i in range(n)]
    return found


def test_a_running_year_adopts_a_changed_definition_and_goes_on_to_its_end(world: World) -> None:
    other = world.another_cycle("2025")
    world.go("2024-05-20 10:00")
    cases, old, new = placed(world), world.cycle.definition, definition.from_files(evolved())
    world.go("2024-05-21 10:00")
    assert counts_by_state(world.session, world.cycle.id) == STANDING

    # Previewed, and refused as long as nobody has said where the cases of the states that go shall stand.
    plan = adoption.preview(world.session, world.cycle, new, mapping={}, now=world.now)
    assert [(one.key, one.args["n"]) for one in plan.refusals] == [("adopt_unmapped", 3), ("adopt_unmapped", 8)]
    with pytest.raises(NotNow):
        adopted(world, new, {})
    assert counts_by_state(world.session, world.cycle.id) == STANDING

    # Adopted: every case stands where it was said, and those that were moved have an entry about it.
    plan = adopted(world, new, MAPPING)
    assert plan.due == ()
    counts = counts_by_state(world.session, world.cycle.id)
    assert counts == {
        "registered": 4, "submitted": 11, "returned": 3, "endorsed": 8, "withdrawn": 2, "declined": 2,
    }  # fmt: skip
    for state, ids in cases.items():
        for case in ids:
            assert (world.history("submission", case)[-1].kind == "adopt") is (state in MAPPING)
    assert check.check(world.session, now=world.now).findings == []
    assert world.sweep() == []

    # The rest of the year, by people and by the clock, under the new rules.
    world.move(cases["registered"][0], "submit", "alice")
    assert [one.key for one in world.refused(cases["submitted"][0], "recommend", "rita")] == ["state"]
    for case in (cases["submitted"][0], cases["escalated"][0], cases["registered"][0]):
        world.move(case, "screen", "rita")
        world.move(case, "recommend", "rita")
        assert world.state(case) == "endorsed"
    world.move(cases["submitted"][1], "screen", "rita")
    world.go("2024-07-01 00:00")
    assert world.state(cases["submitted"][1]) == "lapsed"
    world.go("2024-07-02 10:00")
    winners = [cases["recommended"][0], cases["escalated"][0], cases["submitted"][0]]
    for case in winners:
        world.judged(case)
    world.sweep()
    for case in winners:
        world.propose(case)
    world.go("2024-08-20 10:00")
    assert {world.state(case) for case in winners} == {"awarded"}
    world.go("2024-10-01 00:00")
    world.move(winners[0], "share", "olga")
    world.go("2025-01-01 00:00")
    ends = Counter(counts_by_state(world.session, world.cycle.id))
    assert ends == {"withdrawn": 2, "declined": 2, "awarded": 2, "shared": 1, "lapsed": 23}
    assert set(ends) <= set(new.workflow.states)

    # All of it stands in the history, and the other year runs by what it was opened with.
    assert [row.to_state for row in world.trail(winners[0])][-5:] == [
        "recommended", "endorsed", "evaluated", "awarded", "shared",
    ]  # fmt: skip
    assert check.check(world.session, now=world.now).findings == []
    world.sound()
    assert world.session.get_one(Cycle, other).definition_hash == old.hash
    assert [row.kind for row in world.history("cycle", other)] == ["created"]
