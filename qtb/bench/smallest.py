"""The floor of a page: Flask, one indexed SELECT by Core, and a template of one line."""

from __future__ import annotations

from flask import Flask, render_template
from jinja2 import DictLoader
from sqlalchemy import URL, create_engine, select

from qtb.store.submissions import Submission

SHOWN = select(Submission.number, Submission.title)


def smallest_app(url: URL) -> Flask:
    """Return an app with one page, `/<id>`, in the same database."""
    app, engine = Flask("smallest", static_folder=None), create_engine(url)
    app.jinja_loader = DictLoader({"page.html": "<!doctype html><title>{{ row.number }}</title><p>{{ row.title }}"})
    app.extensions["engine"] = engine

    @app.get("/<int:submission_id>")
    def page(submission_id: int) -> str:
        with engine.connect() as connection:
            row = connection.execute(SHOWN.where(Submission.id == submission_id)).one()
        return render_template("page.html", row=row)

    return app
