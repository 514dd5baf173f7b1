"""People and units: sign-up, look-alike names, passwords, one-time links, sign-ins that end, roles in fitting units."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qtb.domain.errors import Conflict, Denied, Invalid, Missing, Refusal
from qtb.domain.passwords import checked_password
from qtb.domain.roles import Actor
from qtb.services import accounts
from qtb.services.accounts import Person, token_hash
from qtb.store import accounts as store
from qtb.store import audit, verification
from qtb.store.accounts import Account, Invitation, Membership, SignIn, Unit
from qtb.store.unit import unit
from tests.threads import at_once
from tests.world import World, at

NOW = at("2024-03-01 09:00")
SECRET = "correct horse battery"
ROOT = Actor(None, "set-up", "cli", {"organiser": frozenset({0})})


def person(unit_name: str = "浦江电机厂", email: str = "anna@example.org", **given: str) -> Person:
    """Return somebody who signs up."""
    return Person(unit_name, given.get("name", "测试人"), email, given.get("password", SECRET))


def signed_up(session: Session, **given: str) -> int:
    """Sign somebody up; return the account's id."""
    with unit(session):
        return accounts.sign_up(session, person(**given), now=NOW).id


def refusal(session: Session, deed: object, **given: object) -> Refusal:
    """Do something in a unit that must be refused; return why, and see that nothing was stored."""
    before = _counts(session)
    with pytest.raises(Refusal) as error, unit(session):
        deed(session, **given)  # type: ignore[operator]
    assert _counts(session) == before
    return error.value


def _counts(session: Session) -> list[int]:
    session.rollback()
    return [
        session.scalar(select(func.count()).select_from(table)) or 0
        for table in (Account, Unit, Membership, SignIn, Invitation, audit.History)
    ]


# --- sign-up -----------------------------------------------------------------------------------------


def test_signing_up_makes_a_unit_a_person_and_the_role(session: Session) -> None:
    account_id = signed_up(session, email=" Anna@Example.ORG ")
    account = session.get_one(Account, account_id)
    (membership,) = store.memberships(session, account_id)
    assert (account.email, account.is_active) == ("anna@example.org", True)
    assert (membership.role, membership.unit.name, membership.unit.kind) == ("applicant", "浦江电机厂", "applicant")
    assert SECRET not in (account.password_hash or "")
    assert verification.verify(session)[1] == []


def test_history_holds_no_password(session: Session) -> None:
    signed_up(session)
    texts = session.scalars(select(audit.History.details)).all()
    assert texts
    assert not [text for text in texts if SECRET in text or "argon2" in text]


def test_an_address_is_taken_once_in_whatever_case(session: Session) -> None:
    signed_up(session)
    for email in ("anna@example.org", "ANNA@EXAMPLE.ORG", " anna@example.org"):
        found = refusal(session, accounts.sign_up, person=person("另一单位", email), now=NOW)
        assert (found.key, found.status) == ("email_taken", 409)


def test_an_address_that_cannot_be_one_is_refused(session: Session) -> None:
    for email in (
        "",
        "anna",
        "anna@",
        "@example.org",
        "a b@example.org",
        "anna@example",
        "安娜@example.org",
        "a@example.org\x00",
        "a@example.org\nBcc: b@example.org",
        "a" * 250 + "@example.org",
        "\ud800@example.org",
    ):
        assert refusal(session, accounts.sign_up, person=person(email=email), now=NOW).key == "field_email"


