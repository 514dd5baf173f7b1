"""The blueprint that the organiser's pages share."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("admin", __name__, url_prefix="/admin")
