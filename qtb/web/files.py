"""Files of forms: sent up, taken away, and handed out to those who may read the form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import cast
from urllib.parse import quote

from flask import Blueprint, Response, current_app, flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from qtb.documents import uploads
from qtb.domain import decide, files
from qtb.domain.errors import Invalid, Missing, Reason, Refusal
from qtb.domain.fields import FieldSpec
from qtb.domain.roles import MOVERS
from qtb.extensions import db
from qtb.i18n import in_words, say
from qtb.services import answers
from qtb.services import files as service
from qtb.services import hand_ins as handing
from qtb.store import facts
from qtb.store import files as store
from qtb.store import hand_ins as filled
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.files import File, Owner
from qtb.store.hand_ins import HandIn
from qtb.store.objects import Storage, storage
from qtb.store.unit import unit
from qtb.web import hand_ins, keeping
from qtb.web.access import SIGNED_IN, actor, audience
from qtb.web.answers import closed, fillable, ref_options
from qtb.web.cases import found
from qtb.web.view import cycle_or_404

pages = Blueprint("files", __name__)
Taken = tuple[int, Reason | None]  # the row of a file, and what is in doubt about it


@pages.post("/submissions/<int:submission_id>/forms/<form>/files/<field>")
@audience(*MOVERS, cleans=True, uploads=True)
def upload(submission_id: int, form: str, field: str) -> ResponseReturnValue:
    """Put a file into a field of a form."""
    submission, _ = fillable(submission_id, form)
    _keep_typed(submission, form)
    spec = service.file_field(submission.cycle, form, field)

    def taken() -> Taken:
        if refusal := closed(submission, form):
            raise refusal
        return _taken_in(lambda _: found(submission_id), form, field, spec)

    return _answered(taken)


@pages.post("/recommender/years/<key>/<int:unit_id>/<form>/files/<field>")
@audience("recommender", cleans=True, uploads=True)
def hand_in(key: str, unit_id: int, form: str, field: str) -> ResponseReturnValue:
    """Put a file into a field of what a unit hands in."""
    cycle, own = cycle_or_404(key), hand_ins.own_unit(unit_id)
    place, choices = handing.place(cycle, own, form), hand_ins.options(cycle, own)
    keeping.keep_sent_along(place, hand_ins.spec_of(cycle, form), choices)
    spec, cycle_id = service.file_field(cycle, form, field), cycle.id
    kept = filled.of(db.session(), cycle_id, unit_id).get(form)

    def begun(work: Session) -> HandIn:
        year, mine = work.get_one(Cycle, cycle_id), work.get_one(Unit, unit_id)
        return handing.begun(work, year, mine, form, actor=actor(), now=g.now)

    def taken() -> Taken:
        if refusal := hand_ins.closed(cycle, form, own, kept):
            raise refusal
        return _taken_in(begun, form, field, spec)

    return _answered(taken)


@pages.post("/files/<int:file_id>/away")
@audience(*MOVERS, cleans=True)
def take_away(file_id: int) -> ResponseReturnValue:
    """Take a file away from its field."""
    row = _row(file_id)
    name = row.name
    _keep_typed(service.owner_of(db.session(), row), row.form)
    with unit(db.session()) as work:
        service.take_away(work, work.get_one(File, file_id), actor=actor(), now=g.now)
    return _back(file_id, say("file.away", name=name))


@pages.get("/files/<int:file_id>")
@audience(SIGNED_IN)
def send(file_id: int) -> ResponseReturnValue:
    """Send a file to those who may read the form it stands on; one that stood before only to those concerned."""
    row = _row(file_id)
    try:
        body = place().chunks(row.key)
    except FileNotFoundError:
        raise Missing("file") from None
    answer = Response(body, mimetype=files.MEDIA[row.kind])
    answer.headers.set("Content-Disposition", "attachment", **_named(row))
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.set_etag(row.sha256)
    answer.content_length = row.size
    return answer.make_conditional(request)


def _keep_typed(owner: Owner, form: str) -> None:
    """Keep what was typed where the form came along, for those who may fill it."""
    if isinstance(owner, HandIn):
        place, choices = handing.place(owner.cycle, owner.unit, form), hand_ins.options(owner.cycle, owner.unit)
    elif decide.may_draft(owner.cycle.definition, form, facts.as_case(owner), actor=actor()):
        place, choices = answers.place(owner, form), ref_options(owner.cycle)
    else:
        return
    keeping.keep_sent_along(place, owner.cycle.definition.forms[form], choices)


def _named(row: File) -> dict[str, str]:
    """Return a file's name for a header, which holds Latin letters only: a plain one, and the real one encoded."""
    return {"filename": f"file-{row.id}.{row.kind}", "filename*": f"UTF-8''{quote(row.name, safe='')}"}


