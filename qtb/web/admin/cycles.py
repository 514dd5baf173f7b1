"""Years: their rows, extensions and history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from qtb.domain.errors import Refusal
from qtb.domain.roles import UNIT_KINDS
from qtb.extensions import db
from qtb.services import adoption, cycles
from qtb.store import accounts, audit, plans
from qtb.store import cycles as store
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.history import History
from qtb.web.access import audience
from qtb.web.admin.pages import pages
from qtb.web.view import cycle_or_404

DATED = {"row", "extension_moved", "extension_taken_back"}  # entries of a year that say which dates were moved


@pages.get("/cycles")
@audience("organiser")
def all_cycles() -> ResponseReturnValue:
    """List the years and the notices that wait to be confirmed."""
    drafts = db.session().scalars(
        select(store.NoticeDraft).where(store.NoticeDraft.confirmed_at.is_(None)).order_by(store.NoticeDraft.id.desc())
    )
    return render_template("admin/cycles.html", cycles=store.all_cycles(db.session()), drafts=drafts.all())


@pages.get("/cycles/<key>")
@audience("organiser")
def cycle(key: str) -> ResponseReturnValue:
    """Show a year's rows, extensions and history."""
    return cycle_page(cycle_or_404(key))


def cycle_page(year: Cycle, refusal: Refusal | None = None, at_row: str = "", at_form: str = "") -> str:
    """Return a year's page; a refusal opens the form it came from, with what was typed there."""
    entries = audit.entries(db.session(), "cycle", year.id)[:30]
    return render_template(
        "admin/cycle.html", cycle=year, granted=plans.granted(db.session(), year.id), refusal=refusal, at_row=at_row,
        at_form=at_form, typed=request.values, units=_extendable(), entries=entries,
        doubts=cycles.doubts(year.definition, [cycles.as_planned(row) for row in year.rows]),
        moved={row.id: list(_moved(year, row)) for row, _ in entries if row.kind in DATED},
        changed=adoption.is_proposed(year),
    )  # fmt: skip


def _extendable() -> list[Unit]:
    """Return the units that can be given more time."""
    kinds = UNIT_KINDS["applicant"], UNIT_KINDS["recommender"]
    return [one for one in accounts.units(db.session()) if one.kind in kinds]


def _moved(year: Cycle, entry: History) -> Iterator[tuple[str, str, Any, Any]]:
    """Yield what an entry moved: (row's title, what of it, before, after)."""
    titles, changes = {row.key: row.title for row in year.rows}, entry.about()["changes"]
    if entry.kind != "row":
        before, after = map(_instant, changes["until"])
        yield titles.get(changes["row"], changes["row"]), "closes", before, after
        return
    for key, (before, after) in changes.items():
        for edge in ("opens", "closes", "held", "grace"):
            old, new = (_instant(one.get(edge)) for one in (before, after))
            if old != new:
                yield titles.get(key, key), edge, old, new


def _instant(value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
