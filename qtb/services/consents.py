"""The guiding bodies' check before the publication: the levels are laid before them, and wait until all consent.

While it lies there no level changes, so what they consent to is what is published; taken back, its works wait on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from qtb.domain import evidence
from qtb.domain.errors import Conflict, Denied, Invalid, Missing
from qtb.domain.roles import UNIT_KINDS, Actor
from qtb.domain.shapes import Key
from qtb.services import notes
from qtb.services.cycles import only_organiser
from qtb.services.results import Judged, Standing, standing
from qtb.store import audit, cycles
from qtb.store import consents as store
from qtb.store.consents import Consent, Laying
from qtb.store.cycles import Cycle
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import lock

LAID, GIVEN, REFUSED = "consent_laid", "consent_given", "consent_refused"
WAIVED, TAKEN_BACK = "consent_waived", "consent_back"
MOST_NAMED = 10
HELD = "consent_held"  # the fact by which moves of the clock wait
ASKED, ANSWERED = "consent_asked", "consent_answered"  # letters


def rule_of(cycle: Cycle) -> Key:
    """Return the role of the bodies that a year is laid before. Raises Missing where its programme asks nobody."""
    rule = cycle.definition.workflow.consent
    if rule is None:
        raise Missing("http_404")
    return rule.by


def laid(session: Session, cycle_id: int) -> Laying | None:
    """Return the list that lies before the bodies now."""
    found = store.latest(session, cycle_id)
    return found if found is not None and found.ended_at is None else None


def refuse_laid(session: Session, cycle: Cycle) -> None:
    """Raise Conflict while a year's list lies before the bodies: no level changes meanwhile. The year is held.

    A list of which all is published, or has left, lies before nobody any more.
    """
    row = laid(session, cycle.id) if cycle.definition.workflow.consent else None
    if row is not None and store.n_ahead(session, row):
        raise Conflict("consent_laid")


def refuse_losing(session: Session, work: Submission, to_state: Key) -> None:
    """Raise Conflict where a work would lose, in another state, a level that lies before the bodies. The year is held.

    Nothing is asked where it has none to lose: whoever reads the refusal would learn what is proposed.
    """
    is_ahead = work.cycle.definition.workflow.states[work.state].decided
    if is_ahead and work.award_level and not work.eliminated and not keeps_level(work.cycle, work.state, to_state):
        refuse_laid(session, work.cycle)


def keeps_level(cycle: Cycle, from_state: Key, to_state: Key) -> bool:
    """Tell whether a work that is put into a state by hand keeps its level; else it needs a decision of its own.

    What was published and is put back is decided anew: the clock would publish it again at once as it was.
    """
    states = cycle.definition.workflow.states
    return states[to_state].listed or (states[to_state].decided and states[from_state].decided)


def lay(session: Session, cycle: Cycle, *, actor: Actor, now: datetime) -> Laying:
    """Lay a year's levels before the bodies and tell their people.

    Raises Denied, Missing, Conflict (laid already, works judged still or undecided), Invalid where there is nobody.
    """
    only_organiser(actor)
    role = rule_of(cycle)
    cycles.exclude(session, cycle.id)  # whoever gives a level shares this lock: none is given beside it
    session.refresh(cycle)
    refuse_laid(session, cycle)
    works = _decided(cycle, standing(session, cycle))
    asked = store.bodies(session, role, UNIT_KINDS[role])
    if not asked:
        raise Invalid("consent_nobody")
    row = Laying(
        cycle_id=cycle.id, works=works, digest=evidence.digest(repr(works)), laid_by=actor.user_id, laid_at=now,
        consents=[Consent(unit_id=one) for one in asked],
    )  # fmt: skip
    session.add(row)
    session.flush()
    _record(session, row, LAID, actor=actor, now=now, role="organiser", digest=row.digest, n=len(works))
    session.add_all(letter(row, ASKED, role, now, body, one) for body, members in asked.items() for one in members)
    settle(session, cycle)
    return row


def answer(
    session: Session, row: Laying, body: int, agrees: bool, *, note: str, actor: Actor, now: datetime
) -> None:
    """Let a body consent, or say with a note why not; who did not may consent later, a consent stands.

    Raises Denied for anybody but its people, Invalid without the note, Conflict where it has consented or all is over.
    """
    role = rule_of(row.cycle)
    if body not in actor.units.get(role, ()):
        raise Denied("only_body")
    note = notes.short(note)
    if not agrees and not note:
        raise Invalid("reason_required")
    mine = _held(session, row, body)
    if mine.agrees:
        raise Conflict("consent_given", at=mine.answered_at)
    if store.n_ahead(session, row) == 0:
        raise Conflict("consent_late")
    mine.agrees, mine.note, mine.answered_by, mine.answered_at = agrees, note, actor.user_id, now
    session.flush()
    _record(session, row, GIVEN if agrees else REFUSED, actor=actor, now=now, role=role, note=note, unit=body)
    told = letter(row, ANSWERED, "organiser", now, body, None)
    told.key += f":{row.cycle.version}"
    session.add(told)
    settle(session, row.cycle)


def waive(session: Session, row: Laying, body: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Go on without a body that has not consented, with a reason. Raises Denied, Invalid, Conflict."""
    only_organiser(actor)
    reason = notes.short(reason)
    if not reason:
        raise Invalid("reason_required")
    mine = _held(session, row, body)
    if not mine.is_lacking:
        raise Conflict("consent_over")
    mine.waived_at, mine.waived_reason = now, reason
    session.flush()
    _record(session, row, WAIVED, actor=actor, now=now, role="organiser", note=reason, unit=body)
    settle(session, row.cycle)


