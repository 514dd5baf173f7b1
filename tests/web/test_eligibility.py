"""The rules beside a form and on a case, the change of the recommending unit, the conversation, the to-do list."""

from __future__ import annotations

import pytest

from qtb.services import teams
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.services.test_eligibility import COOLING, adopt, held_before, registered
from tests.web.conftest import Web, web
from tests.world import DECLARATION

__all__ = ["web"]


@pytest.fixture
def case(web: Web) -> int:
    """A registered team with a complete declaration."""
    case = web.world.enter()
    web.world.move(case, "register", "alice")
    web.world.declare(case)
    return case


def test_the_rules_stand_beside_the_form_and_are_judged_on_what_is_typed(web: Web, case: int) -> None:
    client = web.client("alice")
    page = client.get(f"/submissions/{case}/forms/declaration").text
    assert 'id="rules"' in page
    assert "E5" in page
    typed = {**{key: value for key, value in DECLARATION.items() if isinstance(value, str)}, "incidents_any": "some"}
    answer = client.post(f"/submissions/{case}/forms/declaration/eligibility", data=typed)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert 'class="rule-blocks"' in answer.text
    assert "没有" in answer.text.split("<b>E5</b>")[1].split("</li>")[0]
    assert client.get(f"/submissions/{case}").text.count('class="rule-blocks"') == 0  # nothing was stored


def test_the_fragment_takes_whatever_is_typed_and_is_for_those_who_fill_the_form(web: Web, case: int) -> None:
    url = f"/submissions/{case}/forms/declaration/eligibility"
    odd = {"build_from": "\x00", "metrics-0-name": "x" * 30_000, "incidents_any": "<script>"}
    assert web.client("alice").post(url, data=odd).status_code == 200
    assert web.client("rita").post(url, data={}).status_code == 404
    assert web.client("bob").post(url, data={}).status_code == 404
    assert web.client("eve").post(url, data={}).status_code == 403
    assert web.client("alice").post(f"/submissions/{case}/forms/nothing/eligibility").status_code == 404


def test_a_blocked_move_is_disabled_says_why_and_opens_when_it_is_waived(web: Web, case: int) -> None:
    web.world.declare(case, incidents_any="some", incidents="一起投诉。")
    page = web.client("alice").get(f"/submissions/{case}").text
    assert 'id="why-submit"' in page
    assert "E5" in page.split('id="why-submit"')[1].split("</ul>")[0]
    answer = web.client("alice").post(f"/submissions/{case}/moves", data={"transition": "submit"})
    assert answer.status_code == 409
    assert "E5" in answer.text
    assert web.client("alice").post(f"/submissions/{case}/waive", data={"rule": "E5"}).status_code == 403
    staff = web.client("olga")
    drawn = {"rule": "E5", "seen": str(web.world.position(case)[1])}
    assert staff.post(f"/submissions/{case}/waive", data=drawn).status_code == 422
    assert staff.post(f"/submissions/{case}/waive", data={**drawn, "reason": "已核实", "seen": "1"}).status_code == 409
    assert staff.post(f"/submissions/{case}/waive", data={**drawn, "reason": "已核实"}).status_code == 303
    page = web.client("alice").get(f"/submissions/{case}").text
    assert 'id="why-submit"' not in page
    assert "已核实" in page
    assert web.client("alice").post(f"/submissions/{case}/moves", data={"transition": "submit"}).status_code == 303


def test_the_recommending_unit_is_changed_on_a_page(web: Web, case: int) -> None:
    url, other = f"/submissions/{case}/recommender", web.world.units["机电行业协会"].id
    client = web.client("alice")
    assert url in client.get(f"/submissions/{case}").text
    drawn = {"seen": str(web.world.position(case)[1]), "reason": "归口调整"}
    assert client.post(url, data={**drawn, "recommender": other, "reason": ""}).status_code == 422
    assert client.post(url, data={**drawn, "recommender": "999999"}).status_code == 422
    assert client.post(url, data={**drawn, "recommender": "x"}).status_code == 422
    assert client.post(url, data={**drawn, "recommender": other, "seen": "1"}).status_code == 409
    assert client.post(url, data={**drawn, "recommender": other}).status_code == 303
    assert web.client("rita").get(f"/submissions/{case}").status_code == 404
    assert web.client("ralf").get(f"/submissions/{case}").status_code == 200
    assert web.client("ralf").get(url).status_code == 404
    assert web.client("bob").get(url).status_code == 404


def test_talk_is_seen_by_its_parties_and_stands_in_the_list_until_it_is_read(web: Web, case: int) -> None:
    url = f"/submissions/{case}/conversation"
    assert web.client("rita").post(url, data={"body": "请<b>补</b>照片", "reader": "applicant"}).status_code == 303
    client = web.client("alice")
    assert url in client.get("/applicant/").text
    page = client.get(url).text
    assert "请&lt;b&gt;补&lt;/b&gt;照片" in page
    assert url not in client.get("/applicant/").text
    assert client.post(url, data={"body": "", "reader": "all"}).status_code == 422
    assert client.post(url, data={"body": "好", "reader": "eve"}).status_code == 422
    assert client.post(url, data={"body": "好的", "reader": "all"}).status_code == 303
    assert url in web.client("rita").get("/recommender/").text
    for stranger in ("bob", "ralf"):
        assert web.client(stranger).get(url).status_code == 404
        assert web.client(stranger).post(url, data={"body": "好", "reader": "all"}).status_code == 404
    web.world.override(case, "recommended")
    web.world.assign(case, "eve")
    assert web.client("eve").get(f"/submissions/{case}").status_code == 200
    assert web.client("eve").get(url).status_code == 403
    assert url not in web.client("eve").get(f"/submissions/{case}").text


def test_a_message_is_taken_back_on_the_page(web: Web, case: int) -> None:
    url = f"/submissions/{case}/conversation"
    client = web.client("alice")
    client.post(url, data={"body": "写错了", "reader": "all"})
    assert web.client("rita").post(f"{url}/1/withdraw").status_code == 404
    assert client.post(f"{url}/1/withdraw").status_code == 303
    page = client.get(url).text
    assert "写错了" not in page
    assert client.post(f"{url}/1/withdraw").status_code == 409


def test_the_organisers_list_marks_a_team_that_waits_its_years_under_any_of_its_names(web: Web) -> None:
    adopt(web.world, *COOLING)
    earlier = held_before(web.world)
    registered(web.world)
    renamed = registered(web.world, "总装先锋班")
    olga = web.client("olga")

    def marked() -> int:
        return olga.get("/admin/submissions?cycle=2024").text.count("间隔期内：2023 年获")

    assert marked() == 1
    with unit(web.world.session) as work:
        row = work.get_one(Submission, renamed)
        teams.link(work, row, earlier, reason="班组更名", actor=web.world.actor("olga"), now=web.world.now)
    assert marked() == 2
