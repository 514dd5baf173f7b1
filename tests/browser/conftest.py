"""A real server on a real port and a real browser in front of it; the clock is the demo's, moved by hand."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright
from waitress import wasyncore
from waitress.server import create_server

from qtb import clock
from qtb.extensions import db
from qtb.store.unit import unit
from qtb.web import create_app
from tests.world import World, at

LEFT = ("htmx:sendAbort", "htmx:afterRequest")
REFUSED = re.compile(r"status of 4\d\d|Status Error Code 4\d\d")
expect.set_options(timeout=30_000)  # a busy machine is no fault of the page

# Whether a page fits and is accessible hangs on no database: its queries run on both in tests/web.
LAYOUT = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser, started once."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        (pytest.fail if os.environ.get("QTB_REQUIRE_BROWSER") else pytest.skip)("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Site:
    """The running system as its users meet it."""

    app: Flask
    world: World
    address: str
    chromium: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def go(self, when: str) -> None:
        """Move the clock and let the sweep run."""
        with unit(self.world.session):
            clock.set_to(self.world.session, at(when))
        self.world.go(when)

    def visit(self, path: str = "/", *, width: int = 1280) -> Page:
        """Open a page in a browser of its own; anything it complains about fails the test."""
        context = self.chromium.new_context(viewport={"width": width, "height": 900}, locale="zh-CN")
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda message: self._complain(message.type, message.text))
        page.on("pageerror", lambda error: self._complain("error", str(error)))
        page.goto(self.address + path)
        return page

    def signed_in(self, name: str, door: str = "/sign-in", *, width: int = 1280) -> Page:
        """Sign a person in by the form."""
        page = self.visit(door, width=width)
        page.get_by_label("邮箱").fill(f"{name}@example.org")
        page.get_by_label("密码").fill("a long enough secret")
        page.get_by_role("main").get_by_role("button", name="登录").click()
        page.get_by_role("button", name="退出").wait_for()
        return page

    def _complain(self, kind: str, text: str) -> None:
        # A refused form answers 4xx, which the browser also reports, and htmx; the test reads the page itself.
        # A page that is left while it still asks for a part of itself is no fault: htmx names the abort and the event.
        if kind == "error" and not REFUSED.search(text) and text not in LEFT:
            self.complaints.append(text)


@pytest.fixture
def site(settings: dict[str, object], chromium: Browser) -> Iterator[Site]:
    """The system with the world in it, on 20 May 2024."""
    app = create_app({**settings, "DEMO": True})
    with app.app_context():
        world = World.made(db.session(), now="2024-05-20 10:00")
        server = create_server(app, host="127.0.0.1", port=0, threads=4)
        answering = threading.Thread(target=server.run, daemon=True)
        answering.start()
        site = Site(app, world, f"http://127.0.0.1:{server.effective_port}", chromium)
        site.go("2024-05-20 10:00")
        yield site
        for context in site.contexts:
            context.close()
        _stop(server, answering)
        db.session.remove()
        db.engine.dispose()
    assert site.complaints == []


def press(button: Locator) -> None:
    """Click, and wait for the page that answers.

    A click waits for nothing: what is read next may still be the page that was left, and going on to another address
    may overtake what was sent.
    """
    with button.page.expect_navigation():
        button.click()


def _stop(server: Any, answering: threading.Thread) -> None:
    """Let the server end in its own thread, and what is still being answered too: it holds a connection."""
    server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))
    answering.join(timeout=10)
    server.task_dispatcher.shutdown(timeout=10)