LOOK_ALIKES = {
    "the same": ("浦江电机厂", "浦江电机厂"),
    "spaces": ("浦江电机厂", " 浦江 电机\u3000厂 "),
    "full width": ("ABC工厂1", "ＡＢＣ工厂１"),
    "case": ("ABC工厂", "abc工厂"),
    "zero width space": ("浦江电机厂", "浦江\u200b电机厂"),
    "zero width joiner": ("浦江电机厂", "浦江\u200d电机厂\u200c"),
    "byte order mark": ("浦江电机厂", "\ufeff浦江电机厂"),
    "soft hyphen": ("Motors", "Mo\u00adtors"),
    "direction marks": ("浦江电机厂", "\u202e浦江电机厂\u202c"),
    "variation selector": ("浦江电机厂", "浦江电机厂\ufe0f"),
    "ideographic variation": ("浦江电机厂", "浦江电机厂\U000e0100"),
    "filler": ("浦江电机厂", "浦江电机厂\u3164"),
    "grapheme joiner": ("浦江电机厂", "浦江\u034f电机厂"),
    "brackets": ("电机（上海）厂", "电机(上海)厂"),
    "dots": ("中国-电机", "中国·电机"),
    "cyrillic a": ("Pacey", "Расеу"),
    "cyrillic capitals": ("MOTOP", "МОТОР"),
    "cyrillic i": ("SIJ", "ЅІЈ"),
    "greek capitals": ("BETA", "ΒΕΤΑ"),
    "greek omicron": ("motor", "mοtοr"),
    "compatibility": ("金Ⅱ厂", "金II厂"),
    "combining": ("Café", "Cafe\u0301"),
}


@pytest.mark.parametrize("names", LOOK_ALIKES.values(), ids=LOOK_ALIKES.keys())
def test_names_that_look_alike_have_one_key(names: tuple[str, str]) -> None:
    assert store.name_key(names[0]) == store.name_key(names[1])


def test_a_name_that_looks_like_anothers_is_refused(session: Session) -> None:
    signed_up(session, unit_name="浦江电机厂")
    for name in ("浦江电机厂", "浦江 电机\u3000厂", "浦江\u200b电机厂", "浦江电机厂\ufe0f"):
        found = refusal(session, accounts.sign_up, person=person(name, "otto@example.org"), now=NOW)
        assert (found.key, found.status) == ("unit_taken", 409)


def test_names_that_differ_are_both_taken(session: Session) -> None:
    for n, name in enumerate(["浦江电机厂", "浦江电机二厂", "浦江机电厂", "Motor 1", "Motor 2", "工厂", "エ厂"]):
        signed_up(session, unit_name=name, email=f"p{n}@example.org")


def test_a_name_that_is_none_is_refused(session: Session) -> None:
    for name, key in (
        ("", "name_empty"),
        ("   ", "name_empty"),
        ("\u200b\u200b", "name_empty"),
        ("（）", "name_empty"),
        ("a\x00b", "field_control"),
        ("a\nb", "field_control"),
        ("\ud800", "field_control"),
        ("厂" * 101, "field_too_long"),
    ):
        assert refusal(session, accounts.sign_up, person=person(name), now=NOW).key == key


# --- passwords ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "key"),
    [
        ("", "password_length"),
        ("short", "password_length"),
        ("x1y2z3a4b5c6d7", "password_length"),
        ("v" + "ab cd ef" * 40, "password_length"),
        ("aaaaaaaaaaaaaaaaaaaa", "password_weak"),
        ("abababababababababab", "password_weak"),
        ("password12345678901", "password_weak"),
        ("Password and more words", "password_weak"),
        ("qwertyuiopasdfghjkl", "password_weak"),
        ("half a sign \ud800 is in here", "field_control"),
        ("my friend ANNA lives", "password_weak"),
        ("see example dot org here", "password_weak"),
    ],
)
def test_a_password_that_is_short_common_or_made_of_ones_own_words_is_refused(password: str, key: str) -> None:
    with pytest.raises(Invalid) as error:
        checked_password(password, "测试人", "anna@example.org")
    assert error.value.key == key


def test_every_way_to_set_a_password_checks_it(session: Session) -> None:
    assert refusal(session, accounts.sign_up, person=person(password="short"), now=NOW).key == "password_length"
    with unit(session):
        token = accounts.set_up_link(session, now=NOW)
    weak = person(password="anna anna anna anna")
    assert refusal(session, accounts.set_up, person=weak, token=token, now=NOW).key == "password_weak"


def test_a_long_password_of_any_characters_opens_the_account(session: Session) -> None:
    long = ["fifteen chars !", "红烧肉配米饭再来一碗老火靓汤呀", "x" * 6 + "0123456789" * 25, "  spaces count  "]
    for n, password in enumerate(long):
        account_id = signed_up(session, unit_name=f"第{n}厂", email=f"p{n}@example.org", password=password)
        assert accounts.check_password(session, f"P{n}@example.org", password) == account_id


