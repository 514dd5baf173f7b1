"""Who gets in where: every route by every role, sign-in and out, hidden things that look missing."""

from __future__ import annotations

import re

import pytest
from flask import Blueprint
from sqlalchemy import func, select

from qtb.extensions import db
from qtb.services import accounts
from qtb.store.accounts import Account, SignIn
from qtb.store.unit import unit
from qtb.web import access
from tests.web.conftest import Web

PASSWORD = "sentence of many words"
ROLE_OF = {"alice": "applicant", "rita": "recommender", "eve": "evaluator", "olga": "organiser"}


def test_every_route_lets_in_exactly_its_audience(web: Web) -> None:
    team = web.world.submitted()
    n_asked = 0
    for rule in web.app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.endpoint == "accounts.sign_out":
            continue
        who = web.app.view_functions[rule.endpoint].audience
        path = re.sub(r"<int:[^>]+>", str(team), rule.rule).replace("<key>", "2024").replace("<form>", "declaration")
        path = re.sub(r"<[^>]+>", "nothing", path)
        for name in (None, *ROLE_OF):
            answer = web.client(name).get(path)
            allowed = "public" in who or (name and ("signed_in" in who or ROLE_OF[name] in who))
            refused = answer.status_code in (302, 403) and (name is None) == (answer.status_code == 302)
            assert refused != bool(allowed), (path, name, answer.status_code)
            assert answer.status_code < 500 or path == "/health", (path, name)
            n_asked += 1
    assert n_asked > 100


def test_a_route_without_an_audience_stops_the_start(web: Web) -> None:
    stray = Blueprint("stray", __name__)
    stray.add_url_rule("/stray", "view", lambda: "open to all")
    web.app._got_first_request = False
    web.app.register_blueprint(stray)
    with pytest.raises(RuntimeError, match=r"stray\.view"):
        access.refuse_undeclared(web.app)


def test_a_hidden_submission_looks_like_a_missing_one(web: Web) -> None:
    team = web.world.submitted()
    client = web.client("bob")
    hidden, missing = client.get(f"/submissions/{team}"), client.get("/submissions/987654")
    assert hidden.status_code == missing.status_code == 404
    at = re.compile(r'datetime="[^"]*"|name="(back|csrf_token)" value="[^"]*"')  # the token holds the second
    assert at.sub("", hidden.text) == at.sub("", missing.text)


def test_the_recommender_sees_no_draft(web: Web) -> None:
    team = web.world.enter()
    assert web.client("rita").get(f"/submissions/{team}").status_code == 404


def test_signing_in_and_out(web: Web) -> None:
    client = web.client()
    wrong = client.post("/sign-in", data={"email": "alice@example.org", "password": "not this one, no"})
    assert (wrong.status_code, "alice@example.org" in wrong.text) == (403, True)
    right = client.post("/sign-in", data={"email": "Alice@Example.org ", "password": "a long enough secret"})
    assert (right.status_code, right.location) == (303, "/applicant/")
    cookie = client.get_cookie("qtb").value
    assert client.get("/applicant/").status_code == 200
    client.post("/sign-out")
    client.set_cookie("qtb", cookie)  # a cookie kept from before opens nothing
    assert client.get("/applicant/").status_code == 302


def test_recommenders_have_an_address_of_their_own(web: Web) -> None:
    assert web.client().get("/recommender/").location == "/recommender/sign-in"
    client = web.client()
    answer = client.post("/recommender/sign-in", data={"email": "rita@example.org", "password": "a long enough secret"})
    assert answer.location == "/recommender/"


@pytest.mark.parametrize(
    ("path", "door"),
    [("/recommender/ranking", "/recommender/sign-in"), ("/submissions/1", "/sign-in"), ("/unit/members", "/sign-in"),
     ("/applicant/", "/sign-in"), ("/admin/", "/sign-in")],
)  # fmt: skip
def test_only_pages_of_recommenders_alone_lead_to_their_door(web: Web, path: str, door: str) -> None:
    assert web.client().get(path).location == door


@pytest.mark.parametrize(("who", "home"), [("alice", "/applicant/"), ("eve", "/evaluator/"), ("olga", "/admin/")])
def test_who_is_no_recommender_is_led_from_that_door_to_the_own_home(web: Web, who: str, home: str) -> None:
    client = web.client()
    client.get("/recommender/ranking")  # wanted, and not for this person
    given = {"email": f"{who}@example.org", "password": "a long enough secret"}
    answer = client.post("/recommender/sign-in", data=given)
    assert (answer.status_code, answer.location) == (303, home)
    page = client.get(home)
    assert (page.status_code, "该账号不是推荐单位账号" in page.text) == (200, True)


