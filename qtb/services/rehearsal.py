"""A whole year on a controlled clock, over made-up cases in a throw-away database, to find the gaps early."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy.orm import Session

from qtb.domain.errors import Invalid
from qtb.domain.rehearsal import Behaviour
from qtb.domain.rehearsal_report import Report
from qtb.domain.roles import Actor
from qtb.services import rehearsal_year
from qtb.services.rehearsal_findings import reported
from qtb.services.rehearsal_stage import Stage
from qtb.services.rehearsal_year import Year
from qtb.store import cycles
from qtb.store.throwaway import judges, people, throwaway
from qtb.store.unit import unit

MOST, MOST_SEED = 100_000, 2**31 - 1
ROOT = Actor(None, "rehearsal", "rehearsal", {"organiser": frozenset({0})})


def rehearse(
    year: Year, *, n_submissions: int, seed: int, told: Callable[[float], None] = lambda share: None
) -> Report:
    """Run a year over made-up cases and return what happened; `told` hears which share of the year is over.

    Raises Invalid for numbers out of range, and for rows with which no year can be opened.
    """
    refuse_numbers(n_submissions, seed)
    began = time.perf_counter()
    with throwaway() as session:
        stage = _set(session, year, n_submissions, seed)
        stage.run(told)
        report = reported(session, year, stage.journal, n=n_submissions, seed=seed)
    return replace(report, seconds=round(time.perf_counter() - began, 1))


def refuse_numbers(n_submissions: int | None, seed: int | None, *, most: int = MOST) -> None:
    """Raise Invalid for a number of cases or a seed with which no rehearsal is run."""
    if n_submissions is None or not 1 <= n_submissions <= most:
        raise Invalid("rehearsal_number", most=most)
    if seed is None or not 0 <= seed <= MOST_SEED:
        raise Invalid("rehearsal_seed", most=MOST_SEED)


def _set(session: Session, year: Year, n: int, seed: int) -> Stage:
    now, chance = year.begins_at, random.Random(seed)
    with unit(session):
        cycle = rehearsal_year.opened(session, year, actor=ROOT)
        numbers = {"applicant": min(300, 1 + n // 8), "recommender": min(20, 1 + n // 50), "organiser": 1}
        actors = people(session, numbers, now)
        times = cycles.timeline_of(session, cycle.id)
        behaviour = Behaviour(year.definition, times, chance)
        n_sheets = max(behaviour.sheets_needed(state) for state in year.definition.workflow.states)
        experts = judges(session, n_sheets + 1, now)
    # Taken out of the session, because every move expires what is in it and the definition is a long text.
    session.refresh(cycle)
    session.expunge(cycle)
    stage = Stage(session, year, cycle, times, behaviour, actors, experts)
    for at in behaviour.entries(n):
        stage.entering[at] += 1
        stage.wake(at)
    return stage
