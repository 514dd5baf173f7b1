"""The people of a unit: invited and ended by its own admins, and stood in for until an instant."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from qtb.domain.errors import Conflict, Denied, Invalid, Missing
from qtb.services import accounts as people
from qtb.services import members
from qtb.store import accounts
from qtb.store.accounts import Membership
from qtb.store.unit import unit
from tests.colleagues import colleague
from tests.world import World, at

OURS = "浦东区质协"


def of(world: World, who: str) -> Membership:
    """Return somebody's one membership."""
    (found,) = accounts.memberships(world.session, world.people[who].id)
    return found


def invite(world: World, email: str = "new@example.org", who: str = "rita", group: str = OURS) -> members.Invited:
    """Invite somebody into a unit."""
    with unit(world.session) as work:
        return members.invite(
            work, world.units[group], name="新人", email=email, actor=world.actor(who), now=world.now,
            real_now=world.now,
        )  # fmt: skip


def stand_in(world: World, until: str, email: str = "deputy@example.org", who: str = "rita") -> members.Invited:
    """Let somebody stand in for rita."""
    with unit(world.session) as work:
        return members.stand_in(
            work, of(world, "rita"), name="代理人", email=email, until=at(until), actor=world.actor(who),
            now=world.now, real_now=world.now,
        )  # fmt: skip


def names(world: World, group: str = OURS) -> list[str]:
    """Return who belongs to a unit now."""
    world.session.rollback()
    return [one.account.name for one in members.of(world.session, world.units[group].id, world.now)]


def test_the_first_person_of_a_unit_is_its_admin_and_invites(world: World) -> None:
    assert of(world, "rita").is_admin
    found = invite(world)
    assert (found.name, bool(found.token), names(world)) == ("新人", True, ["rita", "新人"])
    with pytest.raises(Conflict, match="already_member"):
        invite(world)


@pytest.mark.parametrize("who", ["ralf", "alice", "eve", "olga"])
def test_nobody_of_another_unit_is_pulled_in_or_named(world: World, who: str) -> None:
    for asked in (invite, lambda world, email: stand_in(world, "2024-04-10", email)):
        with pytest.raises(Conflict, match="invite_known") as refused:
            asked(world, f"{who}@example.org")
        assert refused.value.args_ == {}
    assert names(world) == ["rita"]


def test_the_organiser_adds_others_but_no_expert_and_no_organiser(world: World) -> None:
    found = invite(world, "ralf@example.org", who="olga")
    assert (found.token, names(world)) == ("", ["ralf", "rita"])
    for who in ("eve", "olga"):
        with pytest.raises(Conflict, match="invite_known"):
            invite(world, f"{who}@example.org", who="olga")


def test_who_left_comes_back_with_a_link_only_where_there_is_no_password(world: World) -> None:
    colleague(world, "rosa", OURS, "recommender")
    first = invite(world)
    for email in ("new@example.org", "rosa@example.org"):
        account = accounts.by_email(world.session, email)
        assert account is not None
        with unit(world.session) as work:
            (mine,) = accounts.memberships(work, account.id)
            members.end(work, mine, actor=world.actor("rita"), now=world.now)
    again = invite(world)
    assert (bool(again.token), again.token == first.token, invite(world, "rosa@example.org").token) == (True, False, "")
    with pytest.raises(Missing):
        people.invited(world.session, first.token, now=world.now)
    assert people.invited(world.session, again.token, now=world.now) is not None


def test_a_lost_link_is_made_anew_until_there_is_a_password(world: World) -> None:
    def link(who: str, asker: str = "rita") -> members.Invited:
        account = accounts.by_email(world.session, f"{who}@example.org")
        assert account is not None
        with unit(world.session) as work:
            (mine,) = accounts.memberships(work, account.id)
            return members.link(work, mine, actor=world.actor(asker), now=world.now, real_now=world.now)

    first = invite(world)
    again = link("new")
    with pytest.raises(Missing):
        people.invited(world.session, first.token, now=world.now)
    with pytest.raises(Denied, match="unit_admin"):
        link("new", "ralf")
    with unit(world.session) as work:
        people.accept(work, again.token, "a long enough secret", now=world.now)
    with pytest.raises(Conflict, match="link_needless"):
        link("new")


