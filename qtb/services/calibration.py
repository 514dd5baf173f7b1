"""Calibration: judges score known works first and see how far they are from what was agreed; drift is watched later.

A known work is no submission: it stands in no list, no ranking and no figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from qtb.domain import blindness, calibration, rubric
from qtb.domain.calibration import Distance
from qtb.domain.errors import Conflict, Denied, Invalid, Missing, Reason
from qtb.domain.roles import Actor
from qtb.domain.rubric import Calibration
from qtb.services import notes
from qtb.services.cycles import only_organiser
from qtb.store import audit, lists
from qtb.store import blindness as hidden
from qtb.store import calibration as store
from qtb.store.calibration import Known, Trial
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import lock

MADE, RETIRED, AGAIN = "known_made", "known_retired", "trial_again"
MAX_TITLE, MAX_TEXT, MAX_REASON = 100, 20_000, 500


class Wrong(Invalid):
    """Points that cannot be kept; `errors` by item, nothing was stored."""

    def __init__(self, errors: Mapping[str, Reason]) -> None:
        super().__init__("sheet_errors", n=len(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Line:
    """One judge of the board: the distances by known work, how many are lacking, and the drift over the real sheets."""

    id: int
    name: str
    trials: Mapping[int, tuple[Trial, Distance]]
    n_lacking: int
    drift: Decimal | None


def rule_of(cycle: Cycle) -> Calibration:
    """Return a year's rule. Raises Missing where its programme calibrates nobody."""
    rule = cycle.definition.rubric.calibration
    if rule is None:
        raise Missing("http_404")
    return rule


def lacking(session: Session, cycle: Cycle, kind: str, account_id: int | None) -> int:
    """Return how many known works a judge has yet to score before real ones of a kind.

    None where the year has no known works, or he has finished a real one: whoever began before them is not stopped.
    """
    if not is_asked(cycle, kind):
        return 0
    rule = rule_of(cycle)
    n_known, n_tried, n_finished = store.standing(session, cycle.id, kind, account_id)
    return 0 if n_finished else max(0, min(rule.works, n_known) - n_tried)


def is_asked(cycle: Cycle, kind: str) -> bool:
    """Tell whether a year has known works that come before sheets of a kind."""
    rule = cycle.definition.rubric.calibration
    return rule is not None and rule.sheet == kind and cycle.n_known > 0


def make(
    session: Session, cycle: Cycle, *, title: str, text: str, points: Mapping[str, str], reasons: Mapping[str, str],
    actor: Actor, now: datetime,
) -> Known:  # fmt: skip
    """Make a known work with the points agreed on. Raises Denied, Missing, Invalid, Conflict, Wrong."""
    only_organiser(actor)
    rule = rule_of(cycle)
    lock(session, cycle)
    title, text = notes.text(title, MAX_TITLE, lines=False), notes.text(text, MAX_TEXT)
    if not title or not text:
        raise Invalid("known_text")
    if title in {one.title for one in store.works(session, cycle.id, rule.sheet)}:
        raise Conflict("known_title", title=title)  # one page sent twice, or two that judges could not tell apart
    items = cycle.definition.rubric.sheets[rule.sheet].items
    why = {key: said for key in items if (said := notes.text(reasons.get(key, ""), MAX_REASON))}
    row = Known(
        cycle_id=cycle.id, kind=rule.sheet, title=title, text=text, points=_points(cycle, rule.sheet, points),
        reasons=why, made_by=actor.user_id, made_at=now,
    )  # fmt: skip
    session.add(row)
    cycle.n_known += 1
    session.flush()
    audit.record(session, cycle, MADE, actor=actor, now=now, role="organiser", known=row.id)
    return row


def retire(session: Session, row: Known, *, actor: Actor, now: datetime) -> None:
    """Ask nobody to score a known work any more; what was given stays."""
    only_organiser(actor)
    lock(session, row.cycle)
    session.refresh(row)
    if row.retired_at is not None:
        raise Conflict("known_retired")
    row.retired_at = now
    row.cycle.n_known -= 1
    session.flush()
    audit.record(session, row.cycle, RETIRED, actor=actor, now=now, role="organiser", known=row.id)


