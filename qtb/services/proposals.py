"""Levels for a whole year at once: proposed as the ranking says, shown before it is done, and taken back as a whole.

A proposal takes effect at the publication instant and not before; until then nobody outside the organiser learns of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from sqlalchemy.orm import Session

from qtb.domain import evidence
from qtb.domain.errors import Conflict, Invalid
from qtb.domain.roles import Actor
from qtb.services import consents
from qtb.services.cycles import only_organiser
from qtb.services.results import Judged, Standing, standing
from qtb.store import audit, cycles, eliminations
from qtb.store import results as store
from qtb.store.audit import Entry
from qtb.store.cycles import Cycle
from qtb.store.history import History

PROPOSED, TAKEN_BACK = "levels_proposed", "levels_taken_back"


@dataclass(frozen=True, slots=True)
class Change:
    """One work whose level would change, from what to what ("" for undecided)."""

    work: Judged
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be proposed, and a digest by which it is recognised when it is done."""

    changes: tuple[Change, ...]
    tied: tuple[Judged, ...]  # left to the leaders
    unresolved: tuple[Judged, ...]  # too few valid scores for a result
    own: tuple[Judged, ...]  # decided alone, otherwise than the ranking says: left as they are
    digest: str


def plan(cycle: Cycle, found: Standing) -> Plan:
    """Return what the ranking proposes for the works that may be decided now."""
    states = cycle.definition.workflow.states
    open_ = [work for work in found.works if states[work.row.state].decided]
    tied = tuple(work for work in open_ if work.place.is_tied and not work.row.own)
    apart = [(work, work.ranked) for work in open_ if work.ranked not in (None, work.row.award_level)]
    changes = [Change(work, work.row.award_level, after) for work, after in apart if after and not work.row.own]
    told = "\n".join(f"{one.work.row.id} {one.work.score} {one.before} {one.after}" for one in changes)
    lacking = tuple(work for work in open_ if work.score is None and not work.row.eliminated and not work.row.own)
    own = tuple(work for work, _ in apart if work.row.own)
    return Plan(tuple(changes), tied, lacking, own, evidence.digest(told))


def propose_all(session: Session, cycle: Cycle, *, shown: str, actor: Actor, now: datetime) -> int:
    """Propose all levels as they were shown; return how many. Raises Conflict when anything has changed since."""
    only_organiser(actor)
    cycles.hold(session, cycle)
    consents.refuse_laid(session, cycle)
    ids = [work.row.id for work in standing(session, cycle).works]
    store.hold(session, ids)
    asked = plan(cycle, standing(session, cycle))
    if asked.digest != shown:
        raise Conflict("levels_changed")
    if not asked.changes:
        raise Invalid("levels_nothing")
    by_pair: dict[tuple[str, str], list[Change]] = {}
    for one in asked.changes:
        by_pair.setdefault((one.before, one.after), []).append(one)
    held = consents.is_held(session, cycle)
    batches = [
        _give(session, changes, *pair, held, actor=actor, now=now)
        for pair, changes in sorted(by_pair.items(), key=itemgetter(0))
    ]
    _note(session, cycle, PROPOSED, batches, len(asked.changes), actor=actor, now=now)
    return len(asked.changes)


def last(session: Session, cycle: Cycle) -> History | None:
    """Return the latest proposal for the whole year that has not been taken back."""
    for row, _ in audit.entries(session, "cycle", cycle.id):
        if row.kind in (PROPOSED, TAKEN_BACK):
            return row if row.kind == PROPOSED else None
    return None


def take_back(session: Session, cycle: Cycle, *, actor: Actor, now: datetime) -> int:
    """Take the latest proposal for the whole year back; return how many works have their former level again.

    A work that was published or decided otherwise since keeps what it has. Raises Conflict where there is nothing.
    """
    only_organiser(actor)
    cycles.hold(session, cycle)
    consents.refuse_laid(session, cycle)
    row = last(session, cycle)
    if row is None:
        raise Conflict("levels_nothing_to_undo")
    batches, n_back, held = [], 0, consents.is_held(session, cycle)
    for before, after, ids in row.about()["batches"]:
        store.hold(session, ids)
        eliminations.change_former(session, ids, after, before)
        still = [one for one, state in store.unchanged(session, ids, after, since=row.at) if _may(cycle, state)]
        if still:
            entry = _entry(after, before, actor, now)
            n_back += store.give_level(session, entry, before, still, held=held, now=now)
            batches.append((after, before, still))
    _note(session, cycle, TAKEN_BACK, batches, n_back, actor=actor, now=now)
    return n_back


def _give(
    session: Session, changes: Sequence[Change], before: str, after: str, held: bool, *, actor: Actor, now: datetime
) -> tuple[str, str, list[int]]:
    ids = sorted(one.work.row.id for one in changes)
    if store.give_level(session, _entry(before, after, actor, now), after, ids, held=held, now=now) != len(ids):
        raise Conflict("stale")
    return before, after, ids


def _may(cycle: Cycle, state: str) -> bool:
    return cycle.definition.workflow.states[state].decided


def _entry(before: str, after: str, actor: Actor, now: datetime) -> Entry:
    changes = {"changes": {"level": [before, after]}}
    return Entry("submission", "level", actor, now, role="organiser", details=changes)


def _note(
    session: Session, cycle: Cycle, kind: str, batches: Sequence[tuple[str, str, list[int]]], n: int, *, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    audit.record(session, cycle, kind, actor=actor, now=now, role="organiser", batches=list(batches), n=n)
