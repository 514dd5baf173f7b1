"""Certificates for everybody: the page that a certificate's code leads to, and the signed list of revoked ones."""

from __future__ import annotations

from flask import Blueprint, Response, g, render_template
from flask.typing import ResponseReturnValue

from qtb.documents import certificate_pdf, revocations
from qtb.domain.errors import Missing
from qtb.domain.roles import MOVERS
from qtb.domain.timeline import canonical
from qtb.extensions import db
from qtb.services import certificates
from qtb.store.certificates import Certificate
from qtb.web import papers
from qtb.web.access import PUBLIC, audience
from qtb.web.sending import sent
from qtb.web.view import cycle_or_404

pages = Blueprint("certificates", __name__)


@pages.get("/certificates/<code>")
@audience(PUBLIC)
def show(code: str) -> ResponseReturnValue:
    """Say whether a certificate holds, and what it says while it does."""
    found = certificates.standing(db.session(), code[:60])
    if found is None:
        raise Missing("certificate")
    page = Response(render_template("public/certificate.html", standing=found))
    page.headers["X-Robots-Tag"] = "noindex"  # whoever holds the paper asks; nobody need find it by the names
    return page


@pages.get("/cycles/<key>/certificates/revoked.json")
@audience(PUBLIC)
def revoked(key: str) -> ResponseReturnValue:
    """Send the signed list of a year's certificates that hold no more."""
    year = cycle_or_404(key)
    if year.definition.certificate is None:
        raise Missing("certificates_none")
    found = certificates.revoked(db.session(), year)
    told = revocations.written(year.key, canonical(g.now), found, by=papers.keys())
    return Response(told, content_type="application/json; charset=utf-8")


@pages.get("/submissions/<int:submission_id>/certificate.pdf")
@audience(*MOVERS)
def paper(submission_id: int) -> ResponseReturnValue:
    """Send the certificate that a work holds."""
    submission = papers.own(submission_id)
    found = certificates.valid_of(db.session(), submission)
    if found is None:
        raise Missing("certificate")
    return sent(written(found), name(found), "pdf")


def written(found: Certificate) -> bytes:
    """Return a certificate as a signed PDF."""
    return certificate_pdf.written(found.said, address=papers.certificate_address(), by=papers.keys())


def name(found: Certificate) -> str:
    """Return what a certificate's file is called."""
    return f"{found.number} {found.team_name}"
