"""Recommending published works to the next round 推优: the order by rule, the organiser's choice, its forms."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete
from sqlalchemy.orm import Session

from qtb.domain import evidence, nomination
from qtb.domain.errors import Conflict, Invalid, Missing, Refusal
from qtb.domain.nomination import Candidate, Nomination, Published
from qtb.domain.roles import Actor
from qtb.services import answers as filling
from qtb.services import notes, results
from qtb.services.answers import Filled
from qtb.services.cycles import only_organiser
from qtb.store import answers, audit, cycles, outbox
from qtb.store import nominations as store
from qtb.store.cycles import Cycle
from qtb.store.nominations import Nominated, Places
from qtb.store.results import hold
from qtb.store.submissions import Submission
from qtb.store.unit import lock

CHOSEN, DROPPED, MOVED, SET = "nominated", "nomination_off", "nomination_moved", "nomination_places"
MOST = 999


@dataclass(frozen=True, slots=True)
class Standing:
    """A year's candidates in order with the rows they are shown by, who was chosen, and a digest of what was shown.

    `gone` are works that were chosen and are candidates no more: they hold no place, and leave with the next choice.
    """

    candidates: tuple[Candidate, ...]
    rows: Mapping[int, Row[Any]]
    chosen: Mapping[int, Nominated]
    gone: tuple[Nominated, ...]
    places: int | None
    digest: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What a choice came to: how many are recommended, and the numbers of those new whose form is still empty."""

    n: int
    blank: tuple[str, ...]


def rule_of(cycle: Cycle) -> Nomination:
    """Return a year's rule. Raises Missing where its programme recommends nothing upward."""
    rule = cycle.definition.nomination
    if rule is None:
        raise Missing("http_404")
    return rule


def standing(session: Session, cycle: Cycle) -> Standing:
    """Return who may be recommended, as the published results stand now; nobody before the publication."""
    rule = rule_of(cycle)
    states = [key for key, state in cycle.definition.workflow.states.items() if state.listed]
    rows = {row.id: row for row in store.works(session, cycle.id, states, rule.levels)}
    judged = {one.row.id: one for one in results.standing(session, cycle).works} if rows else {}
    filled = answers.of_many(session, list(rows))
    works = [_published(rule, row, judged, filled[row.id]) for row in rows.values()]
    places = store.places(session, cycle.id)
    found = nomination.candidates(works, places)
    chosen = store.of_cycle(session, cycle.id)
    told = [f"{one.work.id} {one.place} {one.why}" for one in found] + [f"{one} chosen" for one in sorted(chosen)]
    gone = tuple(one for key, one in chosen.items() if key not in rows)
    return Standing(found, rows, chosen, gone, places, evidence.digest("\n".join(told)))


def set_places(session: Session, cycle: Cycle, text: str, *, actor: Actor, now: datetime) -> None:
    """Say how many works a year may recommend; with an empty text nobody has said. Raises Denied, Invalid."""
    only_organiser(actor)
    rule_of(cycle)
    text = text.strip()
    if text and not (text.isascii() and text.isdigit() and len(text) <= 3):
        raise Invalid("nomination_places", most=MOST)
    cycles.exclude(session, cycle.id)  # whoever chooses has counted the places
    session.refresh(cycle)
    before, after = store.places(session, cycle.id), int(text) if text else None
    if before == after:
        return
    session.execute(delete(Places).where(Places.cycle_id == cycle.id))
    if after is not None:
        session.add(Places(cycle_id=cycle.id, n=after))
    audit.record(session, cycle, SET, actor=actor, now=now, role="organiser", changes={"places": [before, after]})


def choose(
    session: Session, cycle: Cycle, ids: Collection[int], *, shown: str, reason: str, actor: Actor, now: datetime
) -> Choice:
    """Recommend exactly these works. Whoever is new gets the form, and its unit a letter.

    Raises Denied, Conflict (changed since shown), Invalid (unknown work, too many, one that may not go up, or another
    order than the rule's without a reason).
    """
    only_organiser(actor)
    cycles.exclude(session, cycle.id)  # nothing of the year moves between the reckoning and what is written
    session.refresh(cycle)
    found = standing(session, cycle)
    if found.digest != shown:
        raise Conflict("nomination_changed")
    reason = notes.short(reason)
    off = _departing(found, ids)
    if off and not reason:
        raise Invalid("nomination_reason", n=len(off))
    hold(session, sorted({*ids, *found.chosen}))
    for gone in sorted(set(found.chosen) - set(ids)):
        _drop(session, gone, reason, tells=gone in found.rows, actor=actor, now=now)
    blank: list[str] = []
    for place, one in enumerate((one.work for one in found.candidates if one.work.id in ids), 1):
        note, known = reason if one.id in off else "", found.chosen.get(one.id)
        if known is not None:
            _keep(session, known, place, note, actor=actor, now=now)
        elif not _put(session, one.id, place, note, actor=actor, now=now):
            blank.append(one.number)
    return Choice(len(ids), tuple(blank))