OPENS_NOTHING = [
    ("anna@example.org", "wrong password here"),
    ("anna@example.org", ""),
    ("nobody@example.org", SECRET),
    ("", ""),
    ("anna@example.org", SECRET + " "),
    ("anna@example.org", SECRET.upper()),
    ("anna@example.org", "x" * 100_000),
    ("x" * 100_000, SECRET),
    ("anna@example.org\x00", SECRET),
    ("a\ud800", SECRET),
    ("anna@example.org", "\ud800" * 20),
    ("anna@example.org", "\x00" * 20),
    ("' OR 1=1 --", SECRET),
]


def test_what_does_not_fit_opens_nothing_and_always_says_the_same(session: Session) -> None:
    signed_up(session)
    for email, password in OPENS_NOTHING:
        with pytest.raises(Denied) as error:
            accounts.check_password(session, email, password)
        assert (error.value.key, error.value.args_) == ("sign_in", {})


def test_an_account_without_a_password_cannot_be_opened(session: Session) -> None:
    with unit(session):
        accounts.add_account(session, name="受邀人", email="guest@example.org", actor=ROOT, now=NOW)
    for password in ("", SECRET):
        with pytest.raises(Denied):
            accounts.check_password(session, "guest@example.org", password)


# --- links -------------------------------------------------------------------------------------------


def test_the_set_up_link_works_once(session: Session) -> None:
    with unit(session):
        token = accounts.set_up_link(session, now=NOW)
    assert token
    with unit(session):
        account = accounts.set_up(session, person("活动办公室"), token=token, now=NOW)
        assert [one.role for one in store.memberships(session, account.id)] == ["organiser"]
    again = refusal(session, accounts.set_up, person=person("另一办公室", "b@example.org"), token=token, now=NOW)
    assert (again.key, again.status) == ("link", 404)


def test_there_is_no_set_up_link_once_there_is_an_organiser(session: Session) -> None:
    signed_up(session)  # a stranger who comes first does not lock the organiser out
    with unit(session):
        link = accounts.set_up_link(session, now=NOW)
    person = Person("活动办公室", "主办", "first@example.org", "sentence of many words")
    with unit(session):
        accounts.set_up(session, person, token=link, now=NOW)
    with unit(session):
        assert accounts.set_up_link(session, now=NOW) is None


def test_a_new_set_up_link_ends_the_earlier_one(session: Session) -> None:
    with unit(session):
        first = accounts.set_up_link(session, now=NOW)
    with unit(session):
        second = accounts.set_up_link(session, now=NOW)
    assert first != second
    assert refusal(session, accounts.set_up, person=person(), token=first, now=NOW).key == "link"
    with unit(session):
        accounts.set_up(session, person(), token=str(second), now=NOW)


def test_the_set_up_link_used_by_eight_at_once_makes_one_organiser(session: Session) -> None:
    with unit(session):
        token = str(accounts.set_up_link(session, now=NOW))

    def use(n: int) -> object:
        def deed(mine: Session) -> str:
            with unit(mine):
                accounts.set_up(mine, person(f"第{n}办公室", f"p{n}@example.org"), token=token, now=NOW)
            return "done"

        return deed

    outcomes = at_once([use(n) for n in range(8)])  # type: ignore[misc]
    assert outcomes.count("done") == 1, outcomes
    assert all(isinstance(one, Missing) for one in outcomes if one != "done")
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Account)) == 1


def invitation(world: World, name: str = "gina") -> tuple[int, str]:
    """Make an account and invite it; return its id and the token."""
    with unit(world.session):
        account = accounts.add_account(
            world.session, name=name, email=f"{name}@example.org", actor=world.actor("olga"), now=NOW
        )
        return account.id, accounts.invite(world.session, account, actor=world.actor("olga"), now=NOW)


