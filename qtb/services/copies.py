"""Taking over what the same unit filled in elsewhere: last year's form or another team's, as a draft."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import case, select
from sqlalchemy.orm import Session, joinedload

from qtb import clock
from qtb.domain import decide
from qtb.domain.copying import Copied, copy
from qtb.domain.errors import Missing
from qtb.domain.fields import FormSpec
from qtb.domain.roles import Actor
from qtb.services import drafts
from qtb.services.drafts import Typed
from qtb.store import facts, lists
from qtb.store.answers import Answer
from qtb.store.cycles import Cycle
from qtb.store.drafts import Place
from qtb.store.submissions import Submission

MOST = 100  # forms to choose from, latest first

Source = tuple[Submission, Answer]


def sources(session: Session, place: Place, *, actor: Actor) -> list[Source]:
    """Return the filled forms of this kind that the unit has and the person may read: the same team's, then others."""
    own_team = select(Submission.team_key).filter_by(id=place.submission_id or 0).scalar_subquery()
    query = (
        select(Submission, Answer)
        .join(Answer, Answer.submission_id == Submission.id)
        .where(
            Answer.form == place.form, Submission.unit_id == place.unit_id, lists.visible(actor),
            Submission.id != (place.submission_id or 0),
        )
        .options(joinedload(Submission.cycle, innerjoin=True).defer(Cycle.notice))
        .order_by(case((Submission.team_key == own_team, 0), else_=1), Submission.id.desc())
        .limit(MOST)
    )  # fmt: skip
    return [(row, answer) for row, answer in session.execute(query) if _may_read(row, place.form, actor)]


def bring(
    session: Session, place: Place, *, spec: FormSpec, source_id: int, saved: Mapping[str, Any], version: int,
    actor: Actor, now: datetime,
) -> Copied:  # fmt: skip
    """Put the answers of another form into the person's draft, without replacing anything. Raises Missing."""
    found = next((answer for row, answer in sources(session, place, actor=actor) if row.id == source_id), None)
    if found is None:
        raise Missing("submission")
    draft = drafts.mine(session, place, actor=actor)
    into = {**saved, **(draft.values if draft else {})}
    copied = copy(spec, found.values, into=into, today=now.astimezone(clock.ZONE).date())
    if copied.taken:
        seen, takes = (draft.seen, draft.request_key) if draft else (version, "")
        typed = Typed(copied.values, seen, secrets.token_urlsafe(16), takes)
        drafts.keep(session, place, typed=typed, actor=actor, now=now)
    return copied


def _may_read(submission: Submission, form: str, actor: Actor) -> bool:
    spec = submission.cycle.definition.forms.get(form)
    return spec is not None and decide.may_read(spec, facts.as_case(submission), actor=actor)