def _departing(found: Standing, ids: Collection[int]) -> set[int]:
    """Return the works in which a choice is not the rule's. Raises Invalid where no reason makes it possible."""
    if set(ids) - set(found.rows):
        raise Invalid("nomination_unknown")
    if found.places is not None and len(ids) > found.places:
        raise Invalid("nomination_over", n=len(ids), places=found.places)
    for one in found.candidates:
        # Whoever was recommended before somebody objected stays until the objection is answered, or is left out.
        if one.work.id in ids and one.place is None and one.work.id not in found.chosen:
            raise Invalid(f"nomination_{one.why}", number=one.work.number)
    return {one.work.id for one in found.candidates if one.is_proposed != (one.work.id in ids)}


def _published(
    rule: Nomination, row: Row[Any], judged: Mapping[int, results.Judged], filled: Mapping[str, Mapping[str, Any]]
) -> Published:
    one, wish = judged.get(row.id), rule.wish
    wishes = wish is None or filled.get(wish.form, {}).get(wish.field) == wish.value
    rank, score = (one.place.rank, one.score) if one else (None, None)
    return Published(row.id, row.number, rank, score, wishes, row.n_objections)


def _put(session: Session, work_id: int, place: int, note: str, *, actor: Actor, now: datetime) -> bool:
    """Recommend a work; tell whether its form could be begun."""
    work = session.get_one(Submission, work_id)
    lock(session, work)
    work.nominated = True
    session.add(
        Nominated(
            submission_id=work.id, cycle_id=work.cycle_id, place=place, note=note, chosen_by=actor.user_id,
            chosen_at=now,
        )
    )  # fmt: skip
    session.flush()
    audit.record(session, work, CHOSEN, actor=actor, now=now, role="organiser", note=note)
    outbox.post(session, f"{CHOSEN}:{work.id}.{work.version}", "", work.id, CHOSEN, "applicant", now=now)
    return _begin_form(session, work, actor=actor, now=now)


def _keep(session: Session, row: Nominated, place: int, note: str, *, actor: Actor, now: datetime) -> None:
    """Say anew in which place a recommended work goes up, and why where that departs from the rule."""
    if (row.place, row.note) == (place, note):
        return
    changes = {"place": [row.place, place]} if row.place != place else {}
    row.place, row.note = place, note
    lock(session, row.submission)
    audit.record(session, row.submission, MOVED, actor=actor, now=now, role="organiser", note=note, changes=changes)


def _drop(session: Session, work_id: int, note: str, *, tells: bool, actor: Actor, now: datetime) -> None:
    """Recommend a work no longer; whoever was told that its award is revoked is not told this too."""
    work = session.get_one(Submission, work_id)
    lock(session, work)
    work.nominated = False
    session.execute(delete(Nominated).where(Nominated.submission_id == work_id))
    audit.record(session, work, DROPPED, actor=actor, now=now, role="organiser", note=note)
    if tells:
        outbox.post(session, f"{DROPPED}:{work.id}.{work.version}", "", work.id, DROPPED, "applicant", now=now)


def _begin_form(session: Session, work: Submission, *, actor: Actor, now: datetime) -> bool:
    """Let the form begin with what another one says to the same questions; tell whether there is something on it."""
    rule, forms = rule_of(work.cycle), work.cycle.definition.forms
    filled = answers.answers(session, work.id)
    if rule.form in filled:
        return True
    given, asked = filled.get(rule.takes or "", {}), forms[rule.form].fields
    raw = {key: given[key] for key in _alike(asked, forms[rule.takes].fields) if given.get(key)} if rule.takes else {}
    if not raw:
        return False
    try:
        filling.save(session, work, filled=Filled(rule.form, raw, ends_draft=False), actor=actor, now=now)
    except Refusal:  # suspended, or what was right there is not right here: it is filled by hand
        return False
    return True


def _alike(asked: Mapping[str, Any], given: Mapping[str, Any]) -> Sequence[str]:
    """Return the questions that both forms ask, without files and what the system says."""
    return [
        key for key, field in asked.items()
        if key in given and field.type == given[key].type != "file" and field.copies and not field.by_system
    ]  # fmt: skip