def test_an_invitation_sets_the_password_once(world: World) -> None:
    account_id, token = invitation(world)
    found = accounts.invited(world.session, token, now=NOW)
    assert found is not None
    assert found.id == account_id
    with unit(world.session):
        accounts.accept(world.session, token, SECRET, now=NOW)
    assert accounts.check_password(world.session, "gina@example.org", SECRET) == account_id
    assert refusal(world.session, accounts.accept, token=token, password="another long secret", now=NOW).key == "link"
    with pytest.raises(Missing):
        accounts.invited(world.session, token, now=NOW)
    world.sound()


def test_an_invitation_expires(world: World) -> None:
    _, token = invitation(world)
    end = NOW + timedelta(days=accounts.INVITATION_DAYS)
    assert refusal(world.session, accounts.accept, token=token, password=SECRET, now=end).key == "link"
    with unit(world.session):
        accounts.accept(world.session, token, SECRET, now=end - timedelta(microseconds=1))


def test_a_second_invitation_ends_the_first(world: World) -> None:
    account_id, first = invitation(world)
    with unit(world.session):
        account = world.session.get_one(Account, account_id)
        second = accounts.invite(world.session, account, actor=world.actor("olga"), now=NOW)
    assert refusal(world.session, accounts.accept, token=first, password=SECRET, now=NOW).key == "link"
    with unit(world.session):
        accounts.accept(world.session, second, SECRET, now=NOW)


def test_a_weak_password_leaves_the_invitation_open(world: World) -> None:
    _, token = invitation(world)
    assert refusal(world.session, accounts.accept, token=token, password="short", now=NOW).key == "password_length"
    with unit(world.session):
        accounts.accept(world.session, token, SECRET, now=NOW)


def test_an_invitation_cannot_set_the_system_up(world: World) -> None:
    _, token = invitation(world)
    assert (
        refusal(world.session, accounts.set_up, person=person("某单位", "x@example.org"), token=token, now=NOW).key
        == "link"
    )


def test_a_made_up_link_is_missing(session: Session) -> None:
    for token in ("", "x", "\x00", "\ud800", "a" * 100_000):
        with pytest.raises(Missing):
            accounts.invited(session, token, now=NOW)
        assert refusal(session, accounts.accept, token=token, password=SECRET, now=NOW).key == "link"


def test_tokens_are_stored_hashed(world: World) -> None:
    account_id, token = invitation(world)
    with unit(world.session):
        cookie = accounts.sign_in(world.session, account_id, now=NOW, address="203.0.113.9")
    stored = [*world.session.scalars(select(Invitation.token_hash)), *world.session.scalars(select(SignIn.token_hash))]
    assert token_hash(token) in stored
    assert token_hash(cookie) in stored
    assert token not in stored
    assert cookie not in stored


# --- sign-ins ----------------------------------------------------------------------------------------


def signed_in(world: World, who: str = "alice") -> str:
    """Sign a person in; return the token."""
    with unit(world.session):
        return accounts.sign_in(world.session, world.people[who].id, now=NOW, address="203.0.113.9")


def roles_of(world: World, token: str, now: object = NOW) -> list[str | None]:
    """Return the roles behind a token as each request reads them."""
    world.session.rollback()
    rows = store.signed_in(world.session, token_hash(token), now, now)  # type: ignore[arg-type]
    return sorted((role or "-") for _, role, _, _ in rows)


def test_a_sign_in_carries_the_roles_until_it_expires(world: World) -> None:
    token = signed_in(world)
    assert roles_of(world, token) == ["applicant"]
    end = NOW + timedelta(days=accounts.SIGN_IN_DAYS)
    assert roles_of(world, token, end - timedelta(microseconds=1)) == ["applicant"]
    assert roles_of(world, token, end) == []


def test_signing_out_bites_and_ends_that_sign_in_only(world: World) -> None:
    here, there = signed_in(world), signed_in(world)
    with unit(world.session):
        accounts.sign_out(world.session, here, now=NOW)
    assert (roles_of(world, here), roles_of(world, there)) == ([], ["applicant"])


