"""Looking for works that look alike, and the organiser's word that two of them are no duplicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from qtb import clock
from qtb.domain import likeness
from qtb.domain.definition import Definition
from qtb.domain.errors import Conflict, Invalid, Missing, told
from qtb.domain.roles import CLOCK, Actor
from qtb.domain.workflow import Text
from qtb.services import notes
from qtb.services.cycles import only_organiser
from qtb.store import answers, audit
from qtb.store import duplicates as store
from qtb.store.cycles import Cycle
from qtb.store.duplicates import Likeness
from qtb.store.outbox import Setting
from qtb.store.submissions import Submission
from qtb.store.unit import lock, unit

HOUR = 3  # of the night, in the programme's zone
FAILED = "comparison_failed"  # the setting that keeps when a night's search failed, and why
REST = timedelta(minutes=15)  # before it is tried again: it reads all works, and the clock wakes each minute


@dataclass(frozen=True, slots=True)
class Beside:
    """One field of two works: each side's sentences, each with whether the other work has it too."""

    label: Text
    one: list[tuple[str, bool]]
    other: list[tuple[str, bool]]


def search(session: Session, cycle: Cycle, *, actor: Actor, now: datetime) -> int:
    """Compare a year's works with all works and keep what is alike; return how many pairs are open.

    What the organiser has cleared stays cleared, and is kept even where it is alike no more.
    """
    only_organiser(actor)
    lock(session, cycle)  # two searches at once follow each other
    return _keep(session, cycle, _alike(session, cycle), actor=actor, now=now)


def search_nightly(session: Session, *, now: datetime) -> int:
    """Compare each running year whose works changed since it was last compared, once a night; return how many years.

    It is the clock's at the hour when nobody works: comparing all with all is too much for a hand-in to wait for.
    """
    night = now.astimezone(clock.ZONE).replace(minute=0, second=0, microsecond=0)
    if night.hour != HOUR:
        return 0
    due = store.changed_years(session, before=night)
    for cycle_id in due:
        found = _alike(session, session.get_one(Cycle, cycle_id))
        session.rollback()  # comparing thousands takes seconds, in which nobody waits for a lock
        with unit(session):
            cycle = session.get_one(Cycle, cycle_id)
            lock(session, cycle)
            _keep(session, cycle, found, actor=CLOCK, now=now)
    return len(due)


def search_at_night(session: Session, *, now: datetime) -> str:
    """Make the night's search; return why it failed, empty where it did not or was not made.

    A failure never leaves here, so that it holds up nothing else of the clock, and is kept until a night's search
    succeeds. Raises DBAPIError where it cannot be kept either.
    """
    failed_at, _ = _failed(session)
    if now.astimezone(clock.ZONE).hour != HOUR or (failed_at and failed_at <= now < failed_at + REST):
        session.rollback()
        return ""
    try:
        search_nightly(session, now=now)
    except Exception as error:
        session.rollback()
        why = told(error)[:150]  # what the setting holds beside the instant
        _keep_failure(session, f"{now.isoformat()} {why}")
        return why
    if failed_at:
        _keep_failure(session, "")
    return ""


def night_failure(session: Session) -> str:
    """Return why the last night's search failed; empty where it did not."""
    return _failed(session)[1]


def _failed(session: Session) -> tuple[datetime | None, str]:
    kept = session.get(Setting, FAILED)
    when, _, why = kept.value.partition(" ") if kept else ("", "", "")
    return (datetime.fromisoformat(when), why) if when else (None, "")


def _keep_failure(session: Session, value: str) -> None:
    with unit(session):
        session.merge(Setting(key=FAILED, value=value))


def _alike(session: Session, cycle: Cycle) -> dict[tuple[int, int], likeness.Pair]:
    works = store.works(session, {form: list(fields) for form, fields in compared(cycle.definition).items()})
    return {(pair.low_id, pair.high_id): pair for pair in likeness.alike(works, year=cycle.year)}


def _keep(
    session: Session, cycle: Cycle, found: Mapping[tuple[int, int], likeness.Pair], *, actor: Actor, now: datetime
) -> int:  # fmt: skip
    """Let these pairs stand as the year's; return how many are open."""
    kept = store.of_year(session, cycle.id)
    store.forget(session, [key for key, row in kept.items() if key not in found and row.cleared_at is None])
    for key, pair in found.items():
        row = kept.get(key)
        if row is None:
            row = Likeness(low_id=pair.low_id, high_id=pair.high_id, reason="")
            session.add(row)
        row.title, row.text, row.team, row.found_at = pair.title, pair.text, pair.team, now
    session.flush()
    n_open = store.n_open(session, cycle.id)
    role = "organiser" if actor.holds("organiser") else ""
    audit.record(session, cycle, "compared", actor=actor, now=now, role=role, changes={"pairs": n_open})
    return n_open


def clear(session: Session, pair: tuple[int, int], *, reason: str, actor: Actor, now: datetime) -> None:
    """Say that two works are no duplicates; told in the history of both."""
    only_organiser(actor)
    reason = notes.short(reason)
    if not reason:
        raise Invalid("reason_required")
    row = of(session, pair)
    lock(session, row)
    if row.cleared_at is not None:
        raise Conflict("duplicate_cleared")
    row.cleared_at, row.cleared_by, row.reason = now, actor.user_id, reason
    both = [session.get_one(Submission, submission_id) for submission_id in pair]
    for one, other in (both, both[::-1]):
        changes = {"with": other.number}
        audit.record(session, one, "no_duplicate", actor=actor, now=now, role="organiser", note=reason, changes=changes)


def of(session: Session, pair: tuple[int, int]) -> Likeness:
    """Return a pair. Raises Missing."""
    found = session.get(Likeness, pair)
    if found is None:
        raise Missing("duplicate")
    return found


def compared(definition: Definition) -> dict[str, dict[str, Text]]:
    """Return what is compared of each form: the long texts of those that are judged, with their labels."""
    return {
        key: {name: spec.label for name, spec in form.fields.items() if spec.type == "longtext"}
        for key, form in definition.forms.items()
        if form.judged
    }


def side_by_side(session: Session, one: Submission, other: Submission) -> list[Beside]:
    """Return the long texts of two works with the sentences that both have."""
    mine, theirs = answers.answers(session, one.id), answers.answers(session, other.id)
    forms = compared(one.cycle.definition)
    fields = [(form, name, label) for form, labels in forms.items() for name, label in labels.items()]
    left, right = _said(mine, fields), _said(theirs, fields)
    both = _telling(left) & _telling(right)
    return [
        Beside(label, _marked(a, both), _marked(b, both))
        for (_, _, label), a, b in zip(fields, left, right, strict=True)
        if a or b
    ]


def _said(forms: Mapping[str, Mapping[str, object]], fields: Sequence[tuple[str, str, Text]]) -> list[str]:
    return [str(forms.get(form, {}).get(name) or "") for form, name, _ in fields]


def _telling(texts: Sequence[str]) -> set[str]:
    return {line for text in texts for line in likeness.telling(text)}


def _marked(text: str, both: set[str]) -> list[tuple[str, bool]]:
    return [(part, likeness.plain(part) in both) for part in likeness.sentences(text)]
