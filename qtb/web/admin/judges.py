"""One judge in one year: works given, works that could be given by hand, conflicts declared and found."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from qtb.domain import conflicts as rules
from qtb.domain.errors import Invalid, Missing, Refusal
from qtb.domain.roles import UNIT_KINDS
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import assignment_plans, conflicts, evaluations
from qtb.store import accounts, assignments, panels
from qtb.store import conflicts as store
from qtb.store.accounts import Account, Unit
from qtb.store.conflicts import Declared
from qtb.store.cycles import Cycle
from qtb.store.evaluations import Sheet
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.parse import whole
from qtb.web.view import cycle_or_404


@pages.route("/cycles/<key>/judges/<int:account_id>", methods=["GET", "POST"])
@audience("organiser")
def judge(key: str, account_id: int) -> ResponseReturnValue:
    """Show a judge's works; give works to the judge."""
    if request.method == "GET":
        return _page(key, account_id)
    ids = [number for text in request.form.getlist("work")[:1_000] if (number := whole(text))]
    try:
        if not ids:
            raise Invalid("no_work_chosen")
        with unit(db.session()) as work:
            pairs = {(one, account_id) for one in ids}
            n = assignment_plans.give_by_hand(work, cycle_or_404(key), pairs, actor=actor(), now=g.now)
    except Refusal as error:
        return _page(key, account_id, error), error.status
    flash(say("judge.given", n=n), "success")
    return redirect(request.url, 303)


@pages.post("/cycles/<key>/judges/<int:account_id>/conflicts")
@audience("organiser")
def declare_conflict(key: str, account_id: int) -> ResponseReturnValue:
    """Declare a conflict of a judge with a unit or a work."""
    try:
        with unit(db.session()) as work:
            about = _about(work, cycle_or_404(key))
            person = evaluations.evaluator(work, account_id)
            reason = request.form.get("reason", "")
            clears = "clears" in request.form
            conflicts.declare(work, person, about, reason=reason, actor=actor(), now=g.now, clears=clears)
    except Refusal as error:
        return _page(key, account_id, error), error.status
    flash(say("judge.declared"), "success")
    return redirect(url_for("admin.judge", key=key, account_id=account_id), 303)


@pages.post("/cycles/<key>/conflicts/<int:conflict_id>/end")
@audience("organiser")
def end_conflict(key: str, conflict_id: int) -> ResponseReturnValue:
    """Let a declared conflict stand in the way no longer."""
    with unit(db.session()) as work:
        found = work.get(Declared, conflict_id)
        if found is None:
            raise Missing("conflict")
        account_id = found.account_id
        conflicts.end(work, found, actor=actor(), now=g.now)
    flash(say("judge.ended"), "success")
    return redirect(url_for("admin.judge", key=key, account_id=account_id), 303)


def _about(work: Session, cycle: Cycle) -> Unit | Submission:
    unit_id, number = whole(request.form.get("unit_id", "")), request.form.get("number", "").strip()
    if bool(unit_id) == bool(number):
        raise Invalid("conflict_about")
    mine = select(Submission).filter_by(cycle_id=cycle.id, number=number)
    found = work.get(Unit, unit_id) if unit_id else work.scalar(mine)
    if found is None:
        raise Missing("unit" if unit_id else "submission")
    return found


def _page(key: str, account_id: int, refusal: Refusal | None = None) -> str:
    session, cycle = db.session(), cycle_or_404(key)
    person = evaluations.evaluator(session, account_id)
    mine = select(Sheet).join(Sheet.submission).where(Submission.cycle_id == cycle.id, Sheet.evaluator_id == account_id)
    sheets = session.scalars(mine.options(joinedload(Sheet.submission)).order_by(Sheet.id)).all()
    kind = cycle.definition.counted
    had = {sheet.submission_id for sheet in sheets if sheet.recused_at is None and sheet.kind == kind}
    works = [one for one in assignments.judged(session, cycle, kind) if one.id not in had]
    units = [one for one in accounts.units(session) if one.kind != UNIT_KINDS["organiser"]]
    member = panels.member(session, cycle.id, account_id)
    return render_template(
        "admin/judge.html", cycle=cycle, person=person, sheets=sheets, works=works, refusal=refusal, units=units,
        between=_between(session, person, works), declared=store.declared(session, [account_id]), member=member,
        n_given=len(had),
    )  # fmt: skip


def _between(session: Session, person: Account, works: list[Submission]) -> dict[int, tuple[str, ...]]:
    known = store.works(session, [one.id for one in works])
    judge = store.judges(session, [person.id])[person.id]
    return {key: rules.between(judge, work) for key, work in known.items()}
