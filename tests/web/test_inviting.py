"""A recommending unit's units: who takes part, who has not declared, and asking another one."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from tests.web.conftest import Web, web

__all__ = ["web"]
UNITS = "/recommender/units"
ASKED = {"unit_name": "新港制造厂", "name": "新联系人", "email": "new@example.org"}


@pytest.fixture
def rita(web: Web) -> FlaskClient:
    """The recommending unit's browser."""
    return web.client("rita")


def row(page: str, unit: str) -> list[str]:
    """Return the cells of a unit's line, without marks."""
    cells = re.findall(r"<td[^>]*>(.*?)</td>", page, re.S)
    found = [" ".join(re.sub("<[^>]+>", " ", cell).split()) for cell in cells]
    at = next(n for n, cell in enumerate(found) if cell.startswith(unit))
    return found[at : at + 4]


def test_who_has_not_declared_is_told_and_a_draft_is_nobodys(web: Web, rita: FlaskClient) -> None:
    web.world.submitted("甲班")
    web.world.move(web.world.enter(team="乙班"), "register", "alice")
    web.world.enter(team="草稿班")
    assert row(rita.get(UNITS).text, "浦江电机厂") == ["浦江电机厂 有未申报班组", "2", "1", "0"]
    assert "浦江电机厂" not in web.client("ralf").get(UNITS).text
    assert "未申报 1" in " ".join(rita.get("/recommender/").text.split())


def test_a_unit_of_earlier_years_that_is_absent_comes_first(web: Web, rita: FlaskClient) -> None:
    web.world.submitted("甲班")
    web.world.another_cycle("2024b")
    found = rita.get(UNITS + "?cycle=2024b").text
    assert row(found, "浦江电机厂") == ["浦江电机厂 本年度未报名", "0", "0", "1"]


def test_an_invited_unit_sets_its_password_and_registers(web: Web, rita: FlaskClient) -> None:
    page = rita.post(UNITS, data=ASKED)
    assert page.status_code == 200
    link = re.search(r"https?://[^/]+(/invitations/[^<]+)", page.text)
    assert link is not None
    guest = web.client()
    secret = {"password": "a long enough secret", "repeated": "a long enough secret"}
    fields = re.findall(r'name="(\w+)"', guest.get(link[1]).text)
    entered = guest.post(link[1], data={**secret, **{one: secret["password"] for one in fields if "pass" in one}})
    assert entered.status_code == 303
    assert guest.get("/applicant/cycles/2024/enter").status_code == 200
    assert "单位管理员" in guest.get("/unit/members").text
    told = web.world.history("unit", web.world.units["浦东区质协"].id)
    (entry,) = [one for one in told if one.kind == "invited_unit"]
    assert entry.actor_id == web.world.people["rita"].id
    assert guest.get(link[1]).status_code == 410 or "已" in guest.get(link[1]).text
    web.world.sound()


def test_an_invited_unit_is_listed_and_its_lost_link_made_anew(web: Web, rita: FlaskClient) -> None:
    first = re.search(r"/invitations/[^<]+", rita.post(UNITS, data=ASKED).text)
    page = rita.get(UNITS).text
    assert row(page, "新港制造厂")[0].startswith("新港制造厂 已邀请，尚未报名")
    (path,) = re.findall(r'action="(/recommender/units/\d+/link)"', page)
    for other, status in (("ralf", 404), ("alice", 403), ("olga", 403)):
        assert web.client(other).post(path).status_code == status
    again = re.search(r"/invitations/[^<]+", rita.post(path).text)
    assert first is not None
    assert again is not None
    assert web.client().get(first[0]).status_code == 404
    secret = {"password": "a long enough secret"}
    assert web.client().post(again[0], data=secret).status_code == 303
    assert path not in rita.get(UNITS).text
    assert rita.post(path).status_code == 409
    assert rita.post(f"{UNITS}/999/link").status_code == 404
    assert "新港制造厂" not in web.client("ralf").get(UNITS).text
    web.world.sound()


@pytest.mark.parametrize(
    ("given", "status"),
    [({"unit_name": "浦江电机厂"}, 409), ({"unit_name": " "}, 422), ({"unit_name": "长" * 200}, 422),
     ({"email": "alice@example.org"}, 409), ({"email": "no"}, 422), ({"name": ""}, 422)],
)  # fmt: skip
def test_bad_invitations_leave_nothing_behind(web: Web, rita: FlaskClient, given: dict[str, str], status: int) -> None:
    answer = rita.post(UNITS, data={**ASKED, **given})
    assert answer.status_code == status
    assert "one-time" not in answer.text
    assert web.client("olga").get("/admin/units").text.count("新港制造厂") == 0


def test_only_recommenders_invite(web: Web) -> None:
    for who in ("alice", "eve", "olga"):
        assert web.client(who).post(UNITS, data=ASKED).status_code == 403
