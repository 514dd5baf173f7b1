"""Limits: guessing is stopped by name and by address; who knows the password comes in, and no Redis keeps one out."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from waitress.proxy_headers import proxy_headers_middleware
from werkzeug.test import TestResponse

from qtb import config
from qtb.domain.errors import Denied, Invalid
from qtb.extensions import db
from qtb.i18n import in_words
from qtb.serve import proxy_options
from qtb.services import accounts
from qtb.web import create_app
from tests.web.conftest import FreshClient
from tests.world import World

RIGHT, WRONG = "a long enough secret", "not this one, surely"
DOORS = ["/sign-in", "/recommender/sign-in"]
Node = Callable[..., FlaskClient]


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """One kind of database only: nothing is counted in it."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'qtb.db')}"


@pytest.fixture
def node(settings: dict[str, object], world: World) -> Iterator[Node]:
    """Make an application with limits, as `qtb serve` has them, and return a client of it."""
    made = []

    def make(**given: Any) -> FlaskClient:
        limited = {"RATELIMIT_ENABLED": True, "RATELIMIT_URL": "memory://", "WTF_CSRF_ENABLED": False, **given}
        app = create_app({**settings, "TESTING": False, **limited})
        app.test_client_class = FreshClient
        made.append(app)
        return app.test_client()

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def client(node: Node) -> FlaskClient:
    """A client of a node that counts by itself."""
    return node()


def enter(
    client: FlaskClient, password: str = WRONG, name: str = "alice", *, door: str = DOORS[0], address: str = "192.0.2.1"
) -> TestResponse:
    """Try to sign in from an address."""
    given = {"email": f"{name}@example.org", "password": password}
    answer = client.post(door, data=given, environ_overrides={"REMOTE_ADDR": address})
    if answer.status_code == 303:
        client.post("/sign-out")
    return answer


def statuses(client: FlaskClient, n: int, **given: Any) -> list[int]:
    """Return what so many wrong tries are answered."""
    return [enter(client, **given).status_code for _ in range(n)]


@pytest.mark.parametrize("door", DOORS)
def test_a_name_fails_five_times_from_one_address_and_then_waits(client: FlaskClient, door: str) -> None:
    tries = [enter(client, name=" ALICE"[n % 2 :], door=door).status_code for n in range(5)]
    assert tries == [403] * 5
    other = DOORS[1 - DOORS.index(door)]
    for answer in (enter(client, door=door), enter(client, RIGHT, door=other)):
        assert answer.status_code == 429
        assert 14 * 60 < int(answer.headers["Retry-After"]) <= 15 * 60
        assert "请在 15 分钟后再试" in answer.text
        assert "<h1>" in answer.text
    assert enter(client, RIGHT, "rita").status_code == 303


def test_the_right_password_makes_the_wrong_ones_before_it_forgotten(client: FlaskClient) -> None:
    assert statuses(client, 4) == [403] * 4
    assert [enter(client, RIGHT).status_code for _ in range(10)] == [303] * 10
    assert statuses(client, 5) == [403] * 5
    assert enter(client, RIGHT).status_code == 429


