"""The crowd at the door in a rehearsal: whoever tries has moved or is among the refused."""

from __future__ import annotations

from qtb.services.rehearsal_door import Crowd
from qtb.services.rehearsal_findings import Journal
from qtb.store import cycles
from qtb.store.cycles import Cycle
from tests.services.test_eligibility import LIMITED, adopt, registered
from tests.world import World


def test_who_passes_alone_leaves_the_others_of_the_group_among_the_refused(world: World) -> None:
    adopt(world, *LIMITED)
    incomplete = world.enter(team="一班")  # counted before the second while all are judged together
    world.move(incomplete, "register", "alice")
    passes, blocked = registered(world, "二班"), registered(world, "三班", incidents_any="some", incidents="一起投诉。")
    session, times = world.session, cycles.timeline_of(world.session, world.cycle.id)
    journal = Journal(times.calendar.zone)
    crowd = Crowd(session, session.get_one(Cycle, world.cycle.id), times, journal)
    crowd.tried("submit", world.actor("alice"), [incomplete, passes, blocked], world.now)
    assert [world.state(one) for one in (incomplete, passes, blocked)] == ["registered", "submitted", "registered"]
    assert sorted((why, n) for (_, _, why, _), n in journal.refused.items()) == [
        ("fact_declaration_complete", 1), ("rule_blocks", 1)
    ]  # fmt: skip
    world.sound()
