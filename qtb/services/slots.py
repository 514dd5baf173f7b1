"""The turns of a presentation: drawn by lot so that anybody can draw them again, and moved in time as they stand."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from qtb.domain import presentation
from qtb.domain.errors import Conflict, Invalid
from qtb.domain.presentation import MOST_SEED, Day
from qtb.domain.roles import Actor
from qtb.domain.timeline import Timeline, canonical
from qtb.services import notes
from qtb.services.cycles import only_organiser
from qtb.services.shortlist import rule_of
from qtb.store import assignments, audit, cycles, outbox
from qtb.store import presentation as store
from qtb.store.cycles import Cycle
from qtb.store.presentation import Presentation, Slot
from qtb.store.unit import lock

DRAWN, MOVED, TURN = "slots_drawn", "slots_moved", "slot"
SLOT_SET, SLOT_MOVED = "slot_set", "slot_moved"  # letters
MAX_PLACE = 200


def draw(
    session: Session, cycle: Cycle, day: Day, *, seed: str, reason: str, seen: int, actor: Actor, now: datetime
) -> list[str]:
    """Draw the order of the works on the shortlist and give each its turn; return their numbers in order.

    Raises Conflict where another act came first, Invalid for a day that cannot be held, or a redraw without a reason.
    """
    made, listed = _held(session, cycle, seen=seen, actor=actor)
    seed, reason = _seed(seed), notes.short(reason)
    if made.drawn_at is not None and not reason:
        raise Invalid("redraw_reason")
    numbers = sorted(one.submission.number for one in listed)
    by_number = {one.submission.number: one for one in listed}
    order = presentation.draw(numbers, seed)
    was_drawn = made.drawn_at is not None
    made.seed, made.drawn, made.drawn_at, made.n_draws = seed, numbers, now, made.n_draws + 1
    told = {"numbers": numbers, "seed": seed, "order": order, "n": made.n_draws}
    kept = _placed(session, cycle, made, [by_number[number] for number in order], day, now=now)
    letter = SLOT_MOVED if was_drawn else SLOT_SET
    _tell(session, cycle, made, letter, kept, kind=DRAWN, told=told, reason=reason, actor=actor, now=now)
    return order


def move(
    session: Session, cycle: Cycle, day: Day, *, reason: str, seen: int, actor: Actor, now: datetime
) -> list[str]:
    """Let the drawn order begin at another time or place; return the numbers of the works in order."""
    made, listed = _held(session, cycle, seen=seen, actor=actor)
    reason = notes.short(reason)
    if made.drawn_at is None:
        raise Conflict("slots_undrawn")
    if not reason:
        raise Invalid("reason_required")
    placed = [one for one in listed if one.place_no is not None]
    kept = _placed(session, cycle, made, placed, day, now=now)
    _tell(session, cycle, made, SLOT_MOVED, kept, kind=MOVED, told={}, reason=reason, actor=actor, now=now)
    return [one.submission.number for one in kept]


def day_of(made: Presentation) -> Day | None:
    """Return when and where the works of a round are presented; None before the draw."""
    if made.starts_at is None:
        return None
    breaks = [presentation.Break(*(datetime.fromisoformat(at) for at in pair)) for pair in made.breaks]
    return Day(made.starts_at, made.minutes, made.questions, made.place, tuple(breaks))


def _held(session: Session, cycle: Cycle, *, seen: int, actor: Actor) -> tuple[Presentation, list[Slot]]:
    """Hold the works on the shortlist, then its round; return them as they are, those that can still present."""
    only_organiser(actor)
    cycles.hold(session, cycle)
    assignments.hold(session, judges=(), works=[one.submission_id for one in store.slots(session, cycle.id)])
    made = store.of(session, cycle.id)
    if made is None:
        raise Conflict("shortlist_first")
    lock(session, made)
    if made.version != seen:
        raise Conflict("stale")
    states = cycle.definition.workflow.states
    listed = [one for one in store.slots(session, cycle.id) if states[one.submission.state].decided]
    if not listed:
        raise Conflict("shortlist_first")
    return made, listed


def _placed(
    session: Session, cycle: Cycle, made: Presentation, order: Sequence[Slot], day: Day, *, now: datetime
) -> list[Slot]:
    """Give works their turns in this order, and their slides a date. Raises Invalid."""
    day, times = presentation.checked(day), cycles.timeline_of(session, cycle.id)
    turns = presentation.slots(len(order), day)
    _refuse_times(cycle, times, turns, now)
    made.starts_at, made.minutes, made.questions, made.place = day.starts_at, day.minutes, day.questions, _place(day)
    made.breaks = [[one.starts_at.isoformat(), one.ends_at.isoformat()] for one in day.breaks]
    made.version += 1
    placed = {one.submission_id for one in order}
    for one in store.slots(session, cycle.id):  # who can present no more has no turn either
        if one.submission_id not in placed:
            one.place_no = one.starts_at = one.ends_at = None
    rule = rule_of(cycle).slides
    for n, (one, (starts_at, ends_at)) in enumerate(zip(order, turns, strict=True), 1):
        one.place_no, one.starts_at, one.ends_at = n, starts_at, ends_at
        if rule is not None:
            due = presentation.slides_due(rule, starts_at, times.calendar)
            if due <= now and due != one.submission.slides_due_at:
                raise Invalid("slot_soon", days=rule.working_days, at=starts_at)
            one.submission.slides_due_at = due
    session.flush()
    return list(order)


def _refuse_times(
    cycle: Cycle, times: Timeline, turns: Sequence[tuple[datetime, datetime]], now: datetime
) -> None:
    """Raise Invalid unless all turns lie ahead, by day, and while the sheets of the presentation can be filled."""
    if turns[0][0] <= now:
        raise Invalid("slot_past")
    zone = times.calendar.zone
    for starts_at, ends_at in turns:
        if starts_at.astimezone(zone).date() != ends_at.astimezone(zone).date():
            raise Invalid("slot_night", at=starts_at)
    states = cycle.definition.workflow.states.values()
    due = {edit.during for state in states for edit in state.edits if edit.until and edit.during}
    for key in due & times.rows.keys():
        row = times.rows[key]
        if turns[0][0] < row.opens_at or turns[-1][1] > times.ends_for_all(key):
            raise Invalid("slot_outside", row=row.title, seq=row.seq, at=times.ends_for_all(key))


def _tell(
    session: Session, cycle: Cycle, made: Presentation, letter: str, kept: Sequence[Slot], *, kind: str,
    told: dict[str, Any], reason: str, actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """Keep what was done in the histories of the year and of each work, and write to the applicants."""
    version, place = made.version, made.place
    turns = [[one.submission.number, canonical(one.starts_at), canonical(one.ends_at)]
             for one in kept if one.starts_at and one.ends_at]  # fmt: skip
    for one in kept:
        changes = {"starts": canonical(one.starts_at) if one.starts_at else "", "place": place}
        audit.record(session, one.submission, TURN, actor=actor, now=now, role="organiser", changes=changes)
        key = f"presentation:{cycle.id}:{version}:{one.submission_id}:{letter}"
        outbox.post(session, key, "", one.submission_id, letter, "applicant", now=now)
    whole = {**told, "turns": turns, "place": place}
    audit.record(session, cycle, kind, actor=actor, now=now, role="organiser", changes=whole, note=reason)


def _seed(text: str) -> str:
    """Return a seed as it is kept: as given, or one that nobody chose."""
    seed = notes.text(text, MOST_SEED, lines=False)
    return seed or secrets.token_hex(16)


def _place(day: Day) -> str:
    place = notes.text(day.place, MAX_PLACE, lines=False)
    if not place:
        raise Invalid("slot_place")
    return place
