"""Certificates of awarded works: issued once the results are out, reissued, revoked; each with an entry of history.

Every act holds the year first, so that two at once follow each other. A certificate is not only revoked by hand: one
whose work has left the states that may hold it, or holds another level now, holds no more either.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_
from sqlalchemy.orm import Session

from qtb.domain import certificate as wording
from qtb.domain import evidence, receipt
from qtb.domain.certificate import Certificates
from qtb.domain.errors import Conflict, Denied, Invalid, Missing
from qtb.domain.roles import Actor
from qtb.domain.timeline import canonical
from qtb.services import notes
from qtb.store import audit, cycles
from qtb.store import certificates as store
from qtb.store.certificates import Certificate, Standing
from qtb.store.cycles import Cycle
from qtb.store.history import History
from qtb.store.submissions import Submission, next_number
from qtb.store.unit import lock

PORTION = 200  # issued in one unit; more would keep everybody else waiting
MAX_REASON = 500
ISSUED, REPLACED, REVOKED = "certificate_issued", "certificate_replaced", "certificate_revoked"
KINDS = (ISSUED, REPLACED, REVOKED)


def issue(
    session: Session, cycle: Cycle, *, actor: Actor, now: datetime, ids: Sequence[int] | None = None
) -> list[Certificate]:
    """Issue certificates for works of a year that may hold one and never had one: at most PORTION, or those of `ids`.

    Works with an open objection wait. Empty where none lacks one, so whoever wants them all asks again until then.
    """
    spec = _held(session, cycle, actor)
    query = store.lacking(cycle.id, spec.states(cycle.definition.workflow), list(spec.levels))
    if ids is not None:
        query = query.where(Submission.id.in_(ids))
    claimed = query.limit(PORTION).with_for_update(key_share=True, of=Submission)
    works = session.scalars(claimed.execution_options(populate_existing=True)).all()
    return [_issued(session, work, actor=actor, now=now) for work in works]


def reissue(session: Session, found: Certificate, *, reason: str, actor: Actor, now: datetime) -> Certificate:
    """Issue a work's certificate anew, with its names of today; the old one is revoked and names the new one.

    Raises Conflict where it was replaced before, or the work may hold none now.
    """
    reason = _reason(reason)
    spec = _held(session, found.cycle, actor)
    session.refresh(found)
    lock(session, found.submission)
    last, work = store.last_of(session, found.submission_id), found.submission
    if last is not None and last.id != found.id:
        raise Conflict("certificate_replaced", number=last.number)
    if not _may_hold(spec, work):
        raise Conflict("certificate_not_now", number=work.number)
    if work.n_objections_open:
        raise Conflict("certificate_objection", number=work.number)
    if found.revoked_at is None:
        found.revoked_at, found.revoked_reason = now, reason
    session.flush()  # before the next one comes: of a work only one is unrevoked
    return _issued(session, work, actor=actor, now=now, before=found, reason=reason)


def revoke(session: Session, found: Certificate, *, reason: str, actor: Actor, now: datetime) -> None:
    """Let a certificate hold no more, for a reason that anybody may read. Raises Conflict where it was revoked."""
    reason = _reason(reason)
    _held(session, found.cycle, actor)
    session.refresh(found)
    if found.revoked_at is not None:
        raise Conflict("certificate_revoked", number=found.number)
    found.revoked_at, found.revoked_reason = now, reason
    audit.record(
        session, found.submission, REVOKED, actor=actor, now=now, role="organiser", number=found.number, note=reason
    )


def standing(session: Session, code: str) -> Standing | None:
    """Return how the certificate with a code or number stands, however the code was typed; None where there is none."""
    either = or_(Certificate.code == receipt.plain(code), Certificate.number == code.strip().upper())
    found = session.scalar(store.whole().where(either).limit(1))
    return store.standing(found, states(found.cycle)) if found else None


def valid_of(session: Session, submission: Submission) -> Certificate | None:
    """Return the certificate that a work holds now."""
    found = store.last_of(session, submission.id)
    is_valid = found is not None and store.standing(found, states(submission.cycle)).is_valid
    return found if is_valid else None


def held(submission: Submission, entries: Sequence[History]) -> str:
    """Return the number of the certificate that a work holds, by its history, latest first; empty for none."""
    last = next((row.about() | {"kind": row.kind} for row in entries if row.kind in KINDS), {})
    is_held = last.get("kind") != REVOKED and submission.state in states(submission.cycle)
    return str(last.get("number", "")) if is_held and last.get("level") == submission.award_level else ""


def revoked(session: Session, cycle: Cycle) -> list[dict[str, str]]:
    """Return a year's certificates that hold no more, in the order in which they were issued, for the signed list."""
    may = states(cycle)
    query = store.whole().where(Certificate.cycle_id == cycle.id, store.ended(may)).order_by(Certificate.id)
    found = (store.standing(one, may) for one in session.scalars(query))
    return [_listed(one.certificate, one.ended_at) for one in found if one.ended_at]


