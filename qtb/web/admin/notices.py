"""From a notice to a year: upload or paste, correct the rows that were read, confirm."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from qtb.documents import notices as files
from qtb.domain.definition import Definition
from qtb.domain.errors import Conflict, Invalid, Missing, Reason, Refusal
from qtb.domain.notice import Notice
from qtb.extensions import db
from qtb.i18n import language, say
from qtb.services import cycles, definitions, notices
from qtb.services.notices import Row
from qtb.store.cycles import Cycle, NoticeDraft
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.admin import draft_rows
from qtb.web.admin.pages import pages
from qtb.web.parse import whole
from qtb.web.view import cycle_or_404


@pages.route("/notices/read", methods=["GET", "POST"])
@audience("organiser", cleans=True)
def read_notice() -> ResponseReturnValue:
    """Read a notice into a draft; for a year that exists it is a later version."""
    refusal, status = None, 200
    later = request.values.get("cycle", "")
    if later:
        cycle_or_404(later)
    if request.method == "POST":
        try:
            name, found = _given()
            with unit(db.session()) as work:
                draft_id = notices.read_draft(
                    work, name=name, notice=found, programme=request.form.get("programme", ""),
                    actor=actor(), now=g.now, cycle=cycle_or_404(later) if later else None,
                ).id  # fmt: skip
            return redirect(url_for("admin.draft", draft_id=draft_id), 303)
        except Refusal as error:
            refusal, status = error, error.status
    page = render_template(
        "admin/read_notice.html", refusal=refusal, programmes=definitions.programmes(), later=later,
        text=request.form.get("text", ""),
    )  # fmt: skip
    return page, status


@pages.route("/notices/<int:draft_id>", methods=["GET", "POST"])
@audience("organiser", cleans=True)
def draft(draft_id: int) -> ResponseReturnValue:
    """Show the rows that were read, take corrections, and open the year; or show what a later version changes."""
    kept = _draft(draft_id)
    if kept.cycle_id is not None:
        return _differences(kept)
    definition = definitions.load(kept.programme)
    rows, refusal, status = notices.suggested_rows(definition, kept), None, 200
    if request.method == "POST":
        try:
            key = _confirmed(draft_id, draft_rows.corrected(definition, rows, request.form))
            flash(say("notice.confirmed"), "success")
            return redirect(url_for("admin.cycle", key=key), 303)
        except Refusal as error:
            refusal, status = error, error.status
            kept = _draft(draft_id)
    found = notices.notice_of(kept.notice)
    page = render_template(
        "admin/draft.html", draft=kept, notice=found, rows=rows, kinds=definition.timeline.rows, refusal=refusal,
        warnings=_warnings(found), typed=request.form, fields=draft_rows.shown(rows, request.form),
        doubts=_doubts(definition, rows),
    )  # fmt: skip
    return page, status


@pages.post("/notices/<int:draft_id>/discard")
@audience("organiser")
def discard_notice(draft_id: int) -> ResponseReturnValue:
    """Delete what was read from a notice, after a second look; a notice that opened a year stays."""
    if request.form.get("sure") != "yes":
        raise Invalid("notice_not_sure")
    with unit(db.session()) as work:
        work.delete(_unconfirmed(work, draft_id))
    flash(say("notice.discarded"), "success")
    return redirect(url_for("admin.all_cycles"), 303)


@pages.post("/notices/<int:draft_id>/done")
@audience("organiser")
def finish_notice(draft_id: int) -> ResponseReturnValue:
    """Take a later version off the list of what waits: its changes have been looked at."""
    with unit(db.session()) as work:
        kept = _unconfirmed(work, draft_id)
        if kept.cycle_id is None:
            raise Missing("draft")
        kept.confirmed_at = g.now
    flash(say("notice.done_said"), "success")
    return redirect(url_for("admin.all_cycles"), 303)


def _given() -> tuple[str, Notice]:
    upload, text = request.files.get("file"), request.form.get("text", "")
    if upload is not None and upload.filename:
        name = draft_rows.file_name(upload.filename)
        return name or say("notice.unnamed"), _with_rows(files.read_file(upload.stream.read(), name))
    if not text.strip():
        raise Invalid("notice_nothing")
    return say("notice.pasted"), _with_rows(files.read_file(text.encode("utf-8", "replace"), "pasted.txt"))


def _with_rows(found: Notice) -> Notice:
    if not found.rows:
        raise Invalid("notice_no_rows")
    return found


def _confirmed(draft_id: int, rows: list[Row]) -> str:
    form = request.form
    with unit(db.session()) as work:
        kept = _draft(draft_id)
        planned = notices.as_planned(definitions.load(kept.programme), [row for row in rows if row.key != "-"])
        cycle = notices.confirm(
            work, kept, key=draft_rows.line(form, "key"), title=draft_rows.line(form, "title"), actor=actor(),
            now=g.now, year=whole(form.get("year", "").strip()) or 0, rows=planned,
        )  # fmt: skip
        return cycle.key


def _doubts(definition: Definition, read: list[Row]) -> list[Reason]:
    """Return what is odd about the order of the rows, as corrected so far."""
    try:
        rows = draft_rows.corrected(definition, read, request.form) if request.method == "POST" else read
    except Refusal:
        return []
    return cycles.doubts(definition, notices.as_planned(definition, [row for row in rows if row.key != "-"]))


def _warnings(found: Notice) -> dict[int | None, list[str]]:
    grouped: dict[int | None, list[str]] = {}
    for one in found.warnings:
        grouped.setdefault(one.row, []).append(one.message(language()))
    return grouped


def _differences(kept: NoticeDraft) -> ResponseReturnValue:
    cycle = db.session().get_one(Cycle, kept.cycle_id)
    if kept.confirmed_at is not None and kept.notice.get("rows") == cycle.notice.get("rows"):
        return redirect(url_for("admin.cycle", key=cycle.key))
    found = notices.differences(db.session(), cycle, kept)
    return render_template("admin/differences.html", cycle=cycle, draft=kept, differences=found)


def _draft(draft_id: int) -> NoticeDraft:
    kept = db.session().get(NoticeDraft, draft_id)
    if kept is None:
        raise Missing("draft")
    return kept


def _unconfirmed(work: Session, draft_id: int) -> NoticeDraft:
    """Return a draft locked until the unit ends. Raises Conflict when it has been confirmed meanwhile."""
    kept = work.get(NoticeDraft, draft_id, with_for_update=True)
    if kept is None:
        raise Missing("draft")
    if kept.confirmed_at is not None:
        raise Conflict("draft_confirmed")
    return kept
