"""What was published, to take away: the list as PDF and workbook, and how many works have each level."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from qtb.documents import form_pdf, published_list
from qtb.domain.errors import Missing
from qtb.extensions import db
from qtb.i18n import language
from qtb.services import published
from qtb.web.access import PUBLIC, audience
from qtb.web.sending import sent
from qtb.web.view import cycle_or_404

pages = Blueprint("published", __name__)


@pages.get("/cycles/<key>/results.<kind>")
@audience(PUBLIC)
def papers(key: str, kind: str) -> ResponseReturnValue:
    """Send the published list."""
    cycle = cycle_or_404(key)
    works, rubric = published.works(db.session(), cycle), cycle.definition.rubric
    if kind == "pdf":
        organiser = cycle.definition.workflow.programme.organiser.zh
        paper = published_list.paper(works, rubric, programme=cycle.title, key=cycle.key, organiser=organiser)
        body = form_pdf.written(paper)
    elif kind == "xlsx":
        body = published_list.workbook(works, published.tallies(db.session(), cycle, works), rubric)
    else:
        raise Missing("results")
    return sent(body, f"{cycle.key} {cycle.title}", kind)


@pages.get("/cycles/<key>/results/figures")
@audience(PUBLIC)
def figures(key: str) -> ResponseReturnValue:
    """Show how many of the published works have each level, by what the programme counts by."""
    cycle = cycle_or_404(key)
    tallies = published.tallies(db.session(), cycle, published.works(db.session(), cycle))
    named = [(published_list.tally_name(tally, language()), tally) for tally in tallies]
    return render_template("public/figures.html", cycle=cycle, tallies=named, levels=cycle.definition.rubric.levels)
