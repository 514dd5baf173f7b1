"""The public check: is this receipt or certificate ours, and what does it say? By its code, or by its file."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.documents import certificate_pdf, receipt_pdf, signed_papers
from qtb.domain.errors import Invalid
from qtb.extensions import db
from qtb.services import certificates, receipts
from qtb.web import papers
from qtb.web.access import PUBLIC, audience

pages = Blueprint("verify", __name__)


@pages.get("/verify")
@audience(PUBLIC)
def page() -> ResponseReturnValue:
    """Say what the receipt with a code says, and whether something was handed in after it; a certificate has a page."""
    code = request.args.get("code", "").strip()[:60]
    told = _by_code(code) if code else None
    if code and told is None and (found := certificates.standing(db.session(), code)):
        return redirect(url_for("certificates.show", code=found.certificate.code), 303)
    return _shown(code=code, told=told)


@pages.post("/verify")
@audience(PUBLIC)
def check() -> ResponseReturnValue:
    """Say whether the file of a receipt or certificate is as it was given out, and whether it still holds."""
    upload = request.files.get("file")
    body = b""
    if upload:
        with closing(upload):
            body = upload.read(signed_papers.MAX_BYTES + 1)
    if not body:
        raise Invalid("verify_no_file")
    paper = signed_papers.read(body, papers.keys().certificate)
    if paper and paper.kind == certificate_pdf.KIND:
        standing = certificates.standing(db.session(), str(paper.told["code"]))
        return render_template("public/certificate.html", standing=standing, told=paper.told)
    told = paper.told if paper and paper.kind == receipt_pdf.KIND else None
    known = _by_code(str(told["code"])) if told else None
    return _shown(told=told and {**told, "is_last": bool(known and known["is_last"])}, file=True)


@pages.get("/verify/key")
@audience(PUBLIC)
def key() -> ResponseReturnValue:
    """Send the certificate with which anybody can check a receipt without us."""
    return Response(papers.keys().pem, content_type="application/x-pem-file")


def _by_code(code: str) -> dict[str, Any] | None:
    standing = receipts.standing(db.session(), code)
    return {**json.loads(standing.receipt.said), "is_last": standing.is_last} if standing else None


def _shown(*, code: str = "", told: dict[str, Any] | None = None, file: bool = False) -> ResponseReturnValue:
    asked = bool(code or file)
    at = receipt_pdf.instant(told["at"]) if told else ""
    page = render_template("public/verify.html", code=code, told=told, at=at, asked=asked, file=file)
    return page, 404 if asked and told is None and not file else 422 if asked and told is None else 200
