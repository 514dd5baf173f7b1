"""`qtb panel`: the panels of a year, as the organiser's page has them."""

from __future__ import annotations

import json
from typing import Any

import click

from qtb.cli.commands import Group, lang, say
from qtb.cli.context import as_option, opened, organiser, table
from qtb.cli.context import cycle as cycle_of
from qtb.cli.eligibility import FORMAT
from qtb.domain.errors import Missing
from qtb.services import panels as service
from qtb.store import panels as store
from qtb.store.panels import Panel


@click.group(cls=Group)
def panel() -> None:
    """See the panels of a year."""


@panel.command("list")
@click.argument("cycle")
@FORMAT
@as_option
def list_(cycle: str, shape: str, email: str) -> None:
    """List a year's panels: categories, leader, how many judges and works."""
    with opened() as qtb:
        organiser(qtb.session, email)
        year = cycle_of(qtb.session, cycle)
        loads, labels = store.loads(qtb.session, year.id), {one.key: one.label for one in service.categories(year)}
        found = [_told(one, loads) for one in store.of_cycle(qtb.session, year.id)]
    if shape == "json":
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    heads = [say(f"panel.{name}") for name in ("name", "categories", "leader")] + [say("cli.judges"), say("panel.load")]
    lines = []
    for one in found:
        named = ", ".join(labels[key].get(lang()) if key in labels else key for key in one["categories"])
        leader = next((member["name"] for member in one["members"] if member["leads"]), "–")
        load = sum(member["works"] for member in one["members"])
        lines.append([one["title"], named or "–", leader, str(len(one["members"])), str(load)])
    table(heads, lines)


@panel.command()
@click.argument("cycle")
@click.argument("title")
@FORMAT
@as_option
def show(cycle: str, title: str, shape: str, email: str) -> None:
    """Show a panel's judges, each with the works given and the limit."""
    with opened() as qtb:
        organiser(qtb.session, email)
        year = cycle_of(qtb.session, cycle)
        found = named(store.of_cycle(qtb.session, year.id), title)
        told = _told(found, store.loads(qtb.session, year.id))
    if shape == "json":
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    heads = [say(f"panel.{name}") for name in ("judge", "leader", "load", "most")]
    yes_no = {True: say("form.yes"), False: say("form.no")}
    table(heads, [[f"{one['name']} <{one['email']}>", yes_no[one["leads"]], str(one["works"]),
                   say("panel.no_limit") if one["most"] is None else str(one["most"])]
                  for one in told["members"]])  # fmt: skip


def named(panels: Any, title: str) -> Panel:
    """Return the panel with a title. Raises Missing."""
    found: Panel | None = next((one for one in panels if one.title == title.strip()), None)
    if found is None:
        raise Missing("panel")
    return found


def _told(one: Panel, loads: Any) -> dict[str, Any]:
    members = [
        {"name": member.account.name, "email": member.account.email, "leads": member.is_leader, "most": member.most,
         "works": loads.get(member.account_id, 0)} for member in one.members
    ]  # fmt: skip
    return {"id": one.id, "title": one.title, "categories": one.categories, "members": members}
