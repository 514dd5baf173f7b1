"""From a notice to a year: upload or paste, correct the rows that were read, confirm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.documents import notices as files
from qtb.domain.errors import Invalid, Missing, Refusal
from qtb.domain.notice import Notice
from qtb.extensions import db
from qtb.i18n import language, say
from qtb.services import definitions, notices
from qtb.services.notices import Row
from qtb.store import cycles
from qtb.store.cycles import Cycle, NoticeDraft
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.parse import optional_day, optional_instant, whole


@pages.route("/notices/read", methods=["GET", "POST"])
@audience("organiser", cleans=True)
def read_notice() -> ResponseReturnValue:
    """Read a notice into a draft; for a year that exists it is a later version."""
    refusal, status = None, 200
    if request.method == "POST":
        try:
            name, found = _given()
            with unit(db.session()) as work:
                draft_id = notices.read_draft(
                    work, name=name, notice=found, programme=request.form.get("programme", ""),
                    actor=actor(), now=g.now, cycle=cycles.by_key(work, request.form.get("cycle", "")),
                ).id  # fmt: skip
            return redirect(url_for("admin.draft", draft_id=draft_id), 303)
        except Refusal as error:
            refusal, status = error, error.status
    later = request.values.get("cycle", "")
    page = render_template(
        "admin/read_notice.html", refusal=refusal, programmes=definitions.programmes(), later=later,
        text=request.form.get("text", ""),
    )  # fmt: skip
    return page, status


@pages.route("/notices/<int:draft_id>", methods=["GET", "POST"])
@audience("organiser")
def draft(draft_id: int) -> ResponseReturnValue:
    """Show the rows that were read, take corrections, and open the year; or show what a later version changes."""
    kept = _draft(draft_id)
    if kept.cycle_id is not None:
        return _differences(kept)
    definition = definitions.load(kept.programme)
    rows, refusal, status = notices.suggested_rows(definition, kept), None, 200
    if request.method == "POST":
        try:
            rows = [_corrected(row, n, request.form) for n, row in enumerate(rows)]
            key = _confirmed(draft_id, rows)
            flash(say("notice.confirmed"), "success")
            return redirect(url_for("admin.cycle", key=key), 303)
        except Refusal as error:
            refusal, status = error, error.status
            kept = _draft(draft_id)
    found = notices.notice_of(kept.notice)
    page = render_template(
        "admin/draft.html", draft=kept, notice=found, rows=rows, kinds=definition.timeline.rows, refusal=refusal,
        warnings=_warnings(found), typed=request.form,
    )  # fmt: skip
    return page, status


def _given() -> tuple[str, Notice]:
    upload, text = request.files.get("file"), request.form.get("text", "")
    if upload is not None and upload.filename:
        found = files.read_file(upload.stream.read(), upload.filename)
        return upload.filename[:200], _with_rows(found)
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
            work, kept, key=form.get("key", "").strip(), title=form.get("title", ""), actor=actor(), now=g.now,
            year=whole(form.get("year", "")) or 0, rows=planned,
        )  # fmt: skip
        return cycle.key


def _corrected(row: Row, n: int, form: Mapping[str, str]) -> Row:
    title = form.get(f"title-{n}", row.title).strip()[:200]
    start, end = (optional_day(form.get(f"{name}-{n}", ""), row.title) for name in ("start", "end"))
    held_at = optional_instant(form.get(f"held-{n}", ""), row.title)
    return replace(row, title=title or row.title, key=form.get(f"key-{n}", ""), start=start, end=end, held_at=held_at)


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
