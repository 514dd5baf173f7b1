"""All submissions, and what only the organiser may do to one."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.domain.errors import Invalid
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import assignment_plans, deliberation, evaluations, panels, teams
from qtb.services import override as overriding
from qtb.store import accounts, ledger_reads, lists, overview
from qtb.store.cycles import Cycle
from qtb.store.overview import unreviewed
from qtb.store.submissions import Submission
from qtb.store.teams import has_past
from qtb.store.unit import unit
from qtb.web import years
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.cases import found
from qtb.web.parse import seen, whole

HAS_PAST = has_past().label("has_past")
# moved, due: by which move, at which edge; review: `none` for works whose form nobody has reviewed
FILTERS = ("state", "category", "recommender", "moved", "due", "review", "q")


@pages.get("/submissions")
@audience("organiser")
def submissions() -> ResponseReturnValue:
    """List a year's submissions with filters; as a fragment when htmx asks for the list alone."""
    year = years.chosen(db.session(), request.args.get("cycle", ""), g.now)
    if year is None:
        return redirect(url_for("admin.home"))
    chosen = {name: request.args.get(name, "").strip() for name in FILTERS}
    counts = overview.counts(db.session(), year.id, year.definition.workflow.states)
    by_more = any(value for name, value in chosen.items() if name != "state")
    page = lists.page(
        db.session(), *_clauses(year, chosen), number=request.args.get("page", type=int, default=1),
        n_all=None if by_more else lists.counted(counts, chosen["state"]), marks=[HAS_PAST],
    )  # fmt: skip
    cooling = teams.cooling(db.session(), year, [row.id for row in page.rows if row.has_past])
    template = "admin/submissions_list.html" if "HX-Request" in request.headers else "admin/submissions.html"
    return render_template(
        template, cycle=year, years=years.cycles(db.session()), page=page, chosen=chosen,
        counts=counts, cooling=cooling, categories=panels.categories(year),
        recommenders=accounts.names(db.session(), "recommender"), chosen_recommender=whole(chosen["recommender"]),
    )  # fmt: skip


@pages.post("/submissions/<int:submission_id>/override")
@audience("organiser")
def override(submission_id: int) -> ResponseReturnValue:
    """Put a submission into any state, with a reason, after a second look."""
    form = request.form
    if form.get("sure") != "yes":
        raise Invalid("not_confirmed")
    cycle_id = found(submission_id).cycle_id
    version = seen(form["seen"]) if "seen" in form else None
    with unit(db.session()) as work:
        overriding.override(
            work, form.get("state", ""), cycle=work.get_one(Cycle, cycle_id), submission_id=submission_id,
            actor=actor(), now=g.now, reason=form.get("reason", ""), seen=version,
        )  # fmt: skip
    return _done(submission_id, "admin.overridden")


@pages.post("/submissions/<int:submission_id>/evaluators")
@audience("organiser")
def assign(submission_id: int) -> ResponseReturnValue:
    """Give a work to evaluators."""
    ids = [number for text in request.form.getlist("evaluator")[:50] if (number := whole(text))]
    if not ids:
        raise Invalid("nobody_chosen")
    with unit(db.session()) as work:
        row = found(submission_id)
        pairs = {(row.id, account_id) for account_id in ids}
        kind = request.form.get("kind", "")
        assignment_plans.give_by_hand(work, row.cycle, pairs, kind=kind, actor=actor(), now=g.now)
    return _done(submission_id, "admin.assigned")


@pages.post("/submissions/<int:submission_id>/level")
@audience("organiser")
def propose(submission_id: int) -> ResponseReturnValue:
    """Propose a level for a work."""
    with unit(db.session()) as work:
        level, reason = request.form.get("level", "?"), request.form.get("reason", "")
        evaluations.propose(work, found(submission_id), level, reason=reason, actor=actor(), now=g.now)
    return _done(submission_id, "admin.level_proposed")


@pages.post("/submissions/<int:submission_id>/deliberation")
@audience("organiser")
def deliberate(submission_id: int) -> ResponseReturnValue:
    """Record what the leaders agreed on for a work."""
    level, reason, names = (request.form.get(name, "") for name in ("level", "reason", "names"))
    with unit(db.session()) as work:
        row = found(submission_id)
        deliberation.deliberate(work, row, level, reason=reason, names=names, actor=actor(), now=g.now)
    return _done(submission_id, "admin.deliberated")


def _clauses(year: Cycle, chosen: dict[str, str]) -> list[Any]:
    clauses: list[Any] = [Submission.cycle_id == year.id]
    if chosen["state"]:
        clauses.append(Submission.state == chosen["state"])
    if chosen["category"]:
        clauses.append(Submission.category == chosen["category"])
    if (recommender_id := whole(chosen["recommender"])) is not None:
        clauses.append(Submission.recommender_id == recommender_id)
    if chosen["review"]:
        clauses.append(unreviewed(year.definition.reviewed_in))
    if chosen["moved"]:
        clauses.append(ledger_reads.moved(chosen["moved"], chosen["due"]))
    if chosen["q"]:
        clauses.append(lists.matching(chosen["q"][:100]))
    return clauses


def _done(submission_id: int, key: str) -> ResponseReturnValue:
    flash(say(key), "success")
    return redirect(url_for("cases.show", submission_id=submission_id), 303)