def test_tries_at_once_are_counted_before_the_password_is_looked_at(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking, answered, all_there = [], [], threading.Event()

    def look(*_: object) -> int:
        looking.append(1)
        all_there.wait(30)
        raise Denied("sign_in")

    monkeypatch.setattr(accounts, "check_password", look)
    app = client.application
    tries = [threading.Thread(target=lambda: answered.append(enter(app.test_client()).status_code)) for _ in range(12)]
    for one in tries:
        one.start()
    while len(looking) + len(answered) < len(tries):
        time.sleep(0.01)
    all_there.set()
    for one in tries:
        one.join()
    assert sorted(answered) == [403] * 5 + [429] * 7


def test_whoever_guesses_does_not_keep_a_person_out_where_she_was_before(client: FlaskClient) -> None:
    assert enter(client, RIGHT, address="198.51.100.7").status_code == 303
    strange = [enter(client, address=f"203.0.113.{n}").status_code for n in range(49)]
    assert strange == [403] * 49  # her own first time there was one, too
    answer = enter(client, address="203.0.113.99")
    assert (answer.status_code, 50 * 60 < int(answer.headers["Retry-After"]) <= 60 * 60) == (429, True)
    assert enter(client, RIGHT, address="203.0.113.99").status_code == 429
    assert enter(client, RIGHT, address="198.51.100.7").status_code == 303
    assert statuses(client, 6, address="198.51.100.7") == [403] * 5 + [429]  # and there nobody guesses for long


def test_an_unknown_name_is_answered_like_a_known_one(client: FlaskClient) -> None:
    assert statuses(client, 6, name="nobody") == statuses(client, 6, name="alice")


def test_an_address_is_an_office_but_no_machine_for_guessing(client: FlaskClient) -> None:
    office = [enter(client, RIGHT, name).status_code for _ in range(20) for name in ("alice", "rita", "eve")]
    assert office == [303] * 60
    answer = enter(client, RIGHT)
    assert (answer.status_code, answer.headers["Retry-After"] <= "60") == (429, True)
    assert "请在 1 分钟后再试" in answer.text
    assert enter(client, RIGHT, address="192.0.2.2").status_code == 303
    assert client.get("/sign-in").status_code == 200


def test_all_of_a_network_of_version_6_is_one_address(client: FlaskClient) -> None:
    names = ("alice", "rita")
    tries = [enter(client, RIGHT, names[n % 2], address=f"2001:db8::{n:x}").status_code for n in range(60)]
    assert tries == [303] * 60
    assert enter(client, RIGHT, address="2001:db8::ffff").status_code == 429
    assert enter(client, RIGHT, address="2001:db8:0:1::1").status_code == 303


def test_a_hundred_failures_of_an_address_are_an_hour(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "NOBODY", accounts.hasher.hash("quickly checked"))
    assert [enter(client, name=f"n{n}").status_code for n in range(60)] == [403] * 60
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2)):
        assert [enter(client, name=f"m{n}").status_code for n in range(40)] == [403] * 40
        answer = enter(client, RIGHT)
        assert (answer.status_code, 57 * 60 < int(answer.headers["Retry-After"]) <= 58 * 60 + 1) == (429, True)
        assert enter(client, RIGHT, address="192.0.2.2").status_code == 303


def test_the_sentence_is_in_the_language_of_the_reader(client: FlaskClient) -> None:
    statuses(client, 5)
    client.post("/language", data={"lang": "en", "back": "/"})
    assert "Please try again in 15 min" in enter(client).text


def test_sign_up_and_links_have_limits_and_feeds_generous_ones(client: FlaskClient) -> None:
    twenty = [client.post("/sign-up", data={"email": "a@example.org"}).status_code for _ in range(21)]
    assert twenty == [422] * 20 + [429]
    sixty = [client.post("/sign-up", data={"email": f"{n}@example.org"}).status_code for n in range(41)]
    assert sixty == [422] * 40 + [429]
    links = [client.post("/invitations/nothing", data={"password": "x"}).status_code for _ in range(21)]
    assert links == [404] * 20 + [429]
    assert client.get("/invitations/nothing").status_code == 404
    feeds = [client.get("/cycles/2024/calendar.ics").status_code for _ in range(301)]
    assert feeds == [200] * 300 + [429]


def test_the_demo_clock_has_a_limit(node: Node) -> None:
    client = node(DEMO=True)
    assert [client.post("/demo/clock", data={"to": "?"}).status_code for _ in range(61)] == [422] * 60 + [429]


def test_behind_a_proxy_the_address_is_the_one_it_names(node: Node) -> None:
    client = node(BEHIND_PROXY="10.0.0.5")
    app = client.application
    app.wsgi_app = proxy_headers_middleware(app.wsgi_app, **proxy_options(app))

    def sign_up(peer: str, claimed: str, n: int) -> int:
        came = {"environ_overrides": {"REMOTE_ADDR": peer}, "headers": {"X-Forwarded-For": claimed}}
        return int(client.post("/sign-up", data={"email": f"{n}@example.org"}, **came).status_code)

    assert [sign_up("10.0.0.5", "192.0.2.1", n) for n in range(61)][-2:] == [422, 429]
    assert sign_up("10.0.0.5", "192.0.2.2", 99) == 422
    # Whoever is not the proxy may claim what he likes.
    assert [sign_up("192.0.2.7", f"198.51.100.{n}", n) for n in range(61)][-2:] == [422, 429]


