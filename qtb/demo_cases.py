"""What the demo shows of single cases: a quota, a conversation, a rule that was waived."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.demo_texts import AMENDMENT, ANSWERED, ASKED, EXCUSED, at
from qtb.domain.roles import Actor
from qtb.services import answers, conversation, eligibility, quotas
from qtb.services.answers import Filled
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit

TODAY = at("2024-05-20")
QUOTA = 4
RULE = "E2"
REVIEW, PASSED, RETURNED = "form_review", "pass", "return"


def review(
    session: Session, works: Sequence[int], amended: int, *, office: Actor,
    move: Callable[[int, list[str], str], None],
) -> None:  # fmt: skip
    """Let the organiser review the form of last year's works, one of them twice, with an amendment between."""
    _reviewed(session, amended, RETURNED, office, at("2023-07-04"))
    move(amended, ["ask_amendment"], "2023-07-04")
    move(amended, ["amend"], "2023-07-10")
    for submission_id in works:
        _reviewed(session, submission_id, PASSED, office, at("2023-07-12"))


def _reviewed(session: Session, submission_id: int, conclusion: str, office: Actor, now: datetime) -> None:
    with unit(session):
        row = session.get_one(Submission, submission_id)
        spec = row.cycle.definition.forms[REVIEW]
        items = {key: one.choices[0].key for key, one in spec.fields.items() if one.type == "enum"}
        raw = {**items, "conclusion": conclusion, "opinion": AMENDMENT if conclusion == RETURNED else ""}
        answers.save(session, row, filled=Filled(REVIEW, raw), actor=office, now=now)


def tell(session: Session, cycle_id: int, recommender: Unit, *, member: Callable[[str, int], Actor]) -> None:
    """Let the organiser set a quota and waive a rule, and a recommender and an applicant talk."""
    office = member("organiser", 0)
    with unit(session):
        quotas.set_quota(session, session.get_one(Cycle, cycle_id), recommender, QUOTA, actor=office, now=TODAY)
        mine = select(Submission).where(Submission.cycle_id == cycle_id, Submission.recommender_id == recommender.id)
        rows = session.scalars(mine.order_by(Submission.id)).all()
        talked = next(row for row in rows if row.declaration_complete and member("applicant", row.unit_id).user_id)
        excused = next(row for row in rows if row.registration_complete and not row.declaration_complete)
        eligibility.waive(session, excused, RULE, actor=office, now=TODAY, reason=EXCUSED)
        asker, answerer = member("recommender", recommender.id), member("applicant", talked.unit_id)
        conversation.write(session, talked, ASKED, reader="all", actor=asker, now=TODAY)
        conversation.write(session, talked, ANSWERED, reader="all", actor=answerer, now=TODAY)
