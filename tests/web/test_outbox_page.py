"""The outbox as the organiser sees and works it; the unit above, as set on the page."""

from __future__ import annotations

from qtb.services import accounts, outbox, reminders
from qtb.services.outbox import Post
from qtb.store.accounts import Unit
from qtb.store.outbox import Outbox
from qtb.store.unit import unit
from tests.web.conftest import Web
from tests.world import World, at

NO_SERVER = Post(None, "qtb@example.org", "")


def reminded(web: Web) -> list[Outbox]:
    """Have a draft and a silent recommender be reminded; return all letters."""
    world = web.world
    world.enter(team="一班")
    world.submitted("二班")
    web.go("2024-05-29")
    reminders.remind(world.session, now=world.now)
    return letters(world)


def letters(world: World) -> list[Outbox]:
    world.session.rollback()
    return list(world.session.query(Outbox).order_by(Outbox.id))


def test_letters_about_units_stand_in_the_list_and_can_be_read(web: Web) -> None:
    rows = reminded(web)
    olga = web.client("olga")
    page = olga.get("/admin/outbox").get_data(as_text=True)
    assert "久未审核提醒" in page
    assert "浦东区质协" in page
    for row in rows:
        answer = olga.get(f"/admin/outbox/{row.id}")
        assert answer.status_code == 200
        assert "letter.unreadable" not in answer.get_data(as_text=True)
    by_unit = next(row for row in rows if row.submission_id is None)
    assert "二班" in olga.get(f"/admin/outbox/{by_unit.id}").get_data(as_text=True)
    assert "dropped" in olga.get("/admin/outbox?status=dropped").get_data(as_text=True)


def test_a_moot_reminder_says_so(web: Web) -> None:
    row = next(one for one in reminded(web) if one.letter == "register_soon")
    web.go("2024-06-02")
    assert "已不再适用" in web.client("olga").get(f"/admin/outbox/{row.id}").get_data(as_text=True)


def test_a_kept_reminder_shows_what_it_said_when_its_step_is_over(web: Web) -> None:
    row = next(one for one in reminded(web) if one.letter == "register_soon")
    outbox.deliver(web.world.session, post=NO_SERVER, now=web.world.now)
    web.go("2024-06-02")
    page = web.client("olga").get(f"/admin/outbox/{row.id}").get_data(as_text=True)
    assert "已不再适用" not in page
    for words in ("按当时写成的样子", "报名即将截止", "2024年5月31日 24:00", "alice@example.org"):
        assert words in page


def test_the_organiser_drops_a_letter_and_puts_a_kept_one_back(web: Web) -> None:
    first, second, *_ = reminded(web)
    olga = web.client("olga")
    assert olga.post(f"/admin/outbox/{first.id}/drop").status_code == 303
    outbox.deliver(web.world.session, post=NO_SERVER, now=web.world.now)
    assert olga.post(f"/admin/outbox/{second.id}/again").status_code == 303
    assert [row.status for row in letters(web.world)][:2] == ["dropped", "waiting"]
    assert olga.post(f"/admin/outbox/{first.id}/drop").status_code == 409
    assert olga.post(f"/admin/outbox/{second.id}/again").status_code == 409
    assert olga.post("/admin/outbox/0/again").status_code == 404
    assert olga.post(f"/admin/outbox/{second.id}/burn").status_code == 404
    assert olga.get(f"/admin/outbox/{second.id}/drop").status_code == 405


def test_nobody_else_touches_the_outbox(web: Web) -> None:
    row = reminded(web)[0]
    for name in ("alice", "rita", "eve"):
        assert web.client(name).post(f"/admin/outbox/{row.id}/drop").status_code in (403, 404)
        assert web.client(name).post("/admin/units/above", data={}).status_code in (403, 404)
    assert letters(web.world)[0].status == "waiting"


def test_the_unit_above_is_set_and_taken_away(web: Web) -> None:
    below, above = web.world.units["浦东区质协"].id, web.world.units["机电行业协会"].id
    olga = web.client("olga")

    def post(unit_id: object, above_id: object) -> int:
        return olga.post("/admin/units/above", data={"unit_id": unit_id, "above_id": above_id}).status_code

    assert post(below, above) == 303
    assert olga.get("/admin/units").get_data(as_text=True).count("机电行业协会") >= 4
    assert post(above, below) == 409
    assert post(web.world.units["浦江电机厂"].id, above) in (400, 422)
    assert [post(one, other) for one, other in (("x", above), (below, "x"), ("", ""), (10**30, above))] == [404] * 4
    assert post(below, "") == 303
    web.world.session.rollback()
    assert web.world.session.get_one(Unit, below).parent_id is None


def test_an_inactive_unit_above_is_shown_as_none(web: Web) -> None:
    with unit(web.world.session) as work:
        top = accounts.add_unit(
            work, name="市级质协", kind="recommender", actor=web.world.actor("olga"), now=at("2024-05-20")
        )
        work.get_one(Unit, web.world.units["浦东区质协"].id).parent_id = top.id
        top.is_active = False
    assert web.client("olga").get("/admin/units").status_code == 200
