"""The rehearsal of a year: started here, run in the background, read when it is done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.domain import rehearsal_picture
from qtb.domain.errors import Refusal
from qtb.extensions import db
from qtb.i18n import language
from qtb.services import rehearsal_year
from qtb.web import rehearsing
from qtb.web.access import audience
from qtb.web.admin.pages import pages
from qtb.web.parse import whole
from qtb.web.view import cycle_or_404

REFRESH_SECONDS = "2"
SUGGESTED, SEED = 500, 1


@pages.get("/cycles/<key>/rehearsals")
@audience("organiser")
def rehearsals(key: str) -> ResponseReturnValue:
    """Show the form and the rehearsals of a year."""
    return _form(key)


@pages.post("/cycles/<key>/rehearsals")
@audience("organiser")
def start_rehearsal(key: str) -> ResponseReturnValue:
    """Start a rehearsal of a year."""
    try:
        year = rehearsal_year.of_cycle(db.session(), cycle_or_404(key).key)
        n, seed = (whole(request.form.get(name, "").strip()) for name in ("n", "seed"))
        name = rehearsing.start(_home(), year, n_submissions=n, seed=seed)
    except Refusal as refusal:
        return _form(key, refusal), refusal.status
    return redirect(url_for("admin.rehearsal", name=name), 303)


@pages.get("/rehearsals/<name>")
@audience("organiser")
def rehearsal(name: str) -> ResponseReturnValue:
    """Show how far a rehearsal is, or what it found."""
    one = rehearsing.read(_home(), name)
    if one["status"] != rehearsing.DONE:
        answer = make_response(render_template("admin/rehearsal_under_way.html", one=one))
        if one["status"] == rehearsing.UNDER_WAY:
            answer.headers["Refresh"] = REFRESH_SECONDS
        return answer
    report = one["report"]
    return render_template(
        "admin/rehearsal.html", one=one, report=report, labels=_labels(report), months=_months(report["days"]),
        picture=rehearsal_picture.draw(report, language()),
    )  # fmt: skip


@pages.get("/rehearsals/<name>.json")
@audience("organiser")
def rehearsal_json(name: str) -> ResponseReturnValue:
    """Give a finished rehearsal as JSON."""
    one = rehearsing.read(_home(), name)
    answer = make_response(one.get("report", one))
    answer.headers["Content-Disposition"] = f"attachment; filename=rehearsal-{name}.json"
    return answer


def _form(key: str, refusal: Refusal | None = None) -> str:
    typed = {"n": str(SUGGESTED), "seed": str(SEED), **request.form}
    return render_template(
        "admin/rehearsals.html", cycle=cycle_or_404(key), refusal=refusal, typed=typed, most=rehearsing.MOST,
        found=rehearsing.found(_home(), key),
    )  # fmt: skip


def _home() -> Path:
    return Path(current_app.config["HOME"])


def _labels(report: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    lang = language()
    return {name: {key: one[lang] for key, one in labels.items()} for name, labels in report["labels"].items()}


def _months(days: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Gather the days on which something happened by month, with what each month comes to."""
    by_month: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for day in days:
        by_month[day["date"][:7]].append(day)
    return [
        {
            "month": month,
            "days": [one for one in mine if one["entered"] or one["moves"] or one["letters"] or one["refusals"]],
            "n_moves": sum(sum(one["moves"].values()) for one in mine),
            "n_letters": sum(sum(one["letters"].values()) for one in mine),
            "n_refused": sum(refused["n"] for one in mine for refused in one["refusals"]),
            "states": mine[-1]["states"],
        }
        for month, mine in by_month.items()
    ]
