"""Possible duplicates: found across units and years, side by side, cleared with a reason, the organiser's only."""

from __future__ import annotations

import pytest

from qtb.domain.errors import Denied
from qtb.services import duplicates
from qtb.store.unit import unit
from tests.web.conftest import Web
from tests.web.test_teams import earlier
from tests.world import World, at

TEXT = "围绕返工原因运用排列图和因果图开展改进两项。固化标准四条并在班前会上逐条讲解。合理化建议采纳率百分之六十二。"
LIST = "/admin/cycles/2024/duplicates"


def pair(world: World) -> tuple[int, int]:
    """Submit two works of one unit with the same title and text; return their ids."""
    return world.submitted("甲班", improvement=TEXT), world.submitted("乙班", improvement=TEXT)


def test_alike_works_are_listed_shown_and_cleared(web: Web) -> None:
    low, high = pair(web.world)
    client = web.client("olga")
    assert "没有待看的" in client.get(LIST).text
    assert client.post(LIST).status_code == 303
    page = client.get(LIST).text
    assert "正文 100%" in page
    assert "名称 100%" in page
    beside = client.get(f"/admin/duplicates/{low}/{high}").text
    assert "<mark>固化标准四条并在班前会上逐条讲解。</mark>" in beside
    assert "1 对疑似重复" in client.get(f"/submissions/{low}").text
    address = f"/admin/duplicates/{low}/{high}"
    assert client.post(address, data={"reason": " "}).status_code == 422
    assert client.post(address, data={"reason": "同一厂的两项"}).status_code == 303
    assert client.post(address, data={"reason": "再来"}).status_code == 409
    for submission_id in (low, high):
        entry = web.world.history("submission", submission_id)[-1]
        assert (entry.kind, entry.about()["note"]) == ("no_duplicate", "同一厂的两项")
    assert "疑似重复待看" not in client.get(f"/submissions/{low}").text
    client.post(LIST)
    page = client.get(LIST).text
    assert "待看 0 对" in page
    assert "同一厂的两项" in page
    web.world.sound()


def test_the_clock_compares_at_night_what_changed_since(web: Web) -> None:
    world = web.world
    pair(world)

    def night(when: str) -> int:
        world.session.rollback()
        return duplicates.search_nightly(world.session, now=at(when))

    assert [night(f"2024-05-21 {hour}") for hour in ("02:59", "03:00", "03:01", "12:00")] == [0, 1, 0, 0]
    assert world.history("cycle", world.cycle.id)[-1].actor_id is None
    assert "1 对待看" in web.client("olga").get("/admin/").text
    assert night("2024-05-22 03:30") == 0, "nothing has changed"
    world.now = at("2024-05-22 10:00")
    world.submitted("丙班", improvement=TEXT)
    assert night("2024-05-23 03:00") == 1
    assert "3 对待看" in web.client("olga").get("/admin/").text
    world.sound()


def test_what_is_alike_no_more_is_forgotten(web: Web) -> None:
    low, high = web.world.enter(team="甲班"), web.world.enter(team="乙班")
    for submission_id in (low, high):
        web.world.move(submission_id, "register", "alice")
        web.world.declare(submission_id, improvement=TEXT)
    client = web.client("olga")
    client.post(LIST)
    assert "待看 1 对" in client.get(LIST).text
    web.world.declare(high, title="缩短报修响应时间", improvement="另写。")
    client.post(LIST)
    assert "待看 0 对" in client.get(LIST).text
    assert client.get(f"/admin/duplicates/{low}/{high}").status_code == 404


def test_earlier_years_are_compared_with(web: Web) -> None:
    old, now = earlier(web.world, team="老班"), web.world.submitted("新班")
    client = web.client("olga")
    client.post(LIST)
    assert client.get(f"/admin/duplicates/{old}/{now}").status_code == 200


@pytest.mark.parametrize("name", ["alice", "rita", "eve"])
def test_only_the_organiser_knows_of_them(web: Web, name: str) -> None:
    low, high = pair(web.world)
    web.client("olga").post(LIST)
    web.world.move(low, "recommend", "rita")
    web.world.assign(low, "eve")
    client = web.client(name)
    assert client.get(LIST).status_code == client.post(LIST).status_code == 403
    assert client.get(f"/admin/duplicates/{low}/{high}").status_code == 403
    assert client.post(f"/admin/duplicates/{low}/{high}", data={"reason": "x"}).status_code == 403
    assert "疑似重复" not in client.get(f"/submissions/{low}").text
    with pytest.raises(Denied), unit(web.world.session) as work:
        duplicates.search(work, web.world.cycle, actor=web.world.actor(name), now=web.world.now)
    with pytest.raises(Denied), unit(web.world.session) as work:
        duplicates.clear(work, (low, high), reason="x", actor=web.world.actor(name), now=web.world.now)


def test_pairs_that_are_none_are_not_found(web: Web) -> None:
    client = web.client("olga")
    for address in ("/admin/duplicates/1/2", "/admin/cycles/nope/duplicates"):
        assert client.get(address).status_code == 404
    assert client.post("/admin/duplicates/1/2", data={"reason": "x"}).status_code == 404
