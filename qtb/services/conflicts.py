"""Conflicts of interest: found in what is known, declared by judges and the organiser, and in the way of a sheet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from qtb.domain import conflicts
from qtb.domain.errors import Conflict, Denied, Invalid, Reason
from qtb.domain.roles import UNIT_KINDS, Actor
from qtb.services import notes
from qtb.services.cycles import only_organiser
from qtb.store import audit
from qtb.store import conflicts as store
from qtb.store.accounts import Account, Unit
from qtb.store.conflicts import Declared
from qtb.store.submissions import Submission
from qtb.store.unit import lock

MAX_REASON = 500


def of(session: Session, evaluator: Account, submission: Submission) -> tuple[Reason, ...]:
    """Return why a person may not judge a work; empty where nothing is known against it."""
    judge = store.judges(session, [evaluator.id])[evaluator.id]
    work = store.works(session, [submission.id])[submission.id]
    return worded(conflicts.between(judge, work), evaluator.name)


def against(session: Session, submission: Submission, people: Iterable[Account]) -> dict[int, tuple[str, ...]]:
    """Return the keys of the conflicts that people have with a work, by person; who has none is left out."""
    known = store.judges(session, [one.id for one in people])
    work = store.works(session, [submission.id])[submission.id]
    return {key: found for key, judge in known.items() if (found := conflicts.between(judge, work))}


def worded(keys: Iterable[str], name: str) -> tuple[Reason, ...]:
    """Return conflicts as reasons of a refusal."""
    return tuple(Reason(f"conflict_{key}", {"name": name}) for key in keys)


def declare(
    session: Session, person: Account, about: Unit | Submission, *, reason: str, actor: Actor, now: datetime,
    clears: bool = False,
) -> Declared:  # fmt: skip
    """Keep that a person may not judge a work, or any work of a unit. The person itself or the organiser declares.

    With `clears` the organiser keeps that the name on a work's forms is somebody else's.
    """
    if actor.user_id != person.id or clears:
        only_organiser(actor)
    reason = reason_of(reason)
    if isinstance(about, Unit) and about.kind == UNIT_KINDS["organiser"]:
        raise Invalid("conflict_unit")
    if isinstance(about, Unit) and clears:
        raise Invalid("conflict_about")
    lock(session, person)
    found = Declared(
        account_id=person.id, reason=reason, declared_by=actor.user_id, declared_at=now,
        unit_id=about.id if isinstance(about, Unit) else None,
        submission_id=about.id if isinstance(about, Submission) else None, clears=clears,
    )  # fmt: skip
    session.add(found)
    changes = {"unit": found.unit_id} if found.unit_id else {"submission": found.submission_id}
    kind = "namesake" if clears else "conflict"
    audit.record(session, person, kind, actor=actor, now=now, note=reason, changes=changes)
    return found


def end(session: Session, declared: Declared, *, actor: Actor, now: datetime) -> None:
    """Let a declared conflict stand in the way no longer; only the organiser judges that."""
    only_organiser(actor)
    lock(session, declared.account)
    lock(session, declared)
    if declared.ended_at is not None:
        raise Conflict("conflict_ended", at=declared.ended_at)
    declared.ended_at = now
    changes = {"unit": declared.unit_id, "submission": declared.submission_id}
    audit.record(session, declared.account, "conflict_ended", actor=actor, now=now, role="organiser", changes=changes)


def reason_of(text: str) -> str:
    """Return a reason as it is kept. Raises Invalid where there is none or it is too long."""
    text = notes.text(text, MAX_REASON)
    if not text:
        raise Invalid("conflict_reason")
    return text


def only_own(person_id: int, actor: Actor) -> None:
    """Raise Denied for anybody but the person."""
    if actor.user_id != person_id:
        raise Denied("not_yours")
