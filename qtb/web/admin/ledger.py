"""The ledger of a year: what the clock did at each edge and when, what failed, what stands aside, what is ahead."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from qtb.extensions import db
from qtb.i18n import say
from qtb.services import ledger, sweep
from qtb.store import ledger as store
from qtb.store import ledger_reads as reads
from qtb.store.unit import unit
from qtb.web import years
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.cases import found
from qtb.web.view import cycle_or_404

MOST = 200  # set aside and shown; more than that is one fault, not so many cases


@pages.get("/cycles/<key>/ledger")
@audience("organiser")
def ledger_of(key: str) -> ResponseReturnValue:
    """Show every edge of a year."""
    cycle = cycle_or_404(key)
    return render_template(
        "admin/ledger.html", cycle=cycle, lines=ledger.told(db.session(), cycle, now=g.now),
        aside=reads.aside(db.session(), cycle.id, limit=MOST), delay=_delay,
    )  # fmt: skip


@pages.get("/ledger")
@audience("organiser")
def ledger_now() -> ResponseReturnValue:
    """Lead to the ledger in which something stands aside the longest, else to that of the year that runs."""
    waiting = store.setbacks(db.session())
    cycle = waiting[0].submission.cycle if waiting else years.chosen(db.session(), "", g.now)
    return redirect(url_for("admin.ledger_of", key=cycle.key) if cycle else url_for("admin.home"))


@pages.post("/submissions/<int:submission_id>/try-again")
@audience("organiser")
def try_again(submission_id: int) -> ResponseReturnValue:
    """Try at once what the clock has set aside."""
    with unit(db.session()) as work:
        submission = found(submission_id)
        key, number = submission.cycle.key, submission.number
        ledger.try_again(work, submission, actor=actor(), now=g.now)
    sweep.sweep(db.session(), now=g.now)
    failed = reads.error_of(db.session(), submission_id)
    if failed:
        flash(say("ledger.failed_again", number=number, error=failed), "danger")
    else:
        flash(say("ledger.went_on", number=number), "success")
    return redirect(url_for("admin.ledger_of", key=key, _anchor="aside" if failed else None), 303)


@pages.post("/cycles/<key>/ledger/try-again")
@audience("organiser")
def try_all_again(key: str) -> ResponseReturnValue:
    """Try at once all that the clock has set aside in a year."""
    with unit(db.session()) as work:
        cycle = cycle_or_404(key)
        cycle_id, n = cycle.id, ledger.try_all_again(work, cycle, actor=actor(), now=g.now)
    sweep.sweep(db.session(), now=g.now)
    left = sum(reads.n_aside(db.session(), cycle_id).values())
    flash(say("ledger.all_tried", n=n, left=left), "danger" if left else "success")
    return redirect(url_for("admin.ledger_of", key=key, _anchor="aside" if left else None), 303)


def _delay(delay: timedelta) -> str:
    """Return a delay in words: to the second below a minute, then to the minute, the hour, the day."""
    seconds = max(0, int(delay.total_seconds()))
    for key, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= size * (1 if key == "minutes" else 2):
            return say(f"ledger.late_{key}", n=seconds // size)
    return say("ledger.late_seconds", n=seconds) if seconds else say("ledger.on_time")
