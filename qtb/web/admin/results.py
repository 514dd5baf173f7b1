"""How a year's results stand: order, cuts, judges; levels proposed for all at once, and taken back."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.documents import deliberations as deliberations_paper
from qtb.documents import form_pdf, results_xlsx
from qtb.documents import justification as justification_paper
from qtb.domain.errors import Refusal
from qtb.extensions import db
from qtb.i18n import language, say
from qtb.services import deliberation, justification, panels, proposals, results
from qtb.store import eliminations
from qtb.store.cycles import Cycle
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.cases import found
from qtb.web.reads import recorded
from qtb.web.sending import sent
from qtb.web.view import cycle_or_404


@pages.get("/cycles/<key>/results")
@audience("organiser")
def results_of(key: str) -> ResponseReturnValue:
    """Show how the results stand."""
    return _page(cycle_or_404(key), None)


@pages.post("/cycles/<key>/results/levels")
@audience("organiser")
def propose_levels(key: str) -> ResponseReturnValue:
    """Propose all levels as they were shown."""
    cycle_id = cycle_or_404(key).id
    try:
        with unit(db.session()) as work:
            year, shown = work.get_one(Cycle, cycle_id), request.form.get("shown", "")
            n = proposals.propose_all(work, year, shown=shown, actor=actor(), now=g.now)
    except Refusal as error:
        return _page(cycle_or_404(key), error), error.status
    flash(say("results.levels_given", n=n), "success")
    return redirect(url_for("admin.results_of", key=key), 303)


@pages.post("/cycles/<key>/results/levels/back")
@audience("organiser")
def take_levels_back(key: str) -> ResponseReturnValue:
    """Take the latest proposal for all back."""
    cycle_id = cycle_or_404(key).id
    try:
        with unit(db.session()) as work:
            n = proposals.take_back(work, work.get_one(Cycle, cycle_id), actor=actor(), now=g.now)
    except Refusal as error:
        return _page(cycle_or_404(key), error), error.status
    flash(say("results.levels_back", n=n), "success")
    return redirect(url_for("admin.results_of", key=key), 303)


@pages.get("/cycles/<key>/results.xlsx")
@audience("organiser")
def results_sheet(key: str) -> ResponseReturnValue:
    """Send the results as a workbook."""
    cycle = cycle_or_404(key)
    recorded("workbook", cycle)
    named = {choice.key: choice.label.zh for choice in panels.categories(cycle)}
    body = results_xlsx.written(results.standing(db.session(), cycle), cycle.definition.rubric, named)
    return sent(body, f"{cycle.key} {say('results.board')}", "xlsx")


@pages.get("/cycles/<key>/deliberations.pdf")
@audience("organiser")
def deliberations(key: str) -> ResponseReturnValue:
    """Send the record of the year's deliberations."""
    cycle = cycle_or_404(key)
    recorded("deliberations", cycle)
    rows = deliberation.records(db.session(), cycle.id)
    paper = deliberations_paper.paper(rows, cycle.definition.rubric, programme=cycle.title, key=cycle.key)
    return sent(form_pdf.written(paper), f"{cycle.key} {paper.title}", "pdf")


@pages.get("/cycles/<key>/justification.xlsx")
@audience("organiser")
def justifications(key: str) -> ResponseReturnValue:
    """Send why all works have their results, as a workbook."""
    cycle = cycle_or_404(key)
    recorded("justification", cycle)
    named = {choice.key: choice.label.zh for choice in panels.categories(cycle)}
    body = justification_paper.workbook(justification.of_year(db.session(), cycle), cycle, named)
    return sent(body, f"{cycle.key} {say('justification.title')}", "xlsx")


@pages.get("/submissions/<int:submission_id>/justification.pdf")
@audience("organiser")
def justification_of(submission_id: int) -> ResponseReturnValue:
    """Send why one work has its result, as a paper."""
    submission = found(submission_id)
    recorded("justification", submission)
    cycle = found(submission_id).cycle
    one, standing = justification.of_work(db.session(), cycle, submission.number)
    paper = justification_paper.paper(one, standing, cycle)
    return sent(form_pdf.written(paper), f"{submission.number} {paper.title}", "pdf")


def _page(cycle: Cycle, refusal: Refusal | None) -> str:
    recorded("results", cycle)
    found = results.standing(db.session(), cycle)
    named = {choice.key: choice.label.get(language()) for choice in panels.categories(cycle)}
    rubric = cycle.definition.rubric
    kinds = [kind for kind in rubric.sheets if any(kind in one.weights for one in rubric.composed())]
    states = cycle.definition.workflow.states
    is_ahead = any(states[one.row.state].decided for one in found.works)  # else there is nothing to take back any more
    return render_template(
        "admin/results.html", cycle=cycle, rubric=rubric, kinds=kinds, standing=found, refusal=refusal,
        plan=proposals.plan(cycle, found), last=proposals.last(db.session(), cycle) if is_ahead else None,
        categories=named,
        n_eliminations=sum(one.is_open for one in eliminations.of_cycle(db.session(), cycle.id)),
        has_deliberations=bool(deliberation.records(db.session(), cycle.id)),
    )  # fmt: skip
