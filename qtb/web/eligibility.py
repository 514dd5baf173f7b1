"""The rules of eligibility beside a form, judged on what is typed; and waiving one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.domain import decide
from qtb.domain.eligibility import Finding
from qtb.domain.errors import Missing
from qtb.domain.roles import MOVERS
from qtb.extensions import db
from qtb.forms import dynamic
from qtb.i18n import say
from qtb.services import answers as filling
from qtb.services import eligibility
from qtb.store import accounts, facts
from qtb.store import answers as store
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.cases import found
from qtb.web.parse import seen

pages = Blueprint("eligibility", __name__)


@pages.post("/submissions/<int:submission_id>/forms/<form>/eligibility")
@audience(*MOVERS, cleans=True)
def judge(submission_id: int, form: str) -> ResponseReturnValue:
    """Judge the rules on what stands in the form just now; nothing is stored."""
    submission = found(submission_id)
    definition, case = submission.cycle.definition, facts.as_case(submission)
    if form not in definition.forms or form not in [one.form for one in decide.edits(definition, case, actor=actor())]:
        raise Missing("form")
    page = dynamic.build(definition.forms[form], {}, {})
    raw = dynamic.raw(page, definition.forms[form])
    return render_template("cases/eligibility_list.html", stages=beside(submission, form, raw))


@pages.post("/submissions/<int:submission_id>/waive")
@audience("organiser")
def waive(submission_id: int) -> ResponseReturnValue:
    """Let a rule not count for one submission."""
    code, reason = request.form.get("rule", ""), request.form.get("reason", "")
    with unit(db.session()) as work:
        eligibility.waive(
            work, found(submission_id), code, actor=actor(), now=g.now, reason=reason,
            seen=seen(request.form.get("seen", "")),
        )  # fmt: skip
    flash(say("rules.waived_now", code=code), "success")
    return redirect(url_for("cases.show", submission_id=submission_id), 303)


def beside(submission: Submission, form: str, raw: dict[str, Any] | None = None) -> list[tuple[str, list[Finding]]]:
    """Return the findings to show beside a form: as it is stored, or with `raw` as it is being filled."""
    definition, values = submission.cycle.definition, dict(store.answers(db.session(), submission.id))
    complete: dict[str, bool] = {}
    if raw is not None:
        recommenders = accounts.units(db.session(), "recommender")
        about = filling.known(submission, form, recommenders=recommenders)
        checked = filling.check(submission.cycle, form, raw, known=about, now=g.now)
        values[form], complete[form] = checked.values, checked.complete
    first = list(definition.eligibility.stages)[:1]
    found = eligibility.standing(db.session(), submission, first, now=g.now, values=values, complete=complete)
    return list(found.items())
