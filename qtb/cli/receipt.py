"""`qtb receipt`: check a receipt's file without any database, write one, print the certificate."""

from __future__ import annotations

from pathlib import Path

import click

from qtb import config
from qtb.cli.commands import Group, say
from qtb.cli.context import actor, as_option, opened, refused, stop, submission, table
from qtb.documents import receipt_pdf, signed_papers, signing
from qtb.domain.errors import Invalid
from qtb.store import receipts


@click.group(cls=Group)
def receipt() -> None:
    """Check receipts, write them, print the certificate that tells them."""


@receipt.command()
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--key", "key", metavar="CERTIFICATE", type=click.Path(dir_okay=False))
def verify(file: str, key: str | None) -> None:
    """Tell what a receipt's file says; exit 1 where it is none of ours or was changed. Needs no database."""
    with refused():
        certificate = certificate_of(key)
        with Path(file).open("rb") as opened_file:
            told = receipt_pdf.read(opened_file.read(signed_papers.MAX_BYTES + 1), certificate)
        if told is None:
            stop(say("cli.receipt_bad"))
    rows = [[say("receipt.at"), receipt_pdf.instant(told["at"])]]
    rows += [[say(f"receipt.{name}"), str(told[name])] for name in ("move", "number", "unit", "team", "title", "code")]
    rows += [[say("receipt.sha256"), told["content"]["sha256"]]]
    table([say("cli.receipt_good"), ""], rows)


@receipt.command()
@click.argument("number")
@as_option
@click.option("--file", "file", type=click.Path(dir_okay=False))
def show(number: str, email: str, file: str | None) -> None:
    """List a submission's receipts; with --file the last one is written as a PDF."""
    with opened() as here:
        found = submission(here.session, number, who=actor(here.session, email))
        given = receipts.of(here.session, found.id)
        if not given:
            raise Invalid("no_receipt", number=found.number)
        if file is not None:
            base = str(here.app.config["BASE_URL"] or "http://127.0.0.1").rstrip("/")
            by = signing.keys(here.app.config["SIGNING_KEY"])
            Path(file).write_bytes(receipt_pdf.written(given[0].said, address=f"{base}/verify", by=by))
        table([say("receipt.code"), say("receipt.at")], [[one.code, f"{one.at:%Y-%m-%dT%H:%M:%SZ}"] for one in given])


@receipt.command("key")
def key_command() -> None:
    """Print the certificate with which anybody can check receipts."""
    with refused():
        click.echo(signing.keys(config.settings()["SIGNING_KEY"]).pem, nl=False)


def certificate_of(path: str | None) -> bytes:
    """Return the certificate in a file, else this installation's own. Raises Invalid."""
    if path is None:
        return signing.keys(config.settings()["SIGNING_KEY"]).certificate
    try:
        return signing.certificate(Path(path).read_bytes())
    except ValueError:
        raise Invalid("not_a_certificate", file=path[-80:]) from None