def states(cycle: Cycle) -> list[str]:
    """Return the states of a year whose works may hold a certificate."""
    spec = cycle.definition.certificate
    return spec.states(cycle.definition.workflow) if spec else []


def _listed(found: Certificate, since: datetime) -> dict[str, str]:
    return {
        "number": found.number, "since": canonical(since), "reason": found.revoked_reason,
        "replaced_by": found.after.number if found.after else "",
    }  # fmt: skip


def _held(session: Session, cycle: Cycle, actor: Actor) -> Certificates:
    """Hold a year for an act of its organiser; return what its certificates are like."""
    if not actor.holds("organiser"):
        raise Denied("only_organiser")
    cycles.hold(session, cycle)
    lock(session, cycle)
    spec = cycle.definition.certificate
    if spec is None:
        raise Missing("certificates_none")
    return spec


def _reason(text: str) -> str:
    reason = notes.short(text)
    if not reason:
        raise Invalid("reason_required")
    if len(reason) > MAX_REASON:
        raise Invalid("field_too_long", max=MAX_REASON, n=len(reason))
    return reason


def _may_hold(spec: Certificates, work: Submission) -> bool:
    return work.state in states(work.cycle) and work.award_level in spec.levels


def _issued(
    session: Session, work: Submission, *, actor: Actor, now: datetime, before: Certificate | None = None,
    reason: str = "",
) -> Certificate:  # fmt: skip
    """Write a certificate for a work that may hold one, and the entry about it."""
    spec = work.cycle.definition.certificate
    assert spec is not None
    look, key = spec.levels[work.award_level], work.cycle.key
    n = next_number(session, f"certificate:{work.cycle_id}:{look.code}")
    number = wording.number(spec.number, cycle=key, level=look.code, n=n)
    code = receipt.code([secrets.randbelow(len(receipt.SIGNS)) for _ in range(receipt.CODE_LENGTH)])
    said = _said(spec, work, {"number": number, "code": code}, now)
    made = Certificate(
        cycle_id=work.cycle_id, submission_id=work.id, number=number, code=code, level=work.award_level,
        team_name=work.team_name, unit_name=work.unit.name, title=work.title, said=said,
        fingerprint=evidence.digest(said), issued_at=now, issued_by=actor.user_id,
        replaces_id=before.id if before else None,
    )  # fmt: skip
    session.add(made)
    about: dict[str, Any] = {"number": number, "level": work.award_level, "sha256": made.fingerprint}
    if before is not None:
        about |= {"replaces": before.number, "note": reason}
    kind = REPLACED if before else ISSUED
    audit.record(session, work, kind, actor=actor, now=now, role="organiser", **about)
    return made


def _said(spec: Certificates, work: Submission, named: dict[str, str], now: datetime) -> str:
    definition = work.cycle.definition
    facts = {
        **named, "unit": work.unit.name, "team": work.team_name, "title": work.title, "cycle": work.cycle.title,
        "year": work.cycle.key, "submission": work.number,
    }  # fmt: skip
    labels = {
        "level": definition.rubric.levels[work.award_level].label, "programme": definition.workflow.programme.title,
    }  # fmt: skip
    return wording.written(spec, work.award_level, facts=facts, labels=labels, at=now)
