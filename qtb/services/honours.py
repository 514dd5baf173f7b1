"""Honours that a team won elsewhere, entered by its unit or the organiser, who verifies them: never a conflict."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from qtb import clock
from qtb.domain.errors import Conflict, Denied, Invalid, Missing
from qtb.domain.field_values import FieldError, clean
from qtb.domain.roles import Actor, is_party
from qtb.services.cycles import only_organiser
from qtb.store import audit, honours
from qtb.store.accounts import Unit
from qtb.store.honours import Honour
from qtb.store.submissions import Submission
from qtb.store.unit import lock

LEVELS = ("company", "district", "city", "national", "other")
FIRST_YEAR = 1949
MAX_TEXT = 60


def may_enter(submission: Submission, actor: Actor) -> bool:
    """Tell whether somebody may enter honours for a submission's team: its unit, and the organiser."""
    return bool(submission.team_key) and any(is_party(role, actor, submission) for role in ("organiser", "applicant"))


def enter(
    session: Session, submission: Submission, *, level: str, name: str, giver: str, year: int | None, actor: Actor,
    now: datetime,
) -> Honour:  # fmt: skip
    """Enter an honour; one that is there already is refused. Raises Denied, Invalid, Conflict."""
    role = _role(submission, actor)
    lock(session, session.get_one(Unit, submission.unit_id))  # of two clicks the second finds the first's
    name, giver = _text(name), _text(giver)
    if level not in LEVELS:
        raise Invalid("honour_level")
    if year is None or not FIRST_YEAR <= year <= now.astimezone(clock.ZONE).year:
        raise Invalid("honour_year", first=FIRST_YEAR, last=now.astimezone(clock.ZONE).year)
    there = honours.of_team(session, submission)
    if any((one.year, one.level, one.name) == (year, level, name) for one in there):
        raise Conflict("honour_there", name=name)
    made = Honour(
        unit_id=submission.unit_id, team_key=submission.team_key or "", level=level, name=name, giver=giver, year=year,
        entered_by=actor.user_id, entered_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    audit.record(session, submission, "honour", actor=actor, now=now, role=role, changes=_told(made))
    return made


def verify(session: Session, submission: Submission, honour_id: int, *, actor: Actor, now: datetime) -> None:
    """Say that an honour's evidence was seen. Raises Denied, Missing, Conflict."""
    only_organiser(actor)
    one = _held(session, submission, honour_id)
    if one.verified_at is not None:
        raise Conflict("honour_verified", at=one.verified_at)
    one.verified_by, one.verified_at = actor.user_id, now
    audit.record(
        session, submission, "honour_verified", actor=actor, now=now, role="organiser", changes=_told(one)
    )


def drop(session: Session, submission: Submission, honour_id: int, *, actor: Actor, now: datetime) -> None:
    """Take an honour out of the record; what the organiser has verified only the organiser takes out."""
    role = _role(submission, actor)
    one = _held(session, submission, honour_id)
    if one.verified_at is not None and role != "organiser":
        raise Denied("only_organiser")
    told = _told(one)
    session.delete(one)
    audit.record(session, submission, "honour_dropped", actor=actor, now=now, role=role, changes=told)


def _role(submission: Submission, actor: Actor) -> str:
    if not may_enter(submission, actor):
        raise Denied("not_yours")
    return next(role for role in ("organiser", "applicant") if is_party(role, actor, submission))


def _held(session: Session, submission: Submission, honour_id: int) -> Honour:
    """Return an honour of the submission's team as it is now, held with its unit. Raises Missing."""
    lock(session, session.get_one(Unit, submission.unit_id))
    session.expire_all()
    found = next((one for one in honours.of_team(session, submission) if one.id == honour_id), None)
    if found is None:
        raise Missing("honour")
    return found


def _text(text: str) -> str:
    try:
        text = clean(text, lines=False)
    except FieldError as error:
        raise Invalid(error.reason.key, **error.reason.args) from None
    if not 0 < len(text) <= MAX_TEXT:
        raise Invalid("honour_text", max=MAX_TEXT)
    return text


def _told(one: Honour) -> dict[str, object]:
    return {"honour": one.id, "level": one.level, "name": one.name, "giver": one.giver, "year": one.year}
