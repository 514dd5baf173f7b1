"""What the page of a score sheet carries: the judge's draft of it, how far it is, and how it came about."""

from __future__ import annotations

from typing import Any

from flask import g, render_template, request

from qtb.domain.errors import Reason, Refusal
from qtb.extensions import db
from qtb.i18n import in_words, say
from qtb.services import blindness, drafts, evaluations
from qtb.services.drafts import Typed
from qtb.store import evaluations as store
from qtb.store.evaluations import Sheet
from qtb.store.unit import unit
from qtb.web import keeping
from qtb.web.access import actor
from qtb.web.keeping import Keeping
from qtb.web.parse import seen


def typed(sheet: Sheet) -> Typed:
    """Return what stands on the page: the scores as texts and the comment, nothing else that was sent."""
    fields = (*_items(sheet), "comment")
    raw = {key: request.form.get(key, "") for key in fields}
    return Typed(raw, seen(_text("seen")), _text("request_key"), _text("takes"))


def page(sheet: Sheet) -> dict[str, Any]:
    """Return what the page shows: the fields under the draft, its hidden fields, what stands beside them."""
    place = evaluations.place(sheet)
    draft = drafts.mine(db.session(), place, actor=actor())
    raw = keeping.merged_with({**sheet.scores, "comment": sheet.comment}, draft)
    if request.method == "POST":
        raw = {key: request.form.get(key, "") for key in (*_items(sheet), "comment")}
    ended = " ".join(drafts.saved_keys(db.session(), place, actor=actor()))
    beside = Keeping(
        f"/evaluator/sheets/{sheet.id}/draft", "", draft.kept_at if draft else None,
        draft is not None and draft.seen != sheet.version, [], _counted(sheet, raw), "", actor().user_id, ended,
        merges=False,
    )  # fmt: skip
    # A sheet is one person's: whoever sends this page has the version before his eyes over which he writes.
    carried = {**keeping.hidden(version=sheet.version, since="", draft=draft), "seen": sheet.version}
    return {"raw": raw, "keeping": beside, "carried": carried}


def kept(sheet: Sheet, closed: Reason | None) -> dict[str, Any]:
    """Keep what stands on the page and return what its script says. Raises as a draft does."""
    what = typed(sheet)
    with unit(db.session()) as work:
        is_kept = drafts.keep(work, evaluations.place(sheet), typed=what, actor=actor(), now=g.now)
    says = say("draft.kept", at=keeping.hour(g.now)) if is_kept else ""
    if closed is not None:
        says = f"{in_words(closed)} {say('draft.kept_closed')}"
    return {"kept": is_kept, "says": says, "others": "", "parts": [], "whole": _counted(sheet, what.raw)}


def keep_refused(sheet: Sheet) -> None:
    """Keep what was typed though it could not be saved, where that may be."""
    try:
        with unit(db.session()) as work:
            drafts.keep(work, evaluations.place(sheet), typed=typed(sheet), actor=actor(), now=g.now)
    except Refusal:
        return


def versions(sheet: Sheet, *, may_restore: bool = False, **more: Any) -> str:
    """Return the page that shows how a sheet came about, the latest version first."""
    told = store.versions(db.session(), sheet.id).told()
    return render_template(
        "evaluator/sheet_versions.html", sheet=sheet, work=blindness.seen(db.session(), [sheet])[sheet.id], told=told,
        rubric=sheet.submission.cycle.definition.rubric.sheets.get(sheet.kind), may_restore=may_restore, **more,
    )  # fmt: skip


def _items(sheet: Sheet) -> tuple[str, ...]:
    return tuple(sheet.submission.cycle.definition.rubric.sheets[sheet.kind].items)


def _counted(sheet: Sheet, raw: Any) -> str:
    items = _items(sheet)
    return say("form.progress", done=sum(bool(str(raw.get(key, "")).strip()) for key in items), all=len(items))


def _text(name: str) -> str:
    return request.form.get(name, "")[:64]
