"""Races about objections: one answer counts, a form sent twice objects once, a revoked award is revoked once."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.services import objections
from qtb.services.advance import advance
from qtb.store.cycles import Cycle
from qtb.store.objections import Objection
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web.access import NOBODY
from tests.faults.test_races import Deed
from tests.threads import at_once
from tests.web.test_objections import ANSWER, PERSON, accepted, filed
from tests.world import World


@pytest.fixture
def work(world: World) -> int:
    """A work that was published with a level."""
    found = world.placed("evaluated")
    world.propose(found)
    world.go("2024-08-20 10:00")
    return found


def decides(world: World, one: int, outcome: str) -> Deed:
    actor, now = world.actor("olga"), world.now

    def deed(session: Session) -> str:
        with unit(session):
            row = session.get_one(Objection, one)
            objections.decide(session, row, outcome, ANSWER, actor=actor, now=now, seen=1)
        return outcome

    return deed


def files_it(world: World, work: int, key: str) -> Deed:
    now = world.now

    def deed(session: Session) -> int:
        with unit(session):
            row = session.get_one(Submission, work)
            return objections.file(session, row, PERSON, laid=[], actor=NOBODY, now=now, request_key=key).id

    return deed


def test_two_answers_at_once_are_one(world: World, work: int) -> None:
    one = filed(world, work)
    accepted(world, one)
    found = at_once([decides(world, one, "upheld"), decides(world, one, "rejected")])
    kinds = sorted(type(each).__name__ for each in found)
    assert kinds == ["Conflict", "str"], found
    world.session.rollback()
    outcome = world.session.get_one(Objection, one).outcome
    assert outcome in found
    assert (world.trail(work)[-1].transition == "revoke") == (outcome == "upheld")
    world.sound()


def test_one_form_sent_by_several_at_once_objects_once(world: World, work: int) -> None:
    found = at_once([files_it(world, work, "same")] * 3)
    world.session.rollback()
    kept = world.session.scalars(select(Objection.id)).all()
    assert len(kept) == 1
    assert found == [kept[0]] * 3
    world.sound()


def test_a_revocation_by_hand_and_one_by_an_objection_revoke_once(world: World, work: int) -> None:
    one = filed(world, work)
    accepted(world, one)
    actor, now = world.actor("olga"), world.now

    def revokes(session: Session) -> str:
        with unit(session):
            cycle = session.get_one(Cycle, world.cycle.id)
            advance(session, "revoke", cycle=cycle, now=now, actor=actor, ids=[work], note="另有原因")
        return "by hand"

    found = at_once([decides(world, one, "upheld"), revokes])
    assert sum(isinstance(each, str) for each in found) == 1, found
    assert [row.transition for row in world.trail(work)].count("revoke") == 1
    world.session.rollback()
    row = world.session.get_one(Objection, one)
    assert (row.outcome == "upheld") == (found[0] == "upheld")  # an answer whose move fails is no answer
    world.sound()
