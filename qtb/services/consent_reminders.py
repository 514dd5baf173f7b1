"""Writing once more to the guiding bodies that have not consented, by hand and once a day."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy.orm import Session

from qtb import clock
from qtb.domain.errors import Conflict, Invalid
from qtb.domain.roles import UNIT_KINDS, Actor
from qtb.services import consents
from qtb.services.cycles import only_organiser
from qtb.store import audit, cycles
from qtb.store import consents as store
from qtb.store.consents import Consent, Laying

REMINDED = "consent_reminded"


def remind(session: Session, row: Laying, body: int, *, actor: Actor, now: datetime) -> int:
    """Write to a body's people once more; return to how many.

    Raises Denied, Conflict (it is waited for no more, it was written to today), Invalid where it has no people.
    """
    only_organiser(actor)
    role = consents.rule_of(row.cycle)
    cycles.exclude(session, row.cycle_id)
    session.refresh(row)
    mine = session.get(Consent, (row.id, body), populate_existing=True)
    if mine is None or row.ended_at is not None or not mine.is_lacking:
        raise Conflict("consent_over")
    people, day = store.bodies(session, role, UNIT_KINDS[role]).get(body, []), now.astimezone(clock.ZONE).date()
    if not people:
        raise Invalid("consent_nobody")
    if store.is_written_to(session, body, since=datetime.combine(day, time(), clock.ZONE), letter=consents.ASKED):
        raise Conflict("consent_reminded")
    for one in people:
        letter = consents.letter(row, consents.ASKED, role, now, body, one)
        letter.key += f":{day}"
        session.add(letter)
    session.flush()
    audit.record(session, row.cycle, REMINDED, actor=actor, now=now, role="organiser", laying=row.id, unit=body)
    return len(people)
