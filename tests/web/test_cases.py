"""A submission's pages: late, stale, double and hostile requests; what must stay hidden until its instant."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from sqlalchemy import func, select

from qtb import clock
from qtb.store.answers import Answer
from qtb.store.audit import History
from qtb.store.cycles import Extension
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.web.conftest import Web
from tests.web.test_plans import applied
from tests.world import DECLARATION, REGISTRATION

ODD = [
    "\x00", "a\x00b", "\ud800", "\x1b[31m", "x" * 100_000, "9" * 5_000, "𝟙" * 30, "<script>alert(1)</script>",
    "' OR 1=1 --",
]  # fmt: skip


def test_a_late_save_is_refused_with_the_row_and_instant_and_keeps_what_was_typed(web: Web) -> None:
    team = web.world.enter()
    web.world.move(team, "register", "alice")
    web.go("2024-06-01 00:00")
    late = web.client("alice").post(f"/submissions/{team}/forms/declaration", data={**DECLARATION, "seen": "0"})
    assert late.status_code == 409
    assert "第4项“成果申报”" in late.text
    assert "2024年5月31日 24:00" in late.text
    assert DECLARATION["objectives"] in late.text
    assert count(web, Answer) == 1


def test_a_late_move_is_refused_with_the_row_and_instant(web: Web) -> None:
    team = web.world.submitted()
    web.world.session.rollback()
    client = web.client("rita")
    web.world.now = web.world.now.replace(month=6, day=30, hour=16)
    with unit(web.world.session):  # the clock moves on, and no sweep has come yet
        clock.set_to(web.world.session, web.world.now)
    answer = client.post(f"/submissions/{team}/moves", data={"transition": "recommend"})
    assert answer.status_code == 409
    assert "成果推荐" in answer.text
    assert "2024年6月30日 24:00" in answer.text
    assert web.world.state(team) == "submitted"


def test_a_save_from_a_stale_page_is_refused_and_changes_nothing(web: Web) -> None:
    team = web.world.enter()
    client = web.client("alice")
    raw = {**REGISTRATION, "recommender": str(web.world.units["浦东区质协"].id)}
    version = web.world.session.get_one(Answer, (team, "registration")).version
    path = f"/submissions/{team}/forms/registration"
    assert client.post(path, data={**raw, "team_name": "先到", "seen": version}).status_code == 303
    late = client.post(path, data={**raw, "team_name": "后到", "seen": version})
    assert (late.status_code, "后到" in late.text) == (409, True)
    web.world.session.rollback()
    assert web.world.session.get_one(Submission, team).team_name == "先到"


def test_one_form_sent_twice_enters_one_team(web: Web) -> None:
    recommender = str(web.world.units["浦东区质协"].id)
    raw = {**REGISTRATION, "recommender": recommender, "team_name": "一次", "request_key": "k1"}
    client = web.client("alice")
    first, second = (client.post("/applicant/cycles/2024/enter", data=raw) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    assert count(web, Submission) == 1


def test_errors_are_beside_their_fields_and_nothing_is_stored(web: Web) -> None:
    raw = {**REGISTRATION, "team_name": "某班", "team_size": "-3", "contact_phone": "12", "contact_email": "no"}
    answer = web.client("alice").post("/applicant/cycles/2024/enter", data={**raw, "request_key": "k2"})
    assert answer.status_code == 422
    for field in ("team_size", "contact_phone", "contact_email"):
        assert f'id="{field}-error"' in answer.text
    assert "某班" in answer.text
    assert count(web, Submission) == 0


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_odd_input_gets_a_4xx_or_is_stored_as_text(web: Web, odd: str) -> None:
    team = web.world.submitted()
    before = count(web, History)
    text = odd.encode("utf-8", "surrogatepass")
    posts = {
        "alice": [
            "/applicant/cycles/2024/enter", f"/submissions/{team}/forms/declaration", f"/submissions/{team}/moves",
        ],
        "rita": [f"/submissions/{team}/moves"],
        "olga": [
            f"/admin/submissions/{team}/override", f"/admin/submissions/{team}/level",
            f"/admin/submissions/{team}/evaluators", "/admin/cycles/2024/rows/register",
            "/admin/cycles/2024/extensions", "/admin/users", "/admin/units", "/admin/notices/read",
        ],
        None: ["/sign-in", "/sign-up", "/language"],
    }  # fmt: skip
    names = [
        "team_name", "seen", "transition", "note", "state", "reason", "sure", "level", "evaluator", "opens_at",
        "closes_at", "held_at", "row", "reach", "until", "number", "unit_id", "name", "email", "role", "kind", "text",
        "password", "unit_name", "lang", "back", "request_key", "programme", "cycle", "title",
    ]  # fmt: skip
    for who, paths in posts.items():
        client = web.client(who)
        for path in paths:
            answer = client.post(path, data=dict.fromkeys(names, text))
            assert answer.status_code < 500, (who, path)
            assert "<script>alert(1)</script>" not in answer.text
    for path in ("/admin/submissions", "/admin/history", "/admin/users", "/admin/outbox", "/applicant/"):
        asked = ("q", "page", "state", "cycle", "number", "kind", "recommender")
        query = "&".join(f"{name}={quote(text)}" for name in asked)
        assert web.client("olga").get(f"{path}?{query}").status_code < 500
    assert web.world.state(team) == "submitted"
    assert count(web, History) - before <= 3


def test_numbers_beyond_the_database_are_simply_not_found(web: Web) -> None:
    for path in ("/submissions/99999999999999999999", "/submissions/9007199254740993/moves/register"):
        assert web.client("alice").get(path).status_code == 404


def test_nobody_outside_the_organiser_learns_a_level_before_its_instant(web: Web) -> None:
    team = web.world.submitted()
    web.world.move(team, "recommend", "rita")
    web.go("2024-07-02 10:00")
    web.world.judged(team)
    web.go("2024-07-03 10:00")
    web.world.propose(team, "BENCHMARK")
    for who in ("alice", "rita", "eve", None):
        for path in (f"/submissions/{team}", "/cycles/2024/results", "/applicant/", "/recommender/", "/evaluator/"):
            page = web.client(who).get(path, follow_redirects=True).text
            assert "标杆级" not in page
            assert "BENCHMARK" not in page
    for who in ("alice", "rita"):
        page = web.client(who).get(f"/submissions/{team}").text
        for name in ("eve", "ed", "eli"):
            assert f"<strong>{name}" not in page
    web.go("2024-08-20 10:00")
    assert "标杆级" in web.client().get("/cycles/2024/results").text


def test_the_organiser_overrides_with_a_reason_and_a_second_look(web: Web) -> None:
    team = web.world.submitted()
    client, path = web.client("olga"), f"/admin/submissions/{team}/override"
    assert client.post(path, data={"state": "recommended", "reason": "材料已补"}).status_code == 422
    assert client.post(path, data={"state": "recommended", "reason": " ", "sure": "yes"}).status_code == 422
    done = client.post(path, data={"state": "recommended", "reason": "材料已补", "sure": "yes"})
    assert done.status_code == 303
    page = client.get(f"/submissions/{team}").text
    assert "材料已补" in page
    assert web.world.state(team) == "recommended"


def test_the_organiser_moves_a_row_and_grants_an_extension(web: Web) -> None:
    team = web.world.enter()
    client = web.client("olga")
    number = web.world.session.get_one(Submission, team).number
    row, extensions = "/admin/cycles/2024/rows/register", "/admin/cycles/2024/extensions"
    moved = {"opens_at": "2024-02-01T00:00", "closes_at": "2024-06-08T00:00"}
    assert applied(client, row, moved).status_code == 303
    assert client.post(row, data={**moved, "reason": "系统维护", "seen": "1", "shown": ""}).status_code in (409, 422)
    upside = {**moved, "opens_at": "2024-07-01T00:00"}
    assert client.get(row, query_string=upside).status_code == 422
    more = {"reach": "one", "number": number, "row": "register", "until": "2024-06-20T00:00"}
    assert applied(client, extensions, more).status_code == 303
    assert client.get(extensions, query_string={**more, "until": "2024-06-01T00:00"}).status_code == 422
    assert count(web, Extension) == 1
    web.go("2024-06-19 10:00")
    assert web.world.state(team) == "draft"


def count(web: Web, table: type) -> int:
    """Return how many rows a table has."""
    web.world.session.rollback()
    return web.world.session.scalar(select(func.count()).select_from(table))


def test_a_date_that_was_reached_stays_when_a_case_comes_back_from_aside(web: Web) -> None:
    world = web.world
    team = world.submitted()
    world.later(days=1)
    world.move(team, "return", "rita", "请补充")
    world.later(days=1)
    world.move(team, "resubmit", "alice")
    page = web.client("alice").get(f"/submissions/{team}").text
    steps = re.search(r'<ol class="steps-line">.*?</ol>', page, re.DOTALL)
    assert steps
    assert "2024年5月20日" in steps[0]
    assert "2024年5月22日" not in steps[0]


def test_the_page_before_a_move_says_what_its_rules_come_to(web: Web) -> None:
    team = web.world.enter()
    web.world.move(team, "register", "alice")
    web.world.declare(team)
    page = web.client("alice").get(f"/submissions/{team}/moves/submit").text
    assert "E16" in page
    assert 'class="rule-' in page
    assert "E16" not in web.client("alice").get(f"/submissions/{team}/moves/withdraw").text
