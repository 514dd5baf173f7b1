"""Races about the publication instant: an override and the sweep that publishes have one winner."""

from __future__ import annotations

from sqlalchemy.orm import Session

from qtb.domain.errors import Refusal
from qtb.services import override as overriding
from qtb.services import sweep
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.faults.test_races import ROUNDS
from tests.threads import at_once
from tests.world import World, at

INSTANT = at("2024-08-20 10:00")


def test_publishing_and_an_override_have_one_winner(world: World) -> None:
    teams = [world.placed("evaluated", team=f"{n}班") for n in range(ROUNDS)]
    cycle_id, olga = world.cycle.id, world.actor("olga")
    for case in teams:
        world.now = at("2024-08-20 09:00")
        world.propose(case, "BENCHMARK")
        world.now = INSTANT
        seen = world.session.get_one(Submission, case).version
        world.session.rollback()

        def override(session: Session, case: int = case, seen: int = seen) -> str:
            with unit(session):
                overriding.override(
                    session, "recommended", cycle=session.get_one(Cycle, cycle_id), submission_id=case, actor=olga,
                    now=INSTANT, reason="评分有误，重新评价", seen=seen,
                )  # fmt: skip
            return "override"

        mine, _ = at_once([override, lambda session: sweep.sweep(session, now=INSTANT)])
        steps = [row.kind for row in world.trail(case)][-1:]
        told = ("awarded", "applicant") in world.letters(case)
        if mine == "override":
            assert (world.state(case), steps, told) == ("recommended", ["override"], False)
        else:
            assert isinstance(mine, Refusal), mine
            assert mine.status == 409
            assert (world.state(case), steps, told) == ("awarded", ["move"], True)
    world.sound()
