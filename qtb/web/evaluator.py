"""The evaluator's pages: assigned works, their score sheets, standing back from one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from qtb.domain.errors import Reason, Refusal
from qtb.domain.timeline import Timeline
from qtb.extensions import db
from qtb.i18n import in_words, say
from qtb.services import blindness, calibration, conflicts, drafts, evaluations, recusals
from qtb.services import sheets as reopening
from qtb.services.evaluations import Unscored
from qtb.store import calibration as known
from qtb.store import presentation
from qtb.store.calibration import Known, Trial
from qtb.store.cycles import Cycle
from qtb.store.evaluations import Sheet
from qtb.store.unit import unit
from qtb.web import answers, sheets, years
from qtb.web.access import actor, audience
from qtb.web.parse import seen

pages = Blueprint("evaluator", __name__, url_prefix="/evaluator")


@dataclass(frozen=True, slots=True)
class Group:
    """A judge's sheets of one kind in one year: the kind's place in the rubric, and when they must be finished."""

    cycle: Cycle
    kind: str
    n: int
    ends_at: datetime | None
    sheets: list[Sheet]


@pages.get("/")
@audience("evaluator")
def works() -> ResponseReturnValue:
    """Show the works assigned to the person, unfinished sheets first."""
    mine = select(Sheet).where(Sheet.evaluator_id == actor().user_id).order_by(Sheet.is_open.desc(), Sheet.id)
    given = db.session().scalars(mine.options(joinedload(Sheet.submission)).limit(500)).all()
    times = {year.cycle.id: year.times for year in years.told(db.session())}
    first, turns = _first(given), evaluations.turns(db.session(), given)
    refusals = {
        sheet.id: evaluations.scoring_refusal(
            sheet, times=times[sheet.submission.cycle_id], now=g.now, turn=turns.get(sheet.id),
            first=first[sheet.submission.cycle_id, sheet.kind],
        )
        for sheet in given
    }  # fmt: skip
    told = blindness.seen(db.session(), given)
    return render_template(
        "evaluator/works.html", groups=_groups(given, times), works=told, refusals=refusals, known=_known(given),
        n_open=sum(one.is_open and not told[one.id].eliminated for one in given), n_all=len(given), **_running(given),
    )


@pages.route("/sheets/<int:sheet_id>", methods=["GET", "POST"])
@audience("evaluator", cleans=True)
def sheet(sheet_id: int) -> ResponseReturnValue:
    """Score a work."""
    own = evaluations.sheet_of(db.session(), sheet_id, actor())
    if request.method == "GET":
        return _shown(own)
    finish = "finish" in request.form
    try:
        with unit(db.session()) as work:
            own = evaluations.sheet_of(work, sheet_id, actor())
            typed = sheets.typed(own)
            evaluations.score(
                work, own, request.form, actor=actor(), now=g.now, seen=typed.seen, finish=finish, key=typed.key,
                takes=typed.takes,
            )  # fmt: skip
    except Refusal as error:
        own = evaluations.sheet_of(db.session(), sheet_id, actor())
        sheets.keep_refused(own)
        return _shown(own, error), error.status
    flash(say("sheet.finished" if finish else "sheet.saved"), "success")
    return redirect(url_for("evaluator.works") if finish else request.url, 303)


@pages.post("/sheets/<int:sheet_id>/draft")
@audience("evaluator", cleans=True)
def keep(sheet_id: int) -> ResponseReturnValue:
    """Keep what stands on a sheet while it is being filled."""
    own = evaluations.sheet_of(db.session(), sheet_id, actor())
    if "discard" in request.form:
        with unit(db.session()) as work:
            drafts.discard(work, evaluations.place(own), actor=actor())
        flash(say("draft.discarded"), "success")
        return redirect(url_for("evaluator.sheet", sheet_id=sheet_id), 303)
    return jsonify(sheets.kept(own, _closed(own)))


@pages.get("/sheets/<int:sheet_id>/versions")
@audience("evaluator")
def versions(sheet_id: int) -> ResponseReturnValue:
    """Show how a sheet of one's own came about."""
    own = evaluations.sheet_of(db.session(), sheet_id, actor())
    return sheets.versions(own, may_restore=_closed(own) is None)


@pages.post("/sheets/<int:sheet_id>/versions/<int:number>")
@audience("evaluator", cleans=True)
def restore(sheet_id: int, number: int) -> ResponseReturnValue:
    """Take an earlier version up again."""
    with unit(db.session()) as work:
        own, version = evaluations.sheet_of(work, sheet_id, actor()), seen(request.form.get("seen", ""))
        reopening.restore(work, own, number, seen=version, actor=actor(), now=g.now)
    flash(say("sheet.restored", n=number), "success")
    return redirect(url_for("evaluator.sheet", sheet_id=sheet_id), 303)


