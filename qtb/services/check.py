"""The self-check: what must hold at every moment, asked of the tables as they are (reliability: I1 to I11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from qtb.domain import evidence, timeline
from qtb.domain.errors import Invalid
from qtb.domain.roles import CLOCK
from qtb.services import advance, consents
from qtb.store import cycles, eliminations, facts, objections, verification
from qtb.store.accounts import Membership
from qtb.store.audit import History
from qtb.store.certificates import Certificate
from qtb.store.eliminations import Elimination
from qtb.store.evaluations import Award, Sheet
from qtb.store.history import ADOPT
from qtb.store.nominations import Nominated
from qtb.store.objections import Objection
from qtb.store.outbox import Outbox
from qtb.store.presentation import Slot
from qtb.store.submissions import Submission

# A finding of the history's verification breaks one of these.
BROKEN = {"state": "I1", "head": "I2", "gap": "I9", "broken_link": "I9", "altered": "I9"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One row that breaks a rule: the rule, a catalogue key `check.<what>`, and the row it is about."""

    code: str
    what: str
    row: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was checked, in rows, and what was found."""

    n_history: int
    n_submissions: int
    n_sheets: int
    n_letters: int
    findings: list[Finding] = field(default_factory=list)


def check(session: Session, *, now: datetime) -> Report:
    """Check everything and return how much that was and every finding, by rule."""
    n_history, broken = verification.verify(session)
    found = [Finding(BROKEN[one.code], one.code, f"{one.subject} {one.subject_id} #{one.seq}") for one in broken]
    found += [
        *_overdue(session, now), *_sheet_facts(session), *_objections(session), *_levels(session), *_undone(session),
        *_sheets(session), *_overrides(session), *_letters(session), *_date_letters(session), *_early(session),
        *_certificates(session), *_marks(session), *_consents(session),
    ]  # fmt: skip
    found.sort(key=lambda one: (int(one.code[1:]), one.row))
    report = Report(
        n_history, _count(session, Submission), _count(session, Sheet), _count(session, Outbox), found
    )
    session.rollback()
    return report


def _overdue(session: Session, now: datetime) -> Iterator[Finding]:
    """I3: nothing past an edge in a state that the edge should have ended."""
    for cycle in cycles.all_cycles(session):
        times = cycles.timeline_of(session, cycle.id)
        for key in cycle.definition.workflow.clocked():
            edge = cycle.definition.workflow.transitions[key].at
            if edge is None or edge.row not in times.rows:
                continue
            try:
                late = facts.qualifies(cycle.definition, key, times=times, actor=CLOCK, now=now)
            except Invalid:  # working days that nobody knows: the sweep puts it into the ledger where somebody waits
                continue
            rows = session.scalars(select(Submission.number).where(Submission.cycle_id == cycle.id, *late))
            yield from (Finding("I3", "overdue", f"submission {cycle.key}/{number} {key}") for number in rows)


def _sheet_facts(session: Session) -> Iterator[Finding]:
    """I4: the counts that guards read are those of the sheets."""
    for cycle in cycles.all_cycles(session):
        counted = (Sheet.submission_id == Submission.id, Sheet.kind == cycle.definition.counted)
        mine = select(func.count()).select_from(Sheet).where(*counted)
        final, still_open = mine.where(Sheet.is_final).scalar_subquery(), mine.where(Sheet.is_open).scalar_subquery()
        number = select(Submission.number).where(Submission.cycle_id == cycle.id)
        yield from _submissions(session, "I4", "n_sheets_final", number.where(Submission.n_sheets_final != final))
        yield from _submissions(session, "I4", "n_sheets_open", number.where(Submission.n_sheets_open != still_open))


def _objections(session: Session) -> Iterator[Finding]:
    """I4: the objections that guards read are those that are open."""
    mine = select(func.count()).select_from(Objection).where(Objection.submission_id == Submission.id, objections.OPEN)
    marked = select(Submission.number).where(Submission.n_objections_open != mine.scalar_subquery())
    yield from _submissions(session, "I4", "n_objections_open", marked)


def _marks(session: Session) -> Iterator[Finding]:
    """I4: what guards take for shortlisted, eliminated or recommended upward has a row that says so."""
    for mark, row in (
        (Submission.shortlisted, exists().where(Slot.submission_id == Submission.id)),
        (Submission.eliminated, exists().where(Elimination.submission_id == Submission.id, *eliminations.HOLDS)),
        (Submission.nominated, exists().where(Nominated.submission_id == Submission.id)),
    ):
        yield from _submissions(session, "I4", mark.key, select(Submission.number).where(mark != row))


def _consents(session: Session) -> Iterator[Finding]:
    """I4: what is decided waits for consent where the year's last list does."""
    for cycle in cycles.all_cycles(session):
        states = [key for key, state in cycle.definition.workflow.states.items() if state.decided]
        mine = Submission.cycle_id == cycle.id, Submission.state.in_(states), Submission.award_level != ""
        wrong = select(Submission.number).where(*mine, Submission.consent_held != consents.is_held(session, cycle))
        yield from _submissions(session, "I4", "consent_held", wrong)