def place() -> Storage:
    """Return where this installation keeps files."""
    kept = current_app.extensions.get("qtb_files")
    if kept is None:
        current_app.extensions["qtb_files"] = kept = storage(str(current_app.config["FILES"]))
    return cast(Storage, kept)


def _answered(taken: Callable[[], Taken]) -> ResponseReturnValue:
    """Take a file in and answer as it was asked: to the page's script, or to a browser without one."""
    try:
        file_id, doubt = taken()
    except Refusal as error:
        if _wants_json():
            return jsonify({"says": " ".join(in_words(reason) for reason in error.reasons)}), error.status
        raise
    return _back(file_id, " ".join(_kept(db.session().get_one(File, file_id), doubt)))


def _kept(row: File, doubt: Reason | None) -> Iterator[str]:
    """Say that a file stands, and in place of which: whoever put that one there may be at work at the same time."""
    yield say("file.kept", name=row.name)
    if (old := store.instead_of(db.session(), row)) is not None:
        yield say("file.instead", name=old.name)
    if doubt:
        yield in_words(doubt)


def _taken_in(owner: Callable[[Session], Owner], form: str, field: str, spec: FieldSpec) -> Taken:
    """Read the file that came, lay it down and let it stand. Raises a Refusal and leaves nothing."""
    given = request.files.get("file") or request.files.get(f"file-{field}")
    if given is None or not given.filename:
        raise Invalid("file_none")
    db.session().rollback()  # reading a file takes a while: no read is held open meanwhile
    with (
        closing(given),
        uploads.received(given.stream, given.filename, spec) as (path, looked),
        service.laid(place(), path) as key,
    ):
        who = actor()
        with unit(db.session()) as work:
            row = service.attach(work, owner(work), form, field, looked=looked, key=key, actor=who, now=g.now)
            return row.id, files.doubt(spec, looked.kind, looked.n_claimed)


def _wants_json() -> bool:
    return request.accept_mimetypes.best_match(("text/html", "application/json")) == "application/json"


def _drawn(row: File, owner: Owner) -> str:
    """Return the list of a field's files as the page's script puts it there."""
    standing = {row.field: store.answers(db.session(), owner, row.form).get(row.field, [])}
    spec = owner.cycle.definition.forms[row.form]
    return render_template("answers/files_drawn.html", spec=spec, key=row.field, standing=standing)


def _row(file_id: int) -> File:
    """Return a file whose form the person may read or fills; one that stood before only to those concerned.

    Raises Missing.
    """
    row = db.session().get(File, file_id)
    if row is None or not _may_have(row):
        raise Missing("file")
    return row


def _may_have(row: File) -> bool:
    if row.hand_in is not None:
        return hand_ins.may_read(row.hand_in)
    if row.objection_id is not None:
        return actor().holds("organiser")
    submission, _ = fillable(cast(int, row.submission_id), row.form)
    return row.ended_at is None or decide.is_concerned(facts.as_case(submission), actor=actor())


def _back(file_id: int, says: str) -> ResponseReturnValue:
    """Go back to the form that a file stands on, or answer its script."""
    row = db.session().get_one(File, file_id)
    owner = service.owner_of(db.session(), row)
    if _wants_json():
        checked = service.checked(db.session(), owner, row.form, now=g.now)
        counted = keeping.counted(owner.cycle.definition.forms[row.form], checked)
        return jsonify({"says": says, "files": _drawn(row, owner), **counted})
    flash(says, "success")
    if isinstance(owner, HandIn):
        return redirect(url_for("hand_ins.fill", key=owner.cycle.key, unit_id=owner.unit_id, form=row.form), 303)
    return redirect(url_for("answers.fill", submission_id=owner.id, form=row.form), 303)
