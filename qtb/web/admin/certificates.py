"""A year's certificates, as the organiser keeps them: issued, looked for, revoked, reissued, printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask import flash, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, func, or_, select

from qtb.documents import certificate_pdf, dossier
from qtb.domain.errors import Invalid, Missing, Refusal
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import certificates as service
from qtb.services import objections
from qtb.store import certificates as store
from qtb.store import lists
from qtb.store.certificates import Certificate
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web import certificates as public
from qtb.web import papers, years
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.sending import TYPES
from qtb.web.view import cycle_or_404

STANDINGS = ("valid", "ended")
ACTS = {"reissue": service.reissue, "revoke": service.revoke}


@pages.get("/cycles/<key>/certificates")
@audience("organiser")
def certificates(key: str) -> ResponseReturnValue:
    """List a year's certificates, found by level, standing, number or name."""
    year = _year(key)
    chosen = {name: request.args.get(name, "").strip()[:100] for name in ("level", "standing", "q")}
    may = service.states(year)
    query = _chosen(year, chosen).order_by(Certificate.id.desc())
    page = lists.paged(db.session(), query, number=request.args.get("page", type=int, default=1))
    counts = store.counts(db.session(), year.id, may)
    return render_template(
        "admin/certificates.html", cycle=year, page=page, chosen=chosen, standings=STANDINGS,
        shown=[store.standing(one, may) for one in page.rows],
        counts=[sum(n[place] for n in counts.values()) for place in (0, 1)],
        n_lacking=_n_lacking(year), levels=year.definition.rubric.levels,
        printed=[level for level, (n_valid, _) in counts.items() if n_valid],
        notice=objections.window_of(db.session(), year, years.of(db.session(), year.id).times),
    )  # fmt: skip


@pages.post("/cycles/<key>/certificates")
@audience("organiser")
def issue_certificates(key: str) -> ResponseReturnValue:
    """Issue what is lacking: in portions, so that nobody else waits long for it."""
    n_made, is_more = 0, True
    while is_more:
        with unit(db.session()) as work:
            n = len(service.issue(work, _year(key), actor=actor(), now=g.now))
        n_made, is_more = n_made + n, n == service.PORTION
    flash(say("certificate.issued_n", n=n_made), "success")
    return redirect(url_for("admin.certificates", key=key), 303)


@pages.get("/certificates/<int:certificate_id>")
@audience("organiser")
def certificate(certificate_id: int) -> ResponseReturnValue:
    """Show a certificate with what can be done about it."""
    return _page(certificate_id)


@pages.post("/certificates/<int:certificate_id>/<any(reissue, revoke):act>")
@audience("organiser")
def change_certificate(certificate_id: int, act: str) -> ResponseReturnValue:
    """Reissue or revoke a certificate, for a reason that anybody may read."""
    try:
        if request.form.get("sure") != "yes":
            raise Invalid("not_confirmed")
        with unit(db.session()) as work:
            found = _found(certificate_id)
            key, number, reason = found.cycle.key, found.number, request.form.get("reason", "")
            ACTS[act](work, found, reason=reason, actor=actor(), now=g.now)
    except Refusal as error:
        return _page(certificate_id, error), error.status
    flash(say(f"certificate.is_{act}d" if act == "revoke" else "certificate.is_reissued", number=number), "success")
    return redirect(url_for("admin.certificates", key=key), 303)


@pages.get("/cycles/<key>/certificates.pdf")
@audience("organiser")
def certificate_sheets(key: str) -> ResponseReturnValue:
    """Send what holds of a year or a level as one PDF, a page each, for a printer."""
    year = _year(key)
    name, said = _file(year, "pdf"), [said for _, said in _to_print(year)]
    found = certificate_pdf.joined(said, address=papers.certificate_address())
    return send_file(found, TYPES["pdf"], as_attachment=True, download_name=name)


@pages.get("/cycles/<key>/certificates.zip")
@audience("organiser")
def certificate_files(key: str) -> ResponseReturnValue:
    """Send what holds of a year or a level as single signed PDFs in a ZIP."""
    year = _year(key)
    name, packed = _file(year, "zip"), dossier.packed(_files(_to_print(year)))
    return send_file(packed, TYPES["zip"], as_attachment=True, download_name=name)


def _page(certificate_id: int, refusal: Refusal | None = None) -> str:
    found = _found(certificate_id)
    return render_template(
        "admin/certificate.html", cycle=found.cycle, standing=store.standing(found, service.states(found.cycle)),
        level=found.cycle.definition.rubric.levels.get(found.level), refusal=refusal, reason=request.form.get("reason"),
    )  # fmt: skip


def _found(certificate_id: int) -> Certificate:
    found = db.session().scalar(store.whole().where(Certificate.id == certificate_id))
    if found is None:
        raise Missing("certificate")
    return found


def _year(key: str) -> Cycle:
    year = cycle_or_404(key)
    if year.definition.certificate is None:
        raise Missing("certificates_none")
    return year


def _chosen(year: Cycle, chosen: dict[str, str]) -> Select[Certificate]:
    query, ended = store.whole().where(Certificate.cycle_id == year.id), store.ended(service.states(year))
    if chosen["level"]:
        query = query.where(Certificate.level == chosen["level"])
    if chosen["standing"] in STANDINGS:
        query = query.where(ended if chosen["standing"] == "ended" else ~ended)
    if chosen["q"]:
        named = (Certificate.team_name, Certificate.unit_name, Certificate.title)
        columns = (Certificate.number, Submission.number, *named)
        query = query.where(or_(*(column.icontains(chosen["q"], autoescape=True) for column in columns)))
    return query


def _n_lacking(year: Cycle) -> int:
    spec = year.definition.certificate
    levels: Any = list(spec.levels) if spec else []
    lacking = store.lacking(year.id, service.states(year), levels).order_by(None).subquery()
    return int(db.session().scalar(select(func.count()).select_from(lacking)) or 0)


def _to_print(year: Cycle) -> list[tuple[str, str]]:
    """Return name and content of what holds, by number. Raises Missing where nothing does.

    Setting hundreds takes half a minute, so the database is let go before.
    """
    chosen = {"level": request.args.get("level", "").strip(), "standing": "valid", "q": ""}
    query = _chosen(year, chosen).order_by(Certificate.level, Certificate.number)
    found = [(public.name(one), one.said) for one in db.session().scalars(query)]
    if not found:
        raise Missing("certificates_none_yet")
    db.session().rollback()
    return found


def _files(found: Sequence[tuple[str, str]]) -> Iterator[tuple[str, list[bytes]]]:
    for name, said in found:
        made = certificate_pdf.written(said, address=papers.certificate_address(), by=papers.keys())
        yield f"{dossier.name(name)}.pdf", [made]


def _file(year: Cycle, kind: str) -> str:
    level = year.definition.rubric.levels.get(request.args.get("level", ""))
    parts = [year.title, say("certificate.title"), *([level.label.zh] if level else [])]
    return f"{dossier.name(' '.join(parts))}.{kind}"