def test_nobody_else_invites_but_the_organiser(world: World) -> None:
    rosa = colleague(world, "rosa", OURS, "recommender")
    for who in (rosa, world.actor("ralf"), world.actor("alice")):
        given: Any = {"name": "新人", "email": "new@example.org", "now": world.now, "real_now": world.now}
        with unit(world.session) as work, pytest.raises(Denied, match="unit_admin"):
            members.invite(work, world.units[OURS], actor=who, **given)
    assert invite(world, who="olga").name == "新人"


def test_the_last_admin_stays_until_another_is_made(world: World) -> None:
    colleague(world, "rosa", OURS, "recommender")
    for act in (members.end, lambda *a, **k: members.set_admin(*a, False, **k)):
        with unit(world.session) as work, pytest.raises(Conflict, match="last_unit_admin"):
            act(work, of(world, "rita"), actor=world.actor("rita"), now=world.now)
    with unit(world.session) as work:
        members.set_admin(work, of(world, "rosa"), True, actor=world.actor("rita"), now=world.now)
        members.end(work, of(world, "rita"), actor=world.actor("rita"), now=world.now)
    assert names(world) == ["rosa"]
    kinds = [entry.kind for entry in world.history("account", world.people["rosa"].id)]
    assert kinds[-1] == "unit_admin"


def test_a_deputy_acts_until_the_instant_and_not_longer(world: World) -> None:
    stand_in(world, "2024-04-10")
    deputy = accounts.by_email(world.session, "deputy@example.org")
    assert deputy is not None
    (held,) = accounts.memberships(world.session, deputy.id, at("2024-04-10") - timedelta(microseconds=1))
    assert (held.principal.name if held.principal else "", held.role, held.is_admin) == ("rita", "recommender", False)
    assert accounts.memberships(world.session, deputy.id, at("2024-04-10")) == []
    assert names(world) == ["rita", "代理人"]
    world.now = at("2024-04-10")
    assert names(world) == ["rita"]
    stand_in(world, "2024-05-01")
    assert names(world) == ["rita", "代理人"]


@pytest.mark.parametrize("until", ["2024-03-01 09:00", "2024-02-01", "2025-03-05"])
def test_a_deputys_time_ends_and_lies_ahead(world: World, until: str) -> None:
    with pytest.raises(Invalid, match="deputy_until"):
        stand_in(world, until)


def test_who_goes_takes_his_deputies_along(world: World) -> None:
    colleague(world, "rosa", OURS, "recommender")
    stand_in(world, "2024-04-10")
    with unit(world.session) as work:
        members.set_admin(work, of(world, "rosa"), True, actor=world.actor("rita"), now=world.now)
        gone = of(world, "rita")
        members.end(work, gone, actor=world.actor("olga"), now=world.now)
        with pytest.raises(Missing):
            members.end(work, gone, actor=world.actor("olga"), now=world.now)
    assert names(world) == ["rosa"]


def test_a_deputy_has_no_deputy_and_is_no_admin(world: World) -> None:
    stand_in(world, "2024-04-10")
    deputy = accounts.by_email(world.session, "deputy@example.org")
    assert deputy is not None
    (held,) = accounts.memberships(world.session, deputy.id)
    with unit(world.session) as work:
        given: Any = {"actor": world.actor("rita"), "now": world.now}
        with pytest.raises(Conflict, match="no_principal"):
            members.set_admin(work, held, True, **given)
        more: Any = {"name": "再代理", "email": "x@example.org", "until": at("2024-04-09"), "real_now": world.now}
        with pytest.raises(Conflict, match="no_principal"):
            members.stand_in(work, held, **more, **given)
