"""`qtb users`: people, units, and the links that let people in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb import clock
from qtb.services import accounts
from qtb.store.accounts import Account, Unit
from qtb.store.unit import unit
from tests.cli.calls import OLGA, good, refused
from tests.world import World

Settings = dict[str, Any]


def test_a_person_is_added_and_let_in_once(settings: Settings, world: World) -> None:
    settings = {**settings, "BASE_URL": "https://qtb.example.org/"}
    said = good(
        settings, "users", "add", "New@example.org", "新人", "--unit", "浦东区质协", "--role", "recommender", *OLGA
    )
    link = said.splitlines()[-1]
    assert link.startswith("https://qtb.example.org/invitations/")
    world.session.rollback()
    token = link.rsplit("/", 1)[1]
    with unit(world.session):
        person = accounts.invited(world.session, token, now=clock.real())
        assert person is not None
        assert person.email == "new@example.org"
    again = good(settings, "users", "invite", "new@example.org", *OLGA).splitlines()[-1]
    assert again != link
    with unit(world.session):
        accounts.accept(world.session, again.rsplit("/", 1)[1], "a long enough sentence", now=clock.real())
    listed = good(settings, "users", "list", "--lang", "en")
    assert "recommender（浦东区质协）" in listed
    assert token not in listed


def test_bad_input_to_add(settings: Settings, world: World) -> None:
    def add(*arguments: str, code: int = 1) -> str:
        return refused(settings, "users", "add", *arguments, code=code)

    role = ("--unit", "浦东区质协", "--role", "recommender")
    add("a@example.org", *role, *OLGA, code=2)
    add("a@example.org", "甲", *role, code=2)
    add("a@example.org", "甲", "--unit", "浦东区质协", "--role", "king", *OLGA, code=2)
    add("no address", "甲", *role, *OLGA)
    add("a@example.org", " ", *role, *OLGA)
    add("a@example.org", "甲" * 61, *role, *OLGA)
    add("a@example.org", "甲\x07", *role, *OLGA)
    add("rita@example.org", "甲", *role, *OLGA)
    add("a@example.org", "甲", "--unit", "没有", "--role", "recommender", *OLGA)
    add("a@example.org", "甲", "--unit", "浦东区质协", "--role", "organiser", *OLGA)
    add("a@example.org", "甲", *role, "--as", "rita@example.org")
    refused(settings, "users", "invite", "nobody@example.org", *OLGA)
    refused(settings, "users", "disable", "nobody@example.org", *OLGA)
    world.session.rollback()
    assert world.session.scalar(select(Account).filter_by(email="a@example.org")) is None


def test_a_person_is_kept_out_and_let_in_again(settings: Settings, world: World) -> None:
    good(settings, "users", "disable", "rita@example.org", *OLGA)
    assert "停用" in good(settings, "users", "list")
    good(settings, "users", "enable", "rita@example.org", *OLGA)
    world.session.expire_all()
    assert world.session.scalars(select(Account).filter_by(email="rita@example.org")).one().is_active
    refused(settings, "users", "disable", "olga@example.org", *OLGA)


def test_units(settings: Settings, world: World) -> None:
    good(settings, "users", "add-unit", "静安区质协", "recommender", *OLGA)
    assert "静安区质协" in good(settings, "users", "units")
    refused(settings, "users", "add-unit", "静安区 质协", "recommender", *OLGA)
    refused(settings, "users", "add-unit", "x", "kingdom", *OLGA, code=2)
    refused(settings, "users", "add-unit", "（）", "recommender", *OLGA)
    refused(settings, "users", "add-unit", "某单位", "recommender", "--as", "alice@example.org")
    world.session.rollback()
    assert len(world.session.scalars(select(Unit)).all()) == 6


def test_an_empty_system_gives_one_link(settings: Settings, session: Session) -> None:
    link = good(settings, "users", "set-up-link").splitlines()[-1]
    assert "/setup/" in link
    newer = good(settings, "users", "set-up-link").splitlines()[-1]
    person = accounts.Person("活动办公室", "甲", "first@example.org", "a long enough sentence")
    with unit(session):
        accounts.set_up(session, person, token=newer.rsplit("/", 1)[1], now=clock.real())
    assert "qtb users add" in refused(settings, "users", "set-up-link")
    assert "first@example.org" in good(settings, "users", "list")


def test_a_unit_is_put_above_another(settings: Settings, world: World) -> None:
    unit_of = ("users", "unit", "浦东区质协")
    assert "机电行业协会" in good(settings, *unit_of, "--above", "机电行业协会", *OLGA)
    world.session.rollback()
    session: Session = world.session
    assert session.get_one(Unit, world.units["浦东区质协"].id).parent_id == world.units["机电行业协会"].id
    assert good(settings, "users", "units").count("机电行业协会") == 2
    refused(settings, "users", "unit", "机电行业协会", "--above", "浦东区质协", *OLGA)
    refused(settings, *unit_of, "--above", "没有", *OLGA)
    refused(settings, *unit_of, "--above", "浦江电机厂", *OLGA)
    refused(settings, *unit_of, *OLGA, code=2)
    refused(settings, *unit_of, "--above", "机电行业协会", "--nobody-above", *OLGA, code=2)
    refused(settings, *unit_of, "--nobody-above", "--as", "rita@example.org")
    good(settings, *unit_of, "--nobody-above", *OLGA)
    session.rollback()
    assert session.get_one(Unit, world.units["浦东区质协"].id).parent_id is None
