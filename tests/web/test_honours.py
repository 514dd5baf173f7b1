"""Honours won elsewhere: entered by the unit or the organiser, verified, kept across years, read by judges."""

from __future__ import annotations

from qtb.store.submissions import Submission
from tests.judging import works
from tests.web.conftest import Web, web
from tests.web.test_teams import earlier, linked

__all__ = ["web"]
ONE = {"act": "enter", "level": "city", "name": "市工人先锋号", "giver": "市总工会", "year": "2022"}


def test_a_unit_enters_an_honour_and_the_organiser_verifies_it(web: Web) -> None:
    case = web.world.enter()
    page, alice, olga = f"/submissions/{case}/team", web.client("alice"), web.client("olga")
    assert alice.post(f"/submissions/{case}/honours", data=ONE).status_code == 303
    assert alice.post(f"/submissions/{case}/honours", data=ONE).status_code == 409
    told = alice.get(page).get_data(as_text=True)
    assert told.count("市工人先锋号") == 1
    assert "未核实" in told
    assert alice.post(f"/submissions/{case}/honours", data={"act": "verify", "honour": "1"}).status_code == 403
    assert olga.post(f"/submissions/{case}/honours", data={"act": "verify", "honour": "1"}).status_code == 303
    assert olga.post(f"/submissions/{case}/honours", data={"act": "verify", "honour": "1"}).status_code == 409
    assert "未核实" not in alice.get(page).get_data(as_text=True)
    assert alice.post(f"/submissions/{case}/honours", data={"act": "drop", "honour": "1"}).status_code == 403
    assert olga.post(f"/submissions/{case}/honours", data={"act": "drop", "honour": "1"}).status_code == 303
    assert olga.post(f"/submissions/{case}/honours", data={"act": "drop", "honour": "1"}).status_code == 404
    kinds = [one.kind for one in web.world.history("submission", case)]
    assert {"honour", "honour_verified", "honour_dropped"} <= set(kinds)
    assert kinds.count("honour") == 1
    web.world.sound()


def test_what_is_no_honour_is_refused_and_nothing_is_kept(web: Web) -> None:
    case = web.world.enter()
    client = web.client("alice")
    wrongs = {"level": "moon"}, {"year": "1800"}, {"year": "2099"}, {"year": "x"}, {"name": " "}, {"giver": "x" * 61}
    for wrong in wrongs:
        answer = client.post(f"/submissions/{case}/honours", data={**ONE, **wrong})
        assert answer.status_code == 422
    assert "市工人先锋号" not in client.get(f"/submissions/{case}/team").get_data(as_text=True)
    assert web.client("bob").post(f"/submissions/{case}/honours", data=ONE).status_code == 404
    assert web.client("rita").post(f"/submissions/{case}/honours", data=ONE).status_code == 403


def test_an_honour_is_the_teams_in_every_year_and_under_its_earlier_name(web: Web) -> None:
    world = web.world
    before = earlier(world, team="旧名班")
    case = world.enter(team="新名班")
    assert web.client("olga").post(f"/submissions/{before}/honours", data=ONE).status_code == 303
    page = f"/submissions/{case}/team"
    assert "市工人先锋号" not in web.client("alice").get(page).get_data(as_text=True)
    linked(world, case, before)
    assert "市工人先锋号" in web.client("alice").get(page).get_data(as_text=True)


def test_a_judge_reads_them_and_they_are_no_conflict(web: Web) -> None:
    (case,) = works(web.world, 1)
    web.client("olga").post(f"/submissions/{case}/honours", data=ONE)
    web.go("2024-07-02 10:00")
    web.world.assign(case, "eve")
    eve = web.client("eve")
    assert "市工人先锋号" in eve.get("/evaluator/sheets/1").get_data(as_text=True)
    assert eve.post(f"/submissions/{case}/honours", data=ONE).status_code == 403
    assert web.world.session.get_one(Submission, case).n_blocks == 0
