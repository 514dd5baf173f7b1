"""Moving a year's dates with foresight: what it would do is reckoned and shown, then done in one act and told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache

from jinja2 import Environment, meta
from sqlalchemy.orm import Session

from qtb import config
from qtb.domain import plan_letters, plans, row_order
from qtb.domain.errors import Conflict, Invalid, Missing
from qtb.domain.plan_letters import JUDGE, Told
from qtb.domain.plan_model import Change, Plan
from qtb.domain.roles import Actor
from qtb.domain.row_order import Whom
from qtb.domain.timeline import Extension, Row, Timeline, canonical
from qtb.services import cycles
from qtb.services.cycles import Planned
from qtb.services.shifts import Shift, Taken, as_value
from qtb.store import audit
from qtb.store import cycles as store
from qtb.store import plans as reads
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle, exclude
from qtb.store.submissions import Submission
from qtb.store.unit import lock

LETTER = "date_changed"
LETTER_OF_JUDGES = "judging_moved"
PROMISE = "until"  # the placeholder by which a letter names the case's next date
YEARS = range(1990, 2201)
MOST_SHIFTED = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the organiser asks for: rows as they should be, with a shift also of the later ends that were given on them;
    or a later end of one row for some or all; or one that was given, taken back.
    """

    rows: tuple[Planned, ...] = ()
    shift: Shift = field(default=Shift())
    row_key: str = ""
    until: datetime | None = None
    submission: Submission | None = None
    unit: Unit | None = None
    taken: Taken | None = None

    def change(self, times: Timeline, now: datetime) -> Change:
        """Return the same as values."""
        if self.taken is not None:
            return self.taken.change
        if self.until is None:
            return Change(cycles.as_rows(self.rows), ends=self.shift.ends(times, now))
        submission_id, unit_id = (one.id if one else None for one in (self.submission, self.unit))
        return Change(extension=Extension(self.row_key, self.until, submission_id, unit_id))

    @property
    def whom(self) -> Whom:
        """Whose windows change."""
        return row_order.whom(self.submission, self.unit.id if self.unit else None)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A plan, and the letters that would be written."""

    plan: Plan
    letters: tuple[Told, ...] = field(default=())


def shifted(session: Session, cycle: Cycle, by: timedelta, *, now: datetime, from_row: str = "") -> Asked:
    """Ask for every instant still to come to be moved by one delta, of all rows or of those from one row on.

    The later ends that were given move as their rows do. What is past stays: a window that has opened does not open a
    second time. Raises Missing, or Invalid.
    """
    if not timedelta(0) < abs(by) <= MOST_SHIFTED:
        raise Invalid("shift_by", most=MOST_SHIFTED.days)
    rows = store.timeline_of(session, cycle.id).rows
    first = next((row.seq for row in cycle.rows if row.key == from_row), None)
    if from_row and first is None:
        raise Missing("row")
    later = [row for row in rows.values() if first is None or row.seq >= first]
    return Asked(tuple(new for row in later if (new := _shifted(row, by, now))), Shift(by, [row.key for row in later]))


def taken_back(session: Session, one: store.Extension, until: datetime | None = None) -> Asked:
    """Ask for an extension to be taken back, or to end earlier than it does."""
    submission = session.get(Submission, one.submission_id) if one.submission_id else None
    group = session.get(Unit, one.unit_id) if one.unit_id else None
    return Asked(submission=submission, unit=group, taken=Taken(as_value(one), until))


def foresee(session: Session, cycle: Cycle, asked: Asked, *, now: datetime) -> Foreseen:
    """Say what would change; nothing is written. Raises what stands against the change itself."""
    times = store.timeline_of(session, cycle.id)
    change = asked.change(times, now)
    _refuse(session, cycle, asked, change, times, now=now)
    after = change.on(times)
    cohorts = reads.cohorts(session, cycle, (times, after))
    found = plans.compare(cycle.definition, change, times, cohorts=cohorts, now=now, whom=asked.whom)
    letters = plan_letters.told(cycle.definition, times, after, cohorts, reads.judges(session, cycle, change))
    roles = Counter(role for role, *_ in {(one.role, one.unit_id, one.account_id) for one in letters})
    moved = [
        one for one in cohorts if plan_letters.shown_edge_moves(cycle.definition, one.case, times, after)
    ]
    found = replace(
        found,
        effects=(*found.effects, *reads.done(session, cycle, times, after, now=now)),
        letters=tuple(sorted((one, n) for one, n in reads.sent(session, cycle.id, moved).items() if _names_date(one))),
        moot=tuple(reads.moot(session, cycle.id, change, times)),
        told=tuple((role, roles[role]) for role in plan_letters.ROLES if roles[role]),
        ends=asked.shift.told(session, cycle.id, now),
    )
    return Foreseen(found, tuple(letters))


def apply(
    session: Session, cycle: Cycle, asked: Asked, *, seen: int, shown: str, actor: Actor, now: datetime, reason: str,
    tell: bool = True, sure: bool = False,
) -> Plan:  # fmt: skip
    """Do what was shown, in the caller's unit, and tell those affected.

    The plan is made anew on what is so now: Conflict where the year has been changed, or the effects are others than
    those that were shown (`shown` is the mark of that plan). Invalid for an order that lets nothing through, and for
    doubts nobody has said he means.
    """
    cycles.only_organiser(actor)
    exclude(session, cycle.id)  # before the row, as adopting does
    lock(session, cycle)
    session.expire_all()  # what was read before the lock may be older than it
    audit.refuse_stale(session, "cycle", cycle.id, seen)
    found = foresee(session, cycle, asked, now=now)
    if found.plan.mark != shown:
        raise Conflict("plan_changed")
    for error in found.plan.errors:
        raise Invalid(error.reason.key, **error.reason.args)
    if found.plan.is_grave and not sure:
        raise Invalid("plan_unsure")
    batch_id = _write(session, cycle, asked, actor=actor, now=now, reason=reason, seen=seen)
    for n, letter in enumerate(found.letters if tell else ()):
        reads.post(
            session, f"{batch_id}:{letter.role}:{letter.unit_id}:{n}", batch_id, cycle, letter.unit_id,
            LETTER_OF_JUDGES if letter.role == JUDGE else LETTER, letter.role, account_id=letter.account_id,
            about=_about(letter), now=now,
        )  # fmt: skip
    return found.plan


def _shifted(row: Row, by: timedelta, now: datetime) -> Planned | None:
    opens_at, closes_at, held_at = (
        at + by if at is not None and at > now else at for at in (row.opens_at, row.closes_at, row.held_at)
    )
    if (opens_at, closes_at, held_at) == (row.opens_at, row.closes_at, row.held_at):
        return None
    minutes = row.grace // timedelta(minutes=1)
    return Planned(row.key, row.seq, row.title, opens_at, closes_at, held_at, grace_minutes=minutes)


def _refuse(
    session: Session, cycle: Cycle, asked: Asked, change: Change, times: Timeline, *, now: datetime
) -> None:
    """Raise what stands against a change, and Invalid where it changes nothing."""
    if asked.taken is not None:
        asked.taken.refuse(times, now)
        return
    if asked.until is not None:
        cycles.refuse_extension(
            session, cycle, row_key=asked.row_key, until=asked.until, now=now, submission=asked.submission,
            unit=asked.unit,
        )  # fmt: skip
        return
    cycles.pairs(session, cycle, asked.rows)
    for one in asked.rows:
        if any(at and at.year not in YEARS for at in (one.opens_at, one.closes_at, one.held_at)):
            raise Invalid("instant", what=one.title)
    for end in change.ends.values():
        if end.until.year not in YEARS:
            raise Invalid("instant", what=times.rows[end.row_key].title)
    same = (times.rows.get(key) == replace(row, party=_party(times, key)) for key, row in change.rows.items())
    if not change.ends and all(same):
        raise Invalid("plan_nothing")


def _party(times: Timeline, row_key: str) -> str:
    return times.rows[row_key].party if row_key in times.rows else ""


def _write(
    session: Session, cycle: Cycle, asked: Asked, *, actor: Actor, now: datetime, reason: str, seen: int
) -> str:
    """Write the change; return the batch of its entry."""
    if asked.taken is not None:
        return asked.taken.write(session, cycle, asked.whom, actor=actor, now=now, reason=reason)
    if asked.until is not None:
        cycles.extend(
            session, cycle, row_key=asked.row_key, until=asked.until, reason=reason, actor=actor, now=now,
            submission=asked.submission, unit=asked.unit,
        )  # fmt: skip
        return reads.last_batch(session, asked.submission or cycle)
    cycles.change_rows(session, cycle, asked.rows, actor=actor, now=now, reason=reason, seen=seen)
    batch_id = reads.last_batch(session, cycle)
    asked.shift.move(session, cycle, actor=actor, now=now, reason=reason)
    return batch_id


def _about(letter: Told) -> Mapping[str, object]:
    """Say what the letter is about in values that outlive the change itself."""
    rows = {
        key: {"edge": one.edge, "from": canonical(one.before), "to": canonical(one.after)}
        for key, one in letter.rows.items()
    }
    return {"rows": rows, "cases": sorted(letter.cases)}


@cache
def _names_date(letter: str) -> bool:
    texts = (config.folder("templates") / "mail").glob(f"{letter}.*.txt")
    reader = Environment(autoescape=False)
    return any(PROMISE in meta.find_undeclared_variables(reader.parse(path.read_text("utf-8"))) for path in texts)
