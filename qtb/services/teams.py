"""A team's history across years: who may read it, what it had, and the organiser's word that a renamed team is it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from qtb.domain.eligibility import Earlier, barred_by
from qtb.domain.errors import Conflict, Invalid, Missing
from qtb.domain.roles import Actor, is_party
from qtb.domain.rubric import Level
from qtb.services import notes
from qtb.services.cycles import only_organiser
from qtb.store import audit, lists, teams
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.teams import TeamLink
from qtb.store.unit import lock


def may_read(submission: Submission, actor: Actor) -> bool:
    """Tell whether somebody may read what the team did in earlier years: not who only judges it."""
    return any(is_party(role, actor, submission) for role in ("organiser", "applicant", "recommender"))


def earlier(session: Session, submission: Submission) -> Sequence[Submission]:
    """Return the team's entries in earlier years, latest first."""
    return teams.earlier(session, submission)


def level(submission: Submission) -> Level | None:
    """Return the level of an entry once it is published."""
    definition = submission.cycle.definition
    state = definition.workflow.states.get(submission.state)
    return definition.rubric.levels.get(submission.award_level) if state and state.listed else None


def levels(session: Session, submission: Submission) -> list[dict[str, Any]]:
    """Return the levels that the team has had, as the forms say them."""
    had = [one for one in earlier(session, submission) if level(one)]
    return [{"year": str(one.cycle.year), "title": one.title, "level": one.award_level} for one in had]


def held(session: Session, cycle: Cycle, ids: Collection[int]) -> dict[int, list[Earlier]]:
    """Return the levels that the teams of submissions still hold from earlier years of the programme, by submission.

    Under all their names. What was withdrawn or revoked since, and what is not published, is none.
    """
    found: dict[int, list[Earlier]] = defaultdict(list)
    programme = cycle.definition.workflow.programme.key
    for one, state, key, year in teams.awarded(session, ids):
        known = year.definition.workflow.states.get(state)
        if year.year < cycle.year and year.definition.workflow.programme.key == programme and known and known.listed:
            found[one].append(Earlier(year.year, key))
    return found


def cooling(session: Session, cycle: Cycle, ids: Collection[int]) -> dict[int, tuple[Level, Earlier]]:
    """Return the earlier level that bars a team from declaring in a year, by submission, if a rule is on that asks."""
    rules = (rule for rule in cycle.definition.eligibility.rules.values() if rule.on and rule.test)
    test = next((rule.test.cool_off for rule in rules if rule.test and rule.test.cool_off), None)
    if test is None or not ids:
        return {}
    barred = {one: barred_by(test, several, cycle.year) for one, several in held(session, cycle, ids).items()}
    levels = cycle.definition.rubric.levels
    return {one: (levels[by.level], by) for one, by in barred.items() if by and by.level in levels}


def link(
    session: Session, submission: Submission, earlier_id: int | None, *, reason: str, actor: Actor, now: datetime
) -> None:
    """Say that a submission's team was entered as another one before. Raises Invalid, Conflict, Missing."""
    only_organiser(actor)
    reason = notes.short(reason)
    if not reason:
        raise Invalid("reason_required")
    lock(session, session.get_one(Unit, submission.unit_id))  # two who join one team follow each other
    found = lists.find(session, earlier_id, actor) if earlier_id is not None else None
    if found is None:
        raise Missing("submission")
    _refuse_link(session, submission, found)
    session.add(
        TeamLink(
            unit_id=submission.unit_id, team_key=submission.team_key, earlier_unit_id=found.unit_id,
            earlier_key=found.team_key, earlier_name=found.team_name, reason=reason, linked_by=actor.user_id,
            linked_at=now,
        )
    )  # fmt: skip
    session.flush()
    changes = {"year": found.cycle.year, "number": found.number}
    audit.record(
        session, submission, "team_linked", actor=actor, now=now, role="organiser", note=reason, changes=changes
    )


def unlink(session: Session, submission: Submission, *, actor: Actor, now: datetime) -> None:
    """Take the organiser's word about an earlier name back."""
    only_organiser(actor)
    lock(session, session.get_one(Unit, submission.unit_id))
    found = teams.link_of(session, submission)
    if found is None:
        raise Conflict("team_not_linked")
    session.delete(found)
    session.flush()
    audit.record(session, submission, "team_unlinked", actor=actor, now=now, role="organiser")


def _refuse_link(session: Session, submission: Submission, found: Submission) -> None:
    own, other = (submission.unit_id, submission.team_key), (found.unit_id, found.team_key)
    if not submission.team_key or not found.team_key or found.cycle.year >= submission.cycle.year:
        raise Invalid("team_link_year")
    if own == other:
        raise Invalid("team_link_same")
    if teams.link_of(session, submission) is not None:
        raise Conflict("team_linked")
    if own in teams.names(session, found):
        raise Conflict("team_link_circle")
