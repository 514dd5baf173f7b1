"""A recommending unit's statistics and summary: filled with what the system knows, handed in once for the window."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from qtb import clock
from qtb.domain import decide, form_check
from qtb.domain.decide import Case
from qtb.domain.errors import Conflict, Denied, Invalid, Missing, NotNow, Reason
from qtb.domain.fields import FormSpec, WorksList
from qtb.domain.form_check import Checked, Known
from qtb.domain.roles import Actor
from qtb.domain.shapes import Text
from qtb.domain.timeline import Timeline
from qtb.services import notes
from qtb.services.answers import Incorrect
from qtb.services.merging import Clash, Filled, Merging, merging
from qtb.store import answers, audit, cycles, drafts, files, recommendations
from qtb.store import hand_ins as store
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.drafts import Place
from qtb.store.hand_ins import HandIn, HandInVersion
from qtb.store.unit import lock

# What the system says of a work, and what stands on its forms.
Listed = tuple[dict[str, Any], dict[str, dict[str, Any]]]
FAR = ("teams_registered", "teams_declared", "teams_recommended")  # what the steps after the start are called in forms


def said(session: Session, cycle: Cycle, unit_id: int) -> dict[str, Any]:
    """Return what the system says on a unit's forms: how many of its teams have come how far."""
    steps = cycle.definition.workflow.path[1 : len(FAR) + 1]
    reached = store.reached(session, cycle.id, unit_id, steps)
    return {"year": cycle.year, **dict(zip(FAR, (reached[state] for state in steps), strict=False))}


def refusal(
    cycle: Cycle, form: str, unit_id: int, *, times: Timeline, kept: HandIn | None, now: datetime
) -> Reason | None:
    """Return why a unit cannot fill or hand in a form now: its row is shut, or it is in already."""
    rule = cycle.definition.workflow.hand_ins.get(form)
    if rule is None:
        raise Missing("form")
    if kept is not None and kept.handed_at is not None:
        return Reason("handed_in", {"form": cycle.definition.forms[form].title, "at": kept.handed_at})
    case = _case(unit_id)
    return None if times.is_open(rule.during, case, now) else decide.shut(times, rule.during, case, now)


def proposed(session: Session, kept: HandIn) -> dict[str, Any]:
    """Return the values that a unit's form begins with."""
    return form_check.proposed(kept.cycle.definition.forms[kept.form], said(session, kept.cycle, kept.unit_id))


def listed(session: Session, cycle: Cycle, unit_id: int, spec: WorksList) -> list[Listed]:
    """Return a unit's recommended works by rank: what the system says of each, and the fields that the list shows."""
    order = {one: n for n, one in enumerate(recommendations.ranked(session, cycle, unit_id), 1)}
    works = store.works(session, cycle.id, unit_id, cycle.definition.workflow.path[len(FAR) :])
    forms = answers.of_many(session, [one.id for one in works])
    ranked = sorted(works, key=lambda one: (order.get(one.id, len(order) + 1), one.number))
    shown = {(column.form, column.field) for column in spec.columns}
    return [
        (
            # Ranks are those among what is listed: works still waiting or returned leave no gap.
            {"n": n, "rank": n if one.id in order else None, "number": one.number, "unit_name": one.unit.name},
            {
                form: {key: value for key, value in values.items() if (form, key) in shown}
                for form, values in forms[one.id].items()
            },
        )
        for n, one in enumerate(ranked, 1)
    ]


def until(cycle: Cycle, form: str, unit_id: int, *, times: Timeline) -> datetime:
    """Return until when a unit can hand a form in, with what was given to it."""
    return times.ends_at(cycle.definition.workflow.hand_ins[form].during, _case(unit_id))


def _case(unit_id: int) -> Case:
    return Case(0, "", unit_id, unit_id, 0, {})


def check(session: Session, cycle: Cycle, form: str, unit_id: int, raw: Mapping[str, Any], *, now: datetime) -> Checked:
    """Check a filled form, without storing it."""
    kept = store.of(session, cycle.id, unit_id).get(form)
    standing = files.answers(session, kept, form) if kept else {}
    known = Known({"team": _teams(session, cycle, unit_id)}, standing, said(session, cycle, unit_id))
    return form_check.check(cycle.definition.forms[form], raw, today=now.astimezone(clock.ZONE).date(), known=known)


def save(session: Session, *, cycle: Cycle, unit: Unit, filled: Filled, actor: Actor, now: datetime) -> HandIn:
    """Store a unit's form as filled so far, merged with what was saved since it was seen.

    Raises Incorrect, NotNow, Denied, Clash (two members changed the same).
    """
    kept = begun(session, cycle, unit, filled.form, actor=actor, now=now)
    spec, raw = cycle.definition.forms[filled.form], filled.raw
    checked = _right(session, kept, raw, now=now)
    merged = merging(spec, store.versions(session, kept.id), filled, checked.values, actor)
    if merged is not None:
        if merged.clashes:
            raise Clash(merged)
        checked = _right(session, kept, merged.values, now=now, merged=merged)
    _store(session, kept, checked, actor=actor, now=now, key=filled.key)
    if filled.ends_draft:
        drafts.drop(session, place(cycle, unit, filled.form), actor.user_id, keys=(filled.key, filled.takes))
    return kept


