"""PostgreSQL stopped at once in the middle of a sweep and started again: nothing lost or doubled, 503 meanwhile."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, select, text

from qtb import config
from qtb.bench import postgres
from qtb.extensions import db
from qtb.store.outbox import Heartbeat
from qtb.web import create_app
from tests.conftest import _upgrade
from tests.faults.crowds import crowd, moved_once, n_moved, running, scheduler, set_clock, wait_for
from tests.web.conftest import FreshClient, Web
from tests.world import World, at

pytestmark = pytest.mark.postgresql
MOVE, NOW = "lapse_unregistered", at("2024-06-01 00:01")
N_CASES, SLICE = 600, 5
PAGES = ("/", "/sign-in", "/health", "/admin/", "/applicant/", "/nothing-here")


@dataclass(frozen=True)
class Server:
    """A PostgreSQL of this test's own, to be stopped and started."""

    url: str
    folder: Path
    data: Path

    def stop(self) -> None:
        """Stop it at once, sessions and all; it recovers when it starts."""
        self._control("-m", "immediate", "stop")

    def start(self) -> None:
        """Start it where it was."""
        self._control("-o", f"-k {self.folder} -c listen_addresses= -c fsync=off", "start")

    def is_running(self) -> bool:
        """Tell whether it runs."""
        return (self.data / "postmaster.pid").exists()

    def _control(self, *words: str) -> None:
        nobody: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        program = Path((self.data / "postmaster.opts").read_text().split()[0]).with_name("pg_ctl")
        as_owner = nobody if os.geteuid() == 0 else {}  # the server was started so
        command = [program, "-D", self.data, "-l", self.folder / "log", "-w", *words]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder, **as_owner)


@pytest.fixture
def own_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server at head that nobody else uses, running again in the end."""
    monkeypatch.delenv("QTB_TEST_PG_URL", raising=False)
    with postgres.server() as template:
        if template is None:
            reason = "no PostgreSQL of one's own to stop"
            (pytest.fail if os.environ.get("QTB_REQUIRE_POSTGRES") else pytest.skip)(reason)
        engine = create_engine(template.format(name="postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE qtb"))
            data = Path(str(connection.scalar(text("SHOW data_directory"))))
        engine.dispose()
        url = template.format(name="qtb")
        _upgrade(url)
        server = Server(url, Path(str(make_url(url).query["host"])), data)
        yield server
        if not server.is_running():
            server.start()


@pytest.fixture
def web(own_server: Server, tmp_path: Path) -> Iterator[Web]:
    """The application on that server, with the world in it."""
    given = config.settings({"QTB_HOME": str(tmp_path / "home"), "QTB_SECRET_KEY": "for tests only"})
    app = create_app({**given, "SQLALCHEMY_DATABASE_URI": own_server.url, "DEMO": True, "WTF_CSRF_ENABLED": False})
    app.test_client_class = FreshClient
    with app.app_context():
        yield Web(app, World.made(db.session()))
        db.session.remove()
        db.engine.dispose()


def test_a_scheduler_goes_on_when_the_database_is_back_and_the_pages_say_503_meanwhile(
    web: Web, own_server: Server, tmp_path: Path
) -> None:
    world, client = web.world, web.client("olga")
    ids = crowd(world, N_CASES)
    set_clock(world, NOW)
    assert client.get("/admin/").status_code == 200
    process = scheduler(own_server.url, tmp_path, limit=SLICE)
    with running(process):
        wait_for(lambda: n_moved(world, MOVE) >= N_CASES // 5)
        world.session.rollback()  # so that it holds no connection that is about to die
        own_server.stop()
        for page in PAGES:
            answer = client.get(page)
            assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "10"), page
        assert client.post("/sign-in", data={"email": "a@example.org", "password": "x"}).status_code == 503
        time.sleep(4)  # long enough for the scheduler to find it still away
        assert process.poll() is None
        own_server.start()
        back_at = time.monotonic()
        assert client.get("/admin/").status_code == 200
        assert 0 < n_moved(world, MOVE) < N_CASES
        wait_for(lambda: n_moved(world, MOVE) == N_CASES, 40)
        assert time.monotonic() - back_at < 40
        wait_for(lambda: bool(_failures(world)), 40)
        process.terminate()
        assert process.wait(timeout=45) == 0
    world.now = NOW
    assert world.sweep() == []
    moved_once(world, MOVE, ids)
    assert _failures(world) == [""]
    assert world.sound() >= 2 * N_CASES


def _failures(world: World) -> list[str]:
    world.session.rollback()
    return list(world.session.scalars(select(Heartbeat.failure)))
