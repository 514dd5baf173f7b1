"""Conflicts of interest: each kind is found and in the way of a sheet, by hand too; what is none is not."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from qtb.domain import conflicts as rules
from qtb.domain.errors import Conflict, Denied, Invalid, NotNow
from qtb.services import accounts, conflicts, units
from qtb.store.accounts import Account, Membership
from qtb.store.conflicts import Declared
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.judging import belongs, declare, facts, works
from tests.world import REGISTRATION, World


@pytest.fixture
def work(world: World) -> int:
    """A recommended work in July."""
    return works(world, 1)[0]


def found(world: World, work: int, who: str = "eve") -> list[str]:
    """Return the conflicts that stand in the way of a judge; the sheet is refused with each of them."""
    world.session.rollback()
    person, row = world.session.get_one(Account, world.people[who].id), world.session.get_one(Submission, work)
    keys = [one.key.removeprefix("conflict_") for one in conflicts.of(world.session, person, row)]
    before = facts(world, work)
    if keys:
        with pytest.raises(NotNow) as error:
            world.assign(work, who)
        assert [one.key.removeprefix("conflict_") for one in error.value.reasons] == keys
        assert facts(world, work) == before
    else:
        world.assign(work, who)
    return keys


def ended(world: World, key: int, by: str = "olga") -> None:
    """End a declared conflict."""
    with unit(world.session) as work:
        conflicts.end(work, work.get_one(Declared, key), actor=world.actor(by), now=world.now)


def test_a_judge_without_any_relation_has_none(world: World, work: int) -> None:
    belongs(world, "eve", "江南物业", "applicant")
    belongs(world, "eve", "机电行业协会", "recommender")
    assert found(world, work) == []
    assert facts(world, work) == (0, 1)


@pytest.mark.parametrize(
    ("unit_name", "role", "key"),
    [("浦江电机厂", "applicant", "own_unit"), ("浦东区质协", "recommender", "own_recommender")],
)
def test_the_own_unit_and_the_one_that_recommends(
    world: World, work: int, unit_name: str, role: str, key: str
) -> None:
    belongs(world, "eve", unit_name, role)
    assert found(world, work) == [key]


@pytest.mark.parametrize(("below", "above"), [("浦东区质协", "机电行业协会"), ("机电行业协会", "浦东区质协")])
def test_a_unit_above_or_below_is_of_one_group(world: World, work: int, below: str, above: str) -> None:
    belongs(world, "eve", "机电行业协会", "recommender")
    assert found(world, work, "ed") == []
    with unit(world.session):
        units.set_above(
            world.session, world.units[below], world.units[above], actor=world.actor("olga"), now=world.now
        )
    person = world.session.get_one(Account, world.people["eve"].id)
    row = world.session.get_one(Submission, work)
    assert [one.key for one in conflicts.of(world.session, person, row)] == ["conflict_group"]


def test_two_units_under_one_are_no_group(world: World) -> None:
    judge = rules.Judge(1, units=frozenset({11}), line=frozenset({11, 10}))
    assert rules.between(judge, rules.Work(5, 1, 12, line=frozenset({1, 12, 10}))) == ()
    assert rules.between(judge, rules.Work(5, 1, 10, line=frozenset({1, 10}))) == ("group",)


def test_where_one_used_to_belong(world: World, work: int) -> None:
    belongs(world, "eve", "浦江电机厂", "applicant")
    with unit(world.session):
        mine = select(Membership).filter_by(account_id=world.people["eve"].id, unit_id=world.units["浦江电机厂"].id)
        held = world.session.scalars(mine).one()
        accounts.end_membership(world.session, held.id, actor=world.actor("olga"), now=world.now)
    assert found(world, work) == ["former"]


@pytest.mark.parametrize(
    ("form", "given"),
    [
        ("registration", {"contact_name": "eve"}), ("registration", {"leader_name": " EVE "}),
        ("registration", {"members": [{**REGISTRATION["members"][0], "name": "eve"}, *REGISTRATION["members"][1:]]}),
        ("registration", {"contact_name": "王老师、eve"}),
    ],
)  # fmt: skip
def test_who_is_named_on_a_form(world: World, form: str, given: dict[str, object]) -> None:
    (case,) = works(world, 1, **given)
    assert found(world, case) == ["named"]
    assert found(world, case, "ed") == []


def test_a_namesake_is_cleared_by_the_organiser_for_that_work(world: World) -> None:
    one, other = works(world, 2, contact_name="eve")
    with pytest.raises(Denied):
        declare(world, "eve", one, by="eve", clears=True)
    key = declare(world, "eve", one, clears=True)
    assert (found(world, one), found(world, other)) == ([], ["named"])
    with pytest.raises(Invalid):
        declare(world, "eve", "浦江电机厂", clears=True)
    belongs(world, "eve", "浦江电机厂", "applicant")
    row, person = world.session.get_one(Submission, one), world.session.get_one(Account, world.people["eve"].id)
    assert [told.key for told in conflicts.of(world.session, person, row)] == ["conflict_own_unit"]
    ended(world, key)
    keys = [told.key for told in conflicts.of(world.session, person, row)]
    assert keys == ["conflict_own_unit", "conflict_named"]


def test_a_name_inside_another_or_in_a_long_text_is_nobodys(world: World) -> None:
    (case,) = works(world, 1, contact_name="evelyn", work_content="装配与检验，eve 曾来访。" * 20)
    assert found(world, case) == []


@pytest.mark.parametrize("by", ["eve", "olga"])
def test_a_declared_one_stands_until_the_organiser_ends_it(world: World, work: int, by: str) -> None:
    key = declare(world, "eve", work, by=by)
    assert found(world, work) == ["declared"]
    with pytest.raises(Denied):
        ended(world, key, "eve")
    ended(world, key)
    with pytest.raises(Conflict) as error:
        ended(world, key)
    assert error.value.key == "conflict_ended"
    assert found(world, work) == []
    kinds = [one.kind for one in world.history("account", world.people["eve"].id)]
    assert (kinds.count("conflict"), kinds.count("conflict_ended")) == (1, 1)
    world.sound()


@pytest.mark.parametrize("name", ["浦江电机厂", "浦东区质协"])
def test_one_declared_with_a_unit_covers_what_it_declares_or_recommends(world: World, name: str) -> None:
    first, second = works(world, 2)
    declare(world, "eve", name)
    assert (found(world, first), found(world, second), found(world, first, "ed")) == (["declared"], ["declared"], [])


def test_what_cannot_be_declared(world: World, work: int) -> None:
    with pytest.raises(Denied):
        declare(world, "eve", work, by="ed")
    with pytest.raises(Invalid) as error:
        declare(world, "eve", "活动办公室")
    assert error.value.key == "conflict_unit"
    with pytest.raises(Invalid) as error:
        declare(world, "eve", work, reason=" ")
    assert error.value.key == "conflict_reason"
    assert found(world, work) == []
