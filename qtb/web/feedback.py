"""What an applicant is told of the evaluation, as a page and as a paper, once it was released."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from qtb.documents import feedback_paper, form_pdf
from qtb.domain.errors import Missing
from qtb.domain.roles import MOVERS
from qtb.extensions import db
from qtb.services import feedback
from qtb.store.feedback import Feedback
from qtb.web.access import actor, audience
from qtb.web.cases import found
from qtb.web.sending import sent

pages = Blueprint("feedback", __name__)


@pages.get("/submissions/<int:submission_id>/feedback")
@audience(*MOVERS)
def show(submission_id: int) -> ResponseReturnValue:
    """Show what the applicant is told."""
    row = _row(submission_id)
    return render_template("cases/feedback.html", row=row, submission=row.submission)


@pages.get("/submissions/<int:submission_id>/feedback.pdf")
@audience(*MOVERS)
def paper(submission_id: int) -> ResponseReturnValue:
    """Send it as a paper."""
    row = _row(submission_id)
    made = feedback_paper.paper(row)
    return sent(form_pdf.written(made), f"{row.submission.number} {row.submission.team_name} {made.title}", "pdf")


def _row(submission_id: int) -> Feedback:
    row = feedback.readable(db.session(), found(submission_id), actor())
    if row is None:
        raise Missing("http_404")
    return row
