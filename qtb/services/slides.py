"""Slides of the presentation: who lacks them, and the letters before they are due."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from qtb import clock
from qtb.domain import presentation
from qtb.domain.timeline import canonical
from qtb.services import edges
from qtb.store import outbox
from qtb.store import presentation as store
from qtb.store.cycles import Cycle
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit

SOON = "slides_soon"  # letter
LETTERS = {SOON, "invited", "uninvited", "slot_set", "slot_moved"}


def remind(session: Session, *, now: datetime) -> list[tuple[str, int]]:
    """Queue the letters about slides that are due soon and not there; return how many by year.

    The key holds the date and the step: the same date makes no second letter, any number of schedulers is safe.
    """
    found = [(key, outbox.unknown(session, wanted)) for key, wanted in _wanted(session, now)]
    done = []
    for key, letters in found:
        if letters:  # asked first, so that a minute in which nothing is due writes nothing
            with unit(session):
                done.append((key, outbox.post_all(session, letters)))
    return done


def is_moot(session: Session, row: Outbox, now: datetime) -> bool:
    """Tell whether a letter about slides is moot by now: they are there, due at another time, or due no more."""
    work = session.get(Submission, row.submission_id or 0)
    if work is None or not work.shortlisted or work.slides_due_at is None or work.slides_due_at <= now:
        return True
    lacking = [one.id for one in _without(session, work.cycle, now)]
    return canonical(work.slides_due_at) != row.about.get("slides") or work.id not in lacking


def is_mine(row: Outbox) -> bool:
    """Tell whether a letter is about the presentation."""
    return row.letter in LETTERS


def values(session: Session, row: Outbox, lang: str) -> dict[str, str]:
    """Return the placeholders' values in one language: the turn and the date as they are now."""
    work = session.get_one(Submission, row.submission_id)
    slot, made = store.slot(session, work.id), store.of(session, work.cycle_id)
    starts_at = slot.starts_at if slot else None
    return {
        "slot": clock.shown(starts_at, lang) if starts_at else "",
        "place": made.place if made and starts_at else "",
        "minutes": str(made.minutes) if made and starts_at else "",
        "questions": str(made.questions) if made and starts_at else "",
        "slides_due": clock.shown(work.slides_due_at, lang, is_end=True) if work.slides_due_at else "",
    }  # fmt: skip


def _wanted(session: Session, now: datetime) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return for each year the letters that should be there by now. Read before the first unit."""
    found = []
    for cycle, times in edges.timelines(session):
        rule = cycle.definition.rubric.shortlist
        if rule is None or rule.slides is None:
            continue
        wanted = []
        for work in _without(session, cycle, now):
            due = work.slides_due_at
            step = presentation.reminding(rule.slides, due, times.calendar, now) if due else None
            if due and step is not None:
                wanted.append(_letter(f"{SOON}:{work.id}:{step}:{canonical(due)}", work.id, due, now))
        if wanted:
            found.append((cycle.key, wanted))
    return found


def _without(session: Session, cycle: Cycle, now: datetime) -> list[Submission]:
    rule = cycle.definition.rubric.shortlist
    if rule is None or rule.slides is None:
        return []
    return list(store.without_slides(session, rule.slides.form, cycle_id=cycle.id, now=now))


def _letter(key: str, submission_id: int, due: datetime, now: datetime) -> dict[str, Any]:
    about = {"slides": canonical(due)}
    return {
        "key": key, "batch_id": "", "submission_id": submission_id, "effect": "mail", "letter": SOON,
        "to_role": "applicant", "status": "waiting", "n_tries": 0, "recipients": "", "error": "", "created_at": now,
        "next_at": now, "about": about,
    }  # fmt: skip