@pytest.mark.parametrize("url", ["redis", "http://localhost", "redis://localhost:many", "async+redis://localhost", "x"])
def test_a_wrong_setting_is_said_at_the_start(settings: dict[str, object], url: str) -> None:
    with pytest.raises(Invalid) as refused:
        create_app({**settings, "RATELIMIT_ENABLED": True, "RATELIMIT_URL": url})
    (reason,) = refused.value.reasons
    assert "QTB_RATELIMIT_URL" in in_words(reason, "zh")


def test_the_limits_are_on_unless_somebody_turns_them_off(tmp_path: Path) -> None:
    given = config.settings({"QTB_HOME": str(tmp_path), "QTB_BEHIND_PROXY": "1"})
    wanted = {"RATELIMIT_ENABLED": True, "RATELIMIT_URL": "memory://", "BEHIND_PROXY": "127.0.0.1"}
    assert wanted.items() <= given.items()
    with pytest.raises(Invalid):
        config.settings({"QTB_HOME": str(tmp_path), "QTB_BEHIND_PROXY": "yes"})


class Redis:
    """A Redis server on a free port, to be stopped and started."""

    def __init__(self, binary: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.binary, self.url = binary, f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it and wait until it listens."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", "/tmp"]
        self.running = subprocess.Popen([self.binary, *options], stdout=subprocess.DEVNULL)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("redis-server did not start")

    def stop(self) -> None:
        """Stop it at once."""
        self.running.kill()
        self.running.wait(timeout=10)


@pytest.fixture
def redis() -> Iterator[Redis]:
    """A running Redis."""
    binary = shutil.which("redis-server")
    if binary is None:
        (pytest.fail if os.environ.get("QTB_REQUIRE_REDIS") else pytest.skip)("no redis-server on this machine")
    made = Redis(binary)
    made.start()
    yield made
    made.stop()


def test_two_nodes_count_together_in_a_redis(node: Node, redis: Redis) -> None:
    one, two = node(RATELIMIT_URL=redis.url), node(RATELIMIT_URL=redis.url)
    assert statuses(one, 3) + statuses(two, 2) == [403] * 5
    for client in (one, two):
        answer = enter(client, RIGHT)
        assert answer.status_code == 429
        assert 14 * 60 < int(answer.headers["Retry-After"]) <= 15 * 60
    assert enter(two, RIGHT, "rita").status_code == 303


def test_a_redis_that_stops_keeps_nobody_out_and_counts_again_when_it_is_back(
    node: Node, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = node(RATELIMIT_URL=redis.url), node(RATELIMIT_URL=redis.url)
    assert statuses(one, 2) == [403, 403]
    redis.stop()
    begun = time.monotonic()
    assert [enter(client, RIGHT).status_code for client in (one, two)] == [303, 303]
    assert time.monotonic() - begun < 5
    assert "falling back to in-memory" in caplog.text
    assert statuses(one, 6) == [403] * 5 + [429]  # each node for itself
    assert enter(two, RIGHT).status_code == 303
    redis.start()
    time.sleep(3)
    enter(one, RIGHT, "rita")  # it looks for its store after a while
    assert enter(one, RIGHT).status_code == 303


def test_a_redis_that_is_away_or_hangs_at_the_start_keeps_nobody_out(node: Node) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        begun = time.monotonic()
        assert enter(node(RATELIMIT_URL=f"redis://127.0.0.1:{port}"), RIGHT).status_code == 303
        assert time.monotonic() - begun < 5
    assert enter(node(RATELIMIT_URL=f"redis://127.0.0.1:{port}"), RIGHT).status_code == 303
