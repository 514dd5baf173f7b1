"""A submission's papers: each form as PDF and Word, its receipts, all of it as one file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flask import Blueprint, current_app, request, send_file, url_for
from flask.typing import ResponseReturnValue

from qtb.documents import certificate_pdf, dossier, form_content, receipt_pdf, signing
from qtb.documents.form_content import Filled, Paper
from qtb.documents.signing import Keys
from qtb.domain import decide
from qtb.domain.errors import Conflict, Missing
from qtb.domain.roles import MOVERS
from qtb.extensions import db
from qtb.services import certificates
from qtb.store import answers, facts, files, receipts
from qtb.store.files import File
from qtb.store.receipts import Receipt
from qtb.store.submissions import Submission
from qtb.web.access import SIGNED_IN, actor, audience
from qtb.web.answers import may_read, ref_options
from qtb.web.cases import found
from qtb.web.files import place as kept
from qtb.web.sending import TYPES, WRITERS, sent

pages = Blueprint("papers", __name__)


@pages.get("/submissions/<int:submission_id>/papers/<form>.<kind>")
@audience(SIGNED_IN)
def form(submission_id: int, form: str, kind: str) -> ResponseReturnValue:
    """Send a filled form as the official paper."""
    submission = found(submission_id)
    filled = _readable(submission)
    if form not in filled.answers or kind not in WRITERS:
        raise Missing("form")
    paper = _paper(submission, form, filled)
    return sent(WRITERS[kind](paper), f"{submission.number} {submission.team_name} {paper.title}", kind)


@pages.get("/submissions/<int:submission_id>/receipts/<int:seq>.pdf")
@audience(*MOVERS)
def receipt(submission_id: int, seq: int) -> ResponseReturnValue:
    """Send a receipt."""
    submission = own(submission_id)
    one = next((one for one in receipts.of(db.session(), submission.id) if one.seq == seq), None)
    if one is None:
        raise Missing("receipt")
    return sent(written(one), f"{submission.number} {submission.team_name} {one.code}", "pdf")


@pages.get("/submissions/<int:submission_id>/dossier.zip")
@audience(*MOVERS)
def whole(submission_id: int) -> ResponseReturnValue:
    """Send the whole submission as one file."""
    submission = own(submission_id)
    packed = dossier.packed(_parts(submission))
    name = dossier.name(f"{submission.number} {submission.team_name}")
    return send_file(packed, TYPES["zip"], as_attachment=True, download_name=f"{name}.zip")


def written(one: Receipt) -> bytes:
    """Return a receipt as a signed PDF."""
    return receipt_pdf.written(one.said, address=_base() + url_for("verify.page"), by=keys())


def certificate_address() -> str:
    """Return the address under which a certificate's code stands."""
    return (_base() + url_for("certificates.show", code="-")).removesuffix("/-")


def keys() -> Keys:
    """Return what this installation signs with."""
    return signing.keys(current_app.config["SIGNING_KEY"])


def own(submission_id: int) -> Submission:
    """Return a submission of those who take part in it: who only judges it gets no receipt."""
    submission = found(submission_id)
    if not decide.is_concerned(facts.as_case(submission), actor=actor()):
        raise Missing("submission")
    return submission


def _base() -> str:
    return str(current_app.config["BASE_URL"] or request.url_root).rstrip("/")


def _readable(submission: Submission) -> Filled:
    definition = submission.cycle.definition
    kept = {
        key: values
        for key, values in answers.answers(db.session(), submission.id).items()
        if key in definition.forms and may_read(submission, definition.forms[key])
    }
    return Filled(definition.forms, kept, ref_options(submission.cycle, any_active=True))


def _paper(submission: Submission, form: str, filled: Filled) -> Paper:
    return form_content.paper(
        form, filled, programme=submission.cycle.title, number=submission.number, unit=submission.unit.name
    )


def _parts(submission: Submission) -> Iterator[tuple[str, Iterable[bytes]]]:
    filled = _readable(submission)
    for form in filled.answers:
        paper = _paper(submission, form, filled)
        for kind, write in WRITERS.items():
            yield f"{dossier.name(paper.title)}.{kind}", [write(paper)]
    for file in files.of(db.session(), submission.id):
        if file.form in filled.answers:
            label = filled.forms[file.form].fields[file.field].label.zh
            yield f"files/{dossier.name(label)}/{dossier.name(file.name)}", _chunks(file)
    for one in receipts.of(db.session(), submission.id):
        yield f"receipts/{one.code}.pdf", [written(one)]
    if held := certificates.valid_of(db.session(), submission):
        made = certificate_pdf.written(held.said, address=certificate_address(), by=keys())
        yield f"certificates/{dossier.name(held.number)}.pdf", [made]


def _chunks(file: File) -> Iterator[bytes]:
    try:
        return kept().chunks(file.key)
    except FileNotFoundError:
        raise Conflict("file_lost", name=file.name) from None
