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
from qtb.domain.fields import FormSpec
from qtb.domain.form_check import Checked, Known
from qtb.domain.roles import Actor
from qtb.domain.timeline import Timeline
from qtb.services import notes
from qtb.services.answers import Incorrect
from qtb.store import audit, cycles
from qtb.store import hand_ins as store
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.hand_ins import HandIn
from qtb.store.unit import lock

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
    case = Case(0, "", unit_id, unit_id, 0, {})
    return None if times.is_open(rule.during, case, now) else decide.shut(times, rule.during, case, now)


def check(session: Session, cycle: Cycle, form: str, unit_id: int, raw: Mapping[str, Any], *, now: datetime) -> Checked:
    """Check a filled form, without storing it."""
    known = Known({"team": _teams(session, cycle, unit_id)}, said=said(session, cycle, unit_id))
    return form_check.check(cycle.definition.forms[form], raw, today=now.astimezone(clock.ZONE).date(), known=known)


def save(
    session: Session, *, cycle: Cycle, unit: Unit, form: str, raw: Mapping[str, Any], actor: Actor, now: datetime,
    seen: int | None = None,
) -> HandIn:  # fmt: skip
    """Store a unit's form as filled so far. Raises Incorrect, NotNow, Denied, Conflict (somebody else saved it)."""
    kept = _mine(session, cycle, unit, form, actor=actor, now=now)
    if seen is not None and seen != kept.version:
        raise Conflict("stale")
    checked = check(session, cycle, form, unit.id, raw, now=now)
    if checked.errors:
        raise Incorrect(checked)
    before = kept.values
    changes = {key: [before.get(key), value] for key, value in checked.values.items() if value != before.get(key)}
    kept.values, kept.saved_at = json.loads(json.dumps(checked.values)), now
    kept.is_complete = checked.complete
    kept.version += 1
    _record(session, kept, "hand_in_saved", actor=actor, now=now, changes=changes)
    return kept


def hand_in(session: Session, *, cycle: Cycle, unit: Unit, form: str, actor: Actor, now: datetime) -> HandIn:
    """Hand a unit's form in, signed by whoever does it; it is closed from then on. Raises as `save`."""
    kept = _mine(session, cycle, unit, form, actor=actor, now=now)
    checked = check(session, cycle, form, unit.id, kept.values, now=now)  # what was right then may not be so now
    if not checked.complete:
        spec = cycle.definition.forms[form].fields
        lacking = dict.fromkeys(key.partition(".")[0] for key in (*checked.missing, *checked.errors))
        raise Invalid("hand_in_incomplete", fields="、".join(spec[key].label.zh for key in lacking))
    kept.values, kept.is_complete, kept.handed_at = json.loads(json.dumps(checked.values)), True, now
    kept.version += 1
    _record(session, kept, "handed_in", actor=actor, now=now)
    return kept


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
    kept.handed_at = None
    kept.version += 1
    _record(session, kept, "hand_in_reopened", actor=actor, now=now, role="organiser", note=reason)


def forms(cycle: Cycle) -> dict[str, FormSpec]:
    """Return the forms that units hand in for a year, in their order."""
    return {key: cycle.definition.forms[key] for key in cycle.definition.workflow.hand_ins}


def _mine(session: Session, cycle: Cycle, unit: Unit, form: str, *, actor: Actor, now: datetime) -> HandIn:
    """Return a unit's form, held until the unit of work ends; made at first."""
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
