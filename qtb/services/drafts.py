"""Drafts: what somebody types is kept as typed, without a check, until that person saves the form."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.domain import decide
from qtb.domain.errors import Conflict, Denied, Refusal
from qtb.domain.roles import Actor
from qtb.store import answers, evaluations, facts, hand_ins
from qtb.store import drafts as store
from qtb.store.drafts import AnswerDraft, Place
from qtb.store.submissions import Submission
from qtb.store.versions import Versions

MOST = 300_000  # characters: ten times what the longest form takes
LATEST = 20
LATELY = timedelta(minutes=5)


class TooLong(Refusal):
    """A draft is longer than any form could be."""

    status = 413


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands on a page: texts, the version it was drawn from, its own key, and that of the draft drawn on it."""

    raw: Mapping[str, Any]
    seen: int
    key: str
    takes: str = ""


def keep(session: Session, place: Place, *, typed: Typed, actor: Actor, now: datetime) -> bool:
    """Keep what was typed; False where the same page has been saved meanwhile and there is nothing left to keep.

    Raises Conflict where another page of the same person keeps a draft that this one does not know.
    """
    if actor.user_id is None:
        raise Denied("draft_whose")
    values = _storable(typed.raw)
    if len(json.dumps(values, ensure_ascii=False)) > MOST:
        raise TooLong("draft_too_long", max=MOST)
    store.hold(session, place)
    if is_saved(session, place, actor=actor, key=typed.key):
        return False
    seen = min(max(typed.seen, 0), 2**31 - 1)
    kept = {"values": values, "seen": seen, "request_key": typed.key, "kept_at": now}
    if not store.put(session, place, actor.user_id, over=typed.takes, **kept):
        raise Conflict("draft_elsewhere")
    return True


def refuse(submission: Submission, form: str, *, actor: Actor) -> None:
    """Raise Denied unless the person is one of those who fill this form of the submission."""
    definition, case = submission.cycle.definition, facts.as_case(submission)
    if not decide.may_draft(definition, form, case, actor=actor):
        edits = [edit for state in definition.workflow.states.values() for edit in state.edits if edit.form == form]
        raise Denied("edit_role", roles=tuple(dict.fromkeys(edit.by for edit in edits)))


def mine(session: Session, place: Place, *, actor: Actor) -> AnswerDraft | None:
    """Return the person's own draft."""
    return store.draft(session, place, actor.user_id)


def discard(session: Session, place: Place, *, actor: Actor) -> None:
    """End the person's own draft: what is saved stands."""
    store.drop(session, place, actor.user_id)


def at_work(session: Session, place: Place, *, actor: Actor, now: datetime) -> list[tuple[str, datetime]]:
    """Return who else of the person's own units typed here lately, and when last."""
    units = sorted({unit_id for held in actor.units.values() for unit_id in held})
    return store.others(session, place, account_id=actor.user_id, units=units, since=now - LATELY)


def is_saved(session: Session, place: Place, *, actor: Actor, key: str) -> bool:
    """Tell whether a page has been saved: what it sent before, and arrives after, must not come back as a draft."""
    versions = _versions(session, place)
    if versions is not None:
        return versions.saved_from(actor.user_id, key) > 0
    entered = select(Submission.id).where(Submission.request_key == entry_key(actor, key))
    return bool(key) and session.scalar(entered) is not None


def saved_keys(session: Session, place: Place, *, actor: Actor) -> list[str]:
    """Return the latest drawings of the page that the person saved."""
    versions = _versions(session, place)
    if versions is not None:
        return versions.saved_keys(actor.user_id)
    mine = Submission.cycle_id == place.cycle_id, Submission.unit_id == place.unit_id
    keys = session.scalars(select(Submission.request_key).where(*mine).order_by(Submission.id.desc()).limit(LATEST))
    prefix = entry_key(actor, "")
    return [key.removeprefix(prefix) for key in keys if key and key.startswith(prefix)]


def _versions(session: Session, place: Place) -> Versions | None:
    """Return the versions of the form that is filled; None where a save makes a new entry instead."""
    if place.sheet_id is not None:
        return evaluations.versions(session, place.sheet_id)
    if place.submission_id is not None:
        return answers.versions(session, place.submission_id, place.form)
    if not place.is_hand_in:
        return None
    kept = hand_ins.of(session, place.cycle_id, place.unit_id).get(place.form)
    return hand_ins.versions(session, kept.id if kept else 0)


def entry_key(actor: Actor, key: str) -> str:
    """Return the key under which one drawing of the entry page enters one team."""
    return f"{actor.user_id}:{key[:40]}"


def _storable(value: Any) -> Any:
    """Return the value without what no database holds: NUL, and halves of characters."""
    if isinstance(value, str):
        return "".join(sign for sign in value if sign != "\0" and unicodedata.category(sign) != "Cs")
    if isinstance(value, Mapping):
        return {_storable(str(key)): _storable(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_storable(part) for part in value]
    return value if value is None or isinstance(value, (bool, int)) else str(value)
