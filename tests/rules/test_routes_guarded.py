"""Deny by default: every route declares for whom it is, or the application does not start."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from qtb import config, web
from qtb.web import access


@pytest.fixture
def settings(sqlite_template: Path, tmp_path: Path) -> dict[str, object]:
    """Settings of an app; no request is made, so one database is enough."""
    found = config.settings({"QTB_HOME": str(tmp_path), "QTB_SECRET_KEY": "for tests only"})
    return {**found, "SQLALCHEMY_DATABASE_URI": f"sqlite:///{sqlite_template}", "TESTING": True}


def test_every_view_declares_its_audience(settings: dict[str, object]) -> None:
    app = web.create_app(settings)
    assert len(app.view_functions) >= 20
    for name, view in app.view_functions.items():
        audience = getattr(view, "audience", None)
        assert audience, name
        assert audience <= access.AUDIENCES, name


def test_every_route_has_a_view(settings: dict[str, object]) -> None:
    app = web.create_app(settings)
    rules = list(app.url_map.iter_rules())
    assert len(rules) >= 20
    assert [str(rule) for rule in rules if rule.endpoint not in app.view_functions] == []


def test_pages_of_the_organiser_are_for_the_organiser_only(settings: dict[str, object]) -> None:
    app = web.create_app(settings)
    admin = {name: view for name, view in app.view_functions.items() if name.startswith("admin.")}
    assert len(admin) >= 10
    for name, view in admin.items():
        assert view.audience == {"organiser"}, name  # type: ignore[attr-defined]


def test_a_route_without_an_audience_stops_the_start(
    settings: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    proper = access.init_app

    def with_a_bare_route(app: Flask) -> None:
        proper(app)
        app.add_url_rule("/bare", "bare_route", lambda: "")

    monkeypatch.setattr(access, "init_app", with_a_bare_route)
    with pytest.raises(RuntimeError, match="bare_route"):
        web.create_app(settings)


def test_an_unknown_audience_is_refused_where_it_is_declared() -> None:
    with pytest.raises(ValueError, match="unknown audience"):
        access.audience("everybody")
