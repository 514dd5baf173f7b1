"""A year in full swing for the pages: people of every role, works in every queue, forms filled in.

Each person has as much to do whatever the size; what grows is the number of units, people's works and entries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from qtb import clock
from qtb.bench import cases
from qtb.bench.cases import ROOT, Year
from qtb.demo_texts import DECLARATION, REGISTRATION
from qtb.services import accounts, evaluations
from qtb.store.accounts import Account, Unit
from qtb.store.answers import Answer
from qtb.store.submissions import Submission
from qtb.store.unit import unit

OWN, PUT_BEFORE = 10, 100  # submissions of one applicant, and of one recommending unit
SHARES = (95, 90, 45)  # of a hundred: how many have made the first move of the path, the second, the third
N_SHEETS = 45
EMAIL = "{}@example.org"
PASSWORD = "a password for one measurement"


@dataclass(frozen=True, slots=True)
class Crowd:
    """What the measurement needs to know about the year."""

    year: Year
    own: int
    move: str
    movable: Sequence[int]


def gather(session: Session, rows: int) -> Crowd:
    """Fill a year with so many submissions, at least a hundred."""
    now = clock.real()
    year = cases.year(
        session, opens_at=now - timedelta(days=60), closes_at=now + timedelta(days=60), n_applicants=rows // OWN,
        n_recommenders=rows // PUT_BEFORE,
    )  # fmt: skip
    cases.stand(session, year, rows, category="MANUFACTURING")
    _fill_forms(session, year)
    for key, share in zip(year.moves(), SHARES, strict=False):
        cases.moved(session, year, key, limit=rows * share // 100)
    people = _people(session, year, now)
    _assign(session, people["evaluator"], now)
    return _told(session, year)


def _told(session: Session, year: Year) -> Crowd:
    move = next(islice(year.moves(), len(SHARES) - 1, None))
    sources = year.definition.workflow.sources(move)
    mine = select(Submission.id).where(Submission.recommender_id == min(year.recommenders))
    movable = session.scalars(mine.where(Submission.state.in_(sources)).order_by(Submission.id)).all()
    own = session.scalar(select(Submission.id).where(Submission.unit_id == min(year.applicants)).limit(1))
    session.rollback()
    return Crowd(year, int(own or 0), move, movable)


def _fill_forms(session: Session, year: Year) -> None:
    filled = dict(zip(year.definition.forms, (REGISTRATION, DECLARATION), strict=False))
    ids = session.scalars(select(Submission.id)).all()
    with unit(session):
        for form, values in filled.items():
            rows = [{"submission_id": one, "form": form, "values": values, "saved_at": year.opens_at} for one in ids]
            session.execute(insert(Answer), rows)


def _people(session: Session, year: Year, now: datetime) -> Mapping[str, int]:
    found = {}
    with unit(session):
        office = accounts.add_unit(session, name="office", kind="organiser", actor=ROOT, now=now)
        places = {
            "applicant": session.get_one(Unit, min(year.applicants)), "evaluator": office, "organiser": office,
            "recommender": session.get_one(Unit, min(year.recommenders)),
        }  # fmt: skip
        for role, place in places.items():
            person = accounts.add_account(session, name=role, email=EMAIL.format(role), actor=ROOT, now=now)
            person.password_hash = accounts.hasher.hash(PASSWORD)
            accounts.grant(session, person, place, role, actor=ROOT, now=now)
            found[role] = person.id
    return found


def _assign(session: Session, evaluator_id: int, now: datetime) -> None:
    with unit(session):
        evaluator = session.get_one(Account, evaluator_id)
        query = select(Submission).order_by(Submission.version.desc(), Submission.id).limit(N_SHEETS)
        for row in session.scalars(query).all():
            evaluations.assign(session, row, evaluator, actor=ROOT, now=now)