def score(session: Session, row: Known, raw: Mapping[str, str], *, actor: Actor, now: datetime) -> Trial:
    """Keep what a judge gives a known work, once. Raises Denied, Wrong, Conflict where one stands or it is retired."""
    if not actor.holds("evaluator"):
        raise Denied("audience", roles=("evaluator",))
    lock(session, row)
    if row.retired_at is not None:
        raise Conflict("known_retired")
    if store.mine(session, row.id, actor.user_id) is not None:
        raise Conflict("trial_stands")
    points = _points(row.cycle, row.kind, raw)
    number = store.n_trials(session, row.id, actor.user_id) + 1
    mine = Trial(
        known_id=row.id, evaluator_id=actor.user_id or 0, number=number, scores=points, total=rubric.total(points),
        finished_at=now,
    )  # fmt: skip
    session.add(mine)
    session.flush()
    return mine


def let_again(session: Session, row: Trial, *, reason: str, actor: Actor, now: datetime) -> None:
    """Let a judge score a known work again, with a reason; what he gave before is kept. Raises Denied, Invalid."""
    only_organiser(actor)
    reason = notes.short(reason)
    if not reason:
        raise Invalid("reason_required")
    lock(session, row.known)
    session.refresh(row)
    if row.voided_at is not None:
        raise Conflict("trial_voided")
    row.voided_at, row.voided_reason = now, reason
    session.flush()
    audit.record(
        session, row.known.cycle, AGAIN, actor=actor, now=now, role="organiser", note=reason, known=row.known_id,
        evaluator=row.evaluator_id,
    )  # fmt: skip


def distance(row: Trial) -> Distance:
    """Return how far a judge is from what was agreed."""
    return calibration.distance(row.scores, row.known.points)


def board(session: Session, cycle: Cycle) -> list[Line]:
    """Return the judges of a year with their distances and drifts, by name."""
    rule = rule_of(cycle)
    known, begun = store.works(session, cycle.id, rule.sheet), store.begun(session, cycle.id, rule.sheet)
    given: dict[int, dict[int, tuple[Trial, Distance]]] = {}
    for row in store.trials(session, cycle.id):
        given.setdefault(row.evaluator_id, {})[row.known_id] = (row, distance(row))
    drifts, asked = _drifts(store.finished(session, cycle.id, rule.sheet)), {one.id for one in known}
    judges = {row.id: row.name for row in store.judges(session, cycle.id, rule.sheet)}
    judges |= {key: next(iter(mine.values()))[0].evaluator.name for key, mine in given.items()}
    ordered = sorted(judges.items(), key=lambda pair: (pair[1], pair[0]))
    n_asked = min(rule.works, len(asked))
    return [
        Line(key, name, mine := given.get(key, {}),
             0 if key in begun else max(0, n_asked - len(asked & set(mine))), drifts.get(key))
        for key, name in ordered
    ]  # fmt: skip


def proposal(session: Session, cycle: Cycle, number: str, *, actor: Actor) -> tuple[str, str]:
    """Return (title, text) of a work of any year, its names struck out, to begin a known work with. Raises Missing."""
    only_organiser(actor)
    found = session.scalar(select(Submission).where(Submission.number == number.strip(), lists.visible(actor)))
    if found is None:
        raise Missing("submission")
    filled, units = hidden.told_of(session, [found])
    forms = {key: spec for key, spec in found.cycle.definition.forms.items() if key in filled[found.id]}
    people = [text for key, spec in forms.items() for text in blindness.personal(spec, filled[found.id][key])]
    names = blindness.names((*units[found.id], found.team_name), people)
    lines = [
        f"{field.label.zh}：{value}" for key, spec in forms.items() if spec.judged
        for name, field in blindness.open_part(spec).fields.items()
        if field.type in ("text", "longtext") and not field.by_system and field.column is None
        if (value := filled[found.id][key].get(name))
    ]  # fmt: skip
    return blindness.struck(found.title, names), blindness.struck("\n\n".join(lines), names)


def _drifts(rows: Sequence[Row[Any]]) -> dict[int, Decimal | None]:
    scores: dict[str, dict[str, Decimal]] = {}
    for row in rows:
        scores.setdefault(str(row.submission_id), {})[str(row.evaluator_id)] = row.total
    apart, in_time = calibration.deviations(scores), dict[int, list[Fraction]]()
    for row in rows:
        if (one := apart.get(str(row.evaluator_id), {}).get(str(row.submission_id))) is not None:
            in_time.setdefault(row.evaluator_id, []).append(one)
    return {judge: calibration.drift(given) for judge, given in in_time.items()}


def _points(cycle: Cycle, kind: str, raw: Mapping[str, str]) -> dict[str, str]:
    points, errors, missing = rubric.check(cycle.definition.rubric, kind, raw)
    errors = {**{item: Reason("score_missing") for item in missing}, **errors}
    if errors:
        raise Wrong(errors)
    return points
