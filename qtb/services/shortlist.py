"""The shortlist of a year's presentation: proposed by the results, ticked by the organiser, confirmed as it was shown.

Who is on it is between the organiser and that applicant; nobody else learns of it before the results are published.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from qtb.domain import evidence, presentation
from qtb.domain.errors import Conflict, Invalid, Missing
from qtb.domain.presentation import Proposal
from qtb.domain.roles import Actor
from qtb.domain.rubric import Shortlist
from qtb.services import notes
from qtb.services.cycles import only_organiser
from qtb.services.results import Judged, standing
from qtb.store import assignments, audit, cycles, outbox
from qtb.store import presentation as store
from qtb.store.cycles import Cycle
from qtb.store.presentation import Presentation
from qtb.store.submissions import Submission

LISTED, STRUCK, CONFIRMED = "shortlisted", "unlisted", "shortlist"
INVITED, UNINVITED = "invited", "uninvited"  # letters


@dataclass(frozen=True, slots=True)
class Candidate:
    """A work that could present: its result, and whether it may be listed now, is proposed, tied, or listed."""

    work: Judged
    score: Decimal | None
    is_open: bool
    is_proposed: bool
    is_tied: bool
    is_listed: bool

    @property
    def id(self) -> int:
        """The submission."""
        return int(self.work.row.id)


@dataclass(frozen=True, slots=True)
class Board:
    """What the organiser decides on: the arithmetic, and the works in the order of their results."""

    rule: Shortlist
    proposal: Proposal
    candidates: tuple[Candidate, ...]
    n_pending: int  # works whose evaluation still runs

    @property
    def listed(self) -> set[int]:
        """Who is on the shortlist."""
        return {one.id for one in self.candidates if one.is_listed}

    @property
    def proposed(self) -> set[int]:
        """Who is proposed and may be listed now."""
        return {one.id for one in self.candidates if one.is_proposed and one.is_open}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a confirmation would do, and a digest by which it is recognised when it is done."""

    chosen: frozenset[int]
    added: tuple[Candidate, ...]
    struck: tuple[Candidate, ...]
    by_hand: tuple[Candidate, ...]  # where it differs from the proposal
    digest: str


def rule_of(cycle: Cycle) -> Shortlist:
    """Return a year's rule of who presents. Raises Missing where nothing is presented."""
    rule = cycle.definition.rubric.shortlist
    if rule is None:
        raise Missing("shortlist")
    return rule


def board(session: Session, cycle: Cycle) -> Board:
    """Return what is proposed as the results stand, and who is listed."""
    rule, states = rule_of(cycle), cycle.definition.workflow.states
    listed = {one.submission_id for one in store.slots(session, cycle.id)}
    # What has ended (withdrawn, lapsed) or is eliminated is no valid work; one that is listed is shown all the same.
    found_works = standing(session, cycle).works
    alive = [one for one in found_works if states[one.row.state].kind != "end" and not one.row.eliminated]
    scores = {one.row.number: _score(one, rule) for one in alive}
    found = presentation.propose(scores, rule)
    candidates = [
        Candidate(
            one, scores[one.row.number], states[one.row.state].decided, one.row.number in found.chosen,
            one.row.number in found.tied, one.row.id in listed,
        )
        for one in alive
    ]  # fmt: skip
    candidates.sort(key=lambda one: (one.score is None, -(one.score or 0), one.work.row.number))
    pending = [one for one in alive if states[one.row.state].judged and not states[one.row.state].decided]
    return Board(rule, found, tuple(candidates), len(pending))