def _levels(session: Session) -> Iterator[Finding]:
    """I4: the level that guards read is the one in the table of awards."""
    level = func.coalesce(Award.level, "")
    joined = select(Submission.number).outerjoin(Award, Award.submission_id == Submission.id)
    yield from _submissions(session, "I4", "award_level", joined.where(Submission.award_level != level))


def _undone(session: Session) -> Iterator[Finding]:
    """I4: what guards take for put back was undone or overridden by its last step; adopting leaves it as it is."""
    mine = (History.subject == "submission", History.subject_id == Submission.id)
    steps = (*mine, History.to_state != "", History.kind != ADOPT)
    last = select(History.kind).where(*steps).order_by(History.seq.desc()).limit(1).scalar_subquery()
    marked = select(Submission.number).where(Submission.taken_back, last.not_in(advance.TAKEN_BACK))
    yield from _submissions(session, "I4", "taken_back", marked)


def _sheets(session: Session) -> Iterator[Finding]:
    """I5: one final sheet for each evaluator, work and kind, and none by somebody of the units concerned."""
    both = (Sheet.submission_id, Sheet.evaluator_id, Sheet.kind)
    doubled = select(Submission.number).join(Sheet, Sheet.submission_id == Submission.id).where(Sheet.is_final)
    yield from _submissions(
        session, "I5", "sheet_twice", doubled.group_by(Submission.number, *both).having(func.count() > 1)
    )
    held = aliased(Membership)
    concerned = exists().where(
        held.account_id == Sheet.evaluator_id, held.ended_at.is_(None),
        held.unit_id.in_([Submission.unit_id, Submission.recommender_id]),
    )  # fmt: skip
    own = select(Submission.number).join(Sheet, Sheet.submission_id == Submission.id).where(Sheet.is_final, concerned)
    yield from _submissions(session, "I5", "own_work", own.distinct())


def _overrides(session: Session) -> Iterator[Finding]:
    """I7: every override says why, from where and to where."""
    for row in session.scalars(select(History).where(History.kind == "override")):
        if not (row.about().get("note") and row.from_state and row.to_state):
            yield Finding("I7", "override", f"{row.subject} {row.subject_id} #{row.seq}")


def _certificates(session: Session) -> Iterator[Finding]:
    """I9: what a certificate says is what was issued."""
    for number, said, mark in session.execute(select(Certificate.number, Certificate.said, Certificate.fingerprint)):
        if evidence.digest(said) != mark:
            yield Finding("I9", "certificate", f"certificate {number}")


def _letters(session: Session) -> Iterator[Finding]:
    """I8: one letter for each move, submission and role, and what was sent says when."""
    same = (Outbox.batch_id, Outbox.submission_id, Outbox.letter, Outbox.to_role)
    # A reminder belongs to no move, and comes at several steps; letters about dates are about many cases.
    moved = select(*same).where(Outbox.batch_id != "", Outbox.submission_id.is_not(None))
    for batch, submission_id, letter, role in session.execute(moved.group_by(*same).having(func.count() > 1)):
        yield Finding("I8", "letter_twice", f"submission {submission_id} {letter} {role} {batch}")
    for key in session.scalars(select(Outbox.key).where(Outbox.status == "sent", Outbox.sent_at.is_(None))):
        yield Finding("I8", "letter_undated", f"outbox {key}")


def _date_letters(session: Session) -> Iterator[Finding]:
    """I8: one change of dates tells nobody of a case twice, and every letter about a change belongs to one.

    That everybody was told cannot be asked: whoever changes dates may have chosen to tell nobody.
    """
    columns = (Outbox.key, Outbox.batch_id, Outbox.to_role, Outbox.unit_id, Outbox.account_id, Outbox.about)
    dated = select(*columns).where(Outbox.batch_id != "", Outbox.submission_id.is_(None)).order_by(Outbox.id)
    told: set[tuple[Any, ...]] = set()
    for key, *whom, about in session.execute(dated.execution_options(yield_per=2_000)):
        cases = {(*whom, case) for case in about.get("cases", ())}
        if cases & told:
            yield Finding("I8", "dates_twice", f"outbox {key}")
        told |= cases
    known = exists().where(History.batch_id == Outbox.batch_id)
    for key in session.scalars(select(Outbox.key).where(Outbox.batch_id != "", ~known)):
        yield Finding("I8", "letter_without_cause", f"outbox {key}")


def _early(session: Session) -> Iterator[Finding]:
    """I11: the clock moved nothing before its instant, so nothing was public before its own."""
    rows = session.execute(
        select(History.subject, History.subject_id, History.seq, History.at, History.due)
        .where(History.via == CLOCK.via, History.due != "")
        .execution_options(yield_per=2_000)
    )
    for subject, subject_id, seq, at, due in rows:
        if due > timeline.canonical(at):
            yield Finding("I11", "early", f"{subject} {subject_id} #{seq}")


def _submissions(session: Session, code: str, what: str, query: Select[Any]) -> Iterator[Finding]:
    yield from (Finding(code, what, f"submission {number}") for number in session.scalars(query))


def _count(session: Session, table: type[Submission] | type[Sheet] | type[Outbox]) -> int:
    return int(session.scalar(select(func.count()).select_from(table)) or 0)