def test_turning_an_account_off_bites_at_the_next_request(web: Web) -> None:
    client = web.client("alice")
    assert client.get("/applicant/").status_code == 200
    web.client("olga").post(f"/admin/users/{web.world.people['alice'].id}/disable")
    assert client.get("/applicant/").status_code == 302


def test_ending_a_role_bites_at_the_next_request(web: Web) -> None:
    client = web.client("rita")
    membership = web.world.people["rita"].memberships[0].id
    assert web.client("olga").post(f"/admin/memberships/{membership}/end").status_code == 303
    assert client.get("/recommender/").status_code == 403


def test_a_unit_signs_up_once_and_its_double_is_refused(web: Web) -> None:
    given = {"unit_name": "新来的单位", "name": "新人", "email": "new@example.org", "password": PASSWORD}
    assert web.client().post("/sign-up", data=given).status_code == 303
    twin = {**given, "unit_name": "新 来的单位\u200b", "email": "other@example.org"}
    answer = web.client().post("/sign-up", data=twin)
    assert answer.status_code in (409, 422)
    assert accounts_named(web, "other@example.org") == 0


def test_the_set_up_link_works_once_and_only_on_an_empty_system(settings: dict[str, object]) -> None:
    from qtb import clock
    from qtb.web import create_app

    app = create_app({**settings, "WTF_CSRF_ENABLED": False})
    given = {"unit_name": "活动办公室", "name": "主办", "email": "first@example.org", "password": PASSWORD}
    with app.app_context():
        with unit(db.session()) as work:
            token = accounts.set_up_link(work, now=clock.real())
        assert app.test_client().post(f"/setup/{token}", data=given).location == "/admin/"
        assert app.test_client().post(f"/setup/{token}", data=given).status_code == 404
        with unit(db.session()) as work:
            assert accounts.set_up_link(work, now=clock.real()) is None
        db.session.remove()
        db.engine.dispose()


def test_an_invited_person_sets_a_password_by_a_link_shown_once(web: Web) -> None:
    given = {"name": "新专家", "email": "expert@example.org", "role": "evaluator"}
    unit_id = web.world.units["活动办公室"].id
    page = web.client("olga").post("/admin/users", data={**given, "unit_id": str(unit_id)})
    link = re.search(r"/invitations/[\w-]+", page.text)[0]
    assert web.client().post(link, data={"password": "short"}).status_code == 422
    assert web.client().post(link, data={"password": "sentence of many words"}).location == "/evaluator/"
    assert web.client().get(link).status_code == 404


def test_forms_without_their_token_are_refused(settings: dict[str, object]) -> None:
    from qtb.web import create_app

    app = create_app({**settings, "TESTING": False})
    with app.app_context():
        answer = app.test_client().post("/sign-in", data={"email": "a@example.org", "password": "x"})
        assert answer.status_code == 400
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize("back", ["//evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)"])
def test_the_language_switch_leads_to_no_other_host(web: Web, back: str) -> None:
    assert web.client().post("/language", data={"lang": "en", "back": back}).location == "/"


def test_headers_are_on_every_answer(web: Web) -> None:
    for path in ("/", "/nothing-here", "/sign-in", "/health"):
        headers = web.client().get(path).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


def test_files_are_served_and_the_rest_of_the_disk_is_not(web: Web) -> None:
    client = web.client()
    assert client.get("/static/vendor/tabler.min.css").status_code == 200
    assert client.get("/static/vendor/htmx.min.js").status_code == 200
    assert client.get("/static/../config.py").status_code == 404


def accounts_named(web: Web, email: str) -> int:
    """Return how many accounts have this address."""
    web.world.session.rollback()
    assert web.world.session.scalar(select(func.count()).select_from(SignIn)) is not None
    return web.world.session.scalar(select(func.count()).select_from(Account).where(Account.email == email))


def test_after_signing_in_nobody_lands_on_a_page_that_is_for_others(web: Web) -> None:
    for wanted, landed in (("/admin/submissions", "/applicant/"), ("/applicant/?page=1", "/applicant/?page=1")):
        client = web.client()
        client.get(wanted)
        form = {"email": "alice@example.org", "password": "a long enough secret"}
        assert client.post("/sign-in", data=form).location.endswith(landed)