@pages.route("/sheets/<int:sheet_id>/recuse", methods=["GET", "POST"])
@audience("evaluator", cleans=True)
def recuse(sheet_id: int) -> ResponseReturnValue:
    """Stand back from a work, with a reason."""
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            with unit(db.session()) as work:
                own = evaluations.sheet_of(work, sheet_id, actor())
                whole_unit = "unit" in request.form and not own.is_blind
                reason = request.form.get("reason", "")
                recusals.recuse(work, own, reason, actor=actor(), now=g.now, whole_unit=whole_unit)
            flash(say("recusal.done"), "success")
            return redirect(url_for("evaluator.works"), 303)
        except Refusal as error:
            refusal = error
    own = evaluations.sheet_of(db.session(), sheet_id, actor())
    page = render_template(
        "evaluator/recuse.html", sheet=own, work=blindness.seen(db.session(), [own])[own.id], refusal=refusal,
        reason=request.form.get("reason", ""), most=conflicts.MAX_REASON,
        unit_name="" if own.is_blind else own.submission.unit.name,
    )  # fmt: skip
    return page, refusal.status if refusal else 200


def _groups(given: Sequence[Sheet], times: Mapping[int, Timeline]) -> list[Group]:
    """Return sheets by year and kind, the latest year first, kinds in the rubric's order, each with its end."""
    found: dict[tuple[int, str], list[Sheet]] = {}
    for one in given:
        found.setdefault((one.submission.cycle_id, one.kind), []).append(one)
    groups = [_group(kind, sheets, times[cycle_id]) for (cycle_id, kind), sheets in found.items()]
    return sorted(groups, key=lambda one: (-one.cycle.year, one.cycle.key, one.n))


def _group(kind: str, sheets: list[Sheet], times: Timeline) -> Group:
    cycle = sheets[0].submission.cycle
    kinds, rows = [*cycle.definition.rubric.sheets], cycle.definition.workflow.states
    row = next((rows[state].judged for state in cycle.definition.filled_in(kind)), None)
    ends_at = times.ends_for_all(row) if row is not None and row in times.rows else None
    return Group(cycle, kind, kinds.index(kind) if kind in kinds else len(kinds), ends_at, sheets)


def _running(given: Sequence[Sheet]) -> dict[str, Any]:
    """Return the running order of what the person judges at a presentation, and where that is."""
    known = {one.submission.cycle_id: one.submission.cycle for one in given}
    rules = {key: rule for key, cycle in known.items() if (rule := cycle.definition.rubric.shortlist)}
    own = [one for one in given if one.recused_at is None and not one.is_blind and one.submission.cycle_id in rules]
    mine = {one.submission_id for one in own if rules[one.submission.cycle_id].sheet == one.kind}
    turns = presentation.drawn(db.session(), mine) if mine else ()
    made = {one.cycle_id: presentation.of(db.session(), one.cycle_id) for one in turns}
    return {"turns": turns, "places": {key: one.place for key, one in made.items() if one}}


def _first(given: Sequence[Sheet]) -> dict[tuple[int, str], int]:
    """Return by year and kind of sheet how many known works the person has yet to score."""
    kinds = {(one.submission.cycle_id, one.kind): one.submission.cycle for one in given}
    return {
        (cycle_id, kind): calibration.lacking(db.session(), cycle, kind, actor().user_id)
        for (cycle_id, kind), cycle in kinds.items()
    }


def _known(given: Sequence[Sheet]) -> list[tuple[Known, Trial | None]]:
    """Return the known works that the person is to score before sheets of his, each with what he gave it."""
    session, me = db.session(), actor().user_id
    kinds = {(one.submission.cycle_id, one.kind): one.submission.cycle for one in given if one.recused_at is None}
    asked = sorted(key for key, cycle in kinds.items() if calibration.is_asked(cycle, key[1]))
    works = [one for year, kind in asked for one in known.works(session, year, kind)]
    return [(one, known.mine(session, one.id, me)) for one in works]


def _closed(own: Sheet) -> Reason | None:
    times, first = years.of(db.session(), own.submission.cycle_id).times, _first([own])
    turn = evaluations.turns(db.session(), [own]).get(own.id)
    return evaluations.scoring_refusal(
        own, times=times, now=g.now, first=first[own.submission.cycle_id, own.kind], turn=turn
    )


def _shown(own: Sheet, refusal: Refusal | None = None) -> str:
    session, rubric = db.session(), own.submission.cycle.definition.rubric
    errors = {key: in_words(why) for key, why in refusal.errors.items()} if isinstance(refusal, Unscored) else {}
    return render_template(
        "evaluator/sheet.html", sheet=own, work=blindness.seen(session, [own])[own.id], refusal=refusal, errors=errors,
        closed=_closed(own), rubric=rubric.sheets[own.kind], step=rubric.step,
        definition=own.submission.cycle.definition, forms=blindness.read(session, own),
        honours=blindness.honours_of(session, own), beside=reopening.beside(session, own),
        choices=answers.ref_options(own.submission.cycle, any_active=True),
        reopened=reopening.reopening(session, own), **sheets.page(own),
    )  # fmt: skip
