"""The app without pages: settings, database, languages. Command line and scheduler need no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask

from qtb import config, i18n
from qtb.extensions import db
from qtb.store import (  # noqa: F401 (each adds its tables)
    accounts,
    answers,
    assignments,
    audit,
    calibration,
    certificates,
    conflicts,
    consents,
    cycles,
    drafts,
    duplicates,
    eliminations,
    evaluations,
    feedback,
    files,
    hand_ins,
    history,
    honours,
    imports,
    ledger,
    messages,
    nominations,
    objections,
    outbox,
    panels,
    plans,
    presentation,
    reads,
    receipts,
    recommendations,
    submissions,
    teams,
    unit,
)


def bare_app(settings: Mapping[str, Any] | None = None, *, demo: bool = False) -> Flask:
    """Return a Flask app bound to the database."""
    app = Flask("qtb", template_folder=str(config.folder("templates")), static_folder=None)
    app.config.update(config.settings(demo=demo) if settings is None else settings)
    db.init_app(app)
    i18n.init_app(app)
    with app.app_context():
        unit.prepare(db.engine)
    return app