def place(cycle: Cycle, unit: Unit, form: str) -> Place:
    """Return where drafts of a unit's form are kept."""
    return Place(form, cycle.id, unit.id, is_hand_in=True)


def hand_in(session: Session, *, cycle: Cycle, unit: Unit, form: str, actor: Actor, now: datetime) -> HandIn:
    """Hand a unit's form in, signed by whoever does it; it is closed from then on. Raises as `save`."""
    kept = begun(session, cycle, unit, form, actor=actor, now=now)
    checked = check(session, cycle, form, unit.id, kept.values, now=now)  # what was right then may not be so now
    if labels := lacking(cycle.definition.forms[form], checked):
        raise Invalid("hand_in_incomplete", fields=tuple(labels))
    _store(session, kept, checked, actor=actor, now=now)
    kept.handed_at = now
    shown = cycle.definition.forms[form].works
    kept.works = listed(session, cycle, unit.id, shown) if shown else None
    _record(session, kept, "handed_in", actor=actor, now=now)
    return kept


def lacking(spec: FormSpec, checked: Checked) -> list[Text]:
    """Return the labels of the fields that a form still lacks before it can be handed in."""
    found = dict.fromkeys(key.partition(".")[0] for key in (*checked.missing, *checked.errors))
    return [spec.fields[key].label for key in found]


def reopen(session: Session, kept: HandIn, *, actor: Actor, now: datetime, reason: str) -> None:
    """Let a unit change what it has handed in: the organiser's act, with a reason."""
    if not actor.holds("organiser"):
        raise Denied("only_organiser")
    reason = notes.short(reason)
    if not reason:
        raise Invalid("reason_required")
    lock(session, kept)
    if kept.handed_at is None:
        raise Conflict("not_handed_in")
    kept.handed_at = kept.works = None
    _record(session, kept, "hand_in_reopened", actor=actor, now=now, role="organiser", note=reason)


def forms(cycle: Cycle) -> dict[str, FormSpec]:
    """Return the forms that units hand in for a year, in their order."""
    return {key: cycle.definition.forms[key] for key in cycle.definition.workflow.hand_ins}


def begun(session: Session, cycle: Cycle, unit: Unit, form: str, *, actor: Actor, now: datetime) -> HandIn:
    """Return a unit's form, held until the unit of work ends; made at first. Raises Denied, NotNow."""
    if unit.id not in actor.units.get(_by(cycle, form), ()):
        raise Denied("hand_in_unit")
    lock(session, unit)  # two members begin at once: the second finds what the first has made
    kept = store.of(session, cycle.id, unit.id).get(form)
    if kept is not None:
        lock(session, kept)
    reason = refusal(cycle, form, unit.id, times=cycles.timeline_of(session, cycle.id), kept=kept, now=now)
    if reason:
        raise NotNow((reason,))
    if kept is None:
        kept = HandIn(cycle_id=cycle.id, unit_id=unit.id, form=form, values={}, saved_at=now)
        session.add(kept)
        session.flush()
    return kept


def _right(
    session: Session, kept: HandIn, raw: Mapping[str, Any], *, now: datetime, merged: Merging | None = None
) -> Checked:
    checked = check(session, kept.cycle, kept.form, kept.unit_id, raw, now=now)
    if checked.errors:
        raise Incorrect(checked, merged)
    return checked


def _store(session: Session, kept: HandIn, checked: Checked, *, actor: Actor, now: datetime, key: str = "") -> None:
    """Let a checked form stand as its next version; one that changes nothing is none."""
    before = kept.values
    changes = {name: [before.get(name), value] for name, value in checked.values.items() if value != before.get(name)}
    kept.values, kept.saved_at = json.loads(json.dumps(checked.values)), now
    kept.is_complete = checked.complete
    if not changes:
        return
    kept.version += 1
    session.flush()
    about = {"number": kept.version, "account_id": actor.user_id, "request_key": key}
    session.add(HandInVersion(hand_in_id=kept.id, values=kept.values, saved_at=now, **about))
    _record(session, kept, "hand_in_saved", actor=actor, now=now, changes=changes)


def _record(
    session: Session, kept: HandIn, kind: str, *, actor: Actor, now: datetime, role: str = "", **more: Any
) -> None:
    """Add an entry to the unit's history."""
    about = {"form": kept.form, "cycle": kept.cycle.key, **more}
    audit.record(session, kept.unit, kind, actor=actor, now=now, role=role or _by(kept.cycle, kept.form), **about)


def _by(cycle: Cycle, form: str) -> str:
    rule = cycle.definition.workflow.hand_ins.get(form)
    if rule is None:
        raise Missing("form")
    return rule.by


def _teams(session: Session, cycle: Cycle, unit_id: int) -> set[int]:
    return {row.id for row in store.works(session, cycle.id, unit_id, cycle.definition.workflow.path[1:])}