def test_disabling_an_account_ends_all_its_sign_ins_for_good(world: World) -> None:
    tokens = [signed_in(world), signed_in(world)]
    for is_active in (False, True):
        with unit(world.session):
            accounts.set_active(
                world.session,
                world.session.get_one(Account, world.people["alice"].id),
                is_active,
                actor=world.actor("olga"),
                now=NOW,
            )
        assert [roles_of(world, token) for token in tokens] == [[], []]
        if not is_active:
            with pytest.raises(Denied):
                accounts.check_password(world.session, "alice@example.org", "a long enough secret")
    assert accounts.check_password(world.session, "alice@example.org", "a long enough secret")
    world.sound()


def test_setting_a_new_password_ends_earlier_sign_ins(world: World) -> None:
    token = signed_in(world)
    with unit(world.session):
        account = world.session.get_one(Account, world.people["alice"].id)
        link = accounts.invite(world.session, account, actor=world.actor("olga"), now=NOW)
    with unit(world.session):
        accounts.accept(world.session, link, SECRET, now=NOW)
    assert roles_of(world, token) == []


def test_nobody_disables_himself(world: World) -> None:
    def deed(session: Session) -> None:
        mine = session.get_one(Account, world.people["olga"].id)
        accounts.set_active(session, mine, False, actor=world.actor("olga"), now=NOW)

    assert refusal(world.session, deed).key == "own_account"


# --- roles -------------------------------------------------------------------------------------------


IN_UNITS = [
    ("applicant", "江南物业", None),
    ("recommender", "浦东区质协", None),
    ("evaluator", "活动办公室", None),
    ("organiser", "活动办公室", None),
    ("recommender", "江南物业", "role_unit"),
    ("organiser", "江南物业", "role_unit"),
    ("evaluator", "浦东区质协", "role_unit"),
    ("applicant", "活动办公室", "role_unit"),
    ("king", "江南物业", "unknown_role"),
]


def test_a_role_is_given_in_the_right_kind_of_unit_only(world: World) -> None:
    for role, unit_name, key in IN_UNITS:

        def deed(session: Session, role: str = role, unit_name: str = unit_name) -> None:
            person = session.get_one(Account, world.people["ed"].id)
            accounts.grant(session, person, world.units[unit_name], role, actor=world.actor("olga"), now=NOW)

        if key is not None:
            assert refusal(world.session, deed).key == key
            continue
        with unit(world.session):
            deed(world.session)
        held = {(one.role, one.unit.name) for one in store.memberships(world.session, world.people["ed"].id)}
        assert (role, unit_name) in held
    world.sound()


def test_a_role_taken_away_bites_at_the_next_request_and_can_be_given_again(world: World) -> None:
    token = signed_in(world)
    (membership,) = store.memberships(world.session, world.people["alice"].id)
    with unit(world.session):
        accounts.end_membership(world.session, membership.id, actor=world.actor("olga"), now=NOW)
    assert roles_of(world, token) == ["-"]

    def again(session: Session) -> None:
        accounts.end_membership(session, membership.id, actor=world.actor("olga"), now=NOW)

    assert refusal(world.session, again).key == "membership"
    with unit(world.session):
        account = world.session.get_one(Account, world.people["alice"].id)
        accounts.grant(
            world.session, account, world.units["浦江电机厂"], "applicant", actor=world.actor("olga"), now=NOW
        )
    assert roles_of(world, token) == ["applicant"]
    kinds = [row.kind for row in world.history("account", world.people["alice"].id)]
    assert kinds[-2:] == ["role_ended", "granted"]


def test_an_organiser_does_not_take_his_own_role(world: World) -> None:
    (mine,) = store.memberships(world.session, world.people["olga"].id)
    found = refusal(world.session, accounts.end_membership, membership_id=mine.id, actor=world.actor("olga"), now=NOW)
    assert (found.key, found.status) == ("own_role", 409)


def test_a_unit_that_is_kept_out_gives_no_role(world: World) -> None:
    token = signed_in(world)
    with unit(world.session):
        world.session.get_one(Unit, world.units["浦江电机厂"].id).is_active = False
    assert roles_of(world, token) == ["-"]


def test_a_unit_of_an_unknown_kind_is_refused(session: Session) -> None:
    found = refusal(session, accounts.add_unit, name="某单位", kind="club", actor=ROOT, now=NOW)
    assert isinstance(found, Invalid)
    assert not isinstance(found, Conflict)
    assert found.key == "unknown_kind"
