"""Panels: who judges which categories of a year, who leads, and how many works one takes at most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.domain.errors import Conflict, Invalid
from qtb.domain.field_values import FieldError, clean
from qtb.domain.fields import Choice
from qtb.domain.roles import Actor
from qtb.services import judge_letters
from qtb.services.cycles import only_organiser
from qtb.store import accounts, audit
from qtb.store import panels as store
from qtb.store.accounts import Account
from qtb.store.cycles import Cycle
from qtb.store.panels import Panel, PanelMember
from qtb.store.unit import lock

MAX_TITLE = 60
MOST = 1_000


def categories(cycle: Cycle) -> Sequence[Choice]:
    """Return the categories of a programme: the choices of the field that fills the column."""
    fields = [field for form in cycle.definition.forms.values() for field in form.fields.values()]
    return next((field.choices for field in fields if field.column == "category"), [])


def save(
    session: Session, cycle: Cycle, panel: Panel | None, *, title: str, keys: Iterable[str], actor: Actor, now: datetime
) -> Panel:
    """Make a panel, or change its title and categories. A category belongs to one panel of a year."""
    only_organiser(actor)
    lock(session, cycle)
    title, chosen = _title(title), sorted(set(keys))
    if set(chosen) - {one.key for one in categories(cycle)}:
        raise Invalid("panel_category")
    for other in store.of_cycle(session, cycle.id):
        if other is panel:
            continue
        if other.title == title:
            raise Conflict("panel_title", title=title)
        if taken := set(other.categories) & set(chosen):
            labels = {one.key: one.label for one in categories(cycle)}
            raise Conflict("panel_taken", category=labels[min(taken)], title=other.title)
    before = [panel.title, panel.categories] if panel else None
    if panel is None:
        panel = Panel(cycle_id=cycle.id, created_at=now)
        session.add(panel)
    panel.title, panel.categories = title, chosen
    changes = {"panel": [before, [title, chosen]]}
    audit.record(session, cycle, "panel", actor=actor, now=now, role="organiser", changes=changes)
    return panel


def drop(session: Session, cycle: Cycle, panel: Panel, *, actor: Actor, now: datetime) -> None:
    """Dissolve a panel; what its members were given stays theirs."""
    only_organiser(actor)
    lock(session, cycle)
    lock(session, panel)
    changes = {"panel": [[panel.title, panel.categories], None]}
    session.delete(panel)
    audit.record(session, cycle, "panel", actor=actor, now=now, role="organiser", changes=changes)


def put(
    session: Session, panel: Panel, person: Account, *, cycle: Cycle, leads: bool, most: int | None, actor: Actor,
    now: datetime,
) -> PanelMember:  # fmt: skip
    """Put a judge into a panel, or say anew whether he leads it and how many works he takes at most."""
    only_organiser(actor)
    lock(session, cycle)
    if "evaluator" not in {one.role for one in accounts.memberships(session, person.id)}:
        raise Invalid("not_evaluator", name=person.name)
    if most is not None and not 0 <= most <= MOST:
        raise Invalid("panel_most", max=MOST)
    found = store.member(session, cycle.id, person.id)
    if found is not None and found.panel_id != panel.id:
        raise Conflict("panel_member", name=person.name, title=found.panel.title)
    if leads:
        for one in session.scalars(select(PanelMember).filter_by(panel_id=panel.id, is_leader=True)):
            one.is_leader = False
        session.flush()  # the database keeps one leader: the old one steps down first
    if found is None:
        found = PanelMember(panel_id=panel.id, cycle_id=cycle.id, account_id=person.id)
        session.add(found)
    named = leads and not found.is_leader
    found.is_leader, found.most = leads, most
    changes = {"panel": panel.title, "judge": person.id, "leads": leads, "most": most}
    audit.record(session, cycle, "panel", actor=actor, now=now, role="organiser", changes=changes)
    if named:
        judge_letters.leads(session, cycle, panel, person.id, now=now)
    return found


def take_out(session: Session, member: PanelMember, *, cycle: Cycle, actor: Actor, now: datetime) -> None:
    """Take a judge out of a panel; what he was given stays his."""
    only_organiser(actor)
    lock(session, cycle)
    changes = {"panel": member.panel.title, "left": member.account_id}
    session.delete(member)
    audit.record(session, cycle, "panel", actor=actor, now=now, role="organiser", changes=changes)


def _title(text: str) -> str:
    try:
        text = clean(text, lines=False)
    except FieldError as error:
        raise Invalid(error.reason.key, **error.reason.args) from None
    if not 0 < len(text) <= MAX_TITLE:
        raise Invalid("panel_named", max=MAX_TITLE)
    return text
