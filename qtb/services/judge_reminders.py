"""The organiser's word to judges who have works to finish: one judge, a panel, or all who are late; once a day each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from qtb import clock
from qtb.domain.errors import Conflict, Invalid
from qtb.domain.roles import Actor
from qtb.services import judge_letters
from qtb.services.cycles import only_organiser
from qtb.store import audit, judging
from qtb.store.cycles import Cycle
from qtb.store.unit import lock


@dataclass(frozen=True, slots=True)
class Reminded:
    """For whom a letter was queued, and when those who had theirs today had it."""

    judges: tuple[int, ...]
    had: dict[int, datetime]


def remind(session: Session, cycle: Cycle, judges: Collection[int], *, actor: Actor, now: datetime) -> Reminded:
    """Queue a reminder for each of these judges who has works to finish and was not reminded today.

    Raises Invalid where none of them has any, Conflict("judge_reminded") where all were reminded today.
    """
    only_organiser(actor)
    lock(session, cycle)  # of two clicks the second finds the letters of the first
    waiting = sorted(judging.with_open(session, cycle, judges))
    if not waiting:
        raise Invalid("judge_nothing_open")
    day = now.astimezone(clock.ZONE).date()
    keys = {one: f"{judge_letters.REMINDER}:{cycle.id}:{day}:{one}" for one in waiting}
    there = judging.known(session, keys.values())
    had = {one: there[key] for one, key in keys.items() if key in there}
    keyed = {one: key for one, key in keys.items() if one not in had}
    if not keyed:
        raise Conflict("judge_reminded", at=max(had.values()))
    told = judge_letters.post(session, cycle, judge_letters.REMINDER, keyed, {one: {} for one in keyed}, now=now)
    if not told:
        raise Invalid("judge_nothing_open")
    audit.record(session, cycle, "judges_reminded", actor=actor, now=now, role="organiser", changes={"judges": told})
    return Reminded(tuple(told), had)