def plan(found: Board, chosen: Collection[int]) -> Plan:
    """Return what confirming these works would do. Raises Missing, Invalid (nobody), Conflict (not to be listed)."""
    wanted = set(chosen)
    known = {one.id: one for one in found.candidates}
    if wanted - set(known):
        raise Missing("submission")
    if not wanted:
        raise Invalid("shortlist_nobody")
    for one in (known[key] for key in sorted(wanted)):
        if not one.is_open and not one.is_listed:
            raise Conflict("shortlist_not_open", number=one.work.row.number)
    in_order = found.candidates
    added = tuple(one for one in in_order if one.id in wanted and not one.is_listed)
    struck = tuple(one for one in in_order if one.id not in wanted and one.is_listed)
    by_hand = tuple(one for one in in_order if (one.id in wanted) != (one.id in found.proposed))
    told = [f"{one.id} {one.score} {one.is_listed} {one.is_proposed} {one.id in wanted}" for one in in_order]
    return Plan(frozenset(wanted), added, struck, by_hand, evidence.digest("\n".join(told)))


def confirm(
    session: Session, cycle: Cycle, chosen: Collection[int], *, shown: str, reason: str, actor: Actor, now: datetime
) -> int:
    """Let these works be the shortlist, as it was shown; return how many changed.

    Raises Conflict when anything has changed since or nothing would, Invalid where ticks by hand lack their reason.
    """
    only_organiser(actor)
    reason = notes.short(reason)
    cycles.hold(session, cycle)
    assignments.hold(session, judges=(), works=[one.id for one in board(session, cycle).candidates])
    found = board(session, cycle)
    asked = plan(found, chosen)
    if not asked.added and not asked.struck:
        raise Conflict("shortlist_same")
    if asked.digest != shown:
        raise Conflict("shortlist_changed")
    if asked.by_hand and not reason:
        raise Invalid("shortlist_reason", n=len(asked.by_hand))
    made = _round(session, cycle, actor=actor, now=now)
    store.enlist(session, cycle.id, [one.id for one in asked.added], now=now)
    store.strike(session, [one.id for one in asked.struck])
    _tell(session, made, asked, actor=actor, now=now)
    _note(session, cycle, found, asked, reason, actor=actor, now=now)
    return len(asked.added) + len(asked.struck)


def _score(one: Judged, rule: Shortlist) -> Decimal | None:
    result = one.results.get(rule.after)
    return result.mean if result is not None and result.is_result else None


def _round(session: Session, cycle: Cycle, *, actor: Actor, now: datetime) -> Presentation:
    """Return the year's round, made at the first confirmation; each act on it makes what was shown before stale."""
    rule, made = rule_of(cycle), store.of(session, cycle.id)
    if made is None:
        made = Presentation(
            cycle_id=cycle.id, version=0, confirmed_at=now, n_draws=0, minutes=rule.minutes, questions=rule.questions,
            breaks=[], drawn=[], seed="", place="",
        )  # fmt: skip
        session.add(made)
    made.version, made.confirmed_at, made.confirmed_by = made.version + 1, now, actor.user_id
    session.flush()
    return made


def _tell(session: Session, made: Presentation, asked: Plan, *, actor: Actor, now: datetime) -> None:
    told = [(asked.added, LISTED, INVITED), (asked.struck, STRUCK, UNINVITED)]
    cycle_id, version = made.cycle_id, made.version
    for works, kind, letter in told:
        for one in works:
            row = session.get_one(Submission, one.id)
            audit.record(session, row, kind, actor=actor, now=now, role="organiser")
            key = f"presentation:{cycle_id}:{version}:{one.id}:{letter}"
            outbox.post(session, key, "", one.id, letter, "applicant", now=now)


def _note(
    session: Session, cycle: Cycle, found: Board, asked: Plan, reason: str, *, actor: Actor, now: datetime
) -> None:
    """Keep the arithmetic and what was changed by hand, so that it can be reckoned again later."""
    sums = found.proposal
    changes = {
        "valid": sums.n_valid, "percent": str(sums.percent), "places": sums.n_places,
        "min_score": str(sums.min_score), "proposed": list(sums.chosen), "tied": list(sums.tied),
        "added": _numbers(asked.added), "struck": _numbers(asked.struck), "by_hand": _numbers(asked.by_hand),
    }  # fmt: skip
    audit.record(session, cycle, CONFIRMED, actor=actor, now=now, role="organiser", changes=changes, note=reason)


def _numbers(works: Sequence[Candidate]) -> list[str]:
    return [one.work.row.number for one in works]
