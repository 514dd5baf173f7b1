"""`qtb certificate`: issue, reissue and revoke certificates; check one's file without any database."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from qtb.cli.commands import Group, lang, say
from qtb.cli.context import Opened, actor, as_option, opened, organiser, refused, stop, submission, table
from qtb.cli.context import cycle as cycle_of
from qtb.cli.receipt import certificate_of
from qtb.clock import shown
from qtb.documents import certificate_pdf, receipt_pdf, revocations, signed_papers, signing
from qtb.domain.errors import Missing
from qtb.domain.timeline import canonical
from qtb.services import certificates as service
from qtb.store import certificates as store
from qtb.store.certificates import Certificate
from qtb.store.unit import unit


@click.group(cls=Group)
def certificate() -> None:
    """Issue certificates, revoke them, check a certificate's file."""


@certificate.command()
@click.argument("cycle")
@as_option
def issue(cycle: str, email: str) -> None:
    """Issue a certificate for each work of a year that may hold one and never had one."""
    with opened() as qtb:
        who, made = organiser(qtb.session, email), list[str]()
        while True:
            with unit(qtb.session) as work:
                found = service.issue(work, cycle_of(work, cycle), actor=who, now=qtb.now())
                made += [one.number for one in found]
            if len(found) < service.PORTION:
                break
        for number in made:
            click.echo(number)
        click.echo(say("certificate.issued_n", n=len(made)))


@certificate.command()
@click.argument("number")
@click.option("--reason", required=True)
@as_option
def revoke(number: str, reason: str, email: str) -> None:
    """Let a certificate hold no more, for a reason that anybody may read."""
    with opened() as qtb:
        who = organiser(qtb.session, email)
        with unit(qtb.session) as work:
            service.revoke(work, _found(qtb, number), reason=reason, actor=who, now=qtb.now())
        click.echo(say("certificate.is_revoked", number=number))


@certificate.command()
@click.argument("number")
@click.option("--reason", required=True)
@as_option
def reissue(number: str, reason: str, email: str) -> None:
    """Issue a work's certificate anew, with its names of today; the old one is revoked."""
    with opened() as qtb:
        who = organiser(qtb.session, email)
        with unit(qtb.session) as work:
            made = service.reissue(work, _found(qtb, number), reason=reason, actor=who, now=qtb.now()).number
        click.echo(made)


@certificate.command("list")
@click.argument("cycle")
@as_option
def list_(cycle: str, email: str) -> None:
    """List a year's certificates, each with what has become of it."""
    with opened() as qtb:
        organiser(qtb.session, email)
        year = cycle_of(qtb.session, cycle)
        found = qtb.session.scalars(store.whole().where(Certificate.cycle_id == year.id).order_by(Certificate.number))
        lines = [_line(one, service.states(year)) for one in found]
        heads = [say(f"certificate.{name}") for name in ("number", "team", "unit", "standing", "code")]
        table(heads, lines)


@certificate.command()
@click.argument("number")
@click.argument("file", type=click.Path(dir_okay=False))
@as_option
def write(number: str, file: str, email: str) -> None:
    """Write the certificate that a submission holds as a signed PDF."""
    with opened() as qtb:
        mine = submission(qtb.session, number, who=actor(qtb.session, email))
        held = service.valid_of(qtb.session, mine)
        if held is None:
            raise Missing("certificate")
        base = str(qtb.app.config["BASE_URL"] or "http://127.0.0.1").rstrip("/")
        by = signing.keys(qtb.app.config["SIGNING_KEY"])
        Path(file).write_bytes(certificate_pdf.written(held.said, address=f"{base}/certificates", by=by))
        click.echo(held.number)


@certificate.command()
@click.argument("cycle")
def revoked(cycle: str) -> None:
    """Print the signed list of a year's certificates that hold no more."""
    with opened() as qtb:
        year = cycle_of(qtb.session, cycle)
        found, by = service.revoked(qtb.session, year), signing.keys(qtb.app.config["SIGNING_KEY"])
        click.echo(revocations.written(year.key, canonical(qtb.now()), found, by=by))


@certificate.command()
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--revoked", "revoked_list", metavar="LIST", type=click.Path(dir_okay=False))
@click.option("--key", "key", metavar="CERTIFICATE", type=click.Path(dir_okay=False))
def verify(file: str, revoked_list: str | None, key: str | None) -> None:
    """Tell what a certificate's file says; exit 1 where it was changed, or the list says that it holds no more."""
    with refused():
        ours = certificate_of(key)
        with Path(file).open("rb") as opened_file:
            told = certificate_pdf.read(opened_file.read(signed_papers.MAX_BYTES + 1), ours)
        if told is None:
            stop(say("cli.certificate_bad"))
        until = _refuse_revoked(told, Path(revoked_list), ours) if revoked_list else ""
    rows = [[say(f"certificate.{name}"), str(told[name])] for name in ("number", "unit", "team", "code")]
    rows.insert(3, [say("certificate.work"), str(told["title"])])
    rows.insert(1, [say("certificate.level"), str(told["level_label"][lang()])])
    rows.append([say("certificate.issued_at"), receipt_pdf.instant(told["at"])])
    table([say("cli.certificate_good"), ""], rows)
    click.echo(say("cli.certificate_unrevoked", at=until) if until else say("cli.certificate_unasked"))


def _refuse_revoked(told: dict[str, Any], path: Path, ours: bytes) -> str:
    """Stop where a list says that a certificate holds no more; return the list's instant in words."""
    found = revocations.read(path.read_bytes(), ours)
    if found is None:
        stop(say("cli.certificate_list_bad"))
    if found["year"] != told["year"]:
        stop(say("cli.certificate_list_year", year=found["year"], mine=told["year"]))
    for one in found["ended"]:
        if one["number"] == told["number"]:
            why = one["reason"] or say("certificate.award_ended")
            lines = [say("cli.certificate_revoked", number=told["number"], at=_instant(one["since"]), why=why)]
            if one["replaced_by"]:
                lines.append(say("certificate.replaced_by", number=one["replaced_by"]))
            stop(*lines)
    return _instant(found["at"])


def _instant(text: str) -> str:
    return shown(datetime.fromisoformat(text.replace("Z", "+00:00")), lang())


def _found(qtb: Opened, number: str) -> Certificate:
    found = qtb.session.scalar(select(Certificate).where(Certificate.number == number.strip().upper()))
    if found is None:
        raise Missing("certificate_number", number=number[:60])
    return found


def _line(found: Certificate, states: list[str]) -> list[str]:
    is_valid = store.standing(found, states).is_valid
    after = f" → {found.after.number}" if found.after else ""
    stands = say("certificate.is_valid" if is_valid else "certificate.is_ended") + after
    return [found.number, found.team_name, found.unit_name, stands, found.code]
