"""Two nodes with pages and two more schedulers on one PostgreSQL: they share the database and the key, no more."""

from __future__ import annotations

import contextlib
import html
import os
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select, text

from qtb import clock
from qtb.services import cycles
from qtb.store.outbox import Heartbeat, Outbox
from qtb.store.unit import unit
from tests.faults.crowds import crowd, moved_once, running, wait_for
from tests.rules.sources import ROOT
from tests.services.test_outbox import Box, box  # noqa: F401 (a mail server)
from tests.world import ROWS, SHANGHAI, World, at

MOVE, N_CASES = "lapse_unregistered", 120
HIDDEN = re.compile(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)">')
SOON = timedelta(seconds=22)  # until the edge: four processes have to be up before it


class Node:
    """A process of its own, with a folder of its own."""

    def __init__(self, *command: str, url: str, home: Path, smtp: int) -> None:
        given = {
            "QTB_DATABASE_URL": url, "QTB_HOME": str(home), "QTB_SECRET_KEY": "one for all nodes",
            "QTB_SMTP_URL": f"smtp://127.0.0.1:{smtp}", "QTB_INSIDE_VENV": "1",
        }  # fmt: skip
        bare = {name: value for name, value in os.environ.items() if not name.startswith("QTB_")}
        line = [sys.executable, "-m", "qtb", *command]
        self.process = subprocess.Popen(line, cwd=ROOT, env={**bare, **given}, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        self.said = self.process.stdout

    @property
    def address(self) -> str:
        """Where it answers, as it says it at its start."""
        return self.said.readline().decode().split()[1]


class Browser:
    """Cookies and forms; the cookies go to every node, as behind one address."""

    def __init__(self) -> None:
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

    def open(self, address: str, **form: str) -> tuple[str, str]:
        """Ask, or send a form; return where that led and the page."""
        sent = urllib.parse.urlencode(form).encode() if form else None
        with self.opener.open(address, sent, timeout=20) as answer:
            return urllib.parse.urlsplit(answer.url).path, answer.read().decode()

    def send(self, address: str, page: str, **form: str) -> tuple[str, str]:
        """Send a form with the token of a page."""
        return self.open(address, **{"csrf_token": _hidden(page)["csrf_token"], **form})


def _hidden(page: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in HIDDEN.findall(page)}


@pytest.fixture
def edge(world: World) -> datetime:
    """Let the world be in a year that goes on now, whose sign-up ends in a moment; return when."""
    now = clock.real()
    by = timedelta(days=(now - at("2024-05-20")).days)

    def moved(instant: datetime | None) -> datetime | None:
        return None if instant is None else instant + by

    rows = [
        replace(row, opens_at=moved(row.opens_at), closes_at=moved(row.closes_at), held_at=moved(row.held_at))
        for row in ROWS
    ]
    rows[0] = replace(rows[0], closes_at=now + SOON)
    with unit(world.session):
        world.cycle = cycles.open_cycle(
            world.session, definition=world.cycle.definition, key="present", year=now.year, title="今年", rows=rows,
            notice={}, actor=world.actor("olga"), now=now,
        )  # fmt: skip
    world.now = now
    return now + SOON


@pytest.fixture
def nodes(world: World, edge: datetime, database_url: str, tmp_path: Path, box: Box) -> Iterator[list[str]]:  # noqa: F811
    """Two nodes as `qtb serve` makes them and two `qtb scheduler`; yields the addresses of the first two."""
    commands = [["serve", "--port", "0"], ["serve", "--port", "0"], ["scheduler"], ["scheduler"]]
    port = box.post.server.port
    with ExitStack() as stack:
        made = [
            Node(*command, url=database_url, home=tmp_path / str(n), smtp=port) for n, command in enumerate(commands)
        ]
        for one in made:
            stack.enter_context(contextlib.closing(one.said))
        stack.enter_context(running(*(one.process for one in made)))
        yield [one.address for one in made[:2]]
        assert [one.process.poll() for one in made] == [None] * 4, "one of them ended by itself"


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
def test_several_nodes_are_one_system(
    world: World, edge: datetime, box: Box, request: pytest.FixtureRequest  # noqa: F811
) -> None:
    ids = crowd(world, N_CASES)
    here, there = request.getfixturevalue("nodes")
    _share_sign_ins_and_dates(world, here, there)
    # Each of the four has been up before the edge and has it in its own plan.
    wait_for(lambda: _n(world, select(func.count()).select_from(Heartbeat)) == 4, seconds=20)
    assert clock.real() < edge, "the machine was too slow for this test"
    wait_for(lambda: clock.real() > edge)
    sent = select(func.count()).select_from(Outbox).where(Outbox.status == "sent", Outbox.letter == "lapsed")
    wait_for(lambda: _n(world, sent) == N_CASES, seconds=25)
    time.sleep(1)
    moved_once(world, MOVE, ids)
    letters = Counter(str(message["Message-ID"]) for _, message in box.received)
    assert set(letters.values()) == {1}
    assert len(letters) == _n(world, select(func.count()).select_from(Outbox)) >= N_CASES
    assert world.sound() >= 2 * N_CASES


@pytest.mark.postgresql
def test_nodes_that_start_together_bring_an_empty_database_to_head_once(postgres_url: str, tmp_path: Path) -> None:
    with _empty(postgres_url) as url, ExitStack() as stack:
        both = [Node("db", "upgrade", url=url, home=tmp_path / str(n), smtp=25) for n in range(2)]
        for one in both:
            stack.enter_context(contextlib.closing(one.said))
        stack.enter_context(running(*(one.process for one in both)))
        assert [one.process.wait(timeout=50) for one in both] == [0, 0]


@contextlib.contextmanager
def _empty(server: str) -> Iterator[str]:
    engine, name = create_engine(server.format(name="postgres"), isolation_level="AUTOCOMMIT"), f"empty_{os.getpid()}"
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield server.format(name=name)
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def _share_sign_ins_and_dates(world: World, here: str, there: str) -> None:
    browser = Browser()
    page = browser.open(f"{here}/sign-in")[1]
    known = {"email": "olga@example.org", "password": "a long enough secret"}
    assert browser.send(f"{here}/sign-in", page, **known)[0] == "/admin/"
    assert browser.open(f"{there}/admin/")[0] == "/admin/"

    row = next(row for row in world.cycle.rows if row.key == "declare")
    later = row.closes_at + timedelta(days=2)
    shown = clock.day(later, "zh", is_end=True)
    assert shown not in browser.open(f"{there}/cycles/present")[1]
    asked = {"opens_at": _typed(row.opens_at), "closes_at": _typed(later), "grace": "0"}
    path = "/admin/cycles/present/rows/declare"
    preview = browser.open(f"{here}{path}?{urllib.parse.urlencode(asked)}")[1]
    form = _hidden(preview[preview.index('id="apply"') :])
    assert browser.open(here + path, **form, reason="台风", sure="yes")[0] == "/admin/cycles/present"
    assert shown in browser.open(f"{there}/cycles/present")[1]

    page = browser.open(f"{there}/admin/")[1]
    browser.send(f"{here}/sign-out", page)
    assert browser.open(f"{there}/admin/")[0] == "/sign-in"


def _typed(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M")


def _n(world: World, query: object) -> int:
    world.session.rollback()
    return int(world.session.scalar(query) or 0)  # type: ignore[call-overload]
