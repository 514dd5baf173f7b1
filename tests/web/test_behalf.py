"""The organiser enters and fills for a unit, through the unit's own pages; history and story say so."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from qtb.domain.errors import Denied
from qtb.services import behalf
from qtb.store.unit import unit
from tests.web.conftest import Web
from tests.world import REGISTRATION


def acting(web: Web, back: str = "/applicant/") -> FlaskClient:
    """Return the organiser's browser, acting for the first unit."""
    client = web.client("olga")
    given = {"unit_id": str(web.world.units["浦江电机厂"].id), "back": back}
    answer = client.post("/admin/behalf", data=given)
    assert (answer.status_code, answer.location) == (303, back)
    return client


def entered(web: Web, client: FlaskClient, team: str = "代报班") -> int:
    """Enter a team by the applicant's page; return its id."""
    members = [{key: one[key] for key in one} for one in REGISTRATION["members"]]
    rows = {f"members-{n}-{key}": value for n, one in enumerate(members) for key, value in one.items()}
    plain = {key: value for key, value in REGISTRATION.items() if key != "members"}
    given = {**plain, **rows, "team_name": team, "recommender": str(web.world.units["浦东区质协"].id)}
    answer = client.post("/applicant/cycles/2024/enter", data={**given, "request_key": "behalf-1"})
    assert answer.status_code == 303, answer.text
    return int(answer.location.rsplit("/", 1)[1])


def test_what_the_organiser_enters_for_a_unit_is_told_as_such(web: Web) -> None:
    client = acting(web)
    submission_id = entered(web, client)
    entries = web.world.history("submission", submission_id)
    group = web.world.units["浦江电机厂"].id
    assert {(entry.actor_id, entry.role, entry.about()["behalf"]) for entry in entries} == {
        (web.world.people["olga"].id, "applicant", group)
    }
    for name in ("alice", "olga"):
        assert "olga代浦江电机厂" in web.client(name).get(f"/submissions/{submission_id}").text
    assert "代报班" in web.client("alice").get("/applicant/").text
    history = web.client("olga").get("/admin/history?subject=submission").text
    assert history.count("olga代浦江电机厂") == len(entries)
    web.world.sound()


def test_a_move_for_a_unit_is_judged_and_told_like_the_units_own(web: Web) -> None:
    submission_id = web.world.enter()
    client = acting(web)
    early = client.post(f"/submissions/{submission_id}/moves", data={"transition": "submit"})
    assert early.status_code == 409
    assert client.post(f"/submissions/{submission_id}/moves", data={"transition": "register"}).status_code == 303
    assert web.world.trail(submission_id)[-1].about()["behalf"] == web.world.units["浦江电机厂"].id


def test_after_the_window_the_organiser_cannot_enter_for_a_unit_either(web: Web) -> None:
    client = acting(web)
    web.go("2024-06-02 10:00")
    late = client.post("/applicant/cycles/2024/enter", data={"request_key": "late", "team_name": "晚"})
    assert late.status_code == 409


def test_while_acting_for_a_unit_the_organiser_has_its_rights_only_and_every_page_says_so(web: Web) -> None:
    other = web.world.enter("bob", team="别家班", unit_name="江南物业")
    client = acting(web)
    assert "您正在代浦江电机厂办理" in client.get("/applicant/").text
    assert client.get("/admin/").status_code == 403
    assert client.get(f"/submissions/{other}").status_code == 404
    refused = client.get("/admin/").text
    assert "请先结束代办" in refused
    ended = client.post("/behalf/end", follow_redirects=True)
    assert (ended.status_code, ended.request.path) == (200, "/admin/")
    assert "您正在代" not in client.get("/admin/").text


@pytest.mark.parametrize("name", ["alice", "rita", "eve"])
def test_only_the_organiser_acts_for_others(web: Web, name: str) -> None:
    client = web.client(name)
    given = {"unit_id": str(web.world.units["江南物业"].id)}
    assert client.post("/admin/behalf", data=given).status_code == 403
    assert client.get("/admin/cycles/2024/behalf").status_code == 403
    with pytest.raises(Denied):
        behalf.acting(web.world.units["江南物业"], actor=web.world.actor(name))


@pytest.mark.parametrize("given", ["", "x", "999999", "recommender"])
def test_only_for_an_applicants_unit(web: Web, given: str) -> None:
    unit_id = str(web.world.units["浦东区质协"].id) if given == "recommender" else given
    assert web.client("olga").post("/admin/behalf", data={"unit_id": unit_id}).status_code == 404


def test_it_ends_with_the_unit_and_with_the_organisers_role(web: Web) -> None:
    client = acting(web)
    with unit(web.world.session):
        web.world.units["浦江电机厂"].is_active = False
    assert client.get("/admin/").status_code == 200
    assert client.get("/applicant/").status_code == 403
