"""Who has read results before they were public: a list for whoever has to answer for it."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from qtb.extensions import db
from qtb.store import reads as store
from qtb.web.access import audience
from qtb.web.admin.pages import pages
from qtb.web.parse import whole
from qtb.web.view import cycle_or_404

PAGE = 100


@pages.get("/cycles/<key>/reads")
@audience("organiser")
def reads_of(key: str) -> ResponseReturnValue:
    """Show the readings of a year, of one person or of one work, latest first."""
    cycle = cycle_or_404(key)
    chosen = {name: request.args.get(name, "").strip() for name in ("person", "number")}
    how: dict[str, Any] = {"account_id": whole(chosen["person"]), "number": chosen["number"][:40]}
    rows = store.of_cycle(
        db.session(), cycle.id, before=whole(request.args.get("before", "")), limit=PAGE + 1, **how
    )
    return render_template(
        "admin/reads.html", cycle=cycle, rows=rows[:PAGE], more=len(rows) > PAGE, chosen=chosen,
        readers=store.readers(db.session(), cycle.id),
    )  # fmt: skip
