"""Certificates issued, reissued and revoked by several organisers at the same moment."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qtb.domain.errors import Refusal
from qtb.services import advance
from qtb.services import certificates as service
from qtb.store import certificates as store
from qtb.store.certificates import Certificate
from qtb.store.cycles import Cycle
from qtb.store.unit import unit
from tests.faults.test_races import Deed, sort
from tests.services.test_certificates import awarded, issue
from tests.threads import at_once
from tests.world import World

N = 6


def issuing(world: World) -> Deed:
    """The issuing of all that lack one."""
    actor, now, cycle_id = world.actor("olga"), world.now, world.cycle.id

    def deed(session: Session) -> int:
        with unit(session):
            return len(service.issue(session, session.get_one(Cycle, cycle_id), actor=actor, now=now))

    return deed


def about(world: World, number: str, act: Any) -> Deed:
    """The reissuing or revoking of one."""
    actor, now = world.actor("olga"), world.now

    def deed(session: Session) -> str:
        with unit(session):
            found = store.by_number(session, number)
            assert found is not None
            act(session, found, reason="更正", actor=actor, now=now)
        return str(act.__name__)

    return deed


def taking(world: World, team: int) -> Deed:
    """The taking away of the award itself."""
    actor, now, cycle_id = world.actor("olga"), world.now, world.cycle.id

    def deed(session: Session) -> str:
        with unit(session):
            year = session.get_one(Cycle, cycle_id)
            advance.advance(session, "revoke", cycle=year, now=now, actor=actor, ids=[team], note="材料不实")
        return "taken"

    return deed


def unrevoked(world: World) -> dict[int, int]:
    """How many unrevoked certificates each work has."""
    world.session.rollback()
    mine = select(Certificate.submission_id, func.count()).where(Certificate.revoked_at.is_(None))
    return {team: n for team, n in world.session.execute(mine.group_by(Certificate.submission_id))}  # noqa: C416


def test_of_three_issuers_at_once_each_work_gets_one_certificate(world: World) -> None:
    teams = awarded(world, *["PROGRESS"] * N)
    done, refused = sort(at_once([issuing(world)] * 3))
    assert (sorted(done), refused) == ([0, 0, N], [])
    assert unrevoked(world) == dict.fromkeys(teams, 1)
    numbers = sorted(world.session.scalars(select(Certificate.number)))
    assert numbers == [f"2024-TJ-{n:04}" for n in range(1, N + 1)]
    world.sound()


def test_reissued_and_revoked_at_once_one_stands_or_none(world: World) -> None:
    (team,) = awarded(world, "PROGRESS")
    number = issue(world)[0].number
    for _ in range(4):
        deeds = [about(world, number, service.reissue), about(world, number, service.reissue)]
        done, refused = sort(at_once([*deeds, about(world, number, service.revoke)]))
        assert done.count("reissue") == 1
        assert {one.key for one in refused if isinstance(one, Refusal)} <= {
            "certificate_replaced", "certificate_revoked"
        }  # fmt: skip
        assert unrevoked(world) == {team: 1}
        last = store.last_of(world.session, team)
        assert last is not None
        number = last.number
    world.sound()


def test_an_award_taken_away_while_certificates_are_issued_leaves_none_that_holds(world: World) -> None:
    teams = awarded(world, "PROGRESS", "BENCHMARK")
    _, refused = sort(at_once([issuing(world), taking(world, teams[0])]))
    assert refused == []
    world.session.rollback()
    found = store.last_of(world.session, teams[0])
    assert found is None or not store.standing(found, service.states(world.cycle)).is_valid
    assert unrevoked(world)[teams[1]] == 1
    world.sound()
