"""Files of a form: put there, replaced and taken away like any other answer, in the same unit as their row."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.domain.errors import Conflict, Missing
from qtb.domain.fields import FieldSpec
from qtb.domain.files import Looked
from qtb.domain.form_check import Checked
from qtb.domain.roles import Actor
from qtb.services import answers, hand_ins
from qtb.services.merging import Filled
from qtb.store import accounts
from qtb.store import files as store
from qtb.store.answers import Answer
from qtb.store.cycles import Cycle
from qtb.store.files import File, Owner
from qtb.store.hand_ins import HandIn
from qtb.store.objects import Storage
from qtb.store.submissions import Submission
from qtb.store.unit import lock

LEFT = timedelta(hours=24)  # what no row names may be on its way to one for so long


@contextmanager
def laid(storage: Storage, path: Path) -> Iterator[str]:
    """Lay a file into the storage for the unit inside; where that fails it is taken out again."""
    key = storage.put(path)
    try:
        yield key
    except BaseException:
        with suppress(Exception):  # what stays is swept later; the reason of the failure matters more
            storage.delete(key)
        raise


def attach(
    session: Session, owner: Owner, form: str, field: str, *, looked: Looked, key: str, actor: Actor, now: datetime
) -> File:  # fmt: skip
    """Let a file stand in a field, in place of the one before where the field takes one. Raises as a save does."""
    lock(session, owner)
    standing, most = store.standing(session, owner, form).get(field, ()), file_field(owner.cycle, form, field).max or 1
    if most > 1 and len(standing) >= most:
        raise Conflict("file_many", max=most)
    for old in standing if most == 1 else ():
        old.ended_at = now
    row = File.laid(owner, form, field, looked, key=key, account_id=actor.user_id, now=now)
    session.add(row)
    session.flush()
    _save(session, owner, form, actor=actor, now=now)
    return row


def take_away(session: Session, row: File, *, actor: Actor, now: datetime) -> None:
    """Let a file stand no longer; it is kept among what stood before. Raises as a save does."""
    owner = owner_of(session, row)
    lock(session, owner)
    session.refresh(row)
    if row.ended_at is not None:
        return  # somebody was faster: it is as was asked
    row.ended_at = now
    session.flush()
    _save(session, owner, row.form, actor=actor, now=now)


def owner_of(session: Session, row: File) -> Owner:
    """Return whose form a file stands on, or stood. Raises Missing for what came with an objection and stays."""
    if row.objection_id is not None:
        raise Missing("file")
    return row.hand_in or session.get_one(Submission, row.submission_id)


def checked(session: Session, owner: Owner, form: str, *, now: datetime) -> Checked:
    """Return what a form comes to as it is saved, with the files that stand on it."""
    if isinstance(owner, HandIn):
        return hand_ins.check(session, owner.cycle, form, owner.unit_id, owner.values, now=now)
    answer = session.get(Answer, (owner.id, form))
    known = answers.known(owner, form, recommenders=accounts.units(session, "recommender"))
    return answers.check(owner.cycle, form, answer.values if answer else {}, known=known, now=now)


def file_field(cycle: Cycle, form: str, field: str) -> FieldSpec:
    """Return a field that takes files. Raises Missing."""
    spec = cycle.definition.forms.get(form)
    found = spec.fields.get(field) if spec else None
    if found is None or found.type != "file":
        raise Missing("form")
    return found


def sweep(session: Session, storage: Storage, *, now: datetime) -> int:
    """Delete what lies in the storage for a day and no row names; return how many."""
    named = set(session.scalars(select(File.key)))
    left = [key for key in storage.older(now - LEFT) if key not in named]
    for key in left:
        storage.delete(key)
    return len(left)


def check(session: Session, storage: Storage, *, now: datetime) -> Iterator[tuple[str, str]]:
    """I6: yield what is wrong and with which: each file lies there with its SHA-256, and nothing else for a day."""
    named = set()
    for row in session.scalars(select(File).order_by(File.id).execution_options(yield_per=500)):
        named.add(row.key)
        digest = hashlib.sha256()
        try:
            for part in storage.chunks(row.key):
                digest.update(part)
        except FileNotFoundError:
            yield "file_gone", f"file {row.id} {row.key}"
            continue
        if digest.hexdigest() != row.sha256:
            yield "file_altered", f"file {row.id} {row.key}"
    yield from (("file_left", key) for key in storage.older(now - LEFT) if key not in named)


def _save(session: Session, owner: Owner, form: str, *, actor: Actor, now: datetime) -> None:
    """Save the form as it stands, with the files that stand now: one check, one version, one entry of history."""
    if isinstance(owner, HandIn):
        raw = owner.values or hand_ins.proposed(session, owner)
        filled = Filled(form, raw, ends_draft=False)
        hand_ins.save(session, cycle=owner.cycle, unit=owner.unit, filled=filled, actor=actor, now=now)
        return
    answer = session.get(Answer, (owner.id, form))
    values: dict[str, Any] = answer.values if answer else {}
    answers.save(session, owner, filled=Filled(form, values, ends_draft=False), actor=actor, now=now)
