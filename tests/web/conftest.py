"""Pages asked by a test client, as nobody or as one of the world's people."""

from __future__ import annotations

import contextvars
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from qtb import clock
from qtb.extensions import db
from qtb.services import accounts
from qtb.store.unit import unit
from qtb.web import create_app
from tests.world import World, at


class FreshClient(FlaskClient):
    """A client whose every request runs in a context of its own, as on a server: nothing of the last one is left."""

    def open(self, *args: Any, **kw: Any) -> TestResponse:
        """Ask, and let go of what a file response holds."""
        answer = contextvars.Context().run(super().open, *args, **kw)
        answer.get_data()
        answer.close()
        return answer


@dataclass
class Web:
    """The application with the world in it; its clock is the demo's, moved by hand."""

    app: Flask
    world: World

    def go(self, when: str) -> None:
        """Move the clock and let the sweep run."""
        with unit(self.world.session):
            clock.set_to(self.world.session, at(when))
        self.world.go(when)

    def client(self, name: str | None = None) -> FlaskClient:
        """Return a client, signed in as a person."""
        client = self.app.test_client()
        if name:
            with unit(self.world.session) as work:
                token = accounts.sign_in(work, self.world.people[name].id, now=clock.real(), address="")
            with client.session_transaction() as stored:
                stored["_user_id"], stored["_fresh"] = token, True
        return client


@pytest.fixture
def web(settings: dict[str, object]) -> Iterator[Web]:
    """The application on 20 May 2024, without the form tokens that only browsers carry."""
    app = create_app({**settings, "DEMO": True, "WTF_CSRF_ENABLED": False, "TESTING": False})
    app.test_client_class = FreshClient
    with app.app_context():
        made = Web(app, World.made(db.session(), now="2024-05-20 10:00"))
        made.go("2024-05-20 10:00")
        yield made
        db.session.remove()
        db.engine.dispose()


