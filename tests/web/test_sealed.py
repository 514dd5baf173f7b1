"""What is not published changes nothing that anybody outside the organiser can see, on any page of the case."""

from __future__ import annotations

import re

import pytest

from qtb.services import accounts
from qtb.store.evaluations import Award
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web import create_app
from tests.web.conftest import FreshClient, Web
from tests.world import World

TIME = re.compile(r"<time[^>]*>[^<]*</time>|name=\"(back|csrf_token)\" value=\"[^\"]*\"")


def test_a_case_looks_the_same_whatever_was_scored_and_proposed(web: Web) -> None:
    team = web.world.submitted()
    web.world.move(team, "recommend", "rita")
    web.go("2024-07-02 10:00")
    before = seen_outside(web, team)
    web.world.assign(team, "eve", "ed", "eli")
    web.world.score(team, "eve")
    web.world.score(team, "ed")
    assert seen_outside(web, team) == before
    web.world.score(team, "eli")
    web.go("2024-07-03 10:00")
    before = seen_outside(web, team)
    for level in ("none", "BENCHMARK", "PROGRESS"):
        web.world.propose(team, level)
        assert seen_outside(web, team) == before


def test_the_clocks_moves_have_no_page_for_people(web: Web) -> None:
    team = web.world.submitted()
    client = web.client("alice")
    for transition in ("award", "not_award", "evaluate", "recommend", "no_such_move"):
        assert client.get(f"/submissions/{team}/moves/{transition}").status_code == 404
        assert client.post(f"/submissions/{team}/moves", data={"transition": transition}).status_code in (403, 404)


def test_the_awarded_see_their_level_once_it_is_published(web: Web) -> None:
    team = web.world.submitted()
    web.world.move(team, "recommend", "rita")
    web.go("2024-07-02 10:00")
    web.world.judged(team)
    web.go("2024-07-03 10:00")
    web.world.propose(team, "BENCHMARK")
    assert "标杆级" not in web.client("alice").get(f"/submissions/{team}").text
    web.go("2024-08-20 10:00")
    assert "标杆级" in web.client("alice").get(f"/submissions/{team}").text


def test_an_override_back_takes_the_proposed_level_along(world: World) -> None:
    team = world.submitted()
    world.override(team, "evaluated")
    world.propose(team, "BENCHMARK")
    world.override(team, "submitted")
    row = world.session.get_one(Submission, team)
    assert (row.award_level, world.session.get(Award, team)) == ("", None)
    world.sound()


def test_an_override_from_a_stale_page_loses_to_who_was_faster(web: Web) -> None:
    team = web.world.submitted()
    version = web.world.session.get_one(Submission, team).version
    web.world.move(team, "recommend", "rita")
    given = {"state": "declined", "reason": "测试", "sure": "yes", "seen": version}
    answer = web.client("olga").post(f"/admin/submissions/{team}/override", data=given)
    assert (answer.status_code, "rita" in answer.text) == (409, True)
    assert web.world.state(team) == "recommended"


@pytest.mark.parametrize("name", [None, "alice", "olga"])
def test_a_form_without_its_token_is_a_sentence_for_everybody(web: Web, name: str | None) -> None:
    web.app.config["WTF_CSRF_ENABLED"] = True
    answer = web.client(name).post("/language", data={"lang": "en"})
    assert answer.status_code == 400
    assert "页面已过期" in answer.text


@pytest.mark.parametrize("path", ["/%09/evil.example", "/%0a/evil.example", "//evil.example"])
def test_the_way_back_stays_here(web: Web, path: str) -> None:
    answer = web.client().post("/language", data={"lang": "en", "back": path.replace("%09", "\t").replace("%0a", "\n")})
    assert answer.status_code in (303, 422)
    assert answer.headers.get("Location", "/") == "/"


@pytest.mark.parametrize("text", ["\x00" + "a" * 20_001, "\x00", "a\x1b"])
def test_long_odd_addresses_are_refused_alike_on_both_databases(web: Web, text: str) -> None:
    client = web.client("olga")
    for path in ("/admin/submissions", "/admin/history", "/admin/users", "/admin/outbox", "/cycles/2024"):
        names = ("q", "state", "category", "cycle", "kind", "subject", "via", "number", "status")
        asked = {name: text.encode("utf-8", "surrogatepass") for name in names}
        assert client.get(path, query_string=asked).status_code == 422


def test_a_ligature_that_unfolds_to_eighteen_letters_is_a_name_like_any_other(web: Web) -> None:
    team = web.world.enter(team="ﷺ" * 50)
    assert web.world.state(team) == "draft"


def test_names_that_nobody_can_see_are_empty(web: Web) -> None:
    team = web.world.enter(team="\u200b\u2060")
    row = web.world.session.get_one(Submission, team)
    assert (row.team_name, row.registration_complete) == ("", False)


@pytest.mark.parametrize("key", ["a/b", ".", "..", "", "k" * 41, "年"])
def test_a_years_key_can_stand_in_an_address(web: Web, key: str) -> None:
    client = web.client("olga")
    items = ["报名\t2-5月", "申报\t2-5月", "推荐\t4-6月", "评价\t7-8月", "发布\t8月", "推广\t10-12月"]
    rows = "\n".join(f"{n}\t{item}\t主办方" for n, item in enumerate(items, 1))
    text = f"关于开展2026年活动的通知\n\n{rows}"
    draft = client.post("/admin/notices/read", data={"text": text, "programme": "qtb"})
    assert draft.status_code == 303
    assert client.post(draft.location, data={"key": key, "title": "活动", "year": "2026"}).status_code == 422


def test_the_last_organiser_stays(web: Web) -> None:
    olga = web.world.people["olga"]
    with unit(web.world.session):
        other = web.world.people["eve"]
        accounts.grant(
            web.world.session, other, web.world.units["活动办公室"], "organiser", actor=web.world.actor("olga"),
            now=web.world.now,
        )  # fmt: skip
        mine = next(one.id for one in olga.memberships)
    second = web.client("eve")
    assert second.post(f"/admin/memberships/{mine}/end").status_code == 303
    assert second.post(f"/admin/users/{other.id}/disable").status_code == 409


def seen_outside(web: Web, team: int) -> dict[tuple[str, str], str]:
    """Return the pages about a case as the applicant and the recommender see them, without the time."""
    pages = {}
    for who, paths in {
        "alice": [f"/submissions/{team}", "/applicant/"],
        "rita": [f"/submissions/{team}", "/recommender/"],
    }.items():
        for path in paths:
            pages[who, path] = TIME.sub("", web.client(who).get(path).text)
    return pages


def test_signed_in_people_of_the_real_system_get_the_sentence_too(settings: dict[str, object]) -> None:
    app = create_app({**settings, "TESTING": False})
    app.test_client_class = FreshClient
    answer = app.test_client().post("/sign-in", data={"email": "a@example.org"})
    assert answer.status_code == 400
