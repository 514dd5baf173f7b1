"""Recording who reads results that are not public yet: before they are shown, so what cannot be recorded is not."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from qtb.domain.definition import Definition
from qtb.domain.roles import Actor
from qtb.store.cycles import Cycle
from qtb.store.reads import Read
from qtb.store.submissions import Submission

Subject = Cycle | Submission


def undecided(definition: Definition) -> list[str]:
    """Return the states whose works have scores or levels that nobody outside may learn of."""
    return [key for key, state in definition.workflow.states.items() if state.judged or state.decided]


def is_undecided(session: Session, subject: Subject) -> bool:
    """Tell whether a work, or any work of a year, has scores or levels that are not public."""
    if isinstance(subject, Submission):
        return subject.state in undecided(subject.cycle.definition)
    here = Submission.cycle_id == subject.id, Submission.state.in_(undecided(subject.definition))
    return bool(session.scalar(select(exists().where(*here))))


def record(session: Session, subject: Subject, what: str, *, actor: Actor, now: datetime) -> None:
    """Record that somebody reads the scores or levels of a work or of a year."""
    work = subject if isinstance(subject, Submission) else None
    session.add(
        Read(
            cycle_id=work.cycle_id if work else subject.id, submission_id=work.id if work else None,
            account_id=actor.user_id, what=what, address=actor.address[:60], at=now,
        )
    )  # fmt: skip
