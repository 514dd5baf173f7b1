"""Races about consent: a level never changes under a list, and the last two answers let the publication go once."""

from __future__ import annotations

from sqlalchemy.orm import Session

from qtb.domain.errors import Refusal
from qtb.services import consents, evaluations
from qtb.store.consents import Laying
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.consenting import bodies, lay
from tests.faults.test_races import ROUNDS
from tests.threads import at_once
from tests.world import World


def test_laying_and_a_changed_level_agree(world: World) -> None:
    case = world.placed("evaluated")
    world.go("2024-08-10 10:00")
    world.propose(case, "BENCHMARK")
    bodies(world)
    olga, now, cycle_id = world.actor("olga"), world.now, world.cycle.id
    for n in range(ROUNDS):
        level = ("EXCELLENT", "BENCHMARK")[n % 2]

        def change(session: Session, level: str = level) -> None:
            with unit(session):
                work = session.get_one(Submission, case)
                evaluations.propose(session, work, level, reason="会议意见", actor=olga, now=now)

        def laid(session: Session) -> int:
            with unit(session):
                return consents.lay(session, session.get_one(Cycle, cycle_id), actor=olga, now=now).id

        changed, laying = at_once([change, laid])
        world.session.rollback()
        assert isinstance(laying, int), laying
        assert changed is None or (isinstance(changed, Refusal) and changed.status == 409), changed
        work, row = world.session.get_one(Submission, case), world.session.get_one(Laying, laying)
        assert (row.works[0]["level"], work.consent_held) == (work.award_level, True)
        with unit(world.session) as session:
            consents.take_back(session, session.get_one(Laying, laying), reason="再来", actor=olga, now=now)
    world.sound()


def test_the_last_two_answers_at_once_leave_nothing_to_wait_for(world: World) -> None:
    case = world.placed("evaluated")
    world.go("2024-08-10 10:00")
    world.propose(case, "BENCHMARK")
    people = bodies(world)
    now = world.now
    for _ in range(ROUNDS):
        laying = lay(world)

        def consent(name: str, laying: int = laying) -> object:
            def done(session: Session) -> None:
                with unit(session):
                    row, body = session.get_one(Laying, laying), next(iter(people[name].units["guiding"]))
                    consents.answer(session, row, body, True, note="", actor=people[name], now=now)

            return done

        assert at_once([consent("gina"), consent("gus")]) == [None, None]  # type: ignore[list-item]
        world.session.rollback()
        assert world.session.get_one(Submission, case).consent_held is False
        with unit(world.session) as session:
            row = session.get_one(Laying, laying)
            consents.take_back(session, row, reason="再来", actor=world.actor("olga"), now=now)
    world.sound()
