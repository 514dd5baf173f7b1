"""Races of the organiser's import and of invitations: one wins, the other is told why, nothing is half there."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qtb.documents import import_xlsx
from qtb.services import accounts, imports, inviting
from qtb.store.accounts import Account, Unit
from qtb.store.cycles import Cycle
from qtb.store.imports import ImportFile
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.faults.test_races import Deed
from tests.sheets import filled
from tests.threads import at_once
from tests.world import World

NEW = {"unit_name": "新来的厂", "uscc": "913100000000000022"}


def kept(world: World, team: str) -> tuple[int, str]:
    """Give a file with one team of a new unit; return it with the plan that is shown."""
    with unit(world.session) as work:
        cycle = work.get_one(Cycle, world.cycle.id)
        content = filled({**NEW, "team_name": team})
        lines = import_xlsx.read(content, cycle.definition.forms["registration"])
        actor = world.actor("olga")
        file = imports.keep(work, cycle, name="a.xlsx", content=content, lines=lines, actor=actor, now=world.now)
        return file.id, imports.plan(work, cycle, file.lines, now=world.now).digest


def applies(world: World, file_id: int, shown: str) -> Deed:
    actor, now = world.actor("olga"), world.now

    def deed(session: Session) -> list[int]:
        with unit(session) as work:
            return imports.apply(work, work.get_one(ImportFile, file_id), shown=shown, actor=actor, now=now)

    return deed


def counted(world: World) -> tuple[int, int]:
    """Return how many units of the new name, and how many entries there are."""
    world.session.rollback()
    named = select(func.count()).where(Unit.name == NEW["unit_name"])
    return world.session.scalar(named) or 0, world.session.scalar(select(func.count(Submission.id))) or 0


def test_one_import_applied_twice_at_once_is_applied_once(world: World) -> None:
    file_id, shown = kept(world, "甲班")
    found = at_once([applies(world, file_id, shown)] * 3)
    assert sorted(type(one).__name__ for one in found) == ["Conflict", "Conflict", "list"]
    assert counted(world) == (1, 1)
    world.sound()


def test_two_imports_that_make_the_same_unit_and_team_make_it_once(world: World) -> None:
    files = [kept(world, "甲班") for _ in range(2)]
    found = at_once([applies(world, *one) for one in files])
    names = sorted(type(one).__name__ for one in found)
    assert names.count("list") == 1, found
    assert set(names) <= {"list", "Conflict", "Invalid"}, found
    assert counted(world) == (1, 1)
    world.sound()


def test_a_link_that_two_use_at_once_serves_one(world: World) -> None:
    rita, now = world.actor("rita"), world.now
    with unit(world.session) as work:
        host = work.get_one(Unit, world.units["浦东区质协"].id)
        link = inviting.invite(
            work, host, unit_name="受邀的厂", name="受邀人", email="invited@example.org", actor=rita, now=now,
            real_now=now,
        ).token  # fmt: skip

    def accepts(password: str) -> Deed:
        def deed(session: Session) -> int:
            with unit(session) as work:
                return accounts.accept(work, link, password, now=now).id

        return deed

    found = at_once([accepts(f"a long enough secret {n}") for n in range(3)])
    assert sum(isinstance(one, int) for one in found) == 1, found
    assert {type(one).__name__ for one in found} <= {"int", "Missing", "Conflict", "Invalid"}, found


def test_two_recommenders_who_invite_one_unit_at_once_make_it_once(world: World) -> None:
    now = world.now

    def invites(who: str, unit_name: str) -> Deed:
        actor, host_id = world.actor(who), world.units[unit_name].id

        def deed(session: Session) -> str:
            with unit(session) as work:
                return inviting.invite(
                    work, work.get_one(Unit, host_id), unit_name="同一家厂", name="受邀人", email="one@example.org",
                    actor=actor, now=now, real_now=now,
                ).token  # fmt: skip

        return deed

    found = at_once([invites("rita", "浦东区质协"), invites("ralf", "机电行业协会")])
    assert sum(isinstance(one, str) for one in found) == 1, found
    assert {type(one).__name__ for one in found} <= {"str", "Conflict", "Invalid"}, found
    world.session.rollback()
    assert world.session.scalar(select(func.count()).where(Unit.name == "同一家厂")) == 1
    assert world.session.scalar(select(func.count()).where(Account.email == "one@example.org")) == 1
    world.sound()
