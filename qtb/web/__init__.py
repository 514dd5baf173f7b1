"""The browser's mouth: parse, one service call, redirect or render."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter
from whitenoise import WhiteNoise

from qtb.base import bare_app
from qtb.config import PACKAGE
from qtb.extensions import csrf
from qtb.web import (
    access,
    accounts,
    answers,
    applicant,
    batch,
    behalf,
    calibration,
    cases,
    certificates,
    conversation,
    copies,
    demo_clock,
    drafts,
    eligibility,
    eliminations,
    errors,
    evaluator,
    feedback,
    feeds,
    files,
    guiding,
    hand_ins,
    headers,
    inviting,
    limits,
    members,
    objections,
    papers,
    public,
    published,
    ranking,
    recommender,
    reroute,
    suspension,
    teams,
    undo,
    verify,
    versions,
    view,
)
from qtb.web.admin import blueprint as admin


class RowIdConverter(IntegerConverter):
    """An id in an address; a larger number than a database holds is simply not found."""

    def __init__(self, url_map: Any, *args: Any, **kw: Any) -> None:
        super().__init__(url_map, *args, **{"max": 2**53, **kw})


def create_app(settings: Mapping[str, Any] | None = None, *, demo: bool = False) -> Flask:
    """Return the web application; it refuses to start while a route has no declared audience."""
    app = bare_app(settings, demo=demo)
    app.url_map.converters["int"] = RowIdConverter
    access.init_app(app)  # first: it tells the time, which even a refusal shows
    csrf.init_app(app)
    headers.init_app(app)
    errors.init_app(app)
    view.init_app(app)
    for blueprint in (
        public.pages, accounts.pages, applicant.pages, behalf.pages, cases.pages, answers.pages, drafts.pages,
        versions.pages, copies.pages, hand_ins.pages, papers.pages, verify.pages, recommender.pages, evaluator.pages,
        calibration.pages, eliminations.pages, feedback.pages, guiding.pages, ranking.pages, batch.pages,
        members.pages, inviting.pages, feeds.pages, teams.pages, files.pages, objections.pages, published.pages,
        undo.pages, suspension.pages, eligibility.pages, reroute.pages, conversation.pages, certificates.pages,
        demo_clock.pages, admin,
    ):  # fmt: skip
        app.register_blueprint(blueprint)
    limits.init_app(app)
    access.refuse_undeclared(app)
    static = WhiteNoise(app.wsgi_app, root=str(PACKAGE / "static"), prefix="static/", max_age=86_400)
    app.wsgi_app = static  # type: ignore[method-assign]
    return app