def waits_from(session: Session, cycle: Cycle) -> datetime | None:
    """Return the instant from which the publication waits for whoever has not consented."""
    workflow, times = cycle.definition.workflow, cycles.timeline_of(session, cycle.id)
    rules = [workflow.transitions[key] for key in workflow.clocked()]
    edges = [rule.at for rule in rules if rule.at and HELD in {guard.fact for guard in rule.when}]
    return min((times.fixed_at(edge) for edge in edges if edge.row in times.rows), default=None)


def take_back(session: Session, row: Laying, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take a list back, so that levels may change; its works wait on until it is laid anew.

    Raises Denied, Invalid, Conflict where it was taken back already or nothing of it is ahead any more.
    """
    only_organiser(actor)
    reason = notes.short(reason)
    if not reason:
        raise Invalid("reason_required")
    _hold(session, row)
    if store.n_ahead(session, row) == 0:
        raise Conflict("consent_spent")
    row.ended_at = now
    session.flush()
    _record(session, row, TAKEN_BACK, actor=actor, now=now, role="organiser", note=reason)
    settle(session, row.cycle)


def before(session: Session, actor: Actor) -> Sequence[Laying]:
    """Return the lists that lie before the bodies of a person, the latest year first."""
    held = sorted({unit for units in actor.units.values() for unit in units})
    found = store.of_bodies(session, held)
    rules = {one.id: one.cycle.definition.workflow.consent for one in found}  # one adopted since may ask nobody
    return [one for one in found if (rule := rules[one.id]) is not None and rule.by in actor.units]


def is_held(session: Session, cycle: Cycle) -> bool:
    """Tell whether the publication of a year's decided works waits for a consent, as its last list stands now."""
    row = store.latest(session, cycle.id) if cycle.definition.workflow.consent else None
    if row is None:
        return False
    session.expire(row, ["consents"])  # read anew: others may have answered since this unit first looked
    return row.ended_at is not None or row.n_lacking > 0


def settle(session: Session, cycle: Cycle) -> None:
    """Bring the works' fact up to date, in the unit that changed a list, an answer or the rule."""
    session.flush()
    if store.latest(session, cycle.id) is not None:
        store.hold_back(session, cycle.id, is_held(session, cycle))


def _decided(cycle: Cycle, found: Standing) -> list[dict[str, Any]]:
    """Return each work that will be published, as it is laid. Raises Conflict while any of them is undecided."""
    states, levels = cycle.definition.workflow.states, cycle.definition.rubric.levels
    works = [work for work in found.works if states[work.row.state].decided]
    judged = [key for key, state in states.items() if state.judged and not state.decided]
    open_ = [work for work in found.works if work.row.state in judged and not work.row.eliminated]
    for key, lacking in (("unfinished", open_), ("undecided", [work for work in works if not work.row.award_level])):
        if lacking:
            raise Conflict(f"consent_{key}", n=len(lacking), numbers=tuple(_named(lacking)))
    if not works:
        raise Conflict("consent_nothing")
    order = {level: n for n, level in enumerate(levels)}
    told = sorted(works, key=lambda work: (order.get(work.row.award_level, len(order)), work.row.number))
    return [
        {
            "number": work.row.number, "team": work.row.team_name, "title": work.row.title, "unit": work.row.unit_name,
            "category": work.row.category, "score": str(work.score) if work.score is not None else "",
            "level": work.row.award_level,
        }
        for work in told
    ]  # fmt: skip


def _named(works: Sequence[Judged]) -> list[str]:
    numbers = [work.row.number for work in works]
    return numbers if len(numbers) <= MOST_NAMED else [*numbers[:MOST_NAMED], "…"]


def _hold(session: Session, row: Laying) -> None:
    cycles.exclude(session, row.cycle_id)
    lock(session, row)
    if row.ended_at is not None:
        raise Conflict("consent_back", at=row.ended_at)


def _held(session: Session, row: Laying, body: int) -> Consent:
    _hold(session, row)
    mine = session.get(Consent, (row.id, body), populate_existing=True)
    if mine is None:
        raise Missing("http_404")
    return mine


def letter(row: Laying, name: str, to: str, now: datetime, body: int, account: int | None) -> Outbox:
    """Return a letter about a list to a body's person, or about a body to a role."""
    key = f"{name}:{row.id}:{body}:{account or ''}"
    return Outbox(
        key=key, batch_id="", cycle_id=row.cycle_id, unit_id=body, account_id=account, effect="mail", letter=name,
        to_role=to, created_at=now, next_at=now,
    )  # fmt: skip


def _record(session: Session, row: Laying, kind: str, *, actor: Actor, now: datetime, role: str, **more: Any) -> None:
    audit.record(session, row.cycle, kind, actor=actor, now=now, role=role, laying=row.id, **more)
