"""The public notice: anybody objects by name to what was published, and later reads by a code how it stands."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from sqlalchemy import select

from qtb.documents import uploads
from qtb.domain.errors import Invalid, Missing, NotNow, Refusal
from qtb.domain.fields import FormSpec
from qtb.domain.form_check import Checked
from qtb.extensions import db
from qtb.forms import dynamic
from qtb.i18n import in_words
from qtb.services import files as laying
from qtb.services import objections
from qtb.services.answers import Incorrect
from qtb.services.objections import Laid
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web import files
from qtb.web.access import PUBLIC, actor, audience
from qtb.web.view import cycle_or_404

pages = Blueprint("objections", __name__)


@pages.route("/cycles/<key>/results/<number>/objection", methods=["GET", "POST"])
@audience(PUBLIC, cleans=True, uploads=True)
def object_to(key: str, number: str) -> ResponseReturnValue:
    """Take an objection to a published work."""
    submission = _published(cycle_or_404(key), number)
    reason = objections.refusal(db.session(), submission, now=g.now)
    closed = NotNow((reason,)) if reason else None
    page = dynamic.build(_spec(submission.cycle), {"request_key": secrets.token_urlsafe(16)}, {})
    if request.method == "GET":
        return _page(submission, page, closed), closed.status if closed else 200
    try:
        if closed:
            raise closed
        code = _filed(submission, page)
    except Refusal as error:
        submission = _published(cycle_or_404(key), number)
        page["request_key"].data = page["request_key"].data or secrets.token_urlsafe(16)
        return _page(submission, page, error), error.status
    return redirect(url_for("objections.standing", code=code, filed=1), 303)


@pages.get("/objections")
@audience(PUBLIC)
def ask() -> ResponseReturnValue:
    """Take the code of an objection from whoever has it on paper, or in a letter without a link."""
    if code := request.args.get("code", "").strip()[:60]:
        return redirect(url_for("objections.standing", code=code))
    return render_template("public/objection_ask.html")


@pages.get("/objections/<code>")
@audience(PUBLIC)
def standing(code: str) -> ResponseReturnValue:
    """Tell whoever has its code how an objection stands."""
    row = objections.standing(db.session(), code[:60])
    return render_template(
        "public/objection_standing.html", objection=row, cycle=row.cycle, filed="filed" in request.args
    )


def _published(cycle: Cycle, number: str) -> Submission:
    """Return a work that was published; any other looks as if it did not exist. Raises Missing."""
    rule = objections.rule_of(cycle)
    mine = select(Submission).where(Submission.cycle_id == cycle.id, Submission.number == number)
    found = db.session().scalar(mine.where(Submission.state.in_(rule.against)))
    if found is None:
        raise Missing("submission")
    return found


def _spec(cycle: Cycle) -> FormSpec:
    return cycle.definition.forms[objections.rule_of(cycle).form].part()


def _filed(submission: Submission, page: FlaskForm) -> str:
    """Look at the files, lay them down, and take the objection in with them; return its code."""
    cycle, submission_id = submission.cycle, submission.id
    spec, raw, key = _spec(cycle), dynamic.raw(page, _spec(cycle)), str(page["request_key"].data or "")[:64]
    if not key:
        raise Invalid("request_key")
    objections.refuse_wrong(cycle, raw, dict(_names(spec)), now=g.now)
    db.session().rollback()
    with ExitStack() as lent:
        laid = list(_laid(spec, lent))
        with unit(db.session()) as work:
            row = objections.file(
                work, work.get_one(Submission, submission_id), raw, laid=laid, actor=actor(), now=g.now, request_key=key
            )
            return row.code


def _names(spec: FormSpec) -> Iterator[tuple[str, list[str]]]:
    for key, field in spec.fields.items():
        if field.type == "file":
            yield key, [one.filename for one in request.files.getlist(f"file-{key}") if one.filename]


def _laid(spec: FormSpec, lent: ExitStack) -> Iterator[Laid]:
    for key, field in spec.fields.items():
        for given in request.files.getlist(f"file-{key}") if field.type == "file" else ():
            if given.filename:
                path, looked = lent.enter_context(uploads.received(given.stream, given.filename, field))
                yield key, looked, lent.enter_context(laying.laid(files.place(), path))


def _page(submission: Submission, page: FlaskForm, refusal: Refusal | None) -> str:
    errors = refusal.checked.errors if isinstance(refusal, Incorrect) else {}
    typed = {key: why for key, why in errors.items() if key in page}
    dynamic.show_errors(page, Checked(errors=typed))
    lacking = {key: [in_words(one) for one in why] for key, why in errors.items() if key not in typed}
    return render_template(
        "public/objection.html", submission=submission, cycle=submission.cycle, spec=_spec(submission.cycle), page=page,
        refusal=refusal, lacking=lacking, is_closed=isinstance(refusal, NotNow),
        window=objections.window_for(db.session(), submission),
    )  # fmt: skip
