"""Whose work it is, kept from its judges where the year says so, and what their pages are told of it instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from qtb.domain import blindness
from qtb.domain.errors import Conflict, Invalid, Missing
from qtb.domain.fields import FormSpec
from qtb.domain.roles import Actor
from qtb.services import notes
from qtb.services.cycles import only_organiser
from qtb.store import answers, audit, cycles, honours
from qtb.store import blindness as store
from qtb.store.cycles import Cycle
from qtb.store.evaluations import Sheet
from qtb.store.honours import Honour
from qtb.store.submissions import Submission

KIND = "blindness"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the pages of a judge are told of a work; where the applicant is hidden, names are empty or struck out."""

    number: str
    title: str
    team_name: str
    state: str
    cycle: Cycle
    is_blind: bool
    eliminated: bool


def is_blind(cycle: Cycle, kind: str) -> bool:
    """Tell whether sheets of a kind hide the applicant in a year: as its rubric says, or the organiser decided."""
    return cycle.blind.get(kind, cycle.definition.rubric.sheets[kind].blind)


def change(
    session: Session, cycle: Cycle, kind: str, blind: bool, *, reason: str, actor: Actor, now: datetime
) -> None:
    """Hide the applicant on all sheets of a kind in a year, or show it, from now on.

    Raises Denied, Missing, Conflict where it is so already, Invalid where names are to be shown without a reason.
    """
    only_organiser(actor)
    cycles.exclude(session, cycle.id)  # whoever gives a sheet shares this lock: none is given beside the change
    session.refresh(cycle)
    if kind not in cycle.definition.rubric.sheets:
        raise Missing("sheet")
    reason = notes.short(reason)
    if not blind and not reason:
        raise Invalid("reason_required")
    if is_blind(cycle, kind) == blind:
        raise Conflict("blind_already")
    cycle.blind = {**cycle.blind, kind: blind}
    store.mark(session, cycle.id, kind, blind)
    changes = {kind: [not blind, blind]}
    audit.record(session, cycle, KIND, actor=actor, now=now, role="organiser", note=reason, changes=changes)


def seen(session: Session, sheets: Sequence[Sheet]) -> dict[int, Seen]:
    """Return what a judge's pages are told of the works of these sheets, by the sheet's id."""
    hidden = _hidden(session, [one.submission for one in sheets if one.is_blind])
    return {one.id: _seen(one, hidden.get(one.submission_id)) for one in sheets}


def read(session: Session, sheet: Sheet) -> list[tuple[FormSpec, Mapping[str, Any]]]:
    """Return the filled forms of a work that its judge reads on a sheet, each with its answers."""
    work = sheet.submission
    filled = answers.answers(session, work.id)
    forms = [(key, spec) for key, spec in work.cycle.definition.forms.items() if key in filled and spec.judged]
    mine = [(key, spec) for key, spec in forms if not spec.sheets or sheet.kind in spec.sheets]
    if not sheet.is_blind:
        return [(spec, filled[key]) for key, spec in mine]
    hidden = _hidden(session, [work])[work.id]
    return [(blindness.open_part(spec), blindness.struck(filled[key], hidden)) for key, spec in mine]


def honours_of(session: Session, sheet: Sheet) -> Sequence[Honour]:
    """Return the honours that a work's team won elsewhere; none where they would tell whose it is."""
    return () if sheet.is_blind else honours.of_team(session, sheet.submission)


def _hidden(session: Session, works: Sequence[Submission]) -> dict[int, frozenset[str]]:
    """Return what is struck out of each of these works."""
    found: dict[int, frozenset[str]] = {}
    filled, units = store.told_of(session, works) if works else ({}, {})
    for work in works:
        forms = work.cycle.definition.forms
        people = [text for key, values in filled[work.id].items() if key in forms
                  for text in blindness.personal(forms[key], values)]  # fmt: skip
        found[work.id] = blindness.names((*units[work.id], work.team_name), people)
    return found


def _seen(sheet: Sheet, hidden: frozenset[str] | None) -> Seen:
    work = sheet.submission
    if hidden is None:
        title, team = work.title, work.team_name
    else:
        title, team = blindness.struck(work.title, hidden), ""
    return Seen(work.number, title, team, work.state, work.cycle, hidden is not None, work.eliminated)
