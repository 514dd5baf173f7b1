"""What the demo's organiser has done besides: a team entered for a unit, a panel of judges, certificates issued."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from qtb.demo_texts import APPLICANTS, RECOMMENDERS, registration
from qtb.domain.roles import Actor
from qtb.i18n import word
from qtb.services import (
    behalf,
    certificates,
    conflicts,
    deliberation,
    duplicates,
    panels,
    proposals,
    results,
    submissions,
)
from qtb.services.answers import Filled
from qtb.store import accounts, cycles
from qtb.store import imports as store
from qtb.store.accounts import name_key
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit

MOST = 30  # works of a judge
N = 90  # beyond the numbers of the other entries


def tell(session: Session, actor: Actor, now: datetime) -> None:
    """Enter a team on behalf of a unit of the present year, and look for duplicates."""
    with unit(session):
        year = cycles.all_cycles(session)[0]
        named = store.named(session, [APPLICANTS[3], RECOMMENDERS[0]])
        group, above = named[name_key(APPLICANTS[3])], named[name_key(RECOMMENDERS[0])]
        raw = registration(N, group.name, recommender=str(above.id))
        submissions.enter(
            session, cycle=year, unit_id=group.id, filled=Filled(submissions.entry_form(year), raw), now=now,
            actor=behalf.acting(group, actor=actor), request_key="demo-behalf",
        )  # fmt: skip
        duplicates.search(session, year, actor=actor, now=now)
        _panel(session, year, actor, now)


def _panel(session: Session, year: Cycle, actor: Actor, now: datetime) -> None:
    """Put the judges into one panel for all categories; one of them has coached a team of a unit."""
    keys = [one.key for one in panels.categories(year)]
    made = panels.save(session, year, None, title=word("zh", "demo.panel"), keys=keys, actor=actor, now=now)
    session.flush()
    judges = accounts.with_role(session, "evaluator")
    for n, one in enumerate(judges):
        panels.put(session, made, one, cycle=year, leads=n == 0, most=MOST, actor=actor, now=now)
    coached = store.named(session, [APPLICANTS[1]])[name_key(APPLICANTS[1])]
    conflicts.declare(session, judges[0], coached, reason=word("zh", "demo.coached"), actor=actor, now=now)


def decide(session: Session, cycle_id: int, actor: Actor, now: datetime) -> None:
    """Let a year's works have the levels that the ranking gives, but for two on which the leaders agreed."""
    with unit(session):
        year = session.get_one(Cycle, cycle_id)
        shown = proposals.plan(year, results.standing(session, year)).digest
        proposals.propose_all(session, year, shown=shown, actor=actor, now=now)
    with unit(session):
        found = results.standing(session, session.get_one(Cycle, cycle_id)).works
        works = [one.row.id for one in found if one.row.award_level]
        best, last = session.get_one(Submission, works[0]), session.get_one(Submission, works[-1])
        first = next(iter(best.cycle.definition.rubric.levels))
        for work, level, why in ((best, first, "first"), (last, results.NO_AWARD, "none")):
            reason, names = word("zh", f"demo.level_{why}"), word("zh", "demo.leaders")
            deliberation.deliberate(session, work, level, reason=reason, names=names, actor=actor, now=now)


def certify(session: Session, cycle_id: int, actor: Actor, now: datetime) -> None:
    """Issue the certificates of a year that has been published; one of them was reissued."""
    with unit(session):
        made = certificates.issue(session, session.get_one(Cycle, cycle_id), actor=actor, now=now)
        reason = word("zh", "demo.reissued")
        certificates.reissue(session, made[-1], reason=reason, actor=actor, now=now + timedelta(days=2))
