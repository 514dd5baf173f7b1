"""`qtb users`: people, units, roles, and the one-time links that let people in."""

from __future__ import annotations

import click
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from qtb import clock
from qtb.cli.commands import Group, say
from qtb.cli.context import Opened, account, as_option, opened, organiser, stop, table, unit_named
from qtb.domain.roles import ROLES, UNIT_KINDS
from qtb.services import accounts
from qtb.services.units import set_above
from qtb.store import accounts as store
from qtb.store.accounts import Account, Membership
from qtb.store.unit import unit

KINDS = sorted(set(UNIT_KINDS.values()))


@click.group(cls=Group)
def users() -> None:
    """See and manage people and units."""


@users.command("list")
def list_() -> None:
    """List the accounts with their roles."""
    with opened() as qtb:
        held = selectinload(Account.memberships).joinedload(Membership.unit)
        people = qtb.session.scalars(select(Account).order_by(Account.email).options(held)).all()
        lines = [
            [one.email, one.name, _roles(one), say("cli.active" if one.is_active else "cli.disabled")]
            for one in people
        ]
        table([say(f"cli.column.{name}") for name in ("email", "name", "roles", "state")], lines)
        click.echo(say("cli.n_accounts", n=len(people)))


@users.command()
def units() -> None:
    """List the units."""
    with opened() as qtb:
        found = store.units(qtb.session, active=False)
        names = {one.id: one.name for one in found}
        lines = [
            [
                one.name, say(f"role.{one.kind}"), names[one.parent_id] if one.parent_id else "",
                say("cli.active" if one.is_active else "cli.disabled"),
            ]
            for one in found
        ]  # fmt: skip
        table([say(f"cli.column.{name}") for name in ("unit", "kind", "above", "state")], lines)
        click.echo(say("cli.n_units", n=len(found)))


@users.command()
@click.argument("email", metavar="EMAIL")
@click.argument("name")
@click.option("--unit", "unit_name", required=True)
@click.option("--role", type=click.Choice(list(ROLES)), required=True)
@click.option("--as", "by", metavar="EMAIL", required=True)
def add(email: str, name: str, unit_name: str, role: str, by: str) -> None:
    """Make an account with a role in a unit, and print the link that lets the person in."""
    with opened() as qtb:
        session, now = qtb.session, clock.real()
        who, where = organiser(session, by), unit_named(session, unit_name)
        with unit(session):
            person = accounts.add_account(session, name=name, email=email, actor=who, now=now)
            accounts.grant(session, person, where, role, actor=who, now=now)
            token = accounts.invite(session, person, actor=who, now=now)
        click.echo(say("cli.account_added", email=person.email, name=person.name))
        _print_link(qtb, f"/invitations/{token}")


@users.command()
@click.argument("person", metavar="EMAIL")
@as_option
def invite(person: str, email: str) -> None:
    """Print a new one-time link with which a person sets a password; earlier ones stop working."""
    with opened() as qtb:
        who, found = organiser(qtb.session, email), account(qtb.session, person)
        with unit(qtb.session):
            token = accounts.invite(qtb.session, found, actor=who, now=clock.real())
        _print_link(qtb, f"/invitations/{token}")


@users.command()
@click.argument("person", metavar="EMAIL")
@as_option
def disable(person: str, email: str) -> None:
    """Keep a person out; what is signed in ends at once."""
    _set_active(person, email, is_active=False)


@users.command()
@click.argument("person", metavar="EMAIL")
@as_option
def enable(person: str, email: str) -> None:
    """Let a person in again."""
    _set_active(person, email, is_active=True)


@users.command()
@click.argument("name")
@click.argument("kind", type=click.Choice(KINDS))
@as_option
def add_unit(name: str, kind: str, email: str) -> None:
    """Make a unit."""
    with opened() as qtb:
        who = organiser(qtb.session, email)
        with unit(qtb.session):
            made = accounts.add_unit(qtb.session, name=name, kind=kind, actor=who, now=clock.real())
        click.echo(say("cli.unit_added", unit=made.name, kind=say(f"role.{made.kind}")))


@users.command("unit")
@click.argument("name")
@click.option("--above", metavar="NAME")
@click.option("--nobody-above", "is_topmost", is_flag=True)
@as_option
def place(name: str, above: str | None, is_topmost: bool, email: str) -> None:
    """Say which unit stands above a recommending unit and is told when it stays silent."""
    if (above is None) != is_topmost:
        raise click.UsageError(say("cli.above_or_nobody"))
    with opened() as qtb:
        who, below = organiser(qtb.session, email), unit_named(qtb.session, name)
        parent = unit_named(qtb.session, above) if above is not None else None
        with unit(qtb.session):
            set_above(qtb.session, below, parent, actor=who, now=clock.real())
        click.echo(say("cli.above_set", unit=below.name, above=parent.name if parent else say("cli.none")))


@users.command()
def set_up_link() -> None:
    """Print the one-time link that makes the first organiser of an empty system."""
    with opened() as qtb:
        with unit(qtb.session):
            token = accounts.set_up_link(qtb.session, now=clock.real())
        if token is None:
            stop(say("cli.not_empty"))
        _print_link(qtb, f"/setup/{token}")


def _set_active(person: str, email: str, *, is_active: bool) -> None:
    with opened() as qtb:
        who, found = organiser(qtb.session, email), account(qtb.session, person)
        with unit(qtb.session):
            accounts.set_active(qtb.session, found, is_active, actor=who, now=clock.real())
        click.echo(say("cli.enabled" if is_active else "cli.kept_out", email=found.email))


def _roles(person: Account) -> str:
    held = [one for one in person.memberships if one.ended_at is None and one.unit.is_active]
    return say("list.and").join(f"{say(f'role.{one.role}')}（{one.unit.name}）" for one in held)


def _print_link(qtb: Opened, path: str) -> None:
    base = qtb.app.config["BASE_URL"].rstrip("/") or say("cli.this_site")
    click.echo(say("cli.link", days=accounts.INVITATION_DAYS))
    click.echo(f"{base}{path}")
