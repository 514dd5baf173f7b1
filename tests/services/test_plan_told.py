"""Who else is told of moved dates: each evaluator alone; and extensions that would give nothing are refused."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from qtb.domain.errors import Refusal
from qtb.services import check, letters
from qtb.services.letters import Post
from qtb.services.plans import Asked
from qtb.store.accounts import Membership
from qtb.store.cycles import Extension
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.services.test_plans import done, foreseen, row
from tests.world import World, at

LATER = row("evaluate", closes_at=at("2024-09-08"))
POST = Post(None, "qtb@example.org", "https://qtb.example.org")


@pytest.fixture
def works(world: World) -> list[int]:
    """Two works being judged: eve has both to judge, ed the second, and eli has finished."""
    found = [world.placed("recommended", f"第{n}班") for n in (1, 2)]
    world.now = at("2024-07-02 09:00")
    world.assign(found[0], "eve", "eli")
    world.assign(found[1], "eve", "ed")
    world.score(found[0], "eli")
    return found


def judges(world: World) -> dict[str, Outbox]:
    """Return the letters to evaluators by whom they are for."""
    world.session.rollback()
    mine = select(Outbox).filter_by(letter="judging_moved", to_role="evaluator")
    return {one.account.name: one for one in world.session.scalars(mine) if one.account}


def test_each_evaluator_with_an_open_sheet_is_told_alone(world: World, works: list[int]) -> None:
    plan = done(world, LATER, sure=True)
    assert dict(plan.told)["evaluator"] == 2
    found = judges(world)
    assert {name: one.about["cases"] for name, one in found.items()} == {"eve": works, "ed": works[1:]}
    for name, one in found.items():
        written = letters.letter_of(world.session, one, post=POST, now=world.now)
        assert written.recipients == [f"{name}@example.org"]
        number = world.session.get_one(Submission, works[1]).number
        for words in ("2024年8月31日 24:00", "2024年9月7日 24:00", "台风顺延", number):
            assert words in written.body
        assert "第2班" not in written.body  # whose it is may be hidden from judges
        assert set(re.findall(r"\b(?:eve|ed|eli|alice)\b|浦江电机厂", written.body)) == {name}
    world.sound()


def test_no_evaluator_is_told_of_another_row_or_once_he_is_none(world: World, works: list[int]) -> None:
    assert "evaluator" not in dict(foreseen(world, row("publish", held_at=at("2024-08-25 10:00"))).told)
    with unit(world.session):
        mine = (Membership.account_id == world.people["eve"].id, Membership.role == "evaluator")
        world.session.execute(update(Membership).where(*mine).values(ended_at=world.now))
    assert dict(foreseen(world, LATER).told)["evaluator"] == 1


def test_the_self_check_finds_who_was_told_twice_and_of_what_never_was(world: World, works: list[int]) -> None:
    done(world, LATER, sure=True)
    submission = world.session.get_one(Submission, works[0])
    done(world, Asked(row_key="evaluate", until=at("2024-09-20"), submission=submission), sure=True)
    assert check.check(world.session, now=world.now).findings == []  # several units, several judges, twice in a row
    mine = world.session.scalars(select(Outbox).filter_by(letter="judging_moved", to_role="evaluator")).first()
    same = {"unit_id": mine.unit_id, "account_id": mine.account_id, "cycle_id": mine.cycle_id, "to_role": mine.to_role}
    same |= {"effect": "mail", "letter": mine.letter, "about": dict(mine.about), "created_at": world.now}
    batch_id = mine.batch_id
    with unit(world.session):
        world.session.add(Outbox(**same, key="again", batch_id=batch_id, next_at=world.now))
        world.session.add(Outbox(**same, key="never", batch_id="nothing", next_at=world.now))
    found = [(one.code, one.what, one.row) for one in check.check(world.session, now=world.now).findings]
    assert found == [("I8", "dates_twice", "outbox again"), ("I8", "letter_without_cause", "outbox never")]


def test_an_extension_of_one_work_tells_those_who_judge_it(world: World, works: list[int]) -> None:
    submission = world.session.get_one(Submission, works[0])
    done(world, Asked(row_key="evaluate", until=at("2024-09-08"), submission=submission), sure=True)
    assert {name: one.about["cases"] for name, one in judges(world).items()} == {"eve": works[:1]}


# --- extensions that give nothing --------------------------------------------------------------------

GIVEN: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"submission_id": 1}, {"submission": 1}),
    ({"unit_name": "浦江电机厂"}, {"submission": 1}),
    ({"unit_name": "浦江电机厂"}, {"unit": "浦江电机厂"}),
    ({}, {"submission": 1}),
    ({}, {"unit": "江南物业"}),
    ({}, {}),
]


@pytest.mark.parametrize(("before", "reach"), GIVEN)
def test_an_extension_that_gives_nothing_is_refused(world: World, before: Any, reach: Any) -> None:
    assert world.placed("registered") == 1
    world.extend("declare", "2024-06-11", **before)
    whom = {
        "submission": world.session.get_one(Submission, 1) if "submission" in reach else None,
        "unit": world.units[reach["unit"]] if "unit" in reach else None,
    }
    for until in (at("2024-06-10"), at("2024-06-11")):
        with pytest.raises(Refusal) as error:
            foreseen(world, Asked(row_key="declare", until=until, **whom))
        assert (error.value.key, error.value.args_["at"]) == ("extension_given", at("2024-06-11"))
    one = {"submission_id": 1} if "submission" in reach else {"unit_name": reach.get("unit", "")}
    with pytest.raises(Refusal, match="extension_given"):
        world.extend("declare", "2024-06-11", **one)
    world.session.rollback()
    assert world.session.scalar(select(func.count()).select_from(Extension)) == 1
    later = Asked(row_key="declare", until=at("2024-06-11") + timedelta(minutes=1), **whom)
    assert foreseen(world, later).dates


def test_an_extension_of_others_stands_in_nobodys_way(world: World) -> None:
    mine, other = world.placed("registered", "第一班"), world.placed("registered", "第二班")
    world.extend("declare", "2024-06-11", submission_id=mine)
    world.extend("declare", "2024-06-05", submission_id=other)
    world.extend("declare", "2024-06-08")


def test_the_organisers_own_unit_is_given_no_later_end(world: World) -> None:
    name = "活动办公室"
    with pytest.raises(Refusal, match="extension_unit"):
        foreseen(world, Asked(row_key="recommend", until=at("2024-07-11"), unit=world.units[name]))
    with pytest.raises(Refusal, match="extension_unit"):
        world.extend("recommend", "2024-07-11", unit_name=name)
