"""The history explorer and the outbox."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from jinja2 import TemplateError
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from qtb.documents import form_content
from qtb.domain.errors import Missing
from qtb.domain.fields import FieldSpec
from qtb.extensions import db
from qtb.i18n import language, say
from qtb.services import letters
from qtb.services import outbox as sending
from qtb.services.letters import Post
from qtb.store import audit, cycles, lists, verification
from qtb.store.accounts import Account, Unit
from qtb.store.audit import History
from qtb.store.cycles import Cycle
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web import years
from qtb.web.access import audience
from qtb.web.admin.pages import pages
from qtb.web.reads import recorded
from qtb.web.story import in_stead

PAGE = 50
NAMES: dict[str, Any] = {
    "submission": Submission.number,
    "cycle": Cycle.key,
    "unit": Unit.name,
    "account": Account.email,
}


@pages.get("/history")
@audience("organiser")
def history() -> ResponseReturnValue:
    """Show the entries of all histories, latest first, by subject, kind, way in and person."""
    recorded("history", *cycles.all_cycles(db.session()))
    chosen = {name: request.args.get(name, "").strip() for name in ("subject", "kind", "via", "number")}
    number = max(1, min(request.args.get("page", type=int, default=1), 100_000))
    query = select(History, Account.name).outerjoin(Account, Account.id == History.actor_id)
    query = query.where(*_clauses(chosen)).order_by(History.id.desc())
    rows = db.session().execute(query.limit(PAGE + 1).offset((number - 1) * PAGE)).all()
    return render_template(
        "admin/history.html", rows=rows[:PAGE], more=len(rows) > PAGE, number=number, chosen=chosen,
        subjects=list(audit.SUBJECTS), names=_names([row for row, _ in rows]),
        acted=_acted, changed=_changed,
        labels=_labels(), kinds=db.session().scalars(select(History.kind).distinct().order_by(History.kind)).all(),
    )  # fmt: skip


@pages.get("/history/verify")
@audience("organiser")
def verify() -> ResponseReturnValue:
    """Check every chain now and show the outcome."""
    n_read, findings = verification.verify(db.session())
    return render_template("admin/verified.html", n_read=n_read, findings=findings[:100], n_findings=len(findings))


@pages.get("/outbox")
@audience("organiser")
def outbox() -> ResponseReturnValue:
    """Show the letters: waiting, sent, kept, dead, dropped."""
    status = request.args.get("status", "")
    query = select(Outbox).options(joinedload(Outbox.submission), joinedload(Outbox.unit)).order_by(Outbox.id.desc())
    query = query.where(Outbox.status == status) if status else query
    page = lists.paged(db.session(), query, number=request.args.get("page", type=int, default=1))
    return render_template("admin/outbox.html", page=page, status=status)


@pages.get("/outbox/<int:outbox_id>")
@audience("organiser")
def letter(outbox_id: int) -> ResponseReturnValue:
    """Show a letter as it was sent or kept, else as it would leave now, by the code that sends it."""
    row = db.session().get(Outbox, outbox_id)
    if row is None:
        raise Missing("letter")
    said, fault = letters.said_of(db.session(), row), ""
    written, is_moot = said, said is None and letters.is_moot(db.session(), row, g.now)
    try:
        if not written and not is_moot:
            written = letters.letter_of(db.session(), row, post=Post.of(current_app.config), now=g.now)
    except (OSError, TemplateError) as error:
        fault = f"{type(error).__name__}: {error}"
    return render_template("admin/letter.html", row=row, letter=written, said=said, fault=fault, is_moot=is_moot)


@pages.post("/outbox/<int:outbox_id>/<any(again, drop):act>")
@audience("organiser")
def change_letter(outbox_id: int, act: str) -> ResponseReturnValue:
    """Put a kept or dead letter back into the queue, or let one that has not left never leave."""
    with unit(db.session()) as work:
        change = sending.again if act == "again" else sending.drop
        change(work, outbox_id, now=g.now)
    flash(say("outbox.is_again" if act == "again" else "outbox.is_dropped"), "success")
    return redirect(url_for("admin.letter", outbox_id=outbox_id), 303)


def _labels() -> dict[str, str]:
    """Return the wording of every state of every year; the latest year's wording wins."""
    states = [pair for year in reversed(years.cycles(db.session())) for pair in year.definition.workflow.states.items()]
    return {key: state.label.get(language()) for key, state in states}


def _changed(about: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return what an entry changed, in words: what, before and after; a form's fields by their labels."""
    changes = about.get("changes")
    if not isinstance(changes, dict):
        return []
    fields = _fields(str(about.get("form", "")))
    found = []
    for key, pair in changes.items():
        before, after = pair if isinstance(pair, list) and len(pair) == 2 else (None, pair)
        field = fields.get(key)
        if field:
            found.append((field.label.get(language()), _shown(field, before), _shown(field, after)))
        else:
            found.append((key, _plain(before), _plain(after)))
    return found


def _fields(form: str) -> dict[str, FieldSpec]:
    """Return the fields of a form as the latest year that has it knows them; read once for a page."""
    known: dict[str, dict[str, FieldSpec]] = g.setdefault("history_fields", {})
    if form not in known:
        specs = (year.definition.forms.get(form) for year in years.cycles(db.session()))
        known[form] = next((spec.fields for spec in specs if spec), {})
    return known[form]


def _shown(field: FieldSpec, value: Any) -> str:
    if field.type == "rows":
        return say("history.n_rows", n=len(value)) if value else ""
    return form_content.shown(field, value)


def _plain(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _clauses(chosen: dict[str, str]) -> list[Any]:
    clauses: list[Any] = []
    for name in ("subject", "kind", "via"):
        if chosen[name]:
            clauses.append(getattr(History, name) == chosen[name])
    if chosen["number"]:
        ids = select(Submission.id).where(Submission.number == chosen["number"])
        clauses += [History.subject == "submission", History.subject_id.in_(ids)]
    return clauses


def _acted(name: str, about: Mapping[str, Any], units: Mapping[tuple[str, int], str]) -> str:
    """Return who acted, for whom he stood in, and for which unit the organiser did it."""
    if about.get("behalf"):
        return say("history.behalf", name=name, unit=units.get(("unit", about["behalf"]), ""))
    return in_stead(name, about.get("for"))


def _names(rows: list[History]) -> dict[tuple[str, int], str]:
    found: dict[tuple[str, int], str] = {}
    for subject, table in audit.SUBJECTS.items():
        ids = {row.subject_id for row in rows if row.subject == subject}
        if subject == "unit":
            ids |= {unit_id for row in rows if isinstance(unit_id := row.about().get("behalf"), int)}
        named: Any = db.session().execute(select(table.id, NAMES[subject]).where(table.id.in_(ids)))
        found.update({(subject, subject_id): str(name) for subject_id, name in named})
    return found
